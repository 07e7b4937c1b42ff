"""Uploads a package in parts: can be paused, resumes automatically after a lost connection, and sends only missing
parts.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from picsafe_client.api import outbox
from picsafe_client.api.client import Api
from picsafe_client.blobs import read_blob
from picsafe_client.sending.media_preparation import ProgressDelta
from picsafe_client.sending.parcel import Parcel
from picsafe_client.sending.send_control import REQUEST_TIMEOUT_SECONDS
from picsafe_protocol.contracts.api.reports import GrantAt, SignedGrant
from picsafe_protocol.contracts.api.requests import NewUpload
from picsafe_protocol.contracts.api.uploads import Receipt, UploadState
from picsafe_protocol.contracts.errors import (
    InternalError,
    NotFound,
    StorageFull,
    TokenRefused,
    UploadIncomplete,
)
from picsafe_protocol.contracts.limits import GRANT_RENEWAL_SECONDS
from picsafe_protocol.crypto.package_digest import PIECE
from picsafe_protocol.format.composing import completion, content_digest
from picsafe_protocol.json.messages import read, write

MAX_RESTARTS: Final = 3
"""How often an upload that the cloud has lost is restarted."""

T = TypeVar("T")


class Retry(Protocol):
    """`retry.retry` with the policy and the control of the job."""

    async def __call__(self, attempt: Callable[[Any], Awaitable[T]], /) -> T: ...


class ResumableUpload:
    """One upload. `retry` makes each of its requests, and decides how long it is repeated."""

    def __init__(self, api: Api, parcel: Parcel, retry: Retry) -> None:
        self._api = api
        self._parcel = parcel
        self._report_id = parcel.report_id
        self._package = parcel.package
        self._grant: GrantAt | SignedGrant | None = parcel.cloud
        self._renew_at = time.monotonic() + GRANT_RENEWAL_SECONDS
        self._retry = retry
        self.size = parcel.pieces.size

    async def run(self, progress: ProgressDelta) -> str:
        """Uploads what is not there yet; the cloud's receipt.

        Raises `Cancelled`, `StorageFull` (run it again once there is room), `ReportExpired`, `UploadMismatch`, …
        """
        for beginning in range(1, MAX_RESTARTS + 1):
            done = 0

            def count(length: int) -> None:
                nonlocal done
                done += length
                progress(length)

            try:
                return await self._run_once(count)
            except (NotFound, UploadIncomplete):
                if beginning == MAX_RESTARTS:
                    raise
            except StorageFull:
                progress(-done)
                raise
            progress(-done)
        raise AssertionError("unreachable")

    async def _run_once(self, progress: ProgressDelta) -> str:
        import js

        begun = read(UploadState, await self._retry(partial(self._call, "POST", "", write(NewUpload(size=self.size)))))
        part_size, there = begun.part_size, set(begun.parts)
        if part_size % PIECE:
            raise InternalError  # it cuts packages where no piece ends
        for index, start in enumerate(range(0, self.size, part_size)):
            stop = min(start + part_size, self.size)
            if index not in there:
                data = await read_blob(self._package, start, stop)
                stamp = content_digest(bytes.fromhex(str(await js.picsafe.kernel.sha256(data))))
                # The part goes as a Blob: the browser takes it from where it lies, without holding this page up.
                await self._retry(partial(self._put, index, self._package.slice(start, stop), stamp))
            progress(stop - start)
        body = completion(self._parcel.sha256, self._parcel.pieces)
        return read(Receipt, await self._retry(partial(self._call, "POST", "/complete", body))).receipt

    async def _put(self, index: int, part: Any, stamp: str, signal: Any) -> None:
        headers = {"Content-Digest": stamp}

        async def put(grant: GrantAt | SignedGrant) -> None:
            url = f"{grant.url}/v1/uploads/{self._report_id}/parts/{index}"
            await self._api.send_bytes("PUT", url, part, grant.grant, headers, signal=signal)

        await self._with_fresh_grant(put, signal)

    async def _call(self, method: str, path: str, body: Any, signal: Any) -> Any:
        async def call(grant: GrantAt | SignedGrant) -> Any:
            where = f"/v1/uploads/{self._report_id}{path}"
            return await self._api.cloud(
                grant.url, method, where, grant.grant, body, signal=signal, seconds=REQUEST_TIMEOUT_SECONDS
            )

        return await self._with_fresh_grant(call, signal)

    async def _with_fresh_grant(self, work: Callable[[GrantAt | SignedGrant], Awaitable[T]], signal: Any) -> T:
        """Renews the grant when it is old or refused: a laptop that slept may outlive it."""
        if self._grant is None or time.monotonic() >= self._renew_at:
            self._grant = await self._renewed(signal)
        try:
            return await work(self._grant)
        except TokenRefused:
            self._grant = await self._renewed(signal)
            return await work(self._grant)

    async def _renewed(self, signal: Any) -> SignedGrant:
        grant = await outbox.grant(self._api, self._parcel.token, signal=signal)
        self._renew_at = time.monotonic() + GRANT_RENEWAL_SECONDS
        return grant
