"""Texts in the form of DICOM's value representations (PS3.5, section 6.2).

The standard counts characters. Here bytes of UTF-8 are counted, because that is what many archives and checkers do.
"""

from __future__ import annotations

import re
from typing import Final

SH_BYTES: Final = 16
LO_BYTES: Final = 64
PN_BYTES: Final = 64
LT_BYTES: Final = 10_240

_CUT: Final = " [...]"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]+")


def line(text: str, length: int = LO_BYTES) -> str:
    """A short text (LO) for people to read. Backslashes, which separate values, are replaced; a text that is too long
    ends with [...].
    """
    return _cut(_plain(text).replace("\\", "/"), length)


def identifier(text: str) -> str:
    """An identifier (LO), unchanged or empty: a shortened or changed one could be somebody else's."""
    plain = text.strip()
    fits = len(plain.encode()) <= LO_BYTES and "\\" not in plain and not _CONTROL.search(plain)
    return plain if fits else ""


def person(name: str) -> str:
    """A whole name (PN) as the family name: splitting it into family and given names would be guessing."""
    return _cut(re.sub(r"[\\^=]+", " ", _plain(name)).strip(), PN_BYTES)


def paragraphs(*texts: str) -> str:
    """Texts below each other (LT), lines ended by CR LF; what is too long ends with [...]."""
    joined = "\n\n".join(text.strip() for text in texts if text.strip())
    return _cut(_CONTROL_BUT_LINES.sub(" ", joined.replace("\r\n", "\n")).replace("\n", "\r\n"), LT_BYTES)


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _cut(text: str, length: int) -> str:
    data = text.encode()
    if len(data) <= length:
        return text
    return data[: length - len(_CUT)].decode("utf-8", "ignore").rstrip() + _CUT
