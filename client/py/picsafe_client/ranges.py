"""Reading a package that lies in a cloud: small ones at once, large ones by ranges, and on where a connection broke.

A range that will be read from its beginning to its end is announced with `ahead`: one answer then delivers all of it,
as fast as it is taken, and what is not taken is not sent. When the connection breaks, the next request begins at the
first byte that is missing. Nothing here knows HTTP: `Remote` does, so that tests can break connections as they like.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from picsafe_client.refusals import refusal
from picsafe_protocol.buffers import Buffers
from picsafe_protocol.errors import Unexpected, Unreachable
from picsafe_protocol.limits import KIB, MIB

__all__ = ["HEAD", "TAIL", "WHOLE", "Arrived", "Body", "Pause", "RangedSource", "Remote"]

WHOLE: Final = 4 * MIB
"""A package up to this size is fetched at once: a second request would take longer than the bytes it saves."""
HEAD: Final = 1 * MIB
"""The first bytes of a larger one: header, facts and the thumbnails of some forty photos."""
TAIL: Final = 128 * KIB
"""The last bytes of a larger one: both directories and the last chunk, which proves the length."""

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

Arrived: TypeAlias = Callable[[int], None]
"""Called with a number of bytes that have just come over the network."""

Pause: TypeAlias = Callable[[int, Unreachable], Awaitable[None]]
"""Waits before the connection is tried again, knowing how often in a row it failed; raises the error to give up."""


class Body(Protocol[B_co]):
    """The body of one answer, as it arrives."""

    @property
    def total(self) -> int | None:
        """Bytes of the whole package, as far as the answer says; proxies take that away."""
        ...

    async def next(self) -> B_co | None:
        """The next bytes, None at the end. Raises `Unreachable` when the connection breaks."""
        ...

    def stop(self) -> None:
        """Whatever has not arrived is no longer wanted."""
        ...


class Remote(Protocol[B_co]):
    """Something that answers requests for ranges of one package that never changes."""

    async def get(self, start: int, stop: int) -> Body[B_co]:
        """Asks for bytes `start` up to `stop`. Raises `Unreachable`, and the refusals of the cloud."""
        ...


class RangedSource(Generic[B]):
    """A `buffers.Source` over a `Remote`. Its first and last bytes are kept, everything else is passed on."""

    def __init__(self, remote: Remote[B], buffers: Buffers[B], size: int, pause: Pause) -> None:
        """`size` is what the package is said to have; an answer that says otherwise is not it."""
        self._remote = remote
        self._buffers = buffers
        self._size = size
        self._pause = pause
        self._kept: list[tuple[int, B]] = []
        self._stretches: list[_Stretch[B]] = []

    @property
    def size(self) -> int:
        """Bytes of the package."""
        return self._size

    async def begin(self, arrived: Arrived | None = None) -> None:
        """Fetches a small package whole, of a larger one the first and the last bytes at the same time."""
        spans = [(0, self._size)] if self._size <= WHOLE else [(0, HEAD), (self._size - TAIL, self._size)]
        tasks = [asyncio.ensure_future(self._fetch(start, stop, arrived)) for start, stop in spans]
        try:
            pieces = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        self._kept = [(start, piece) for (start, _), piece in zip(spans, pieces, strict=True)]

    def first_bytes(self) -> int:
        """How many bytes `begin` fetches."""
        return self._size if self._size <= WHOLE else HEAD + TAIL

    async def read(self, start: int, stop: int) -> B:
        """Exactly the bytes `start` up to `stop`."""
        for at, piece in self._kept:
            end = at + self._buffers.length(piece)
            if at <= start and stop <= end:
                return self._buffers.part(piece, start - at, stop - at)
            if at <= start < end:
                rest = await self._fetch(end, stop)
                return self._buffers.join([self._buffers.part(piece, start - at, end - at), rest])
        return await self._fetch(start, stop)

    @contextmanager
    def ahead(self, start: int, stop: int, arrived: Arrived | None = None) -> Iterator[None]:
        """Within this, bytes `start` up to `stop` will be read in order, piece after piece: one request serves them."""
        stretch = _Stretch(self, start, stop, arrived)
        self._stretches.append(stretch)
        try:
            yield
        finally:
            if stretch in self._stretches:
                self._stretches.remove(stretch)
            stretch.end()

    @asynccontextmanager
    async def held(self, start: int, stop: int) -> AsyncIterator[None]:
        """Fetches bytes `start` up to `stop` at once; within this, reads among them need no request."""
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

    async def _fetch(self, start: int, stop: int, arrived: Arrived | None = None) -> B:
        for stretch in self._stretches:
            if stretch.serves(start, stop):
                return await stretch.take(start, stop)
        stretch = _Stretch(self, start, stop, arrived)
        try:
            return await stretch.take(start, stop)
        finally:
            stretch.end()

    async def request(self, start: int, stop: int) -> Body[B]:
        """One request. Raises `Unexpected` for an answer about a package of another size, whoever gave it."""
        body = await self._remote.get(start, stop)
        if body.total not in {None, self._size}:
            body.stop()
            raise refusal(Unexpected, "bytes")
        return body

    async def pause(self, failures: int, error: Unreachable) -> None:
        """Waits before the next try."""
        await self._pause(failures, error)

    @property
    def buffers(self) -> Buffers[B]:
        """What cuts and joins its bytes."""
        return self._buffers


class _Stretch(Generic[B]):
    """A range that is read in order: from one answer, or from as many as broken connections make necessary."""

    def __init__(self, source: RangedSource[B], start: int, stop: int, arrived: Arrived | None) -> None:
        self._source = source
        self._start = start
        self._stop = stop
        self._arrived = arrived
        self._position: int | None = None  # of the next byte to hand out; None until the first is asked for
        self._waiting: list[B] = []
        self._have = 0  # bytes in `_waiting`
        self._body: Body[B] | None = None
        self._busy = False
        self._failures = 0

    def serves(self, start: int, stop: int) -> bool:
        """Whether the next bytes that it has to give are `start` up to `stop`."""
        if self._busy or not self._start <= start <= stop <= self._stop:
            return False
        return self._position is None or self._position == start

    async def take(self, start: int, stop: int) -> B:
        """The bytes `start` up to `stop`; `start` is where the last call stopped."""
        self._busy = True
        try:
            self._position = start
            while self._have < stop - start:
                await self._more(start + self._have)
            given, self._waiting = _cut(self._source.buffers, self._waiting, stop - start)
            self._have -= stop - start
            self._position = stop
            return given[0] if len(given) == 1 else self._source.buffers.join(given)
        finally:
            self._busy = False

    def end(self) -> None:
        """No more will be taken."""
        body, self._body = self._body, None
        if body is not None:
            body.stop()
        self._waiting.clear()
        self._have = 0

    async def _more(self, position: int) -> None:
        """The next bytes of the answer, which begin at `position`; or, after a break, a pause and a new answer."""
        try:
            piece = await self._next(position)
        except Unreachable as error:
            self._body = None
            self._failures += 1
            await self._source.pause(self._failures, error)
            return
        self._failures = 0
        length = self._source.buffers.length(piece)
        self._waiting.append(piece)
        self._have += length
        if self._arrived is not None:
            self._arrived(length)

    async def _next(self, position: int) -> B:
        if self._body is None:
            self._body = await self._source.request(position, self._stop)
        piece = await self._body.next()
        if piece is None:
            raise refusal(Unreachable, "broke")
        return piece


def _cut(buffers: Buffers[B], pieces: Sequence[B], length: int) -> tuple[list[B], list[B]]:
    """`pieces` as those that hold the first `length` bytes, and the rest."""
    taken: list[B] = []
    for index, piece in enumerate(pieces):
        if length == 0:
            return taken, list(pieces[index:])
        size = buffers.length(piece)
        if size > length:
            taken.append(buffers.part(piece, 0, length))
            return taken, [buffers.part(piece, length, size), *pieces[index + 1 :]]
        taken.append(piece)
        length -= size
    return taken, []
