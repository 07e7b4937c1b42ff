"""Where the samples of a track lie in the file (ISO/IEC 14496-12, 8.7): for tracks whose samples must go."""

from __future__ import annotations

from typing import Final

from picsafe_protocol.limits import MIB
from picsafe_protocol.media.boxes import Box, Fields, boxes
from picsafe_protocol.media.source import Window
from picsafe_protocol.media.tracks import Track

__all__ = ["sample_ranges"]

_TABLE_BYTES: Final = MIB
"""One table: a position each second for three days."""
_RANGES: Final = 10_000
_SAMPLES_BYTES: Final = 16 * MIB
"""All samples together: a quarter of what may be blanked in one film."""
_TABLES: Final = frozenset((b"stsz", b"stsc", b"stco", b"co64"))

Range = tuple[int, int]


async def sample_ranges(window: Window, track: Track, found: list[Box]) -> list[Range] | None:
    """The parts of the file that hold the track's samples; None where they cannot be told or are too many.

    `found` are the boxes of the file: samples outside its media data are not believed.
    """
    if track.sample_table is None:
        return []
    tables: dict[bytes, bytes] = {}
    async for box in boxes(window, track.sample_table.start, track.sample_table.stop):
        if box.kind in _TABLES:
            if box.stop - box.start > _TABLE_BYTES:
                return None
            tables[b"stco" if box.kind == b"co64" else box.kind] = box.kind + await window.take(box.start, box.stop)
    if len(tables) != 3:
        return None if tables else []
    ranges = _chunk_ranges(_chunk_offsets(tables[b"stco"]), _samples_per_chunk(tables[b"stsc"]), tables[b"stsz"])
    if ranges is None or len(ranges) > _RANGES or sum(stop - start for start, stop in ranges) > _SAMPLES_BYTES:
        return None
    media = [(box.start, box.stop) for box in found if box.kind == b"mdat"]
    if not all(any(low <= start and stop <= high for low, high in media) for start, stop in ranges):
        return None
    return ranges


def _chunk_offsets(table: bytes) -> list[int]:
    fields, width = Fields(table, 8), 8 if table[:4] == b"co64" else 4
    return [fields.number(width) for _ in range(_count(fields, table, width))]


def _samples_per_chunk(table: bytes) -> list[Range]:
    """(first chunk from 1, samples in each) in the order of the table."""
    fields = Fields(table, 8)
    entries = [(fields.number(4), fields.number(4), fields.number(4)) for _ in range(_count(fields, table, 12))]
    return [(first, samples) for first, samples, _ in entries]


def _chunk_ranges(offsets: list[int], runs: list[Range], sizes: bytes) -> list[Range] | None:
    """The ranges of the chunks; neighbours are joined. None where the tables contradict each other."""
    fields = Fields(sizes, 8)
    uniform = fields.number(4)
    total = fields.number(4) if uniform else _count(fields, sizes, 4)
    ranges: list[Range] = []
    run = done = 0
    for number, offset in enumerate(offsets, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= number:
            run += 1
        samples = min(runs[run][1], total - done) if runs else 0
        length = uniform * samples if uniform else sum(fields.number(4) for _ in range(samples))
        done += samples
        if ranges and ranges[-1][1] == offset:
            ranges[-1] = (ranges[-1][0], offset + length)
        elif length:
            ranges.append((offset, offset + length))
    return ranges if done == total else None


def _count(fields: Fields, table: bytes, width: int) -> int:
    """The number of entries that a table announces, but never more than it has room for."""
    return min(fields.number(4), (len(table) - fields.at) // width)
