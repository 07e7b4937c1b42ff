"""The parts of a film's file that hold samples, where their length may depend on the reader."""

from __future__ import annotations

from picsafe_media.core.packed_ranges import PackedRanges
from picsafe_media.core.ranges import Range, merged

__all__ = ["SampleRanges"]


class SampleRanges:
    """Collects the ranges of samples in a file of `size` bytes, at most `most` of them.

    What is certain has to lie in the media data. What a reader may take beyond that is kept as well, wherever it lies.
    """

    def __init__(self, size: int, most: int) -> None:
        self._certain = PackedRanges(size, most)
        self._possible = PackedRanges(size, most)

    @property
    def reaches_beyond(self) -> bool:
        """Whether the file ends before a sample does."""
        return self._certain.reaches_beyond

    def add(self, start: int, length: int, at_most: int = 0) -> bool:
        """Adds samples that take `length` bytes, and `at_most` so many by another reading; False when there are too
        many.
        """
        return self._certain.add(start, length) and (at_most <= length or self._possible.add(start, at_most))

    def certain(self) -> list[Range]:
        """The bytes that belong to samples by every reading, in order."""
        return self._certain.merged()

    def merged(self) -> list[Range]:
        """All bytes that may belong to a sample, in order."""
        certain, possible = self._certain.merged(), self._possible.merged()
        return merged([*certain, *possible]) if possible else certain
