"""Tags around sound: ID3v2 before it, ID3v1, APE and Lyrics3 behind it (id3.org 2.4.0 structure; APE tags 2.0)."""

from __future__ import annotations

from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["behind_id3v2", "cut_tags_behind", "end_before_tags"]

_ID3V1, _ENHANCED = 128, 227
_APE_FOOTER, _LYRICS_END = 32, 15
_LYRICS1: Final = 5100
"""Lyrics3 version 1 is searched backwards: it has no length, but may not be longer."""


async def behind_id3v2(window: Window, at: int) -> int:
    """Where the run of ID3v2 tags at `at` ends; `at` where there is none, the end of the file where it is cut off."""
    while True:
        head = await window.upto(at, 10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) >= 0x80:
            return at
        footer = 10 if head[5] & 0x10 else 0
        at = min(at + 10 + _syncsafe(head[6:10]) + footer, window.size)


async def end_before_tags(window: Window, first: int, until: int | None = None) -> int:
    """Where the sound that begins at `first` ends: before all the tags at the end of the file, or before `until`."""
    end = window.size if until is None else until
    while True:
        start = await _tag_before(window, first, end)
        if start < first:
            raise damaged("a tag at its end is longer than the file")
        if start == end:
            return end
        end = start


async def cut_tags_behind(window: Window, plan: EditPlan, first: int, until: int | None = None) -> int:
    """Cuts the tags at the end of the file, or before `until`; returns where the sound ends."""
    stop = window.size if until is None else until
    end = await end_before_tags(window, first, stop)
    plan.cut(end, stop, *([Removal.TAGS] if end < stop else []))
    return end


async def _tag_before(window: Window, first: int, end: int) -> int:
    """Where the tag that ends at `end` starts; `end` where there is none. It is not looked for before `first`."""
    tail = await window.take(max(first, end - _ID3V1), end)
    if len(tail) == _ID3V1 and tail.startswith(b"TAG"):
        start = end - _ID3V1
        enhanced = start - _ENHANCED
        return enhanced if enhanced >= first and await window.take(enhanced, enhanced + 4) == b"TAG+" else start
    if tail[-_APE_FOOTER:].startswith(b"APETAGEX") and len(tail) >= _APE_FOOTER:
        length, flags = (int.from_bytes(tail[at : at + 4], "little") for at in (-20, -12))
        return end - max(length, _APE_FOOTER) - (_APE_FOOTER if flags & 0x80000000 else 0)
    if tail.endswith(b"LYRICS200") and tail[-_LYRICS_END:-9].isdigit():
        return end - _LYRICS_END - int(tail[-_LYRICS_END:-9])
    if tail.endswith(b"LYRICSEND"):
        start = max(first, end - _LYRICS1 - 20)
        found = (await window.take(start, end)).find(b"LYRICSBEGIN")
        return end if found < 0 else start + found
    if tail[-10:-7] == b"3DI":
        return end - 20 - _syncsafe(tail[-4:])
    return end


def _syncsafe(four: bytes) -> int:
    """A number of 28 bits, seven in each byte."""
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]
