"""Uploads a package in parts: resumes automatically after a lost connection, and never resends a part that has arrived."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO, Final, TypeVar

from picsafe_cli.api.client import Api
from picsafe_cli.api.retry import UPLOADING, RetryPolicy
from picsafe_cli.send.media_preparation import Progress
from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.reports import GrantAt
from picsafe_protocol.contracts.api.requests import NewUpload
from picsafe_protocol.contracts.api.uploads import Receipt, UploadState
from picsafe_protocol.contracts.errors import NotFound, ServiceError, TokenRefused, UploadIncomplete, UploadMismatch
from picsafe_protocol.contracts.tokens import Action
from picsafe_protocol.crypto.package_digest import PieceHasher
from picsafe_protocol.format.composing import Uploaded, completion, content_digest
from picsafe_protocol.json.messages import read, write

MAX_RESTARTS: Final = 3
"""How often an upload is begun: a cloud that lost what it had, or had it damaged, is given all of it again."""

_log = logging.getLogger("picsafe.send")
T = TypeVar("T")


class Upload:
    """One upload. Parts that are there already are not sent again; the grant is renewed when it expires."""

    def __init__(self, api: Api, report_id: str, grant: GrantAt, patience: RetryPolicy = UPLOADING) -> None:
        self._api = api
        self._report_id = report_id
        self._url = f"{grant.url}/v1/uploads/{report_id}"
        self._token = grant.grant
        self._renew_at = time.monotonic() + limits.GRANT_RENEWAL_SECONDS
        self._patience = patience

    async def run(self, file: BinaryIO, size: int, progress: Progress) -> Uploaded:
        """Upload `size` bytes of `file`; the cloud's receipt, and what was uploaded. Raises `StorageFull`,
        `ReportExpired`, `Unreachable`, …
        """
        furthest = MonotonicProgress(progress)
        for last in range(1, MAX_RESTARTS + 1):
            try:
                return await self._from_the_beginning(file, size, furthest)
            except (NotFound, UploadIncomplete, UploadMismatch) as error:
                if last == MAX_RESTARTS:
                    raise
                _log.warning("%s Beginning the upload again.", error)
        raise AssertionError("the last beginning returns or raises")

    async def _from_the_beginning(self, file: BinaryIO, size: int, furthest: MonotonicProgress) -> Uploaded:
        begun = read(UploadState, await self._call("POST", "", json=write(NewUpload(size=size))))
        arrived = frozenset(begun.parts)
        digest, hasher = hashlib.sha256(), PieceHasher()
        file.seek(0)
        furthest.begin()
        for index in range(-(-size // begun.part_size)):
            part = file.read(begun.part_size)
            digest.update(part)
            hasher.update(part)
            if index not in arrived:
                headers = {
                    "Content-Digest": content_digest(hashlib.sha256(part).digest()),
                    "Content-Type": "application/octet-stream",
                }
                await self._call("PUT", f"/parts/{index}", content=part, headers=headers)
            furthest.advance(len(part))
        sha256, pieces = digest.hexdigest(), hasher.pieces()
        receipt = read(Receipt, await self._call("POST", "/complete", json=completion(sha256, pieces)))
        return Uploaded(receipt.receipt, sha256, pieces)

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        async def attempt() -> Any:
            if time.monotonic() >= self._renew_at:
                await self._renew()
            try:
                return await self._api.call(method, self._url + path, self._token, again=False, **request)
            except TokenRefused:
                await self._renew()
                return await self._api.call(method, self._url + path, self._token, again=False, **request)

        return await patiently(attempt, self._patience)

    async def _renew(self) -> None:
        grant = await self._api.report_grant(self._report_id, Action.PACKAGE_UPLOAD.value)
        self._token = grant.grant
        self._renew_at = time.monotonic() + limits.GRANT_RENEWAL_SECONDS


async def patiently(attempt: Callable[[], Awaitable[T]], patience: RetryPolicy) -> T:
    """Retry until it succeeds or the retry policy ends: a broken network or a restarting server only delays it."""
    failures = 0
    while True:
        try:
            return await attempt()
        except ServiceError as error:
            failures += 1
            await patience.after(failures, error)


class MonotonicProgress:
    """Progress that does not count what is done again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._told = 0
        self._done = 0

    def begin(self) -> None:
        self._done = 0

    def advance(self, count: int) -> None:
        self._done += count
        if self._done > self._told:
            self._progress(self._done - self._told)
            self._told = self._done
