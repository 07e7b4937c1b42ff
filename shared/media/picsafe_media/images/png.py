"""PNG and APNG (W3C PNG, third edition): kept are the chunks that decide about pixels, colours and animation."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from picsafe_media.core.bounds import SEARCH_BYTES, STRUCTURE_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import Exif, minimal, parse_exif, swaps_sides, xmp_contents
from picsafe_media.images.icc import blanked_profile
from picsafe_media.images.png_chunks import KEPT, PngChunks

__all__ = ["SIGNATURE", "clean_png"]

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_BEHIND_IHDR: Final = 33
_LONGEST: Final = 2**31 - 1
_REMOVED: Final = {
    b"tEXt": Removal.COMMENT,
    b"zTXt": Removal.COMMENT,
    b"tIME": Removal.CAPTURE_TIME,
    b"fdAT": Removal.SECOND_IMAGE,
}
_XMP_KEYWORD: Final = b"XML:com.adobe.xmp\x00"


@dataclass(slots=True)
class _Image:
    exif: Exif | None = None
    own_exif: bool = False
    orientation: int = 1
    has_pixels: bool = False


async def clean_png(window: Window) -> Cleaned:
    """The plan for a PNG; everything after its IEND goes."""
    plan = EditPlan(window.size)
    if await window.take(8, 16) != b"\x00\x00\x00\x0dIHDR":
        raise damaged("its description does not come first")
    width, height = await window.number(16, 4), await window.number(20, 4)
    image = _Image()
    end = await _chunks(window, plan, image)
    if not (width and height and image.has_pixels):
        raise damaged("there is no picture in it")
    plan.cut(end, window.size, *([Removal.STRAY_BYTES] if end < window.size else []))
    orientation = image.orientation
    if orientation > 1 and not image.own_exif:
        plan.put(_BEHIND_IHDR, _BEHIND_IHDR, _chunk(b"eXIf", minimal(orientation)))
    sides = (height, width) if swaps_sides(orientation) else (width, height)
    captured_at = image.exif.captured_at if image.exif else None
    return plan.finish(Description("photo", "image/png", "png", *sides, None, orientation, captured_at))


async def _chunks(window: Window, plan: EditPlan, image: _Image) -> int:
    """Goes through all chunks; returns where the image ends, behind IEND."""
    at, kind = len(SIGNATURE), b""
    decided = PngChunks(await window.number(24, 1), await window.number(25, 1))
    while kind != b"IEND":
        before = kind
        length, kind = await window.number(at, 4), await window.take(at + 4, at + 8)
        _check(kind, before, image)
        stop = at + 12 + length
        if length > _LONGEST or stop > window.size:
            raise damaged("it ends too early")
        frames = await window.number(at + 8, 4) if kind == b"acTL" and length >= 4 else 0
        if kind == b"eXIf":
            _exif(plan, image, at, await window.take(at + 8, stop - 4))
        elif kind not in KEPT or not decided.is_kept(kind, length, frames):
            plan.cut(at, stop, *await _contents(window, kind, at + 8, stop - 4))
        elif kind == b"iCCP":
            _profile(plan, at, await window.take(at + 8, stop - 4))
        elif kind == b"PLTE" and length > decided.length_of_palette(length):
            colours = await window.take(at + 8, at + 8 + decided.length_of_palette(length))
            plan.put(at, stop, _chunk(kind, colours), Removal.PRIVATE_DATA)
        elif kind == b"IEND" and length:
            plan.put(at, stop, _chunk(kind, b""), Removal.STRAY_BYTES)
        image.has_pixels = image.has_pixels or kind == b"IDAT"
        at = stop
    return at


def _check(kind: bytes, before: bytes, image: _Image) -> None:
    """Refuses what decoders refuse, or read differently once the chunk is taken out (PNG, sections 5.3, 5.4 and 5.6)."""
    if not kind.isalpha():
        raise damaged("one of its parts has no name")
    if kind[:1].isupper() and kind not in KEPT:
        raise damaged("it has a part that viewers must know and do not")
    if kind == b"IDAT" and image.has_pixels and before != b"IDAT":
        raise damaged("its picture data are interrupted")


def _exif(plan: EditPlan, image: _Image, at: int, data: bytes) -> None:
    """Behind the pixels Exif does not turn a picture: browsers have begun to show it by then."""
    exif = parse_exif(data)
    if image.exif is None:
        image.exif = exif
        image.orientation = 1 if image.has_pixels else exif.orientation
        image.own_exif = image.orientation > 1 and data == minimal(exif.orientation)
        if image.own_exif:
            return
    plan.cut(at, at + 12 + len(data), Removal.EXIF, *exif.contents)


def _profile(plan: EditPlan, at: int, data: bytes) -> None:
    """The ICC profile in `iCCP` is compressed; one that cannot be read is none to viewers either."""
    stop = at + 12 + len(data)
    name, method, packed = data.partition(b"\x00")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], STRUCTURE_BYTES)
    except zlib.error:
        profile = b""
    if not (name and method and unpacker.eof):
        plan.cut(at, stop, Removal.PRIVATE_DATA)
        return
    blanked, removed = blanked_profile(profile)
    if unpacker.unused_data:
        removed = removed | {Removal.STRAY_BYTES}
    if blanked != profile or unpacker.unused_data:
        plan.put(at, stop, _chunk(b"iCCP", name + bytes(2) + zlib.compress(blanked, 9)), *removed)


async def _contents(window: Window, kind: bytes, start: int, stop: int) -> set[Removal]:
    if kind == b"iTXt":
        text = await window.upto(start, min(stop - start, SEARCH_BYTES))
        return xmp_contents(text) if text.startswith(_XMP_KEYWORD) else {Removal.COMMENT}
    return {_REMOVED.get(kind, Removal.PRIVATE_DATA)}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
