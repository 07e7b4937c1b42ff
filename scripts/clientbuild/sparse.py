"""The frozen memory without what is zero in it: two fifths that would be fetched, kept and copied for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_PIECE = 16384
"""Bytes that are looked at together. Shorter stretches of zeros stay in; they compress well."""
_HEAD_LENGTH = slice(4, 8)
"""Where Pyodide notes the length of what comes before the memory (`makeSnapshot` in its snapshot.ts)."""


@dataclass(frozen=True)
class Sparse:
    """A snapshot of Pyodide's whose memory has become the stretches that are not zero, one after the other."""

    content: bytes
    """Pyodide's head, then the stretches."""
    head: int
    """The length of the head in bytes."""
    memory: int
    """The length of the memory in bytes."""
    stretches: list[tuple[int, int]]
    """Where each begins in the memory, and its length, in bytes."""


def sparse(snapshot: bytes) -> Sparse:
    """Leave the zeros out of `snapshot`, as `makeMemorySnapshot` gave it."""
    head = int.from_bytes(snapshot[_HEAD_LENGTH], "little")
    memory = memoryview(snapshot)[head:]
    stretches = list(_stretches(memory))
    content = b"".join([snapshot[:head], *(memory[start : start + length] for start, length in stretches)])
    return Sparse(content, head, len(memory), stretches)


def _stretches(memory: memoryview) -> Iterator[tuple[int, int]]:
    nothing = bytes(_PIECE)
    starts = range(0, len(memory), _PIECE)
    for is_zero, group in groupby(starts, lambda start: nothing.startswith(memory[start : start + _PIECE])):
        pieces = list(group)
        if not is_zero:
            yield pieces[0], min(pieces[-1] + _PIECE, len(memory)) - pieces[0]
