"""Sources of a medium's bytes, and how structure is read from them: in small pieces, never the whole."""

from __future__ import annotations

import io
from typing import BinaryIO, Literal, Protocol

from picsafe_media.core.bounds import READS, STRUCTURE_BYTES, WINDOW_BYTES
from picsafe_protocol.contracts.errors import UnsupportedMedium

__all__ = ["ByteSource", "FileSource", "Window", "damaged"]


class ByteSource(Protocol):
    """A file that can be read in parts, such as a browser's `File` through `file.slice(start, stop).arrayBuffer()`."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    async def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` up to, not including, `stop`; `0 <= start <= stop <= size`."""


class FileSource:
    """An open binary file as a `ByteSource`. It never suspends, so it needs no event loop."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, io.SEEK_END)

    @classmethod
    def of(cls, data: bytes) -> FileSource:
        """Bytes in memory as a source."""
        return cls(io.BytesIO(data))

    @property
    def size(self) -> int:
        return self._size

    def read_now(self, start: int, stop: int) -> bytes:
        self._file.seek(start)
        return self._file.read(stop - start)

    async def read(self, start: int, stop: int) -> bytes:
        return self.read_now(start, stop)


def damaged(why: str) -> UnsupportedMedium:
    """The error for a medium whose structure is broken; `why` completes "This file is damaged or incomplete: …"."""
    return UnsupportedMedium(
        f"This file is damaged or incomplete: {why}.",
        advice="Take or choose it again, or convert it in another program first; nothing was sent.",
        kind="damaged",
    )


class Window:
    """Exact reads of a source through a cache of the last two blocks, so that looking ahead does not discard the
    current one.

    Every loop over a structure reads at least once per turn, so the count of reads bounds them all. Errors:
    UnsupportedMedium where bytes are missing, a structure is too large, or there are too many of them.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.size = source.size
        self._blocks = (0, b""), (0, b"")
        self._reads = 0

    async def take(self, start: int, stop: int) -> bytes:
        """Exactly the bytes from `start` to `stop`."""
        self._reads += 1
        if self._reads > READS:
            raise damaged("it has more parts than any real file")
        if not 0 <= start <= stop <= self.size:
            raise damaged("it ends too early")
        if stop - start > STRUCTURE_BYTES:
            raise damaged("a part of its structure is too large")
        for begin, block in self._blocks:
            if begin <= start and stop <= begin + len(block):
                return block[start - begin : stop - begin]
        return (await self._fetch(start, max(stop, min(start + WINDOW_BYTES, self.size))))[: stop - start]

    async def upto(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`: fewer, or none, where the file ends."""
        start = min(start, self.size)
        return await self.take(start, min(start + length, self.size))

    async def number(self, start: int, length: int, order: Literal["big", "little"] = "big") -> int:
        """The unsigned integer in the `length` bytes at `start`."""
        return int.from_bytes(await self.take(start, start + length), order)

    async def is_zero(self, start: int, stop: int) -> bool:
        """Whether all these bytes are zero; looks at a block at a time."""
        for begin in range(start, stop, WINDOW_BYTES):
            block = await self.take(begin, min(begin + WINDOW_BYTES, stop))
            if block.count(0) != len(block):
                return False
        return True

    async def _fetch(self, start: int, stop: int) -> bytes:
        block = await self._source.read(start, stop)
        if len(block) != stop - start:
            raise damaged("it changed while it was being read")
        self._blocks = (start, block), self._blocks[0]
        return block
