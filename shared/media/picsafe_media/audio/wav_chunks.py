"""The chunks of a WAVE file, corrected where lengths are placeholders, too long, or missing.

Recorders write a placeholder first and the true length when they stop; some are interrupted before that. RF64 and BW64
(EBU Tech 3306, ITU-R BS.2088) keep lengths of more than 32 bits in a chunk of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from picsafe_media.core.bounds import SEARCH_BYTES
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.riff import Chunk

__all__ = ["WaveChunks", "read_chunks"]

_PLACEHOLDER: Final = 0x7FFF0000
"""Lengths from here on that do not fit the file are placeholders: 7fffffff, 80000000, 7ffff000, ffffffff are common."""
_TAIL: Final = re.compile(
    rb"LIST|[iI][dD]3 |bext|iXML|_PMX|cart|cue |smpl|inst|fact|JUNK|junk|FLLR|afsp|umid|axml|chna"
)
"""Chunks that programs write behind samples."""


@dataclass(slots=True)
class WaveChunks:
    """`chunks` in order, each within the file; what follows the last one belongs to nothing."""

    chunks: list[Chunk] = field(default_factory=list)
    end: int = 0
    is_cut_short: bool = False


async def read_chunks(window: Window) -> WaveChunks:
    """Reads the chunks. Raises UnsupportedMedium where one before the samples is broken."""
    found = WaveChunks()
    declared, long_data = await window.number(4, 4, "little"), None
    if await window.upto(0, 4) in (b"RF64", b"BW64") and await window.upto(12, 4) == b"ds64":
        declared, long_data = await window.number(20, 8, "little"), await window.number(28, 8, "little")
    known_end = min(8 + declared, window.size) if 12 <= declared < _PLACEHOLDER or long_data else window.size
    at, has_data = 12, False
    while at < (known_end if has_data else window.size):
        head = await window.upto(at, 8)
        if len(head) < 8 or not _is_name(head[:4]):
            if not has_data:
                raise damaged("it ends too early" if len(head) < 8 else "one of its parts has no name")
            break
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        start = at + 8
        if kind == b"data" and not has_data:
            stop = await _samples_stop(window, start, long_data if long_data and length in (0, 2**32 - 1) else length)
            whole = 8 + declared in (window.size, window.size + length % 2)
            cut_off = start + length > window.size and length < _PLACEHOLDER and not whole
            found.is_cut_short = cut_off or bool(long_data and start + long_data > window.size)
            has_data = True
        elif start + length > window.size:
            if not has_data:
                raise damaged("it ends too early")
            break
        else:
            stop = start + length
        end = min(stop + await _padding(window, start, stop), window.size)
        found.chunks.append(Chunk(kind, at, start, stop, end))
        at = end
    found.end = at
    return found


async def _samples_stop(window: Window, start: int, length: int) -> int:
    """Where the samples end: as announced where that can be, else where the file or the chunks behind them begin."""
    if length and start + length <= window.size:
        return start + length
    if not length and await _chain_ends(window, start):
        return start
    begin = max(start, window.size - SEARCH_BYTES)
    tail = await window.take(begin, window.size)
    for match in _TAIL.finditer(tail):
        if await _chain_ends(window, begin + match.start()):
            return begin + match.start()
    return window.size


async def _chain_ends(window: Window, at: int) -> bool:
    """Whether nothing but whole chunks lies between an offset and the end of the file; they number a few dozen at
    most.
    """
    for _ in range(64):
        if at >= window.size:
            return True
        head = await window.upto(at, 8)
        stop = at + 8 + int.from_bytes(head[4:], "little")
        if len(head) < 8 or not _is_name(head[:4]) or stop > window.size:
            return False
        at = stop + stop % 2
    return False


async def _padding(window: Window, start: int, stop: int) -> int:
    """1 where a byte of padding follows an odd length, as it must; some writers forget it."""
    if (stop - start) % 2 == 0:
        return 0
    here, behind = await window.upto(stop, 4), await window.upto(stop + 1, 4)
    forgotten = here[:1] != b"\x00" and _is_name(here) and not _is_name(behind)
    return 0 if forgotten else 1


def _is_name(four: bytes) -> bool:
    return len(four) == 4 and all(0x20 <= byte < 0x7F for byte in four)
