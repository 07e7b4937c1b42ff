"""How long a fragmented film is, as live recorders write them (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

from picsafe_protocol.media.boxes import Box, Fields, boxes
from picsafe_protocol.media.source import Window
from picsafe_protocol.media.tracks import Track

__all__ = ["fragments_seconds"]


async def fragments_seconds(window: Window, found: list[Box], tracks: list[Track]) -> float:
    """The end of the last fragment in seconds; 0 where there is none."""
    defaults: dict[int, int] = {}
    ends: dict[int, int] = {}
    for box in found:
        if box.kind == b"moov":
            defaults |= await _defaults(window, box)
        elif box.kind == b"moof":
            async for child in boxes(window, box.start, box.stop):
                if child.kind == b"traf":
                    await _fragment(window, child, defaults, ends)
    return max((ends.get(track.number, 0) / track.scale for track in tracks if track.scale), default=0.0)


async def _defaults(window: Window, moov: Box) -> dict[int, int]:
    """The usual duration of a sample by track number."""
    found = {}
    async for mvex in boxes(window, moov.start, moov.stop):
        if mvex.kind == b"mvex":
            async for box in boxes(window, mvex.start, mvex.stop):
                if box.kind == b"trex":
                    fields = Fields(await window.take(box.start, box.stop), 4)
                    number, _, duration = fields.number(4), fields.number(4), fields.number(4)
                    found[number] = duration
    return found


async def _fragment(window: Window, traf: Box, defaults: dict[int, int], ends: dict[int, int]) -> None:
    number = usual = 0
    async for box in boxes(window, traf.start, traf.stop):
        if box.kind == b"tfhd":
            fields = Fields(await window.take(box.start, box.stop))
            flags, number = fields.number(4), fields.number(4)
            fields.take((8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0))
            usual = fields.number(4) if flags & 0x8 else defaults.get(number, 0)
        elif box.kind == b"tfdt":
            fields = Fields(await window.take(box.start, box.stop))
            ends[number] = fields.number(8 if fields.number(4) >> 24 else 4)
        elif box.kind == b"trun":
            ends[number] = ends.get(number, 0) + _run(await window.take(box.start, box.stop), usual)


def _run(data: bytes, usual: int) -> int:
    """The duration of one run of samples."""
    fields = Fields(data)
    flags, count = fields.number(4), fields.number(4)
    if not flags & 0x100:
        return count * usual
    fields.take((4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0))
    others = 4 * sum(1 for flag in (0x200, 0x400, 0x800) if flags & flag)
    total = 0
    for _ in range(min(count, (len(data) - fields.at) // (4 + others))):
        total += fields.number(4)
        fields.take(others)
    return total
