"""Composes the cleaned copy for programs that hold bytes in Python: the command line and tests.

The browser does not need this module: it makes a Blob of the segments.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Coroutine, Iterator
from itertools import accumulate
from typing import Any, BinaryIO, TypeVar

from picsafe_media.core.model import Cleaned, Keep
from picsafe_media.core.source import ByteSource, FileSource
from picsafe_media.detect import clean
from picsafe_protocol.contracts.limits import MIB

__all__ = ["CleanedSource", "clean_file", "cleaned_chunks", "finished"]

_T = TypeVar("_T")


def clean_file(file: BinaryIO) -> Cleaned:
    """`clean` for an open binary file, without an event loop."""
    return finished(clean(FileSource(file)))


def cleaned_chunks(file: BinaryIO, cleaned: Cleaned, step: int = MIB) -> Iterator[bytes]:
    """The cleaned bytes of an open file, in pieces of at most `step` bytes."""
    source = FileSource(file)
    for part in cleaned.segments:
        if isinstance(part, Keep):
            for start in range(part.start, part.stop, step):
                yield source.read_now(start, min(start + step, part.stop))
        else:
            yield from (part[start : start + step] for start in range(0, len(part), step))


class CleanedSource:
    """The cleaned copy as a `ByteSource`: any range of it, without composing the rest."""

    def __init__(self, source: ByteSource, cleaned: Cleaned) -> None:
        self._source = source
        self._parts = cleaned.segments
        lengths = (part.stop - part.start if isinstance(part, Keep) else len(part) for part in self._parts)
        self._starts = list(accumulate(lengths, initial=0))
        self.size = self._starts.pop()

    async def read(self, start: int, stop: int) -> bytes:
        """The cleaned bytes from `start` up to, not including, `stop`."""
        pieces = []
        index = bisect_right(self._starts, start) - 1
        while start < stop and index < len(self._parts):
            part, begin = self._parts[index], start - self._starts[index]
            if isinstance(part, Keep):
                first = part.start + begin
                piece = await self._source.read(first, min(part.stop, first + stop - start))
            else:
                piece = part[begin : begin + stop - start]
            pieces.append(piece)
            start += len(piece)
            index += 1
        return b"".join(pieces)


def finished(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine that reads only a `FileSource`, and so never suspends; without an event loop."""
    try:
        work.send(None)
    except StopIteration as done:
        result: _T = done.value
        return result
    work.close()
    raise RuntimeError("a file's read suspended")
