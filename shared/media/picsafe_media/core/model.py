"""The result of cleaning a medium: its description, how to compose the copy, what was removed and what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

__all__ = ["Cleaned", "Description", "Keep", "Kind", "Notice", "Removal", "Segment"]

Kind = Literal["photo", "video", "audio"]


class Removal(str, Enum):
    """Something in the original that is not in the copy. The values are stable: programs may store them."""

    GPS = "gps"
    SERIAL_NUMBER = "serial_number"
    DEVICE = "device"
    CAPTURE_TIME = "capture_time"
    AUTHOR = "author"
    COMMENT = "comment"
    SOFTWARE = "software"
    EXIF = "exif"
    MAKER_NOTE = "maker_note"
    XMP = "xmp"
    IPTC = "iptc"
    TAGS = "tags"
    EMBEDDED_THUMBNAIL = "embedded_thumbnail"
    COVER_PICTURE = "cover_picture"
    SECOND_IMAGE = "second_image"
    MOTION_CLIP = "motion_clip"
    DATA_TRACK = "data_track"
    CHAPTERS = "chapters"
    ATTACHMENT = "attachment"
    PRIVATE_DATA = "private_data"
    STRAY_BYTES = "stray_bytes"

    @property
    def sentence(self) -> str:
        """What was removed, for a person."""
        return _REMOVALS[self]


_REMOVALS: Final = {
    Removal.GPS: "The location where it was taken.",
    Removal.SERIAL_NUMBER: "The serial number of the camera or lens.",
    Removal.DEVICE: "The make and model of the device.",
    Removal.CAPTURE_TIME: "The time that the device wrote into the file.",
    Removal.AUTHOR: "The name of an author, owner or copyright holder.",
    Removal.COMMENT: "Titles, descriptions, keywords or comments.",
    Removal.SOFTWARE: "The name of the program that made or edited it.",
    Removal.EXIF: "Camera data (Exif), except the orientation.",
    Removal.MAKER_NOTE: "The camera maker's private notes.",
    Removal.XMP: "Editing data (XMP).",
    Removal.IPTC: "Caption and archive data (IPTC).",
    Removal.TAGS: "Tags such as title, artist and encoder.",
    Removal.EMBEDDED_THUMBNAIL: "A small copy of the picture inside the file.",
    Removal.COVER_PICTURE: "A cover picture.",
    Removal.SECOND_IMAGE: "Further pictures hidden in the file, such as a second view, a depth map or a burst.",
    Removal.MOTION_CLIP: "A short film hidden in the photo.",
    Removal.DATA_TRACK: "Tracks other than picture and sound, such as locations, time codes or subtitles.",
    Removal.CHAPTERS: "Chapter marks.",
    Removal.ATTACHMENT: "Files attached inside the file.",
    Removal.PRIVATE_DATA: "Data of an application that viewers do not need.",
    Removal.STRAY_BYTES: "Bytes that belong to no part of the file.",
}


class Notice(str, Enum):
    """Something that the sender must know before sending. The values are stable: programs may store them."""

    FIRST_IMAGE_ONLY = "first_image_only"
    DATA_TRACK_KEPT = "data_track_kept"
    UNKNOWN_STREAM_KEPT = "unknown_stream_kept"
    CUT_SHORT = "cut_short"
    UNUSED_DATA_KEPT = "unused_data_kept"

    @property
    def sentence(self) -> str:
        """What to know, for a person."""
        return _CAUTIONS[self]


_CAUTIONS: Final = {
    Notice.FIRST_IMAGE_ONLY: "This file holds several pictures; only the first is sent.",
    Notice.DATA_TRACK_KEPT: "This video has a track other than picture and sound that could not be removed. It may contain locations and times.",
    Notice.UNKNOWN_STREAM_KEPT: "This recording has a part of an unknown kind that could not be cleaned. It may contain names, locations or times.",
    Notice.CUT_SHORT: "The end of this recording is missing. The rest is sent; listen to it or watch it to the end first.",
    Notice.UNUSED_DATA_KEPT: "This video holds data other than picture and sound that could not be removed. It may contain locations and times.",
}


@dataclass(frozen=True, slots=True)
class Description:
    """A medium in a few facts.

    `width` and `height` are pixels as displayed: after `orientation` and the film's rotation have been applied; None
    for sound. `duration` is in seconds; None for photos, and where a recording does not say. `orientation` is Exif's 1
    to 8: what the cleaned copy still asks its viewer to do. `captured_at` is what the device noted before it was
    removed: ISO 8601, with an offset only where the device gave one; nobody has checked it. `codec` names how the
    picture of a film, or else its sound, is coded, in films and Matroska files whose coding is known: "HEVC".
    """

    kind: Kind
    media_type: str
    extension: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    orientation: int = 1
    captured_at: str | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """These bytes of the original, unchanged: from `start` up to, not including, `stop`."""

    start: int
    stop: int


Segment = bytes | Keep


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The plan of a cleaned copy: `segments` in order, each bytes or a part of the original."""

    description: Description
    segments: tuple[Segment, ...]
    removed: tuple[Removal, ...]
    warnings: tuple[Notice, ...]

    @property
    def size(self) -> int:
        """The length of the cleaned copy in bytes."""
        return sum(part.stop - part.start if isinstance(part, Keep) else len(part) for part in self.segments)
