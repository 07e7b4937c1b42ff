"""Looks for what must not leave a browser in what has left it, in every shape that a program could have given it.

Texts are sought whole and word by word; files by every run of 16 bytes that is not too plain to say anything. Both are sought
in the stream as it is and in everything that base64, hexadecimal, percent signs, JSON escapes, UTF-16 or compression may hide in
it, two layers deep.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

WINDOW: Final = 16
"""Bytes of a file that no chance repeats."""
PLAIN: Final = 10
"""A window of fewer different bytes (padding, one colour) is in many files and says nothing."""
SHORTEST_WORD: Final = 7
"""Shorter words occur by chance in tokens and ciphertext."""

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_ESCAPE: Final = re.compile(rb"\\u([0-9a-fA-F]{4})")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


class Secrets:
    """What is sought: texts and files by the names under which a find is reported."""

    def __init__(self, texts: Mapping[str, str], files: Mapping[str, bytes]) -> None:
        self._needles: dict[bytes, str] = {}
        for name, text in texts.items():
            for each in {text, *re.findall(rf"\w{{{SHORTEST_WORD},}}", text)}:
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    self._needles[each.lower().encode(encoding)] = f"{name} ({each!r})"
        self._windows: dict[bytes, str] = {}
        for name, content in files.items():
            for start in range(len(content) - WINDOW + 1):
                window = content[start : start + WINDOW]
                if len(set(window)) >= PLAIN:
                    self._windows.setdefault(window, name)

    def found_in(self, stream: bytes) -> set[str]:
        """The names of what is in the stream, with the way it was hidden."""
        found: set[str] = set()
        for way, data in readings(stream):
            lower = _lower(data)
            found |= {f"{name} {way}" for needle, name in self._needles.items() if needle in lower}
            found |= {f"{self._windows[window]} {way}" for window in self._windows.keys() & _windows(data)}
        return found


def readings(stream: bytes, depth: int = 2, way: str = "as it is") -> Iterator[tuple[str, bytes]]:
    """The stream, and everything that it may be an encoding of."""
    yield way, stream
    if not depth:
        return
    for name, data in _decoded(stream):
        if data:
            yield from readings(data, depth - 1, f"in {name}" if way == "as it is" else f"{way} in {name}")


def _decoded(stream: bytes) -> Iterator[tuple[str, bytes]]:
    runs = _BASE64.findall(stream)
    for offset in range(4):
        yield "base64", b"\0".join(_from_base64(run[offset:]) for run in runs)
    runs = _HEX.findall(stream)
    yield "hexadecimal", b"\0".join(bytes.fromhex(run.decode("ascii")) for run in runs)
    if b"%" in stream:
        yield "percent signs", unquote_to_bytes(stream.replace(b"+", b" "))
    if b"\\u" in stream:
        yield "JSON escapes", _ESCAPE.sub(lambda found: _character(found[1]), stream)
    for start in (found.start() for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", stream)):
        yield "compression", _inflated(stream[start:])


def _from_base64(run: bytes) -> bytes:
    whole = run[: len(run) // 4 * 4].translate(_STANDARD)
    rest = run[len(whole) :].translate(_STANDARD)
    data = base64.b64decode(whole)
    return data + base64.b64decode(rest + b"=" * (4 - len(rest))) if len(rest) > 1 else data


def _character(digits: bytes) -> bytes:
    return chr(int(digits, 16)).encode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, 1 << 20)
    except zlib.error:
        return b""


def _lower(data: bytes) -> bytes:
    """Lower case in UTF-8 where it is text, and of ASCII letters in whatever it is."""
    return data.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")


def _windows(data: bytes) -> set[bytes]:
    return {data[start : start + WINDOW] for start in range(len(data) - WINDOW + 1)}
