"""Boxes, of which MP4, MOV, HEIF and AVIF files consist (ISO/IEC 14496-12, section 4.2), and their fields."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final, NamedTuple

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["FREE", "Box", "ByteReader", "blank", "box_at", "boxes", "boxes_in", "free_up"]

FREE: Final = frozenset((b"free", b"skip", b"wide"))
"""Kinds of boxes that hold nothing."""


class Box(NamedTuple):
    """One box: `begin` to `stop` with its header, its content from `start`. `open` says that it reaches to the end."""

    kind: bytes
    begin: int
    start: int
    stop: int
    open: bool = False


async def box_at(window: Window, at: int, end: int) -> Box | None:
    """The box at an offset; None where none fits in before `end`. Only the last one of a file may leave its length
    open.
    """
    if end - at < 8:
        return None
    length, kind, header = await window.number(at, 4), await window.take(at + 4, at + 8), 8
    if length == 1 and end - at >= 16:
        length, header = await window.number(at + 8, 8), 16
    is_open = length == 0 and end == window.size
    stop = end if is_open else at + length
    return Box(kind, at, at + header, stop, is_open) if at + header <= stop <= end else None


async def boxes(window: Window, at: int, end: int) -> AsyncIterator[Box]:
    """The boxes between two offsets."""
    while at < end:
        box = await box_at(window, at, end)
        if box is None:
            raise damaged("one of its boxes has a wrong length")
        yield box
        at = box.stop


def boxes_in(data: bytes, at: int = 0) -> Iterator[Box]:
    """The boxes in a piece of memory, from `at` to its end; QuickTime may close a list with four zeros."""
    while len(data) - at >= 8:
        fields = ByteReader(data, at)
        length, kind = fields.number(4), fields.take(4)
        if length == 1:
            length = fields.number(8)
        stop = at + length
        if stop > len(data) or stop < fields.at:
            raise damaged("one of its boxes has a wrong length")
        yield Box(kind, at, fields.at, stop)
        at = stop


class ByteReader:
    """Reads the fields of a structure in memory, one after the other; UnsupportedMedium where there are too few
    bytes.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        if self.at + length > len(self._data):
            raise damaged("a part of its structure is too short")
        self.at += length
        return self._data[self.at - length : self.at]

    def number(self, length: int) -> int:
        """The unsigned integer in the next `length` bytes; 0 bytes make 0."""
        return int.from_bytes(self.take(length), "big")


async def free_up(window: Window, plan: EditPlan, box: Box, *removed: Removal) -> None:
    """Turns a box into an empty one of the same length, so that no offset changes."""
    plan.put(box.begin + 4, box.begin + 8, b"free", *removed)
    await blank(window, plan, box.start, box.stop)


async def blank(window: Window, plan: EditPlan, start: int, stop: int, *removed: Removal) -> None:
    """Overwrites with zeros, unless there is nothing else."""
    if start < stop and not await window.is_zero(start, stop):
        plan.blank(start, stop, *removed)
