"""Locates the samples of a track in the file (ISO/IEC 14496-12, 8.7; QuickTime File Format, sound sample
descriptions).
"""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Final, NamedTuple

from picsafe_media.core.bounds import STRUCTURE_BYTES
from picsafe_media.core.packed_ranges import PackedRanges
from picsafe_media.core.source import Window
from picsafe_media.isobmff.boxes import ByteReader, boxes
from picsafe_media.isobmff.tracks import Track

__all__ = ["add_samples"]

_TABLES: Final = frozenset((b"stsz", b"stz2", b"stsc", b"stco", b"co64", b"stsd", b"saio"))
_IS_LITTLE_ENDIAN: Final = array("H", b"\x01\x00")[0] == 1
_SOUND_ENTRY: Final = 36
"""Bytes of an entry of `stsd` before what its version adds."""


class _Sizes(NamedTuple):
    """`uniform` is the length of every sample, or 0; `each` holds the lengths otherwise."""

    uniform: int
    samples: int
    each: array[int]


async def add_samples(window: Window, track: Track, ranges: PackedRanges) -> bool:
    """Adds the parts of the file that hold the track's samples, rather more than less.

    False where they cannot be told: tables that are missing, contradict each other or are too long.
    """
    if track.sample_table is None:
        return True
    tables: dict[bytes, bytes] = {}
    async for box in boxes(window, track.sample_table.start, track.sample_table.stop):
        if box.kind in _TABLES:
            if box.stop - box.start > STRUCTURE_BYTES or box.kind in tables:
                return False
            tables[box.kind] = await window.take(box.start, box.stop)
    offsets = _numbers(tables.get(b"co64", b""), 8) if b"co64" in tables else _numbers(tables.get(b"stco", b""), 4)
    sizes = _sizes(tables)
    if not len(offsets) or (sizes is not None and not sizes.samples):
        return True
    runs = _runs(tables.get(b"stsc", b""))
    if sizes is None or runs is None or b"saio" in tables:
        return False
    unit = _unit(tables.get(b"stsd", b""), sizes.uniform) if track.kind == "audio" else None
    return _add_chunks(ranges, offsets, runs, sizes, unit)


def _add_chunks(
    ranges: PackedRanges, offsets: array[int], runs: list[tuple[int, int]], sizes: _Sizes, unit: tuple[int, int] | None
) -> bool:
    run = done = 0
    for number, offset in enumerate(offsets, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= number:
            run += 1
        samples = runs[run][1]
        length = sizes.uniform * samples if sizes.uniform else sum(sizes.each[done : done + samples])
        certain = length
        if sizes.uniform and unit:
            length = max(length, -(-samples // unit[0]) * unit[1])
        done += samples
        if not ranges.add(offset, length, certain):
            return False
    return True


def _numbers(table: bytes, width: int, each: int = 1) -> array[int]:
    """The numbers in a table behind the count of its entries, `each` in one, but never more than it has room for."""
    count = min(int.from_bytes(table[4:8], "big") * each, max(0, len(table) - 8) // width)
    numbers = array("Q" if width == 8 else "I" if width == 4 else "H", table[8 : 8 + count * width])
    if _IS_LITTLE_ENDIAN:
        numbers.byteswap()
    return numbers


def _runs(table: bytes) -> list[tuple[int, int]] | None:
    """(first chunk from 1, samples in each); None where they are not in order."""
    numbers = _numbers(table, 4, 3)
    runs = [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers) - 2, 3)]
    in_order = all(first < second for (first, _), (second, _) in pairwise(runs))
    return runs if runs and runs[0][0] == 1 and in_order else None


def _sizes(tables: dict[bytes, bytes]) -> _Sizes | None:
    """The lengths of the samples; None where there is no table of them, or it is shorter than it says."""
    if b"stsz" in tables:
        fields = ByteReader(tables[b"stsz"], 4)
        uniform, count = fields.number(4), fields.number(4)
        each = array("I") if uniform else _numbers(tables[b"stsz"][4:], 4)
        return _Sizes(uniform, count, each) if uniform or len(each) == count else None
    if b"stz2" in tables:
        table = tables[b"stz2"]
        fields = ByteReader(table, 4)
        width, count = fields.number(4) & 0xFF, fields.number(4)
        if width == 16:
            each = _numbers(table[4:], 2)
        elif width == 8:
            each = array("B", table[12 : 12 + count])
        elif width == 4:
            each = array("B", (part for byte in table[12 : 12 + (count + 1) // 2] for part in (byte >> 4, byte & 15)))
        else:
            return None
        return _Sizes(0, count, each) if len(each) >= count else None
    return None


def _unit(descriptions: bytes, uniform: int) -> tuple[int, int]:
    """(samples, bytes) that belong together in a track of sound whose samples all have the same length.

    QuickTime counts uncoded sound by its moments, and often gives each a length of 1 whatever it takes.
    """
    per_moment, packet = uniform, (1, uniform)
    at = 8
    while at + _SOUND_ENTRY <= len(descriptions):
        entry = ByteReader(descriptions, at)
        length = entry.number(4)
        version = int.from_bytes(descriptions[at + 16 : at + 18], "big")
        channels, bits = (int.from_bytes(descriptions[begin : begin + 2], "big") for begin in (at + 24, at + 26))
        per_moment = max(per_moment, channels * -(-bits // 8))
        extra = [
            int.from_bytes(descriptions[begin : begin + 4], "big") for begin in range(at + 36, at + min(length, 72), 4)
        ]
        if version == 1 and len(extra) >= 3 and extra[0]:
            packet = max(packet, (extra[0], extra[2]), key=lambda pair: pair[1] / pair[0])
        elif version == 2 and len(extra) >= 9:
            per_moment = max(per_moment, extra[7], min(extra[3], 256) * -(-min(extra[5], 64) // 8))
        if length < _SOUND_ENTRY:
            break
        at += length
    return (1, per_moment) if per_moment >= packet[1] / packet[0] else packet
