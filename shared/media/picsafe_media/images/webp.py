"""WebP (RFC 9649): kept are pictures, animation, transparency and colours; the orientation is rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import Exif, minimal, parse_exif, swaps_sides, xmp_contents
from picsafe_media.images.icc import private_ranges
from picsafe_media.images.riff import Chunk, chunks

__all__ = ["clean_webp"]

_PICTURES: Final = (b"VP8 ", b"VP8L", b"ANMF")
_KEPT: Final = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_FRAME_PICTURES: Final = frozenset((b"VP8 ", b"VP8L"))
_FRAME_KEPT: Final = _FRAME_PICTURES | {b"ALPH"}
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04


@dataclass(slots=True)
class _Image:
    width: int = 0
    height: int = 0
    canvas_flags: int | None = None
    has_picture: bool = False
    exif: Exif | None = None
    own_exif: bool = False
    length: int = 4
    """Of what is kept, with the `WEBP` in front: the new RIFF size."""


async def clean_webp(window: Window) -> Cleaned:
    """The plan for a WebP; everything beyond its RIFF chunk goes."""
    plan = EditPlan(window.size)
    declared = await window.number(4, 4, "little")
    end = 8 + declared
    if end > window.size:
        raise damaged("it ends too early")
    image = _Image()
    async for chunk in chunks(window, 12, end):
        await _chunk(window, plan, image, chunk)
    if not (image.has_picture and image.width and image.height):
        raise damaged("there is no picture in it")
    plan.cut(end, window.size, *([Removal.STRAY_BYTES] if end < window.size else []))
    orientation = image.exif.orientation if image.exif else 1
    if orientation > 1 and not image.own_exif:
        exif = bytes(end % 2) + b"EXIF" + len(minimal(1)).to_bytes(4, "little") + minimal(orientation)
        plan.put(end, end, exif)
        image.length += len(exif)
    _write_flags(plan, image, orientation)
    if image.length != declared:
        plan.put(4, 8, image.length.to_bytes(4, "little"))
    sides = (image.height, image.width) if swaps_sides(orientation) else (image.width, image.height)
    captured_at = image.exif.captured_at if image.exif else None
    return plan.finish(Description("photo", "image/webp", "webp", *sides, None, orientation, captured_at))


async def _chunk(window: Window, plan: EditPlan, image: _Image, chunk: Chunk) -> None:
    kept = chunk.end - chunk.begin
    if chunk.kind == b"EXIF":
        kept = await _exif(window, plan, image, chunk)
    elif chunk.kind == b"XMP ":
        packet = await window.take(chunk.start, chunk.stop)
        plan.cut(chunk.begin, chunk.end, *xmp_contents(packet))
        kept = 0
    elif chunk.kind not in _KEPT:
        plan.cut(chunk.begin, chunk.end, Removal.PRIVATE_DATA)
        kept = 0
    elif chunk.kind == b"ICCP":
        ranges, removed = private_ranges(await window.take(chunk.start, chunk.stop))
        for start, stop in ranges:
            plan.blank(chunk.start + start, chunk.start + stop, *removed)
    elif chunk.kind == b"VP8X" and chunk.begin == 12:
        canvas = await window.take(chunk.start, chunk.start + 10)
        image.canvas_flags = canvas[0]
        image.width = 1 + int.from_bytes(canvas[4:7], "little")
        image.height = 1 + int.from_bytes(canvas[7:10], "little")
    elif chunk.kind in _PICTURES:
        image.has_picture = True
        if chunk.kind == b"ANMF":
            kept = await _frame(window, plan, chunk)
        elif image.canvas_flags is None and not image.width:
            image.width, image.height = await _size(window, chunk)
    image.length += kept


async def _exif(window: Window, plan: EditPlan, image: _Image, chunk: Chunk) -> int:
    """Viewers look for Exif only where the flags of an extended file (VP8X) announce it, and take the first block."""
    data = await window.take(chunk.start, chunk.stop)
    tiff = data.removeprefix(b"Exif\x00\x00")
    exif = parse_exif(tiff)
    if image.exif is None and (image.canvas_flags or 0) & _EXIF_FLAG:
        image.exif = exif
        image.own_exif = exif.orientation > 1 and data == minimal(exif.orientation)
        if image.own_exif:
            return chunk.end - chunk.begin
    plan.cut(chunk.begin, chunk.end, Removal.EXIF, *exif.contents)
    return 0


async def _frame(window: Window, plan: EditPlan, frame: Chunk) -> int:
    """One frame of an animation is a list of chunks itself; returns how long it will be."""
    kept = frame.end - frame.begin
    has_picture = False
    async for chunk in chunks(window, frame.start + 16, frame.stop):
        has_picture = has_picture or chunk.kind in _FRAME_PICTURES
        if chunk.kind not in _FRAME_KEPT:
            plan.cut(chunk.begin, chunk.end, Removal.PRIVATE_DATA)
            kept -= chunk.end - chunk.begin
    if not has_picture:
        raise damaged("a part of its animation has no picture")
    if kept != frame.end - frame.begin:
        plan.put(frame.begin + 4, frame.begin + 8, (kept - 8).to_bytes(4, "little"))
    return kept


async def _size(window: Window, chunk: Chunk) -> tuple[int, int]:
    head = await window.take(chunk.start, chunk.start + 10)
    if chunk.kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _write_flags(plan: EditPlan, image: _Image, orientation: int) -> None:
    if image.canvas_flags is None:
        return
    flags = image.canvas_flags & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if orientation > 1 else 0)
    if flags != image.canvas_flags:
        plan.put(20, 21, bytes((flags,)))
