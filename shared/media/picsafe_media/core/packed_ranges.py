"""Stores many byte ranges in little memory: a long film has hundreds of thousands of samples."""

from __future__ import annotations

from array import array
from typing import Final

from picsafe_media.core.ranges import Range

__all__ = ["OFFSETS", "PackedRanges"]

OFFSETS: Final = 2**32
"""Files from this length on do not fit; PicSafe carries none of them."""


class PackedRanges:
    """Collects ranges of a file of `size` bytes, eight bytes each; neighbours are joined as they come."""

    def __init__(self, size: int, most: int) -> None:
        self._size, self._most = min(size, OFFSETS - 1), most
        self._packed = array("Q")
        self._start = self._stop = 0
        self.reaches_beyond = False
        """Whether a range does not end within the file."""

    def add(self, start: int, length: int) -> bool:
        """Adds a range; False when there are too many."""
        if length <= 0:
            return True
        if start + length > self._size:
            self.reaches_beyond = True
            length = self._size - start
            if length <= 0:
                return True
        if start == self._stop:
            self._stop += length
            return True
        self._flush()
        self._start, self._stop = start, start + length
        return len(self._packed) < self._most

    def merged(self) -> list[Range]:
        """All of them in order; those that touch or overlap are one."""
        self._flush()
        found: list[Range] = []
        low = high = 0
        for packed in sorted(self._packed):
            start = packed >> 32
            stop = start + (packed & OFFSETS - 1)
            if start > high:
                if high > low:
                    found.append((low, high))
                low, high = start, stop
            else:
                high = max(high, stop)
        if high > low:
            found.append((low, high))
        return found

    def _flush(self) -> None:
        if self._stop > self._start:
            self._packed.append(self._start << 32 | self._stop - self._start)
        self._start = self._stop = 0
