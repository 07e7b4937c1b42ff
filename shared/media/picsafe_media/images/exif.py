"""Exif's TIFF structure: the orientation, which must be kept, and the kinds of other data in it.

Exif 2.32, section 4; TIFF 6.0, section 2. Broken structures yield what could be read: all of it is removed anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from picsafe_media.core.model import Removal

__all__ = ["Exif", "minimal", "parse_exif", "swaps_sides", "tiff_entries", "tiff_tags", "xmp_contents"]

_ORIENTATION: Final = 0x0112
_ONE_SHORT: Final = ((_ORIENTATION, 2), (3, 2), (1, 4))
"""The beginning of its entry: tag, type SHORT, one value."""
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_TAGS: Final = {
    0x010E: Removal.COMMENT,
    0x010F: Removal.DEVICE,
    0x0110: Removal.DEVICE,
    0x0131: Removal.SOFTWARE,
    0x0132: Removal.CAPTURE_TIME,
    0x013B: Removal.AUTHOR,
    0x013C: Removal.DEVICE,
    0x0201: Removal.EMBEDDED_THUMBNAIL,
    0x02BC: Removal.XMP,
    0x8298: Removal.AUTHOR,
    0x83BB: Removal.IPTC,
    _GPS_IFD: Removal.GPS,
    0x9003: Removal.CAPTURE_TIME,
    0x9004: Removal.CAPTURE_TIME,
    0x927C: Removal.MAKER_NOTE,
    0x9286: Removal.COMMENT,
    0x9C9B: Removal.COMMENT,
    0x9C9C: Removal.COMMENT,
    0x9C9D: Removal.AUTHOR,
    0x9C9E: Removal.COMMENT,
    0x9C9F: Removal.COMMENT,
    0xA430: Removal.AUTHOR,
    0xA431: Removal.SERIAL_NUMBER,
    0xA433: Removal.DEVICE,
    0xA434: Removal.DEVICE,
    0xA435: Removal.SERIAL_NUMBER,
    0xC62F: Removal.SERIAL_NUMBER,
}
_ENTRIES: Final = 1000  # cameras write about a hundred; more could only be meant to keep a reader busy
_VALUE_BYTES: Final = 4096  # all values that matter here are shorter
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_XMP: Final = {
    b"GPSL": Removal.GPS,
    b"SerialNumber": Removal.SERIAL_NUMBER,
    b"tiff:Make": Removal.DEVICE,
    b"tiff:Model": Removal.DEVICE,
    b"CreateDate": Removal.CAPTURE_TIME,
    b"DateTimeOriginal": Removal.CAPTURE_TIME,
    b"dc:creator": Removal.AUTHOR,
    b"dc:rights": Removal.AUTHOR,
    b"dc:description": Removal.COMMENT,
    b"dc:title": Removal.COMMENT,
    b"dc:subject": Removal.COMMENT,
    b"CreatorTool": Removal.SOFTWARE,
    b"xmp:Thumbnails": Removal.EMBEDDED_THUMBNAIL,
}
_TIME: Final = re.compile(rb"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_OFFSET: Final = re.compile(rb"[+-]\d\d:\d\d")


@dataclass(slots=True)
class Exif:
    """What an Exif block says: orientation 1 to 8, the kinds of data in it, and when the picture was taken."""

    orientation: int = 1
    contents: set[Removal] = field(default_factory=set)
    captured_at: str | None = None


def minimal(orientation: int) -> bytes:
    """A TIFF structure with the orientation and nothing else: 26 bytes, always the same for the same orientation."""
    return bytes.fromhex("4d4d002a00000008 0001 0112000300000001") + bytes((0, orientation)) + bytes(6)


def swaps_sides(orientation: int) -> bool:
    """Whether an image with this orientation is displayed with width and height exchanged."""
    return orientation >= 5


def parse_exif(tiff: bytes) -> Exif:
    """What the TIFF structure (without the `Exif` prefix) contains. Never fails."""
    image, thumbnail = _directories(tiff)
    values = dict(tiff_entries(tiff, image))
    nested = int.from_bytes(values.get(_EXIF_IFD, b"")[:4], _order(tiff))
    values |= dict(tiff_entries(tiff, nested))
    found = Exif(contents={_TAGS[tag] for tag in values if tag in _TAGS}, captured_at=_captured_at(values))
    if any(tiff_entries(tiff, thumbnail)):
        found.contents.add(Removal.EMBEDDED_THUMBNAIL)
    found.orientation = _orientation(tiff, image)
    return found


def tiff_entries(tiff: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Tag and the first bytes of the value of each entry in the directory at `offset`; none from outside `tiff`."""
    order = _order(tiff)
    for at in _places(tiff, offset):
        size = _SIZES.get(int.from_bytes(tiff[at + 2 : at + 4], order), 0) * int.from_bytes(
            tiff[at + 4 : at + 8], order
        )
        start = at + 8 if size <= 4 else int.from_bytes(tiff[at + 8 : at + 12], order)
        if start + size <= len(tiff):
            yield int.from_bytes(tiff[at : at + 2], order), tiff[start : start + min(size, _VALUE_BYTES)]


def _orientation(tiff: bytes, directory: int) -> int:
    """As browsers read it: one SHORT in the image's own directory; 1 for anything else."""
    order = _order(tiff)
    for at in _places(tiff, directory):
        entry = tiff[at : at + 12]
        value = int.from_bytes(entry[8:10], order)
        if entry[:8] == b"".join(number.to_bytes(width, order) for number, width in _ONE_SHORT) and 1 <= value <= 8:
            return value
    return 1


def _places(tiff: bytes, directory: int) -> range:
    """Where the entries of a directory lie, as far as `tiff` holds them."""
    if not 8 <= directory <= len(tiff) - 2:
        return range(0)
    count = int.from_bytes(tiff[directory : directory + 2], _order(tiff))
    return range(directory + 2, min(directory + 2 + 12 * min(count, _ENTRIES), len(tiff) - 11), 12)


def tiff_tags(tiff: bytes) -> set[int]:
    """The numbers of all entries of the first directory, wherever their values are."""
    image, _ = _directories(tiff)
    return {int.from_bytes(tiff[at : at + 2], _order(tiff)) for at in _places(tiff, image)}


def xmp_contents(packet: bytes) -> set[Removal]:
    """The kinds of data that an XMP packet holds, by the names in it."""
    return {Removal.XMP} | {code for name, code in _XMP.items() if name in packet}


def _order(tiff: bytes) -> Literal["big", "little"]:
    return "little" if tiff[:2] == b"II" else "big"


def _directories(tiff: bytes) -> tuple[int, int]:
    """The offsets of the image's and of the thumbnail's directory; 0 where there is none."""
    if tiff[:4] not in (b"II*\x00", b"MM\x00*"):
        return 0, 0
    image = int.from_bytes(tiff[4:8], _order(tiff))
    after = image + 2 + 12 * int.from_bytes(tiff[image : image + 2], _order(tiff))
    return image, int.from_bytes(tiff[after : after + 4], _order(tiff))


def _captured_at(values: dict[int, bytes]) -> str | None:
    time = _TIME.match(values.get(0x9003, b"")) or _TIME.match(values.get(0x9004, b""))
    if time is None or time[1] == b"0000":
        return None
    offset = _OFFSET.match(values.get(0x9011, b"") or values.get(0x9010, b""))
    year, month, day, clock = (part.decode() for part in time.groups())
    return f"{year}-{month}-{day}T{clock}" + (offset[0].decode() if offset else "")
