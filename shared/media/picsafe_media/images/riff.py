"""RIFF: the chunks of WebP and WAVE files (Microsoft, Multimedia Programming Interface 1.0, chapter 2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from picsafe_media.core.source import Window, damaged

__all__ = ["OPEN_END", "Chunk", "chunks"]


class Chunk(NamedTuple):
    """One chunk: its data are `start` to `stop`, the whole of it `begin` to `end` with its header and padding."""

    kind: bytes
    begin: int
    start: int
    stop: int
    end: int


OPEN_END: Final = 0xFFFFFFFF
"""A length that says: until the file ends. Recorders that cannot go back write it."""


async def chunks(window: Window, at: int, end: int, open_ended: bytes | None = None) -> AsyncIterator[Chunk]:
    """The chunks between two offsets; one of the kind `open_ended` may reach to the end.

    The last one's padding may be missing, as many writers forget it.
    """
    while at < end:
        kind, length = await window.take(at, at + 4), await window.number(at + 4, 4, "little")
        stop = end if length == OPEN_END and kind == open_ended else at + 8 + length
        if stop > end:
            raise damaged("it ends too early")
        yield Chunk(kind, at, at + 8, stop, min(stop + (stop - at) % 2, end))
        at = stop + (stop - at) % 2
