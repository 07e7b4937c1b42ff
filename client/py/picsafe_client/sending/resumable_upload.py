"""Uploads a package in parts: can be paused, resumes automatically after a lost connection, and sends only missing
parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

from picsafe_client.api.client import Api, Grant
from picsafe_client.blobs import read_blob
from picsafe_client.crypto import hashing
from picsafe_client.errors import Cancelled
from picsafe_client.sending.media_preparation import Progress
from picsafe_client.ui import dom
from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import (
    InternalError,
    NotFound,
    NotSignedIn,
    ServiceError,
    StorageFull,
    TokenRefused,
    UploadIncomplete,
)
from picsafe_protocol.contracts.limits import GRANT_RENEWAL_SECONDS
from picsafe_protocol.contracts.tokens import Action
from picsafe_protocol.crypto.package_digest import PIECE, Pieces
from picsafe_protocol.format.composing import Uploaded, completion, content_digest

BACKOFF: Final = Backoff(first=1, longest=30)
"""Between two tries; the browser's "online" event ends a pause at once."""
REQUEST_TIMEOUT_SECONDS: Final = 600
"""A request without an answer for so long is made again: a part of 8 MiB takes nine minutes at 128 kbit/s."""
MAX_RESTARTS: Final = 3
"""How often an upload that the cloud has lost is restarted."""

T = TypeVar("T")


class Upload:
    """One upload. `trouble` is what holds it up at the moment, or None; `pause` and `resume` are the person's."""

    def __init__(
        self,
        api: Api,
        report_id: str,
        grant: Grant,
        package: Any,
        signal: Any,
        signed_in_again: Callable[[], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        """`grant` is for `package.upload`; `package` a Blob; `signal` aborts for good; for `signed_in_again` see
        `Sending`.

        `changed` is called when `trouble` comes or goes.
        """
        self._api = api
        self._report_id = report_id
        self._grant = grant
        self._renew_at = time.monotonic() + GRANT_RENEWAL_SECONDS
        self._package = package
        self._signal = signal
        self._signed_in_again = signed_in_again
        self._changed = changed
        self._running = asyncio.Event()
        self._running.set()
        self._roused = asyncio.Event()
        self._attempt: Any = None
        self.size = int(package.size)
        self.trouble: ServiceError | None = None

    @property
    def paused(self) -> bool:
        """Whether the person has paused it."""
        return not self._running.is_set()

    def pause(self) -> None:
        """Stop at once; the part that is on its way is sent again later, all others are kept."""
        self._running.clear()
        if self._attempt is not None:
            self._attempt.abort()

    def resume(self) -> None:
        """Go on, at once even when it was waiting for the network."""
        self._running.set()
        self._roused.set()

    async def run(self, progress: Progress) -> Uploaded:
        """Upload what is not there yet; the cloud's receipt, and what was uploaded.

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

    async def _run_once(self, progress: Progress) -> Uploaded:
        import js

        begun = await self.patiently(partial(self._call, "POST", "", {"size": self.size}))
        part_size, there = int(begun["part_size"]), set(begun["parts"])
        if part_size % PIECE:
            raise InternalError  # it cuts packages where no piece ends
        digest, hashes = await hashing.sha256(), bytearray()
        for index, start in enumerate(range(0, self.size, part_size)):
            stop = min(start + part_size, self.size)
            data = await read_blob(self._package, start, stop)
            digest.update(data)
            hashes += await hashing.hash_pieces(data)
            if index not in there:
                stamp = content_digest(bytes.fromhex(str(await js.picsafe.kernel.sha256(data))))
                # The part goes as a Blob: the browser takes it from where it lies, without holding this page up.
                await self.patiently(partial(self._put, index, self._package.slice(start, stop), stamp))
            progress(stop - start)
        sha256, pieces = digest.hexdigest(), Pieces(self.size, bytes(hashes))
        answer = await self.patiently(partial(self._call, "POST", "/complete", completion(sha256, pieces)))
        return Uploaded(str(answer["receipt"]), sha256, pieces)

    async def patiently(self, attempt: Callable[[Any], Awaitable[T]]) -> T:
        """Tries `attempt(signal)` until it succeeds: a broken network, a restarting server or a lock only make it wait.

        Raises `Cancelled`, and what trying again cannot change.
        """
        failures = 0
        while True:
            await self._running.wait()
            if self._signal.aborted:
                raise Cancelled
            try:
                result = await attempt(self._fresh_signal())
            except Cancelled:
                if self._signal.aborted:
                    raise  # otherwise it was paused
            except NotSignedIn:
                await self._signed_in_again()
            except StorageFull:
                raise
            except ServiceError as error:
                self._held_up_by(error)
                failures += 1
                await self._rest(BACKOFF.pause(failures, float(getattr(error, "retry_after", None) or 0)))
            else:
                self._held_up_by(None)
                return result

    def _fresh_signal(self) -> Any:
        """Aborts when the sending is stopped, when it is paused, and when no answer comes."""
        import js
        from pyodide.ffi import to_js

        self._attempt = js.AbortController.new()
        deadline = js.AbortSignal.timeout(REQUEST_TIMEOUT_SECONDS * 1000)
        return js.AbortSignal.any(to_js([self._signal, self._attempt.signal, deadline]))

    def _held_up_by(self, trouble: ServiceError | None) -> None:
        if trouble is not self.trouble:
            self.trouble = trouble
            self._changed()

    async def _rest(self, seconds: float) -> None:
        self._roused.clear()
        off = dom.on(dom.window(), "online", lambda _event: self._roused.set())
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._roused.wait(), seconds)
        finally:
            off()

    async def _put(self, index: int, part: Any, stamp: str, signal: Any) -> None:
        headers = {"Content-Digest": stamp}

        async def put() -> None:
            url = f"{self._grant.url}/v1/uploads/{self._report_id}/parts/{index}"
            await self._api.send_bytes("PUT", url, part, self._grant.token, headers, signal=signal)

        await self._with_fresh_grant(put, signal)

    async def _call(self, method: str, path: str, body: Any, signal: Any) -> Any:
        async def call() -> Any:
            where = f"/v1/uploads/{self._report_id}{path}"
            return await self._api.cloud(
                self._grant.url, method, where, self._grant.token, body, signal=signal, seconds=REQUEST_TIMEOUT_SECONDS
            )

        return await self._with_fresh_grant(call, signal)

    async def _with_fresh_grant(self, work: Callable[[], Awaitable[T]], signal: Any) -> T:
        """Renews an old grant first. After a closed lid the grant is over: it is renewed and the work repeated."""
        if time.monotonic() >= self._renew_at:
            await self._renew(signal)
        try:
            return await work()
        except TokenRefused:
            await self._renew(signal)
            return await work()

    async def _renew(self, signal: Any) -> None:
        self._grant = await self._api.grant(self._report_id, Action.PACKAGE_UPLOAD.value, signal=signal)
        self._renew_at = time.monotonic() + GRANT_RENEWAL_SECONDS
