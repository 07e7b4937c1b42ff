"""Reads a package from the cloud: whole if small, by ranges if large, resuming after a lost connection.

A range that will be read from its beginning to its end is announced with `prefetch`: one answer then delivers all of it,
as fast as it is taken, and what is not taken is not sent. When the connection breaks, the next request begins at the
first byte that is missing. Nothing here knows HTTP: `Remote` does, so that tests can break connections as they like.

Where the digest of the package is known, nothing is given out that it does not cover: reads are widened to whole pieces
(`picsafe_protocol.crypto.package_digest`), each compared with its hash; the last piece of a read is kept, so that the
next one, which mostly begins in it, does not fetch it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.reports.sequential_fetch import Arrived, Body, Stretch
from picsafe_protocol.contracts.errors import InternalError, Unreachable
from picsafe_protocol.contracts.limits import KIB, MIB
from picsafe_protocol.crypto.buffers import Buffers
from picsafe_protocol.crypto.package_digest import HASH, HashPieces, Pieces, down, piece_count, up

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "WHOLE_BYTES", "Arrived", "Body", "Pause", "RangedSource", "Remote"]

WHOLE_BYTES: Final = 4 * MIB
"""A package up to this size is fetched at once: a second request would take longer than the bytes it saves."""
HEAD_BYTES: Final = 1 * MIB
"""The first bytes of a larger one: header, facts and the thumbnails of some forty photos."""
TAIL_BYTES: Final = 128 * KIB
"""The last bytes of a larger one: both directories and the last chunk, which proves the length."""
RECENT: Final = 4
"""Pieces that are kept because a read ended in them: of a film, of its sound, of a photo meanwhile."""

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

Pause: TypeAlias = Callable[[int, Unreachable], Awaitable[None]]
"""Waits before the connection is tried again, knowing how often in a row it failed; raises the error to give up."""


class Remote(Protocol[B_co]):
    """Something that answers requests for ranges of one package that never changes."""

    async def get(self, start: int, stop: int) -> Body[B_co]:
        """Asks for bytes `start` up to `stop`. Raises `Unreachable`, and the refusals of the cloud."""
        ...

    async def piece_hashes(self, most: int) -> bytes:
        """The list that lies beside the package, of at most `most` bytes. Raises `NotAsSent` when there is none, and as
        `get`.
        """
        ...


class RangedSource(Generic[B]):
    """A `buffers.Source` over a `Remote`. Its first and last bytes are kept, everything else is passed on."""

    def __init__(
        self,
        remote: Remote[B],
        buffers: Buffers[B],
        size: int,
        pause: Pause,
        *,
        digest: str | None,
        hash_pieces: HashPieces[B],
    ) -> None:
        """`size` and `digest` are those of the package by the word of the index; whatever is otherwise is refused.

        Without a digest, for a report from before there were any, bytes are given out as they come.
        """
        self._remote = remote
        self._buffers = buffers
        self._size = size
        self._pause = pause
        self._expected = digest
        self._hash = hash_pieces
        self._pieces: Pieces | None = None
        self._kept: list[tuple[int, B]] = []
        self._recent: list[tuple[int, B]] = []
        self._stretches: list[Stretch[B]] = []

    @property
    def size(self) -> int:
        """Bytes of the package."""
        return self._size

    @property
    def digest(self) -> str | None:
        """The digest by which everything is checked that is given out, once `begin` has returned."""
        return None if self._pieces is None else self._expected

    async def begin(self, arrived: Arrived | None = None) -> None:
        """Fetches a small package whole, of a larger one the first and the last bytes, and the list of its pieces, at
        the same time.

        Raises `NotAsSent` when something of it is not what the digest says.
        """
        spans = self._spans()
        tasks = [asyncio.ensure_future(self._fetch(start, stop, arrived)) for start, stop in spans]
        listed = asyncio.ensure_future(self._listed()) if self._expected is not None and len(spans) > 1 else None
        try:
            fetched = await asyncio.gather(*tasks)
            hashes = None if listed is None else await listed
        except BaseException:
            for task in [*tasks, *([] if listed is None else [listed])]:
                task.cancel()
            raise
        kept = [(start, piece) for (start, _), piece in zip(spans, fetched, strict=True)]
        if self._expected is not None:
            hashes = await self._hash(fetched[0]) if hashes is None else hashes
            pieces = Pieces.trusted(self._size, hashes, self._expected)
            for start, piece in kept:
                pieces.check(start, await self._hash(piece))
            self._pieces = pieces
        self._kept = kept

    def first_bytes(self) -> int:
        """How many bytes of the package `begin` fetches."""
        return sum(stop - start for start, stop in self._spans())

    async def read(self, start: int, stop: int) -> B:
        """Exactly the bytes `start` up to `stop`. Raises `NotAsSent` when they are not those that were sent."""
        for at, piece in (*self._kept, *self._recent):
            if at <= start and stop <= at + self._buffers.length(piece):
                return self._buffers.part(piece, start - at, stop - at)
        return await self._fetch(start, stop)

    @contextmanager
    def prefetch(self, start: int, stop: int, arrived: Arrived | None = None) -> Iterator[None]:
        """Within this, bytes `start` up to `stop` will be read in order, piece after piece: one request serves them."""
        stretch = Stretch(self, start, stop, arrived)
        self._stretches.append(stretch)
        try:
            yield
        finally:
            if stretch in self._stretches:
                self._stretches.remove(stretch)
            stretch.end()

    @asynccontextmanager
    async def buffered(self, start: int, stop: int) -> AsyncIterator[None]:
        """Fetches bytes `start` up to `stop` at once; within this, reads among them need no request."""
        start, stop = self.down(start), self.up(stop)
        held = (start, await self.read(start, stop))
        self._kept.append(held)
        try:
            yield
        finally:
            self._kept = [kept for kept in self._kept if kept is not held]

    def close(self) -> None:
        """Stops whatever is on its way and forgets what was kept."""
        for stretch in self._stretches:
            stretch.end()
        self._stretches.clear()
        self._kept.clear()
        self._recent.clear()

    # What stretches need

    def down(self, position: int) -> int:
        """Where what has to be read for the byte at `position` begins."""
        return position if self._pieces is None else down(position)

    def up(self, position: int) -> int:
        """Where what has to be read for the bytes before `position` ends."""
        return position if self._pieces is None else up(position, self._size)

    @property
    def checks(self) -> bool:
        """Whether what is given out is checked piece by piece."""
        return self._pieces is not None

    async def check(self, start: int, data: B) -> None:
        """Compares whole pieces from `start` on with their hashes. Raises `NotAsSent`."""
        if self._pieces is not None:
            self._pieces.check(start, await self._hash(data))

    def at_hand(self, start: int) -> B | None:
        """What is kept from byte `start` on, where a piece begins, up to the end of a piece; None for nothing."""
        for at, piece in (*self._kept, *self._recent):
            end = at + self._buffers.length(piece)
            whole = end if end == self._size else self.down(end)
            if at <= start < whole:
                return self._buffers.part(piece, start - at, whole - at)
        return None

    def remember(self, start: int, piece: B) -> None:
        """Keeps a piece in which a read ended."""
        self._recent = [(start, piece), *(kept for kept in self._recent if kept[0] != start)][:RECENT]

    def _spans(self) -> list[tuple[int, int]]:
        if self._size <= WHOLE_BYTES:
            return [(0, self._size)]
        tail = self._size - TAIL_BYTES
        return [(0, HEAD_BYTES), (tail if self._expected is None else down(tail), self._size)]

    async def _listed(self) -> bytes:
        most = piece_count(self._size) * HASH
        failures = 0
        while True:
            try:
                return await self._remote.piece_hashes(most)
            except Unreachable as error:
                failures += 1
                await self._pause(failures, error)

    async def _fetch(self, start: int, stop: int, arrived: Arrived | None = None) -> B:
        for stretch in self._stretches:
            if stretch.serves(start, stop):
                return await stretch.take(start, stop)
        stretch = Stretch(self, start, stop, arrived)
        try:
            return await stretch.take(start, stop)
        finally:
            stretch.end()

    async def request(self, start: int, stop: int) -> Body[B]:
        """One request. Raises `InternalError` for an answer about a package of another size, also from a proxy."""
        body = await self._remote.get(start, stop)
        if body.total not in {None, self._size}:
            body.stop()
            raise localized_error(InternalError, "bytes")
        return body

    async def pause(self, failures: int, error: Unreachable) -> None:
        """Waits before the next try."""
        await self._pause(failures, error)

    @property
    def buffers(self) -> Buffers[B]:
        """What cuts and joins its bytes."""
        return self._buffers
