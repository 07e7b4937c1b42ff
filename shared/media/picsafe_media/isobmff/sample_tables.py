"""Locates the samples of a track in the file (ISO/IEC 14496-12, 8.7)."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Final, NamedTuple

from picsafe_media.core.bounds import STRUCTURE_BYTES
from picsafe_media.core.source import Window, damaged
from picsafe_media.isobmff.boxes import ByteReader, boxes
from picsafe_media.isobmff.sample_ranges import SampleRanges
from picsafe_media.isobmff.sound_samples import EvenSamples, even_sound
from picsafe_media.isobmff.tracks import Track

__all__ = ["add_samples"]

_TABLES: Final = frozenset((b"stsz", b"stz2", b"stsc", b"stco", b"co64", b"stsd", b"stts", b"saio"))
_IS_LITTLE_ENDIAN: Final = array("H", b"\x01\x00")[0] == 1


class _Sizes(NamedTuple):
    """`uniform` is the length of every sample, or 0; `each` holds the lengths otherwise."""

    uniform: int
    samples: int
    each: array[int]


async def add_samples(window: Window, track: Track, ranges: SampleRanges) -> bool:
    """Adds the parts of the file that hold the track's samples.

    False where they cannot be told: tables that are missing, contradict each other or are too long. Refuses picture or
    sound of which a part in the middle lies behind the end of the file.
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
    if track.kind and _has_gap(offsets, window.size):
        raise damaged("its picture or sound is not where its index says")
    runs = _runs(tables.get(b"stsc", b""))
    if sizes is None or runs is None or b"saio" in tables:
        return False
    even = None
    if track.kind == "audio" and sizes.uniform:
        even = even_sound(tables.get(b"stsd", b""), tables.get(b"stts", b""), sizes.uniform)
    return _add_chunks(ranges, offsets, runs, sizes, even)


def _has_gap(offsets: array[int], size: int) -> bool:
    """Whether a part behind the end of the file is followed by one that is there. A file that was cut off lacks its last
    parts; where others are missing, what players show depends on what else is in the file.
    """
    return any(before >= size > after for before, after in pairwise(offsets))


def _add_chunks(
    ranges: SampleRanges, offsets: array[int], runs: list[tuple[int, int]], sizes: _Sizes, even: EvenSamples | None
) -> bool:
    run = done = 0
    for number, offset in enumerate(offsets, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= number:
            run += 1
        samples = runs[run][1]
        listed = max(0, min(samples, sizes.samples - done))
        if even:
            fits = ranges.add(offset, even.at_least(listed), even.at_most(samples))
        elif sizes.uniform:
            fits = ranges.add(offset, sizes.uniform * listed, sizes.uniform * samples)
        else:
            fits = ranges.add(offset, sum(sizes.each[done : done + samples]))
        done += samples
        if not fits:
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
    """(first chunk from 1, samples in each); None where they are not in order, a number is 0 that counts from 1, or so
    large that players read it as negative.
    """
    numbers = _numbers(table, 4, 3)
    runs = [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers) - 2, 3)]
    in_order = all(first < second for (first, _), (second, _) in pairwise(runs))
    return runs if runs and runs[0][0] == 1 and in_order and all(0 < number < 1 << 31 for number in numbers) else None


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
