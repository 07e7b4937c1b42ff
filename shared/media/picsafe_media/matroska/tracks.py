"""The entry of one track in a WebM or Matroska file (RFC 9559, section 5.1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from picsafe_media.audio.ogg_codecs import empty_comment
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Removal
from picsafe_media.core.source import Window
from picsafe_media.matroska.ebml import CRC32, VOID, Element, elements, unsigned, void, zero

__all__ = ["MatroskaTrack", "clean_track_entry"]

_TYPE, _CODEC, _PRIVATE, _VIDEO = 0x83, 0x86, 0x63A2, 0xE0
_PIXELS: Final = (0xB0, 0xBA)
_DISPLAYED: Final = (0x54B0, 0x54BA)
_UNIT: Final = 0x54B2
_NAMES: Final = frozenset((0x536E, 0x258688))
_KEPT: Final = frozenset(
    (
        *(0xD7, 0x73C5, _TYPE, 0xB9, 0x88, 0x55AA, 0x9C, 0x6DE7, 0x6DF8),  # number, UID, flags, caches
        *(0x55AB, 0x55AC, 0x55AD, 0x55AE, 0x55AF),  # flags for impaired viewers, original, commentary
        *(0x23E383, 0x234E7A, 0x23314F, 0x537F, 0x55EE, 0x41E4),  # durations, time scale and offset, block additions
        *(0x22B59C, 0x22B59D, _CODEC, _PRIVATE, 0xAA, 0x6FAB, 0x56AA, 0x56BB),  # languages, codec, delays
        *(_VIDEO, 0xE1, 0xE2, 0x6D80),  # picture, sound, operation, encodings
    )
)


@dataclass(slots=True)
class MatroskaTrack:
    """A track; `kind` is None for what is neither picture nor sound. Sizes are pixels as displayed. `coding`:
    "V_VP9".
    """

    kind: Literal["video", "audio"] | None = None
    width: int = 0
    height: int = 0
    coding: str = ""


async def clean_track_entry(window: Window, plan: EditPlan, entry: Element) -> MatroskaTrack:
    """Cleans the entry of one track, and reads what it describes."""
    track = MatroskaTrack()
    codec, private, checksum, before = b"", None, None, plan.edits
    async for child in elements(window, entry.start, entry.stop):
        if child.number == CRC32:
            checksum = child
        elif child.number == VOID:
            await zero(window, plan, child, Removal.STRAY_BYTES)
        elif child.number == _TYPE:
            number = await unsigned(window, child)
            track.kind = "video" if number == 1 else "audio" if number == 2 else None
        elif child.number == _VIDEO:
            track.width, track.height = await _size(window, child)
        elif child.number == _CODEC:
            codec = await window.take(child.start, child.stop)
            track.coding = codec.rstrip(b"\x00").decode("latin-1").partition("/LC")[0]
        elif child.number == _PRIVATE:
            private = child
        elif child.number not in _KEPT:
            await void(window, plan, child, Removal.COMMENT if child.number in _NAMES else Removal.PRIVATE_DATA)
    if private:
        await _codec_private(window, plan, codec, private)
    if checksum and plan.edits > before:
        await void(window, plan, checksum)
    return track


async def _size(window: Window, video: Element) -> tuple[int, int]:
    found = {}
    async for child in elements(window, video.start, video.stop):
        if child.number in (*_PIXELS, *_DISPLAYED, _UNIT):
            found[child.number] = await unsigned(window, child)
    width, height = (found.get(number, 0) for number in _PIXELS)
    if found.get(_UNIT, 0) == 0:
        width, height = found.get(_DISPLAYED[0]) or width, found.get(_DISPLAYED[1]) or height
    return width, height


async def _codec_private(window: Window, plan: EditPlan, codec: bytes, element: Element) -> None:
    """Some codecs keep their comment header here, as they do in Ogg."""
    data = await window.take(element.start, element.stop)
    if codec.startswith(b"A_VORBIS"):
        emptied = _second_laced(data, b"\x03vorbis", b"\x01")
    elif codec.startswith(b"V_THEORA"):
        emptied = _second_laced(data, b"\x81theora", b"")
    elif codec.startswith(b"A_FLAC"):
        emptied = _flac(data)
    else:
        return
    if emptied != data:
        plan.put(element.start, element.stop, emptied, Removal.TAGS)


def _second_laced(data: bytes, prefix: bytes, suffix: bytes) -> bytes:
    """Three packets behind each other with the lengths of the first two in front; the second is the comment header."""
    at = 1
    lengths: list[int] = []
    while len(lengths) < 2:
        run = len(data[at:]) - len(data[at:].lstrip(b"\xff"))
        lengths.append(255 * run + int.from_bytes(data[at + run : at + run + 1], "big"))
        at += run + 1
    start = at + lengths[0]
    comment = data[start : start + lengths[1]]
    if data[:1] != b"\x02" or not comment.startswith(prefix):
        return data
    return data[:start] + empty_comment(prefix, comment, suffix) + data[start + lengths[1] :]


def _flac(data: bytes) -> bytes:
    """`fLaC` and its metadata blocks; what is neither description nor seek table becomes padding."""
    cleaned, at = bytearray(data), 4
    while at + 4 <= len(data):
        stop = at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if data[at] & 0x7F not in (0, 3):
            cleaned[at] = data[at] & 0x80 | 1
            cleaned[at + 4 : stop] = bytes(len(data[at + 4 : stop]))
        at = stop
    return bytes(cleaned)
