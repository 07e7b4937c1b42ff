"""JPEG (ITU-T T.81, annex B; JFIF 1.02): kept are the tables, frames and scans, the colours and the orientation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from picsafe_media.core.bounds import SEARCH_BYTES, WINDOW_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.ranges import within
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import Exif, minimal, parse_exif, swaps_sides, tiff_entries, xmp_contents
from picsafe_media.images.icc import private_ranges
from picsafe_media.images.jpeg_frame import APPLICATIONS, BETWEEN_SCANS, COMMENT, EOI, FRAMES, SOS, TABLES, Frame
from picsafe_media.images.jpeg_scan import scan_end
from picsafe_media.images.photoshop import photoshop_contents

__all__ = ["clean_jpeg", "find_jpeg"]

_SOI: Final = 0xD8
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker that ends a scan: within entropy-coded data 0xFF is followed by 0, by RST, or by another 0xFF."""

_RUBBISH_BYTES: Final = 1024
"""Before a JPEG; more than that is another kind of file that contains one."""
_EXIF: Final = re.compile(rb"Exif\x00.", re.DOTALL)
"""The last byte is padding, which browsers do not look at."""
_EXIF_BYTES: Final = 6
_OWN_EXIF: Final = b"Exif\x00\x00"
_XMP: Final = (b"http://ns.adobe.com/xap/1.0/\x00", b"http://ns.adobe.com/xmp/extension/\x00")
_PHOTOSHOP: Final = b"Photoshop 3.0\x00"
_ICC: Final = b"ICC_PROFILE\x00"
_MPF: Final = b"MPF\x00"
_MP_ENTRY: Final = 0xB002
_MULTI_FRAME: Final = 0x02
_TEXT: Final = re.compile(rb"[\x20-\x7e]{16}")
"""Picture data look like noise: so many letters in a row are a text behind them."""
_LETTERS: Final = 6
"""Different ones in a text; a plain area of a picture repeats few bytes."""
_NOISE_BYTES: Final = 4096
"""Among so many bytes of picture data there is a 0xFF, but for one file in ten million."""
_SAMSUNG: Final = b"SEFT"
"""The end of what Samsung's phones append."""


@dataclass(slots=True)
class _Image:
    """What has been learnt so far. An orientation of our own belongs at `exif_at`: behind SOI and a leading JFIF."""

    exif_at: int
    leading: bool = True
    exif: Exif | None = None
    own_exif: bool = False
    has_jfif: bool = False
    profile: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """The parts of the ICC profile by their number: where each lies, and its bytes."""


async def find_jpeg(window: Window) -> int | None:
    """Where a JPEG begins in the first bytes: some programs leave rubbish before it. None where there is none."""
    at = (await window.upto(0, _RUBBISH_BYTES)).find(b"\xff\xd8\xff")
    return None if at < 0 else at


async def clean_jpeg(window: Window, begin: int = 0) -> Cleaned:
    """The plan for the JPEG at `begin`; everything before it and after its picture goes."""
    plan = EditPlan(window.size)
    plan.cut(0, begin, *([Removal.STRAY_BYTES] if begin else []))
    image, frame = _Image(exif_at=begin + 2), Frame()
    end = await _scans(window, plan, frame, await _header(window, plan, image, frame, begin + 2))
    if end < window.size:
        plan.cut(end, window.size, await _what_follows(window, end))
    if not (frame.width and frame.height):
        raise damaged("there is no complete picture in it")
    _clean_profile(plan, image)
    orientation = image.exif.orientation if image.exif else 1
    _write_orientation(plan, image, orientation)
    sides = (frame.height, frame.width) if swaps_sides(orientation) else (frame.width, frame.height)
    captured_at = image.exif.captured_at if image.exif else None
    return plan.finish(Description("photo", "image/jpeg", "jpg", *sides, None, orientation, captured_at))


