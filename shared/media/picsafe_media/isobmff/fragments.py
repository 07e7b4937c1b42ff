"""The duration and sample locations of fragmented films, as written by live recorders (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

from picsafe_media.core.source import Window
from picsafe_media.isobmff.boxes import Box, ByteReader, boxes
from picsafe_media.isobmff.sample_ranges import SampleRanges
from picsafe_media.isobmff.tracks import Track

__all__ = ["add_fragments", "fragments_seconds", "track_of"]


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
    return {number: duration for number, (duration, _) in (await _usual(window, moov)).items()}


async def _usual(window: Window, moov: Box) -> dict[int, tuple[int, int]]:
    """The usual duration and length of a sample by track number."""
    found = {}
    async for mvex in boxes(window, moov.start, moov.stop):
        if mvex.kind == b"mvex":
            async for box in boxes(window, mvex.start, mvex.stop):
                if box.kind == b"trex":
                    fields = ByteReader(await window.take(box.start, box.stop), 4)
                    number, _ = fields.number(4), fields.number(4)
                    found[number] = fields.number(4), fields.number(4)
    return found


async def _fragment(window: Window, traf: Box, defaults: dict[int, int], ends: dict[int, int]) -> None:
    number = usual = 0
    async for box in boxes(window, traf.start, traf.stop):
        if box.kind == b"tfhd":
            fields = ByteReader(await window.take(box.start, box.stop))
            flags, number = fields.number(4), fields.number(4)
            fields.take((8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0))
            usual = fields.number(4) if flags & 0x8 else defaults.get(number, 0)
        elif box.kind == b"tfdt":
            fields = ByteReader(await window.take(box.start, box.stop))
            ends[number] = fields.number(8 if fields.number(4) >> 24 else 4)
        elif box.kind == b"trun":
            ends[number] = ends.get(number, 0) + _run(await window.take(box.start, box.stop), usual)


def _run(data: bytes, usual: int) -> int:
    """The duration of one run of samples."""
    fields = ByteReader(data)
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


async def track_of(window: Window, traf: Box) -> int:
    """The number of the track that a part of a fragment belongs to; 0 where it does not say."""
    async for box in boxes(window, traf.start, traf.stop):
        if box.kind == b"tfhd":
            return await window.number(box.start + 4, 4)
    return 0


async def add_fragments(
    window: Window, moov: Box, gone: frozenset[int], found: list[Box], ranges: SampleRanges
) -> bool:
    """Adds the parts of the file that hold samples of all fragments, but for the tracks in `gone`.

    False where they cannot be told, or are too many.
    """
    usual = {number: length for number, (_, length) in (await _usual(window, moov)).items()}
    for moof in found:
        if moof.kind != b"moof":
            continue
        implicit = moof.begin
        async for traf in boxes(window, moof.start, moof.stop):
            if traf.kind == b"traf":
                stays = await track_of(window, traf) not in gone
                end = await _add_fragment(window, moof, traf, usual, implicit, ranges if stays else None)
                if end is None:
                    return False
                implicit = end
    return True


async def _add_fragment(
    window: Window, moof: Box, traf: Box, usual: dict[int, int], implicit: int, ranges: SampleRanges | None
) -> int | None:
    """Adds the samples of one track in one fragment; returns where they end, None where that cannot be told."""
    base = end = implicit
    size = 0
    async for box in boxes(window, traf.start, traf.stop):
        if box.kind == b"tfhd":
            fields = ByteReader(await window.take(box.start, box.stop))
            flags, number = fields.number(4), fields.number(4)
            base = end = fields.number(8) if flags & 0x1 else moof.begin if flags & 0x20000 else implicit
            fields.take((4 if flags & 0x2 else 0) + (4 if flags & 0x8 else 0))
            size = fields.number(4) if flags & 0x10 else usual.get(number, 0)
        elif box.kind == b"saio":
            return None
        elif box.kind == b"trun":
            data = await window.take(box.start, box.stop)
            fields = ByteReader(data)
            flags, count = fields.number(4), fields.number(4)
            offset = fields.number(4) if flags & 0x1 else None
            fields.take(4 if flags & 0x4 else 0)
            length = _length(data, fields.at, flags, count, size)
            start = end if offset is None else base + (offset - 2**32 if offset >> 31 else offset)
            # Without an offset a run follows the one before; some readers let it begin where the first one does.
            is_doubtful = offset is None and base not in (moof.begin, start)
            places = (start, base) if is_doubtful else (start,)
            certain = 0 if is_doubtful else length
            if start < 0 or (ranges is not None and not all(ranges.add(place, certain, length) for place in places)):
                return None
            end = start + length
    return end


def _length(data: bytes, at: int, flags: int, count: int, usual: int) -> int:
    """The bytes of one run of samples."""
    if not flags & 0x200:
        return count * usual
    width = 4 * sum(1 for flag in (0x100, 0x200, 0x400, 0x800) if flags & flag)
    first = at + (4 if flags & 0x100 else 0)
    return sum(
        int.from_bytes(data[begin : begin + 4], "big")
        for begin in range(first, min(at + count * width, len(data) - 3), width)
    )
