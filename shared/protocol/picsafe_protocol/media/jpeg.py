"""JPEG (ITU-T T.81, annex B; JFIF 1.02): kept are the tables, frames and scans, the colours and the orientation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from picsafe_protocol.media.bounds import SEARCH_BYTES, WINDOW_BYTES
from picsafe_protocol.media.exif import Exif, minimal, parse_exif, swaps_sides, tiff_entries, xmp_contents
from picsafe_protocol.media.model import Caution, Cleaned, Description, Removal
from picsafe_protocol.media.photoshop import photoshop_contents
from picsafe_protocol.media.plan import Plan
from picsafe_protocol.media.source import Window, damaged

__all__ = ["clean_jpeg", "find_jpeg"]

_SOI, _EOI, _SOS, _DNL, _COM = 0xD8, 0xD9, 0xDA, 0xDC, 0xFE
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES: Final = frozenset((0xC4, 0xCC, 0xDB, 0xDD, 0xDE, 0xDF))
_APPLICATIONS: Final = frozenset(range(0xE0, 0xF0))
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker that ends a scan: within entropy-coded data 0xFF is followed by 0, by RST, or by another 0xFF."""

_RUBBISH_BYTES: Final = 1024
"""Before a JPEG; more than that is another kind of file that contains one."""
_EXIF: Final = b"Exif\x00\x00"
_XMP: Final = (b"http://ns.adobe.com/xap/1.0/\x00", b"http://ns.adobe.com/xmp/extension/\x00")
_PHOTOSHOP: Final = b"Photoshop 3.0\x00"
_ICC: Final = b"ICC_PROFILE\x00"
_MPF: Final = b"MPF\x00"
_MP_ENTRY: Final = 0xB002
_MULTI_FRAME: Final = 0x02


@dataclass(slots=True)
class _Image:
    """What has been learnt so far. An orientation of our own belongs at `exif_at`: behind SOI and a leading JFIF."""

    exif_at: int
    leading: bool = True
    exif: Exif | None = None
    exif_segment: tuple[int, int] = (0, 0)
    own_exif: bool = False
    has_jfif: bool = False
    width: int = 0
    height: int = 0
    has_frame: bool = False
    has_scan: bool = False


async def find_jpeg(window: Window) -> int | None:
    """Where a JPEG begins in the first bytes: some programs leave rubbish before it. None where there is none."""
    at = (await window.upto(0, _RUBBISH_BYTES)).find(b"\xff\xd8\xff")
    return None if at < 0 else at


async def clean_jpeg(window: Window, begin: int = 0) -> Cleaned:
    """The plan for the JPEG at `begin`; everything before it and after its EOI goes."""
    plan = Plan(window.size)
    plan.cut(0, begin, *([Removal.STRAY_BYTES] if begin else []))
    image = _Image(exif_at=begin + 2)
    end = await _segments(window, plan, image, begin + 2)
    if end < window.size:
        plan.cut(end, window.size, await _what_follows(window, end))
    if not (image.has_scan and image.width and image.height):
        raise damaged("there is no complete picture in it")
    orientation = image.exif.orientation if image.exif else 1
    _write_orientation(plan, image, orientation)
    sides = (image.height, image.width) if swaps_sides(orientation) else (image.width, image.height)
    captured_at = image.exif.captured_at if image.exif else None
    return plan.finish(Description("photo", "image/jpeg", "jpg", *sides, None, orientation, captured_at))


async def _segments(window: Window, plan: Plan, image: _Image, at: int) -> int:
    """Goes through the marker segments from `at`; returns where the image ends, behind EOI."""
    while True:
        start = await _next_marker(window, plan, at)
        marker = await window.number(start + 1, 1)
        if marker == _EOI:
            return start + 2
        if marker == _SOI:
            raise damaged("a second picture begins within the first")
        if marker in _ALONE:
            at = start + 2
            continue
        length = await window.number(start + 2, 2)
        if length < 2:
            raise damaged("a segment is too short")
        stop = start + 2 + length
        payload = await window.take(start + 4, stop)
        if marker in _APPLICATIONS:
            _application(plan, image, marker - 0xE0, start, payload)
        elif marker == _SOS:
            if not image.has_frame:
                raise damaged("picture data come before their description")
            image.has_scan = True
            stop = await _scan(window, stop)
        elif marker in _FRAMES or marker == _DNL:
            _dimensions(image, marker, payload)
        elif marker in _TABLES:
            image.leading = False
        else:
            plan.cut(start, stop, Removal.COMMENT if marker == _COM else Removal.PRIVATE_DATA)
        at = stop


