"""The picture sizes announced in AV1 data (AV1 specification, sections 5.3 to 5.5), which a decoder allocates.

The container of an AVIF may state any size; decoders discover a different one only after decoding the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from picsafe_media.core.bits import Bits
from picsafe_media.core.bounds import HEADER_STEPS
from picsafe_media.core.source import Window, damaged

__all__ = ["av1_sides"]

_SEQUENCE_HEADER: Final = 1
_LONGEST_HEADER: Final = 1024
"""Bytes of a sequence header with 32 operating points and everything in it: less than half of that."""

Extent = tuple[int, int]


async def av1_sides(window: Window, extents: Sequence[Extent]) -> list[tuple[int, int]]:
    """The largest width and height of each sequence header in the data that lie in these parts of the file, one after
    the other.

    Data of another coding have none.
    """
    found: list[tuple[int, int]] = []
    size, at = sum(stop - start for start, stop in extents), 0
    for _ in range(HEADER_STEPS):
        head = await _joined(window, extents, at, 10)
        if not head or head[0] & 0x81:  # no unit begins thus
            return found
        content = 1 + (head[0] >> 2 & 1)
        length = size - at - content
        if head[0] & 2:
            length, taken = _leb128(head[content:])
            content += taken
        if head[0] >> 3 & 15 == _SEQUENCE_HEADER:
            data = await _joined(window, extents, at + content, min(length, _LONGEST_HEADER))
            found.append(_sides(Bits(data)))
        at += content + max(length, 0)
    raise damaged("it has more parts than any real file")


async def _joined(window: Window, extents: Sequence[Extent], at: int, length: int) -> bytes:
    """Up to `length` bytes at `at` of the parts put together."""
    data = b""
    for start, stop in extents:
        if len(data) < length and at < stop - start:
            data += await window.upto(start + at, min(length - len(data), stop - start - at))
        at = max(at - (stop - start), 0)
    return data


def _leb128(data: bytes) -> tuple[int, int]:
    """A number of seven bits a byte, and the bytes that it takes."""
    value = 0
    for place, byte in enumerate(data[:8]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, place + 1
    raise damaged("a part of its structure is too short")


def _sides(bits: Bits) -> tuple[int, int]:
    """`sequence_header_obu()` up to the size (section 5.5.1)."""
    bits.take(4)  # profile, still picture
    if bits.take(1):  # the short form for still pictures
        bits.take(5)
    else:
        _skip_operating_points(bits, _delay_bits(bits))
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _delay_bits(bits: Bits) -> int:
    """Skips timing and decoder model; how many bits a buffer delay has, 0 where there are none."""
    if not bits.take(1):
        return 0
    bits.take(64)
    if bits.take(1):
        bits.exponential()
    if not bits.take(1):
        return 0
    length = bits.take(5) + 1
    bits.take(42)
    return length


def _skip_operating_points(bits: Bits, delay_bits: int) -> None:
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
