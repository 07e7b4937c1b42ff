"""The edits that turn an original into its cleaned copy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Final

from picsafe_media.core.bounds import BLANKED_BYTES, SEGMENTS
from picsafe_media.core.model import Cleaned, Description, Keep, Notice, Removal, Segment
from picsafe_media.core.source import damaged
from picsafe_protocol.contracts.limits import MIB

__all__ = ["EditPlan"]

_ZEROS: Final = bytes(MIB)


class EditPlan:
    """Collects edits by offsets of the original; whatever no edit touches is kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._edits: list[tuple[int, int, bytes | None]] = []
        self._removed: set[Removal] = set()
        self._warnings: set[Notice] = set()

    @property
    def edits(self) -> int:
        """How many edits there are so far."""
        return len(self._edits)

    def note(self, *removed: Removal) -> None:
        """Record what was removed."""
        self._removed.update(removed)

    def warn(self, caution: Notice) -> None:
        """Record a warning for the sender."""
        self._warnings.add(caution)

    def cut(self, start: int, stop: int, *removed: Removal) -> None:
        """Leave these bytes out."""
        if start < stop:
            self.put(start, stop, b"", *removed)

    def put(self, start: int, stop: int, data: bytes, *removed: Removal) -> None:
        """Write `data` in place of these bytes; with `start == stop`, before them."""
        self._add(start, stop, data)
        self.note(*removed)

    def blank(self, start: int, stop: int, *removed: Removal) -> None:
        """Overwrite these bytes with zeros, so that nothing moves. Blanked parts may overlap each other."""
        if start < stop:
            self._add(start, stop, None)
            self.note(*removed)

    def finish(self, description: Description) -> Cleaned:
        """The finished plan. Raises UnsupportedMedium where edits contradict each other: parts of the file overlap."""
        return Cleaned(
            description,
            tuple(self._segments()),
            tuple(code for code in Removal if code in self._removed),
            tuple(code for code in Notice if code in self._warnings),
        )

    def _add(self, start: int, stop: int, data: bytes | None) -> None:
        if not 0 <= start <= stop <= self._size:
            raise damaged("a part reaches beyond its end")
        if len(self._edits) >= SEGMENTS:
            raise damaged("it has more parts to remove than any real file")
        self._edits.append((start, stop, data))

    def _segments(self) -> list[Segment]:
        segments: list[Segment] = []
        blanked = position = 0
        may_overlap = False
        for start, stop, data in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < position:
                if not (may_overlap and data is None):
                    raise damaged("two of its parts overlap")
                start, stop = position, max(stop, position)
            if position < start:
                segments.append(Keep(position, start))
            if data is None:
                blanked += stop - start
                segments.extend(_zeros(stop - start))
            elif data:
                segments.append(data)
            position, may_overlap = stop, data is None
            if blanked > BLANKED_BYTES:
                raise damaged("it holds more that cannot be sent than any real file")
        if position < self._size:
            segments.append(Keep(position, self._size))
        return segments


def _zeros(length: int) -> Iterator[Segment]:
    whole, rest = divmod(length, len(_ZEROS))
    yield from repeat(_ZEROS, whole)
    if rest:
        yield _ZEROS[:rest]