async def _next_marker(window: Window, plan: Plan, at: int) -> int:
    """The next marker, as decoders find it: they pass over stray bytes before it, so those are cut."""
    block = await window.upto(at, 2)
    if len(block) == 2 and _MARKER.match(block):
        return at
    start = await _search(window, at)
    stray = not re.fullmatch(rb"\xff*", await window.upto(at, min(start - at, SEARCH_BYTES)))
    plan.cut(at, start, *([Removal.STRAY_BYTES] if stray else []))
    return start


async def _scan(window: Window, at: int) -> int:
    """Where the entropy-coded data end: at the next marker that is none of theirs."""
    start = await _search(window, at)
    while start > at and await window.number(start - 1, 1) == 0xFF:
        start -= 1  # fill bytes belong to the marker that they precede
    return start


async def _search(window: Window, at: int) -> int:
    for begin in range(at, window.size, WINDOW_BYTES - 1):
        found = _MARKER.search(await window.upto(begin, WINDOW_BYTES))
        if found:
            return begin + found.start()
    raise damaged("the picture ends too early")


def _dimensions(image: _Image, marker: int, payload: bytes) -> None:
    image.leading = False
    if marker == _DNL:
        image.height = image.height or int.from_bytes(payload[:2], "big")
    elif len(payload) < 9:
        raise damaged("the picture's description is too short")
    elif not image.has_frame:
        image.height, image.width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
        image.has_frame = True


def _application(plan: Plan, image: _Image, number: int, start: int, payload: bytes) -> None:
    """Decides about one APPn segment that starts at `start`."""
    stop = start + 4 + len(payload)
    if number == 0 and payload.startswith(b"JFIF\x00") and len(payload) >= 14 and not image.has_jfif:
        image.has_jfif = True
        if image.leading:
            image.exif_at = stop
        if len(payload) > 14 or payload[12:14] != b"\x00\x00":
            plan.put(start, stop, b"\xff\xe0\x00\x10" + payload[:12] + b"\x00\x00", Removal.EMBEDDED_THUMBNAIL)
    elif number == 2 and payload.startswith(_ICC):
        image.leading = False
    elif number == 14 and payload.startswith(b"Adobe") and len(payload) >= 12:
        if len(payload) > 12:
            plan.put(start, stop, b"\xff\xee\x00\x0e" + payload[:12], Removal.PRIVATE_DATA)
    elif number == 1 and payload.startswith(_EXIF):
        _exif(plan, image, start, payload)
    else:
        plan.cut(start, stop, *_contents(plan, number, payload))


def _exif(plan: Plan, image: _Image, start: int, payload: bytes) -> None:
    stop = start + 4 + len(payload)
    exif = parse_exif(payload[len(_EXIF) :])
    first = image.exif is None
    if first:
        image.exif = exif
        image.own_exif = (
            start == image.exif_at and payload == _EXIF + minimal(exif.orientation) and exif.orientation > 1
        )
    if not (first and image.own_exif):
        plan.cut(start, stop, Removal.EXIF, *exif.contents)


def _contents(plan: Plan, number: int, payload: bytes) -> set[Removal]:
    """What a segment that goes was: by its own signature."""
    if number == 0 and payload.startswith((b"JFXX\x00", b"JFIF\x00")):
        return {Removal.EMBEDDED_THUMBNAIL}
    if number == 1 and payload.startswith(_XMP):
        return xmp_contents(payload)
    if number == 13 and payload.startswith(_PHOTOSHOP):
        return photoshop_contents(payload[len(_PHOTOSHOP) :])
    if number == 2 and payload.startswith(_MPF):
        _look_for_further_views(plan, payload[len(_MPF) :])
        return {Removal.SECOND_IMAGE}
    return {Removal.PRIVATE_DATA}


def _look_for_further_views(plan: Plan, tiff: bytes) -> None:
    """CIPA DC-007: panoramas and stereo pictures are worth a word to the sender; previews and gain maps are not."""
    first = int.from_bytes(tiff[4:8], "little" if tiff[:2] == b"II" else "big")
    for tag, value in tiff_entries(tiff, first):
        kinds = value[1::16] if tiff[:2] == b"MM" else value[2::16]
        if tag == _MP_ENTRY and _MULTI_FRAME in kinds:
            plan.warn(Caution.FIRST_IMAGE_ONLY)


def _write_orientation(plan: Plan, image: _Image, orientation: int) -> None:
    if orientation > 1 and not image.own_exif:
        payload = _EXIF + minimal(orientation)
        plan.put(image.exif_at, image.exif_at, b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload)


async def _what_follows(window: Window, end: int) -> Removal:
    """What comes after the image: another one, a motion photo's film, or nothing that has a name."""
    rest = await window.upto(end, SEARCH_BYTES)
    if b"\xff\xd8\xff" in rest:
        return Removal.SECOND_IMAGE
    return Removal.MOTION_CLIP if b"ftyp" in rest else Removal.STRAY_BYTES