async def _header(window: Window, plan: EditPlan, image: _Image, frame: Frame, at: int) -> int:
    """Goes through the marker segments from `at`; returns where the first scan begins, at its marker."""
    while True:
        start = await _next_marker(window, plan, at)
        marker, stop = await window.number(start + 1, 1), start + 2
        if marker == EOI:
            raise damaged("there is no complete picture in it")
        if marker == _SOI:
            raise damaged("a second picture begins within the first")
        if marker == SOS:
            if not frame.kind:
                raise damaged("picture data come before their description")
            return start
        if marker not in _ALONE:
            payload = await _payload(window, start)
            stop += 2 + len(payload)
            _segment(plan, image, frame, marker, start, payload)
        at = stop


def _segment(plan: EditPlan, image: _Image, frame: Frame, marker: int, start: int, payload: bytes) -> None:
    """Decides about one segment other than a scan's."""
    if marker in APPLICATIONS:
        _application(plan, image, marker - 0xE0, start, payload)
    elif marker in FRAMES or marker in TABLES:
        image.leading = False
        frame.describe(marker, payload)
    elif marker == COMMENT:
        plan.cut(start, start + 4 + len(payload), Removal.COMMENT)
    else:
        raise damaged("there is a segment in it that no viewer knows")


async def _scans(window: Window, plan: EditPlan, frame: Frame, start: int) -> int:
    """Goes through the scans from the marker at `start`; returns where the image ends, behind EOI.

    Nothing between here and there is cut, but for bytes that are counted not to belong to the picture.
    """
    while (marker := await window.number(start + 1, 1)) != EOI:
        payload = await _payload(window, start)
        stop = start + 4 + len(payload)
        if marker == SOS:
            frame.begin_scan(stop, payload)
            stop = await _search(window, stop)
        else:
            frame.describe(marker, payload)
        start = await _behind_fill(window, stop)
        following = await window.upto(start, 2)
        if not (_MARKER.fullmatch(following) and frame.may_follow(following[1])):
            return await _unfinished(window, plan, frame, stop)
    return await _finished(window, plan, frame, start)


async def _payload(window: Window, start: int) -> bytes:
    length = await window.number(start + 2, 2)
    if length < 2:
        raise damaged("a segment is too short")
    return await window.take(start + 4, start + 2 + length)


async def _next_marker(window: Window, plan: EditPlan, at: int) -> int:
    """The next marker, as decoders find it: they pass over stray bytes before it, so those are cut."""
    block = await window.upto(at, 2)
    if len(block) == 2 and _MARKER.match(block):
        return at
    start = await _search(window, at)
    if start == window.size:
        raise damaged("the picture ends too early")
    start = await _behind_fill(window, start)
    stray = not re.fullmatch(rb"\xff*", await window.upto(at, min(start - at, SEARCH_BYTES)))
    plan.cut(at, start, *([Removal.STRAY_BYTES] if stray else []))
    return start


async def _search(window: Window, at: int) -> int:
    """Where the next marker or the fill bytes before it begin that are none of a scan's; the file's end without one."""
    for begin in range(at, window.size, WINDOW_BYTES - 1):
        found = _MARKER.search(await window.upto(begin, WINDOW_BYTES))
        if found:
            start = begin + found.start()
            while start > at and await window.number(start - 1, 1) == 0xFF:
                start -= 1
            return start
    return window.size


async def _behind_fill(window: Window, at: int) -> int:
    """Any number of 0xFF may precede a marker; where its own is."""
    while await window.upto(at, 2) == b"\xff\xff":
        at += 1
    return at


async def _unfinished(window: Window, plan: EditPlan, frame: Frame, limit: int) -> int:
    """Ends a picture that has no EOI, or another marker within its data at `limit`, if all of it is there."""
    end = await scan_end(window, frame.scan, limit) if frame.scan and frame.has_one_scan else None
    if end is None:
        raise damaged("its picture data are cut off or interrupted")
    plan.put(end, end, b"\xff\xd9")
    return end


async def _finished(window: Window, plan: EditPlan, frame: Frame, eoi: int) -> int:
    """Where the picture with this EOI ends. A false one, and texts before it, are found by counting."""
    goes_on = await _goes_on(window, eoi + 2)
    if not goes_on and not await _ends_in_text(window, eoi):
        return eoi + 2
    if frame.scan and frame.is_scanned:
        end = await scan_end(window, frame.scan, eoi)
        if end is None:
            raise damaged("its picture data are cut off or interrupted")
        plan.cut(end, eoi, *([Removal.STRAY_BYTES] if end < eoi else []))
    elif goes_on and _MARKER.search(await window.upto(eoi + 2, SEARCH_BYTES)):
        raise damaged("its picture data go on behind their end")
    return eoi + 2


