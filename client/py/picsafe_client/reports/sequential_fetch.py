"""Reads one range of a package in order, resuming after lost connections; each piece is checked before it is
passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

from picsafe_client.i18n.error_messages import localized_error
from picsafe_protocol.contracts.errors import Unreachable
from picsafe_protocol.crypto.buffers import Buffers

__all__ = ["Arrived", "Body", "Pieced", "Stretch"]

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

Arrived: TypeAlias = Callable[[int], None]
"""Called with a number of bytes that have just come over the network."""


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


class Pieced(Protocol[B]):
    """What a stretch needs of the package that it is part of: see `range_reader.RangedSource`."""

    @property
    def buffers(self) -> Buffers[B]:
        """What cuts and joins its bytes."""
        ...

    @property
    def checks(self) -> bool:
        """Whether what is given out is checked piece by piece."""
        ...

    def down(self, position: int) -> int:
        """Where what has to be read for the byte at `position` begins."""
        ...

    def up(self, position: int) -> int:
        """Where what has to be read for the bytes before `position` ends."""
        ...

    async def check(self, start: int, data: B) -> None:
        """Compares whole pieces from `start` on with their hashes. Raises `NotAsSent`."""
        ...

    def at_hand(self, start: int) -> B | None:
        """What is kept from byte `start` on, where a piece begins, up to the end of a piece; None for nothing."""
        ...

    def remember(self, start: int, piece: B) -> None:
        """Keeps a piece in which a read ended."""
        ...

    async def request(self, start: int, stop: int) -> Body[B]:
        """One request for bytes `start` up to `stop`."""
        ...

    async def pause(self, failures: int, error: Unreachable) -> None:
        """Waits before the next try."""
        ...


class Stretch(Generic[B]):
    """A range that is read in order: from one answer, or from as many as broken connections make necessary."""

    def __init__(self, source: Pieced[B], start: int, stop: int, arrived: Arrived | None) -> None:
        self._source = source
        self._start = start
        self._stop = stop
        self._arrived = arrived
        self._position: int | None = None  # of the next byte to hand out; None until the first is asked for
        self._from = 0  # of the first byte in `_waiting`
        self._checked = 0  # up to here they have been compared with their hashes
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
            if self._position is None:
                self._begin(start)
            self._position = start
            block = await self._block(self._source.up(stop))
            given = self._source.buffers.part(block, start - self._from, stop - self._from)
            self._go_on(block, stop)
            self._position = stop
            return given
        finally:
            self._busy = False

    def end(self) -> None:
        """No more will be taken."""
        body, self._body = self._body, None
        if body is not None:
            body.stop()
        if self._source.checks and self._waiting and self._checked > self._from:
            self._source.remember(self._from, self._waiting[0])
        self._waiting = []
        self._have = 0

    def _begin(self, start: int) -> None:
        """With what is at hand already of the piece in which it begins."""
        self._from = self._checked = self._source.down(start)
        kept = self._source.at_hand(self._from)
        if kept is not None:
            self._waiting = [kept]
            self._have = self._source.buffers.length(kept)
            self._checked += self._have

    async def _block(self, end: int) -> B:
        """All bytes from `_from` up to `end`, in one buffer, checked; they are waiting no more."""
        while self._have < end - self._from:
            await self._more(self._from + self._have)
        buffers, length = self._source.buffers, end - self._from
        taken, rest = _cut(buffers, self._waiting, length)
        block = taken[0] if len(taken) == 1 else buffers.join(taken)
        if self._checked < end:
            await self._source.check(self._checked, buffers.part(block, self._checked - self._from, length))
            self._checked = end
        self._waiting, self._have = rest, self._have - length
        return block

    def _go_on(self, block: B, stop: int) -> None:
        """The piece in which the bytes before `stop` end waits for the next call, as a copy: it must not keep the block
        in memory.
        """
        end = self._from + self._source.buffers.length(block)
        if not self._source.checks:
            self._from = end
            return
        last = self._source.down(max(stop - 1, self._from))
        kept = self._source.buffers.join([self._source.buffers.part(block, last - self._from, end - self._from)])
        self._waiting.insert(0, kept)
        self._have += end - last
        self._from = last

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
            self._arrived(max(min(position + length, self._stop) - max(position, self._start), 0))

    async def _next(self, position: int) -> B:
        if self._body is None:
            self._body = await self._source.request(position, self._source.up(self._stop))
        piece = await self._body.next()
        if piece is None:
            raise localized_error(Unreachable, "broke")
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
