"""The boxes of a whole film or picture file, and what is done where they do not reach to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Notice, Removal
from picsafe_media.core.ranges import Range, without
from picsafe_media.core.source import Window, damaged
from picsafe_media.isobmff.boxes import FREE, Box, box_at
from picsafe_media.isobmff.sample_ranges import SampleRanges

__all__ = ["KEPT", "FileLayout", "media_ranges", "reach_samples", "read_layout"]

KEPT: Final = frozenset((b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix"))
"""The boxes of a film that stay."""

_INDISPENSABLE: Final = frozenset((b"moov", b"meta", b"moof", b"mdat"))
_FRAGMENT: Final = frozenset((b"moof", b"styp", b"sidx", b"emsg", b"prft"))
"""What a fragment may begin with: where a film ends within one of these, there should have been more of it."""
_KNOWN: Final = KEPT | FREE | _FRAGMENT | frozenset((b"meta", b"udta", b"uuid", b"pnot", b"PICT", b"thum", b"mpvd"))
_TOP_LEVEL_BOXES: Final = 200_000
"""More than the fragments of a day's live recording."""


@dataclass(slots=True)
class FileLayout:
    """The boxes of a file in order. From `end` to the end of the file there is no box."""

    boxes: list[Box]
    end: int

    def cut_rest(self, window: Window, plan: EditPlan) -> None:
        """Leaves out what is behind the last box."""
        if self.end < window.size:
            plan.cut(self.end, window.size, Removal.STRAY_BYTES)


async def read_layout(window: Window, plan: EditPlan, *, may_end_early: bool = False) -> FileLayout:
    """The boxes of the file. Raises UnsupportedMedium where something that matters would not be among them.

    `may_end_early`: media data that are cut off count as far as they go, when the index is before them.
    """
    found: list[Box] = []
    at = 0
    while at < window.size:
        box = await box_at(window, at, window.size)
        if box is None or len(found) >= _TOP_LEVEL_BOXES:
            kinds = {box.kind for box in found}
            cut_off = (await window.upto(at, 8))[4:]
            if may_end_early and cut_off == b"mdat" and b"moov" in kinds:
                found += await _shortened(window, plan, at)
                break
            if may_end_early and cut_off in _FRAGMENT and b"moof" in kinds and not await _has_media(window, at):
                plan.warn(Notice.CUT_SHORT)
                plan.cut(at, window.size)
                break
            if cut_off in _INDISPENSABLE or b"mdat" not in kinds or not kinds & {b"moov", b"meta"}:
                raise damaged("it ends too early, or one of its boxes has a wrong length")
            return FileLayout(found, at)
        found.append(box)
        at = box.stop
    return FileLayout(found, window.size)


def media_ranges(found: list[Box]) -> list[Range]:
    """Where the media data are, in order."""
    return [(box.start, box.stop) for box in found if box.kind == b"mdat"]


def reach_samples(window: Window, plan: EditPlan, layout: FileLayout, used: SampleRanges | None) -> None:
    """Refuses a film whose samples are not in its media data, where they cannot be made to reach so far.

    They can when their length is too small but the samples reach exactly to the end of the file: what follows the media
    data is no box then, but their rest. `used` is None where it cannot be told which bytes are samples.
    """
    if used is None:
        if layout.end < window.size:
            raise damaged("it ends too early, or one of its boxes has a wrong length")
        return
    outside = without(used.certain(), media_ranges(layout.boxes))
    if not outside:
        return
    last = max((number for number, box in enumerate(layout.boxes) if box.kind == b"mdat"), default=0)
    media = layout.boxes[last]
    is_rest = (
        outside[0][0] >= media.stop
        and outside[-1][1] == window.size
        and not any(box.kind in _KNOWN for box in layout.boxes[last + 1 :])
        and not any(box.kind == b"moof" for box in layout.boxes)
        and not used.reaches_beyond
    )
    if not is_rest:
        raise damaged("its picture or sound is not where its index says")
    _write_length(plan, media.begin, media.start, window.size)
    layout.boxes[last:] = [media._replace(stop=window.size)]
    layout.end = window.size


async def _has_media(window: Window, at: int) -> bool:
    """Whether media data follow within a box that reaches behind the end: then its length is wrong, and nothing was cut
    off. Players look into it.
    """
    at += 8
    for _ in range(_TOP_LEVEL_BOXES):
        if (await window.upto(at, 8))[4:] == b"mdat":
            return True
        box = await box_at(window, at, window.size)
        if box is None:
            return False
        at = box.stop
    return True  # of so many parts it is no fragment


async def _shortened(window: Window, plan: EditPlan, at: int) -> list[Box]:
    """The media data at the end of a file that was cut off, with their length as it is."""
    header = 16 if await window.number(at, 4) == 1 else 8
    if window.size <= at + header:
        plan.cut(at, window.size)
        return []
    plan.warn(Notice.CUT_SHORT)
    _write_length(plan, at, at + header, window.size)
    return [Box(b"mdat", at, at + header, window.size)]


def _write_length(plan: EditPlan, begin: int, start: int, stop: int) -> None:
    """Writes how long a box is, in the field that its header has for that."""
    where, width = (begin, 4) if start - begin == 8 else (begin + 8, 8)
    plan.put(where, where + width, (stop - begin).to_bytes(width, "big"))
