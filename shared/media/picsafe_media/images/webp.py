"""WebP (RFC 9649): kept are pictures, animation, transparency and colours; the orientation is rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_media.core.bounds import SEGMENTS
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import Exif, minimal, parse_exif, swaps_sides, xmp_contents
from picsafe_media.images.icc import private_ranges
from picsafe_media.images.riff import Chunk, chunks
from picsafe_media.images.webp_parts import WebpParts, parts_of_file, parts_of_frame

__all__ = ["clean_webp"]

_PICTURES: Final = frozenset((b"VP8 ", b"VP8L", b"ANMF"))
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
_FRAME_BYTES: Final = 16


@dataclass(slots=True)
class _Image:
    width: int = 0
    height: int = 0
    flags: int | None = None
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
    found = await _listed(window, 12, end)
    parts = parts_of_file(found, await window.number(20, 1) if end > 20 else 0)
    image = _Image(flags=parts.flags if parts.canvas else None)
    await _measure(window, plan, image, parts)
    kept = {chunk.begin for chunk in parts.kept}
    for chunk in found:
        if chunk.begin in kept:
            image.length += await _keep(window, plan, chunk, parts.lengths.get(chunk.begin))
        else:
            image.length += await _leave_out(window, plan, image, chunk)
    if not (image.width and image.height and any(chunk.kind in _PICTURES for chunk in parts.kept)):
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


async def _listed(window: Window, at: int, end: int) -> list[Chunk]:
    found: list[Chunk] = []
    async for chunk in chunks(window, at, end):
        if len(found) >= SEGMENTS:
            raise damaged("it has more parts than any real picture")
        found.append(chunk)
    return found


async def _measure(window: Window, plan: EditPlan, image: _Image, parts: WebpParts) -> None:
    if parts.canvas is None:
        image.width, image.height = await _size(window, parts.kept[0])
        return
    canvas = await window.take(parts.canvas.start, parts.canvas.start + 10)
    image.width = 1 + int.from_bytes(canvas[4:7], "little")
    image.height = 1 + int.from_bytes(canvas[7:10], "little")
    if any(canvas[1:4]):
        plan.put(parts.canvas.start + 1, parts.canvas.start + 4, bytes(3), Removal.PRIVATE_DATA)


async def _keep(window: Window, plan: EditPlan, chunk: Chunk, fixed: int | None) -> int:
    """Cleans a chunk that stays; returns how long it will be. Readers pass over what is behind a fixed length."""
    if fixed is not None and chunk.stop - chunk.start > fixed:
        plan.put(chunk.begin + 4, chunk.start, fixed.to_bytes(4, "little"))
        plan.cut(chunk.start + fixed, chunk.end, Removal.PRIVATE_DATA)
        return 8 + fixed
    if chunk.kind == b"ICCP":
        ranges, removed = private_ranges(await window.take(chunk.start, chunk.stop))
        for start, stop in ranges:
            plan.blank(chunk.start + start, chunk.start + stop, *removed)
    return await _frame(window, plan, chunk) if chunk.kind == b"ANMF" else chunk.end - chunk.begin


async def _leave_out(window: Window, plan: EditPlan, image: _Image, chunk: Chunk) -> int:
    """Leaves out a chunk; returns how much of it stays, for Exif that holds the orientation only."""
    if chunk.kind == b"EXIF":
        return await _exif(window, plan, image, chunk)
    if chunk.kind == b"XMP ":
        packet = await window.take(chunk.start, chunk.stop)
        plan.cut(chunk.begin, chunk.end, *xmp_contents(packet))
    else:
        plan.cut(chunk.begin, chunk.end, Removal.SECOND_IMAGE if chunk.kind in _PICTURES else Removal.PRIVATE_DATA)
    return 0


async def _exif(window: Window, plan: EditPlan, image: _Image, chunk: Chunk) -> int:
    """Viewers look for Exif only where the flags of an extended file (VP8X) announce it, and take the first block."""
    data = await window.take(chunk.start, chunk.stop)
    tiff = data.removeprefix(b"Exif\x00\x00")
    exif = parse_exif(tiff)
    if image.exif is None and (image.flags or 0) & _EXIF_FLAG:
        image.exif = exif
        image.own_exif = exif.orientation > 1 and data == minimal(exif.orientation)
        if image.own_exif:
            return chunk.end - chunk.begin
    plan.cut(chunk.begin, chunk.end, Removal.EXIF, *exif.contents)
    return 0


async def _frame(window: Window, plan: EditPlan, frame: Chunk) -> int:
    """One frame of an animation is a list of chunks itself; returns how long it will be, with its padding."""
    length = frame.stop - frame.start
    found = await _listed(window, frame.start + _FRAME_BYTES, frame.stop)
    kept = {chunk.begin for chunk in parts_of_frame(found)}
    for chunk in found:
        if chunk.begin not in kept:
            plan.cut(chunk.begin, chunk.end, Removal.PRIVATE_DATA)
            length -= chunk.end - chunk.begin
    if length != frame.stop - frame.start:
        plan.put(frame.begin + 4, frame.begin + 8, length.to_bytes(4, "little"))
        plan.put(frame.stop, frame.end, bytes(length % 2))
        return 8 + length + length % 2
    return frame.end - frame.begin


async def _size(window: Window, chunk: Chunk) -> tuple[int, int]:
    head = await window.take(chunk.start, chunk.start + 10)
    if chunk.kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _write_flags(plan: EditPlan, image: _Image, orientation: int) -> None:
    if image.flags is None:
        return
    flags = image.flags & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if orientation > 1 else 0)
    if flags != image.flags:
        plan.put(20, 21, bytes((flags,)))