async def _ends_in_text(window: Window, end: int) -> bool:
    return _has_text(await window.take(max(0, end - SEARCH_BYTES), end))


def _has_text(data: bytes) -> bool:
    return _SAMSUNG in data or any(len(set(found)) >= _LETTERS for found in _TEXT.findall(data))


async def _goes_on(window: Window, at: int) -> bool:
    """Whether what follows an EOI could be the rest of a scan, so that the EOI would be a false one."""
    rest = await window.upto(at, SEARCH_BYTES)
    if rest.count(0) == len(rest) or rest[4:8] == b"ftyp" or await window.upto(window.size - 4, 4) == _SAMSUNG:
        return False
    marker = _MARKER.search(rest)
    if marker:
        return marker[0][1] in BETWEEN_SCANS or marker[0][1] == EOI
    return b"\xff" in rest or (len(rest) < _NOISE_BYTES and not _has_text(rest))


def _application(plan: EditPlan, image: _Image, number: int, start: int, payload: bytes) -> None:
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
        image.profile.setdefault(payload[12] if len(payload) > 14 else 0, (start + 18, payload[14:]))
    elif number == 14 and payload.startswith(b"Adobe") and len(payload) >= 12:
        if len(payload) > 12:
            plan.put(start, stop, b"\xff\xee\x00\x0e" + payload[:12], Removal.PRIVATE_DATA)
    elif number == 1 and _EXIF.match(payload):
        _exif(plan, image, start, payload)
    else:
        plan.cut(start, stop, *_contents(plan, number, payload))


def _clean_profile(plan: EditPlan, image: _Image) -> None:
    """Blanks what is private in the ICC profile, wherever its parts lie."""
    parts = [image.profile[number] for number in sorted(image.profile)]
    ranges, removed = private_ranges(b"".join(data for _, data in parts))
    plan.note(*removed)
    begin = 0
    for place, data in parts:
        for start, stop in within(ranges, begin, begin + len(data)):
            plan.blank(place + start - begin, place + stop - begin)
        begin += len(data)


def _exif(plan: EditPlan, image: _Image, start: int, payload: bytes) -> None:
    stop = start + 4 + len(payload)
    exif = parse_exif(payload[_EXIF_BYTES:])
    first = image.exif is None
    if first:
        image.exif = exif
        image.own_exif = (
            start == image.exif_at and payload == _OWN_EXIF + minimal(exif.orientation) and exif.orientation > 1
        )
    if not (first and image.own_exif):
        plan.cut(start, stop, Removal.EXIF, *exif.contents)


def _contents(plan: EditPlan, number: int, payload: bytes) -> set[Removal]:
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


def _look_for_further_views(plan: EditPlan, tiff: bytes) -> None:
    """CIPA DC-007: the sender is warned of panoramas and stereo pictures, but not of previews and gain maps."""
    first = int.from_bytes(tiff[4:8], "little" if tiff[:2] == b"II" else "big")
    for tag, value in tiff_entries(tiff, first):
        kinds = value[1::16] if tiff[:2] == b"MM" else value[2::16]
        if tag == _MP_ENTRY and _MULTI_FRAME in kinds:
            plan.warn(Notice.FIRST_IMAGE_ONLY)


def _write_orientation(plan: EditPlan, image: _Image, orientation: int) -> None:
    if orientation > 1 and not image.own_exif:
        payload = _OWN_EXIF + minimal(orientation)
        plan.put(image.exif_at, image.exif_at, b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload)


async def _what_follows(window: Window, end: int) -> Removal:
    """What comes after the image: another one, a motion photo's film, or nothing that has a name."""
    rest = await window.upto(end, SEARCH_BYTES)
    if b"\xff\xd8\xff" in rest:
        return Removal.SECOND_IMAGE
    return Removal.MOTION_CLIP if b"ftyp" in rest else Removal.STRAY_BYTES
