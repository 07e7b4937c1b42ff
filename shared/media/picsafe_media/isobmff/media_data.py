"""Finds the bytes of a film that its picture and sound use, so that the others can be removed (ISO/IEC 14496-12, 8.7
and 8.8).

Cameras write positions, times and previews between the samples, where no track refers to them. Uncertain bytes count as
used, because blanking too much would change what is seen or heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Notice, Removal
from picsafe_media.core.packed_ranges import OFFSETS
from picsafe_media.core.ranges import Range
from picsafe_media.core.source import Window
from picsafe_media.isobmff.boxes import Box, blank
from picsafe_media.isobmff.fragments import add_fragments
from picsafe_media.isobmff.sample_ranges import SampleRanges
from picsafe_media.isobmff.sample_tables import add_samples
from picsafe_media.isobmff.tracks import Track
from picsafe_protocol.contracts.limits import MIB

__all__ = ["blank_unused", "used_ranges"]

_RANGES: Final = 1_000_000
"""Ranges of samples in a film: two tracks that change places thirty times a second, for four hours."""
_GAPS: Final = 20_000
"""Unused parts: one each second for five hours."""
_BLANKED_BYTES: Final = 48 * MIB
"""Of `BLANKED_BYTES`; the rest is for other parts of the film."""
_LOOKED_THROUGH_BYTES: Final = 512 * MIB
"""Some cameras reserve room ahead, which is full of zeros; so much of it is looked through."""


async def used_ranges(
    window: Window, moov: Box, tracks: list[Track], gone: frozenset[int], found: list[Box]
) -> SampleRanges | None:
    """The parts of the file that hold samples of `tracks`, and of all fragments but those of the tracks in `gone`.

    None where they cannot be told.
    """
    ranges = SampleRanges(window.size, _RANGES)
    if window.size >= OFFSETS:
        return None
    for track in tracks:
        if not await add_samples(window, track, ranges):
            return None
    return ranges if await add_fragments(window, moov, gone, found, ranges) else None


async def blank_unused(window: Window, plan: EditPlan, used: list[Range], found: list[Box]) -> None:
    """Blanks media data outside the ranges of `used`; where that is too much, adds a warning for the sender."""
    gaps, looked_through, blanked = 0, 0, 0
    for start, stop in _gaps(used, found):
        gaps += 1
        looked_through += stop - start
        if gaps > _GAPS or looked_through > _LOOKED_THROUGH_BYTES:
            plan.warn(Notice.UNUSED_DATA_KEPT)
            return
        if await window.is_zero(start, stop):
            continue
        blanked += stop - start
        if blanked > _BLANKED_BYTES:
            plan.warn(Notice.UNUSED_DATA_KEPT)
            return
        await blank(window, plan, start, stop, Removal.STRAY_BYTES)


def _gaps(used: list[Range], found: list[Box]) -> Iterator[Range]:
    """The parts of the media data that are not used; `used` is in order, and so are the boxes."""
    index = 0
    for box in found:
        if box.kind != b"mdat":
            continue
        position = box.start
        while index < len(used) and used[index][0] < box.stop:
            start, stop = used[index]
            if start > position:
                yield position, start
            position = max(position, stop)
            if stop > box.stop:
                break
            index += 1
        if position < box.stop:
            yield position, box.stop
