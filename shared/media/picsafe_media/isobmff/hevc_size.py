"""The picture sizes announced in an HEVC configuration (ISO/IEC 14496-15, 8.3.3.1; ITU-T H.265, 7.3.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from picsafe_media.core.bits import Bits
from picsafe_media.isobmff.boxes import ByteReader

__all__ = ["hevc_sides"]

_SEQUENCE_PARAMETERS: Final = 33
_ESCAPED: Final = re.compile(rb"\x00\x00\x03(?=[\x00-\x03]|\Z)")


def hevc_sides(configuration: bytes) -> list[tuple[int, int]]:
    """Width and height of each parameter set in the content of an `hvcC` box. Raises `UnsupportedMedium` for a broken
    one.
    """
    return [_sides(unit) for kind, unit in _units(configuration) if kind == _SEQUENCE_PARAMETERS]


def _units(configuration: bytes) -> Iterator[tuple[int, bytes]]:
    fields = ByteReader(configuration)
    fields.take(22)
    for _ in range(fields.number(1)):
        kind = fields.number(1) & 63
        for _ in range(fields.number(2)):
            yield kind, fields.take(fields.number(2))


def _sides(unit: bytes) -> tuple[int, int]:
    """`seq_parameter_set_rbsp()` up to the size."""
    bits = Bits(_ESCAPED.sub(b"\x00\x00", unit[2:1024]))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.exponential()  # which set it is
    if bits.exponential() == 3:  # 4:4:4
        bits.take(1)
    return bits.exponential(), bits.exponential()
