"""Which container a medium is, by its bytes alone: names and declared types are never asked."""

from __future__ import annotations

from typing import Final

from picsafe_protocol.errors import EmptyMedium, UnsupportedMedium
from picsafe_protocol.media.bounds import SEARCH_BYTES
from picsafe_protocol.media.flac import clean_flac
from picsafe_protocol.media.gif import clean_gif
from picsafe_protocol.media.heif import clean_heif, is_heif
from picsafe_protocol.media.jpeg import clean_jpeg, find_jpeg
from picsafe_protocol.media.matroska import SIGNATURE as MATROSKA
from picsafe_protocol.media.matroska import clean_matroska
from picsafe_protocol.media.model import Cleaned, Removal
from picsafe_protocol.media.movie import MOVIE_KINDS, clean_movie
from picsafe_protocol.media.mpeg_audio import ADTS, MP3, clean_frames, frames_begin
from picsafe_protocol.media.ogg import clean_ogg
from picsafe_protocol.media.plan import Plan
from picsafe_protocol.media.png import SIGNATURE as PNG
from picsafe_protocol.media.png import clean_png
from picsafe_protocol.media.source import ByteSource, Window
from picsafe_protocol.media.tags import behind_id3v2, end_before_tags
from picsafe_protocol.media.wav import clean_wav
from picsafe_protocol.media.webp import clean_webp

__all__ = ["FOREIGN", "clean"]

_HEAD: Final = 132
FOREIGN: Final = {
    (0, b"%PDF"): ("pdf", "a PDF document"),
    (0, b"PK\x03\x04"): ("archive", "a zip archive or an office document"),
    (0, b"BM"): ("bmp", "a BMP picture"),
    (0, b"II*\x00"): ("tiff", "a TIFF or camera raw picture"),
    (0, b"MM\x00*"): ("tiff", "a TIFF or camera raw picture"),
    (4, b"ftypcrx "): ("camera_raw", "a camera raw picture"),
    (4, b"JXL "): ("jpeg_xl", "a JPEG XL picture"),
    (0, b"\xff\x0a"): ("jpeg_xl", "a JPEG XL picture"),
    (4, b"jP  "): ("jpeg_2000", "a JPEG 2000 picture"),
    (128, b"DICM"): ("dicom", "a DICOM file"),
    (8, b"AVI "): ("avi", "an AVI video"),
    (0, b"\x30\x26\xb2\x75"): ("windows_media", "a Windows Media file"),
    (0, b"FLV"): ("flash", "a Flash video"),
    (0, b"#!AMR"): ("amr", "an AMR recording"),
    (0, b"RF64"): ("long_wave", "a WAVE file for more than 4 GB"),
    (0, b"caff"): ("core_audio", "a Core Audio file"),
    (0, b"FORM"): ("aiff", "an AIFF recording"),
    (0, b"RIFF"): ("riff", "a RIFF file of an unknown kind"),
    (0, b"SQLite"): ("database", "a database"),
    (0, b"\xd0\xcf\x11\xe0"): ("office", "an office document"),
}
"""What begins thus: its kind for a program, and for a person. Named, so that the sender knows what to convert; and never searched for a JPEG, since many of them contain one."""


async def clean(source: ByteSource) -> Cleaned:
    """Describes a photo, video or sound and plans a copy without metadata.

    Errors: EmptyMedium for 0 bytes; UnsupportedMedium for what PicSafe does not know or what is broken.
    """
    if source.size == 0:
        raise EmptyMedium
    window = Window(source)
    head = await window.upto(0, _HEAD)
    if head.startswith(b"\xff\xd8\xff"):
        return await clean_jpeg(window)
    if head.startswith(PNG):
        return await clean_png(window)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return await clean_gif(window)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return await clean_webp(window)
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return await clean_wav(window)
    if head.startswith(b"OggS"):
        return await clean_ogg(window)
    if head.startswith(MATROSKA):
        return await clean_matroska(window)
    if is_heif(head):
        return await clean_heif(window)
    for (offset, magic), (kind, name) in FOREIGN.items():
        if head.startswith(magic, offset):
            raise UnsupportedMedium(f"This is {name}, which PicSafe does not carry.", kind=kind)
    if head[4:8] in MOVIE_KINDS:
        return await clean_movie(window)
    return await _by_frames(window)


async def _by_frames(window: Window) -> Cleaned:
    """Sound that may hide behind tags, and a JPEG behind rubbish; then it is nothing that PicSafe knows."""
    plan = Plan(window.size)
    begin = await behind_id3v2(window, 0)
    if begin:
        cover = b"APIC" in await window.upto(0, min(begin, SEARCH_BYTES))
        plan.cut(0, begin, Removal.TAGS, *([Removal.COVER_PICTURE] if cover else []))
    if await window.upto(begin, 4) == b"fLaC":
        return await clean_flac(window, begin, plan)
    end = await end_before_tags(window, begin)
    for kind in (MP3, ADTS):
        start = begin + await _padding(window, begin) if begin else begin
        if start < end and await frames_begin(window, start, kind, end):
            plan.cut(begin, start)
            return await clean_frames(window, start, plan, kind)
    jpeg = await find_jpeg(window)
    if jpeg is not None:
        return await clean_jpeg(window, jpeg)
    raise UnsupportedMedium


async def _padding(window: Window, at: int) -> int:
    """How many zeros some programs leave between a tag and the sound."""
    block = await window.upto(at, SEARCH_BYTES)
    return len(block) - len(block.lstrip(b"\x00"))
