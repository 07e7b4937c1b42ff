"""Limits for parts that are being received: a few per upload, a bound for the process, and one writer per part."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import ServiceError, TooManyRequests

RETRY_SECONDS = 5
"""When a sender with too many parts under way may try again: a part on a good line takes about as long."""


class Reception:
    """One request that sends a part. A newer request for the same part replaces it, until the part is complete."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._waits: asyncio.Timeout | None = None
        self._replaced = False

    def replace(self) -> None:
        """End the request the next time it waits for its client or for its turn."""
        self._replaced = True
        if self._waits is not None and not self._waits.expired():
            self._waits.reschedule(asyncio.get_running_loop().time())

    async def body(self) -> AsyncIterator[bytes]:
        """Yields the part as it arrives; `ServiceError` when a newer request replaces this one."""
        while True:
            async with self.replaceable():
                piece = await anext(self._body, None)
            if piece is None:
                return
            yield piece

    @asynccontextmanager
    async def replaceable(self) -> AsyncIterator[None]:
        """Cancels the block when a newer request arrives."""
        try:
            async with asyncio.timeout(0 if self._replaced else None) as self._waits:
                yield
        except TimeoutError as error:
            if not self._replaced:
                raise
            raise ServiceError("A newer request sends the same part.") from error
        finally:
            self._waits = None


class _Part:
    """One part of one upload, while a request is sending it."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.newest: Reception | None = None
        self.requests = 0


class PartsInFlight:
    """Shared by all regions of a process, because memory and disk are shared too."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int], _Part] = {}
        self._of_upload: Counter[str] = Counter()

    @asynccontextmanager
    async def receiving(self, upload: str, index: int, body: AsyncIterator[bytes]) -> AsyncIterator[Reception]:
        """Wait for the turn of the request with `body` to send part `index` of `upload`.

        An older request for the part is ended, or awaited while its part is being stored. The newest request has
        priority, because the oldest may hang on a broken connection.

        `TooManyRequests` when too many other parts of the upload are under way; `ServiceError` when too many parts of
        the process are, and when a still newer request arrives.
        """
        part = self._entered(upload, index)
        part.requests += 1
        reception = Reception(body)
        if part.newest is not None:
            part.newest.replace()
        part.newest = reception
        try:
            async with reception.replaceable():
                await part.turn.acquire()
            try:
                yield reception
            finally:
                part.turn.release()
        finally:
            if part.newest is reception:
                part.newest = None
            part.requests -= 1
            if not part.requests:
                self._leave(upload, index)

    def _entered(self, upload: str, index: int) -> _Part:
        part = self._parts.get((upload, index))
        if part is not None:
            return part
        if self._of_upload[upload] >= limits.UPLOAD_PARTS_UNDER_WAY:
            raise TooManyRequests(
                f"More than {limits.UPLOAD_PARTS_UNDER_WAY} parts of this upload are on their way at once.",
                advice="Send fewer parts at the same time.",
                retry_after=RETRY_SECONDS,
            )
        if len(self._parts) >= limits.PARTS_UNDER_WAY:
            raise ServiceError("Too many uploads are under way at the moment.")
        self._of_upload[upload] += 1
        return self._parts.setdefault((upload, index), _Part())

    def _leave(self, upload: str, index: int) -> None:
        del self._parts[upload, index]
        self._of_upload[upload] -= 1
        if not self._of_upload[upload]:
            del self._of_upload[upload]
