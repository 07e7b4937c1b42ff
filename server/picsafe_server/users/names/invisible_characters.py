"""Detects invisible characters: with them, names or addresses that look alike could belong to different people."""

from __future__ import annotations

import unicodedata
from typing import Final

_NOT_PRINTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of control, format (zero-width, direction of writing), surrogate, private and unassigned
characters.
"""
_BLANK: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Joiners, fillers and variation selectors that Unicode counts as marks, letters or symbols."""


def has_invisible(text: str) -> bool:
    """Whether `text` has a character that is not shown, or changes how others are shown."""
    return any(character in _BLANK or unicodedata.category(character) in _NOT_PRINTED for character in text)
