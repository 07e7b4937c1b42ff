"""Finds the end of a JPEG's picture data (ITU-T T.81, annexes A, B and F) in files whose markers are unreliable.

Phones leave out the end marker of panoramas and append texts; damage creates markers where there are none. For
sequential pictures of Huffman-coded blocks, counting the blocks finds the end. It takes about a second per megabyte, so
only the blocks of files that look wrong are counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from picsafe_media.core.bounds import COUNTED_BYTES, WINDOW_BYTES
from picsafe_media.core.source import Window, damaged

__all__ = ["Component", "Scan", "Tables", "scan_end"]

_MARKER: Final = re.compile(rb"\xff[^\x00]|\xff\Z")
_RESTARTS: Final = range(0xD0, 0xD8)
_UNIT_BYTES: Final = 4096
"""More than one MCU can take: ten blocks of 64 coefficients, each of at most 31 bits."""
_LONGEST_FIRST: Final = 16
"""Bits of the first coefficient's difference; a table that says more is broken."""
_LOOKAHEAD: Final = 16
_ALL: Final = (1 << _LOOKAHEAD) - 1


@dataclass(frozen=True, slots=True)
class Component:
    """A colour of the frame: its number and how densely it is sampled."""

    number: int
    across: int
    down: int


@dataclass(slots=True)
class Tables:
    """Huffman tables as the file defines them: the payload of each by (class, number)."""

    defined: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def define(self, payload: bytes) -> None:
        """Takes in the payload of a DHT segment; a broken one ends it."""
        at = 0
        while at + 17 <= len(payload):
            stop = at + 17 + sum(payload[at + 1 : at + 17])
            self.defined[payload[at] >> 4, payload[at] & 15] = payload[at + 1 : stop]
            at = stop


@dataclass(frozen=True, slots=True)
class Scan:
    """Picture data that begin at `start`: `units` MCUs with a restart marker behind each `restart` of them (0: none).

    `blocks` are the Huffman tables for the coefficients of each block in an MCU: the first one's and the others'.
    """

    start: int
    units: int
    restart: int
    blocks: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(
        cls, start: int, header: bytes, frame: Sequence[Component], size: tuple[int, int], restart: int, tables: Tables
    ) -> Scan | None:
        """The scan with this SOS payload in a frame of this width and height; None where it contradicts the frame."""
        count = header[0] if header else 0
        parts = {part.number: part for part in frame}
        chosen = [parts[number] for number in header[1 : 1 + 2 * count : 2] if number in parts]
        if not chosen or len(chosen) != count or not all(part.across and part.down for part in frame):
            return None
        blocks: list[tuple[bytes, bytes]] = []
        for part, numbers in zip(chosen, header[2 : 2 + 2 * count : 2], strict=False):
            first, others = tables.defined.get((0, numbers >> 4)), tables.defined.get((1, numbers & 15))
            if first is None or others is None:
                return None
            blocks += [(first, others)] * (part.across * part.down if count > 1 else 1)
        most = max(part.across for part in frame), max(part.down for part in frame)
        if count > 1:
            units = ceil(size[0] / (8 * most[0])) * ceil(size[1] / (8 * most[1]))
        else:
            own = ceil(size[0] * chosen[0].across / most[0]), ceil(size[1] * chosen[0].down / most[1])
            units = ceil(own[0] / 8) * ceil(own[1] / 8)
        return cls(start, units, restart, tuple(blocks)) if units else None


async def scan_end(window: Window, scan: Scan, limit: int) -> int | None:
    """Where the last MCU ends, at or before `limit`; None where data are missing, or damaged, or go on behind it.

    Errors: UnsupportedMedium when there are more data than can be counted in a reasonable time.
    """
    known = {pair: (_lookup(pair[0], is_first=True), _lookup(pair[1], is_first=False)) for pair in set(scan.blocks)}
    tables = [known[pair] for pair in scan.blocks]
    at, left, following = scan.start, scan.units, _RESTARTS.start
    while True:
        count = min(scan.restart or left, left)
        end = await _interval(window, tables, at, limit, count)
        left -= count
        marker = await window.upto(end, 2) if end is not None else b""
        if end is None or (not left and not _is_restart(marker)):
            return end
        if not left or marker != bytes((0xFF, following)):
            return None
        at, following = end + 2, _RESTARTS.start + (following + 1) % len(_RESTARTS)
        if at - scan.start > COUNTED_BYTES:
            raise damaged("it is too large to find where its picture ends")


def _is_restart(marker: bytes) -> bool:
    return len(marker) == 2 and marker[0] == 0xFF and marker[1] in _RESTARTS


async def _interval(
    window: Window, tables: list[tuple[list[int], list[int]]], at: int, limit: int, count: int
) -> int | None:
    """Where `count` MCUs without a restart end that begin at `at`."""
    begun, bit = at, 0
    while True:
        block = await window.upto(at, max(0, min(WINDOW_BYTES, limit - at)))
        marker = _MARKER.search(block)
        is_last = marker is not None or at + len(block) >= limit
        if marker is not None and marker.end() - marker.start() == 1 and at + len(block) < limit:
            is_last = False  # 0xFF is the last byte of the block; what follows it comes with the next
        plain = block[: marker.start() if marker else len(block)].replace(b"\xff\x00", b"\xff")
        count, bit = _count(plain, bit, count, tables, is_last=is_last)
        whole = (bit + 7) // 8 if not count else bit // 8
        if whole > len(plain) or count < 0:
            return None
        at += whole + plain.count(b"\xff", 0, whole)
        if not count:
            return at
        if is_last:
            return None
        if at - begun > COUNTED_BYTES:
            raise damaged("it is too large to find where its picture ends")
        bit &= 7


def _count(
    plain: bytes, bit: int, count: int, tables: list[tuple[list[int], list[int]]], *, is_last: bool
) -> tuple[int, int]:
    """Goes through MCUs from `bit` on: how many are left (-1: no such code), and at which bit.

    It stops where `plain` might not hold a whole one, unless nothing comes after it.
    """
    size = len(plain) * 8
    enough = size if is_last else size - 8 * _UNIT_BYTES
    padded = plain + bytes(16)
    position = bit >> 3
    kept, held = 0, 0
    if bit & 7:
        held = 8 - (bit & 7)
        kept, position = padded[position] & (1 << held) - 1, position + 1
    while count and position * 8 - held < enough:
        for first, others in tables:
            place, table = 0, first
            while place < 64:
                if held < 32:
                    kept = (kept & (1 << held) - 1) << 64 | int.from_bytes(
                        padded[position : position + 8].ljust(8, b"\x00"), "big"
                    )
                    position += 8
                    held += 64
                entry = table[kept >> held - _LOOKAHEAD & _ALL]
                if not entry:
                    return -1, 0
                held -= entry & 63
                place += entry >> 6
                table = others
        count -= 1
    return count, position * 8 - held


def _lookup(definition: bytes, *, is_first: bool) -> list[int]:
    """For each 16 bits: how many of them and of the bits behind them a coefficient takes, and 64 times how far it goes
    on.
    """
    table = [0] * (1 << _LOOKAHEAD)
    code, values = 0, iter(definition[16:])
    for length in range(1, 17):
        for _ in range(definition[length - 1]):
            value = next(values, None)
            span = 1 << _LOOKAHEAD - length
            if value is None or code + span > len(table) or (is_first and value > _LONGEST_FIRST):
                return table
            run, bits = (0, value) if is_first else (value >> 4, value & 15)
            step = 1 if is_first else run + 1 if bits or run == 15 else 64
            table[code : code + span] = [step << 6 | min(length + bits, 63)] * span
            code += span
    return table
