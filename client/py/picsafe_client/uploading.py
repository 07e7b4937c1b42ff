"""Uploads a package in parts: can be paused, goes on by itself when a connection comes back, never sends a part twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from picsafe_client import digests, dom
from picsafe_client.api import Api, Cancelled, Grant
from picsafe_client.preparing import Progress, read_blob
from picsafe_protocol.errors import NotSignedIn, ServiceError, StorageFull, TokenRefused
from picsafe_protocol.sending import content_digest
from picsafe_protocol.tokens import Action

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds between two tries; the browser's "online" ends a pause at once."""


class Upload:
    """One upload. `waiting` tells whether it is held up by the network; `pause` and `resume` are the person's."""

    def __init__(
        self,
        api: Api,
        report_id: str,
        grant: Grant,
        package: Any,
        signal: Any,
        signed_in_again: Callable[[], Awaitable[None]],
    ) -> None:
        """`grant` is for `package.upload`; `package` a Blob; `signal` aborts for good; for the last see `Sending`."""
        self._api = api
        self._report_id = report_id
        self._grant = grant
        self._package = package
        self._signal = signal
        self._signed_in_again = signed_in_again
        self._running = asyncio.Event()
        self._running.set()
        self._online = asyncio.Event()
        self.waiting = False

    @property
    def paused(self) -> bool:
        """Whether the person has paused it."""
        return not self._running.is_set()

    def pause(self) -> None:
        """Stop after the part that is on its way."""
        self._running.clear()

    def resume(self) -> None:
        """Go on, at once even when it was waiting for the network."""
        self._running.set()
        self._online.set()

    async def run(self, progress: Progress) -> str:
        """Upload everything; the cloud's receipt. Raises `Cancelled`, `StorageFull`, `ReportExpired`, `UploadMismatch`, …"""
        size = int(self._package.size)
        begun = await self.patiently(lambda: self._call("POST", "", {"size": size}))
        part_size, there = int(begun["part_size"]), set(begun["parts"])
        digest = await digests.sha256()
        off = dom.on(dom.window(), "online", lambda _event: self._online.set())
        try:
            for index, start in enumerate(range(0, size, part_size)):
                await self._running.wait()
                part = await read_blob(self._package, start, min(start + part_size, size))
                digest.update(part)
                if index not in there:
                    await self.patiently(partial(self._send, index, part))
                progress(int(part.length))
            sha256 = digest.hexdigest()
            answer = await self.patiently(lambda: self._call("POST", "/complete", {"sha256": sha256}))
        finally:
            off()
        return str(answer["receipt"])

    async def patiently(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        """Tries until it succeeds: a broken network, a restarting server or a lock only make it wait.

        Raises `Cancelled`, and what trying again cannot change.
        """
        pause = FIRST_PAUSE
        while True:
            if self._signal.aborted:
                raise Cancelled
            try:
                result = await attempt()
            except NotSignedIn:
                await self._signed_in_again()
            except StorageFull:
                raise
            except ServiceError:
                self.waiting = True
                self._online.clear()
                try:
                    await asyncio.wait_for(self._online.wait(), pause)
                except TimeoutError:
                    pause = min(pause * 2, LONGEST_PAUSE)
                await self._running.wait()
            else:
                self.waiting = False
                return result

    async def _send(self, index: int, part: Any) -> None:
        import js

        sha256 = bytes.fromhex(str(await js.picsafe.kernel.sha256(part)))
        headers = {"Content-Digest": content_digest(sha256)}

        async def put() -> None:
            url = f"{self._grant.url}/v1/uploads/{self._report_id}/parts/{index}"
            await self._api.send_bytes("PUT", url, part, self._grant.token, headers, signal=self._signal)

        await self._with_fresh_grant(put)

    async def _call(self, method: str, path: str, body: Any) -> Any:
        async def call() -> Any:
            where = f"/v1/uploads/{self._report_id}{path}"
            return await self._api.cloud(self._grant.url, method, where, self._grant.token, body, signal=self._signal)

        return await self._with_fresh_grant(call)

    async def _with_fresh_grant(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """A lid closed for an hour outlives the grant: another one is asked for, and the work done again."""
        try:
            return await work()
        except TokenRefused:
            self._grant = await self._api.grant(self._report_id, Action.PACKAGE_UPLOAD.value, signal=self._signal)
            return await work()
