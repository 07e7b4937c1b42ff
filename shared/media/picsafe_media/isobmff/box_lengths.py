"""How long the contents of a box of a film's index are by its own fields (ISO/IEC 14496-12): what is behind that, no
player reads.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HEAD_BYTES", "length_of_contents"]

HEAD_BYTES: Final = 20
"""So many bytes of a box's contents say how long they are."""

_FIXED: Final = {
    b"mvhd": (100, 112),
    b"tkhd": (84, 96),
    b"mdhd": (24, 36),
    b"vmhd": (12, 12),
    b"smhd": (8, 8),
    b"nmhd": (4, 4),
    b"clef": (12, 12),
    b"prof": (12, 12),
    b"enof": (12, 12),
    b"load": (16, 16),
    b"cslg": (24, 44),
    b"mfhd": (8, 8),
    b"trex": (24, 24),
    b"mehd": (8, 12),
    b"tfdt": (8, 12),
}
"""Lengths in version 0 and in later ones."""
_ENTRIES: Final = {
    b"stts": (8, 8),
    b"ctts": (8, 8),
    b"stsc": (12, 12),
    b"stco": (4, 4),
    b"co64": (8, 8),
    b"stss": (4, 4),
    b"stps": (4, 4),
    b"stsh": (8, 8),
    b"elst": (12, 20),
}
"""Lengths of the entries of a table, in version 0 and in later ones; their number is behind version and flags."""
_FRAGMENT_DEFAULTS: Final = {0x1: 8, 0x2: 4, 0x8: 4, 0x10: 4, 0x20: 4}
_RUN_FIELDS: Final = (0x100, 0x200, 0x400, 0x800)


def length_of_contents(kind: bytes, head: bytes) -> int | None:
    """The length of a box's contents, of which `head` is the beginning; None where it cannot be told from that."""
    version = min(head[0], 1) if head else 0
    if kind in _FIXED:
        return _FIXED[kind][version]
    if kind in _ENTRIES:
        return 8 + _number(head, 4) * _ENTRIES[kind][version]
    if kind == b"stsz":
        return 12 + (0 if _number(head, 4) else 4 * _number(head, 8))
    if kind == b"stz2":
        return 12 + -(-_number(head, 8) * (_number(head, 4) & 0xFF) // 8)
    if kind == b"sbgp":
        at = 8 + 4 * version
        return at + 4 + 8 * _number(head, at)
    if kind == b"sgpd":
        each, count = _number(head, 8), _number(head, 12)
        return 16 + each * count if head[:1] == b"\x01" and each else None
    return _in_fragments(kind, head)


def _in_fragments(kind: bytes, head: bytes) -> int | None:
    flags = _number(head, 0) & 0xFFFFFF
    if kind == b"tfhd":
        return 8 + sum(length for flag, length in _FRAGMENT_DEFAULTS.items() if flags & flag)
    if kind == b"trun":
        fields = sum(1 for flag in _RUN_FIELDS if flags & flag)
        return 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0) + 4 * fields * _number(head, 4)
    return None


def _number(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 4], "big")
