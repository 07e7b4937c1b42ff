"""GIF (GIF89a): kept are images, their control blocks, the loop count and colours; comments and all else go."""

from __future__ import annotations

import re
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.ranges import within
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.icc import private_ranges

__all__ = ["clean_gif"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_LOOP: Final = re.compile(rb"\x0b(?:NETSCAPE2\.0|ANIMEXTS1\.0)\x03\x01..\x00", re.DOTALL)
_CONTROL_BLOCK: Final = re.compile(rb"\x04.{4}\x00", re.DOTALL)
_ICC: Final = b"\x0bICCRGBG1012"


async def clean_gif(window: Window) -> Cleaned:
    """The plan for a GIF; everything after its trailer goes."""
    plan = EditPlan(window.size)
    head = await window.take(0, 13)
    width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    at = 13 + _table(head[10])
    has_image = False
    while (kind := await window.number(at, 1)) != _TRAILER:
        if kind == _IMAGE:
            has_image = True
            at += 10 + _table(await window.number(at + 9, 1))
            at = await _after_blocks(window, at + 1)
        elif kind == _EXTENSION:
            stop = await _after_blocks(window, at + 2)
            await _extension(window, plan, at, stop)
            at = stop
        else:
            raise damaged("there is an unknown block in it")
    if not (has_image and width and height):
        raise damaged("there is no picture in it")
    plan.cut(at + 1, window.size, *([Removal.STRAY_BYTES] if at + 1 < window.size else []))
    return plan.finish(Description("photo", "image/gif", "gif", width, height))


async def _extension(window: Window, plan: EditPlan, start: int, stop: int) -> None:
    label = await window.number(start + 1, 1)
    body = await window.take(start + 2, min(stop, start + 64))
    if label == _CONTROL and not _CONTROL_BLOCK.fullmatch(body):
        # Some readers take the time and the transparent colour from a control block of another length, some do not.
        raise damaged("it does not say how one of its pictures is shown")
    if label == _CONTROL or (label == _APPLICATION and (_LOOP.fullmatch(body) or body.startswith(_ICC))):
        if body.startswith(_ICC):
            await _profile(window, plan, start + 2 + len(_ICC), stop)
        return
    if label == _APPLICATION and body.startswith(b"\x0bXMP DataXMP"):
        plan.cut(start, stop, Removal.XMP)
    else:
        plan.cut(start, stop, Removal.COMMENT if label == _COMMENT else Removal.PRIVATE_DATA)


async def _profile(window: Window, plan: EditPlan, at: int, stop: int) -> None:
    """Blanks what is private in an ICC profile, which lies in sub-blocks from `at`."""
    blocks: list[tuple[int, bytes]] = []
    while at < stop - 1:
        length = await window.number(at, 1)
        blocks.append((at + 1, await window.take(at + 1, at + 1 + length)))
        at += 1 + length
    ranges, removed = private_ranges(b"".join(data for _, data in blocks))
    begin = 0
    for place, data in blocks:
        for low, high in within(ranges, begin, begin + len(data)):
            plan.blank(place + low - begin, place + high - begin, *removed)
        begin += len(data)


def _table(flags: int) -> int:
    """The length of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


async def _after_blocks(window: Window, at: int) -> int:
    """Where a run of data sub-blocks ends: behind its empty one."""
    while length := await window.number(at, 1):
        at += 1 + length
    return at + 1
