"""Reads a film's duration and time of recording from its index (ISO/IEC 14496-12, 8.2.2 and 8.8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from picsafe_media.core.source import Window, damaged
from picsafe_media.isobmff.boxes import Box, ByteReader, boxes

__all__ = ["MovieHeader", "read_movie_header"]

_EPOCH: Final = datetime(1904, 1, 1, tzinfo=UTC)
_PLAUSIBLE: Final = range(2082844800, 2**33)
"""Seconds since 1904 between 1970 and 2176: devices without a clock write something else."""
_UNKNOWN: Final = frozenset((2**32 - 1, 2**64 - 1))


@dataclass(slots=True)
class MovieHeader:
    """`seconds` is 0 where the length is not known; `captured_at` is UTC."""

    seconds: float = 0.0
    captured_at: str | None = None
    is_fragmented: bool = False


async def read_movie_header(window: Window, moov: Box) -> MovieHeader:
    """Reads `mvhd`, and `mehd` for the length of a fragmented film."""
    header = MovieHeader()
    scale = units = 0
    async for box in boxes(window, moov.start, moov.stop):
        if box.kind == b"cmov":
            raise damaged("its index is compressed, which PicSafe cannot read")
        if box.kind == b"mvhd":
            fields = ByteReader(await window.take(box.start, box.stop))
            width = 8 if fields.number(4) >> 24 else 4
            header.captured_at = _utc(fields.number(width))
            fields.take(width)
            scale, units = fields.number(4), fields.number(width)
        elif box.kind == b"mvex":
            header.is_fragmented = True
            units = await _fragmented_length(window, box) or units
    if not scale:
        raise damaged("its index does not say how time is counted")
    header.seconds = 0.0 if units in _UNKNOWN else units / scale
    return header


async def _fragmented_length(window: Window, mvex: Box) -> int:
    async for box in boxes(window, mvex.start, mvex.stop):
        if box.kind == b"mehd":
            fields = ByteReader(await window.take(box.start, box.stop))
            return fields.number(8 if fields.number(4) >> 24 else 4)
    return 0


def _utc(seconds: int) -> str | None:
    if seconds not in _PLAUSIBLE:
        return None
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
