"""Recognises the container of a medium by its bytes alone; names and declared types are never used."""

from __future__ import annotations

from typing import Final

from picsafe_media.audio.amr import clean_amr, is_amr
from picsafe_media.audio.flac import clean_flac
from picsafe_media.audio.mpeg_audio import ADTS, MP3, clean_frames, frames_begin, is_same_stream, search_frames
from picsafe_media.audio.ogg import clean_ogg
from picsafe_media.audio.tags import behind_id3v2, end_before_tags
from picsafe_media.audio.wav import WAVE_KINDS, clean_wav
from picsafe_media.core.bounds import SEARCH_BYTES, WINDOW_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Removal
from picsafe_media.core.source import ByteSource, Window, damaged
from picsafe_media.images.gif import clean_gif
from picsafe_media.images.jpeg import clean_jpeg, find_jpeg
from picsafe_media.images.png import SIGNATURE as PNG
from picsafe_media.images.png import clean_png
from picsafe_media.images.webp import clean_webp
from picsafe_media.isobmff.heif import clean_heif, is_heif
from picsafe_media.isobmff.movie import MOVIE_KINDS, clean_movie
from picsafe_media.matroska.matroska import SIGNATURE as MATROSKA
from picsafe_media.matroska.matroska import clean_matroska
from picsafe_media.unsupported_formats import UNSUPPORTED_SIGNATURES, foreign_kind, refusal_of
from picsafe_protocol.contracts.errors import EmptyMedium, UnsupportedMedium

__all__ = ["UNSUPPORTED_SIGNATURES", "clean"]

_HEAD: Final = 1024
_FIRST_PAGE: Final = b"OggS\x00\x02"
_OTHERS: Final = (
    *(b"ID3", b"APIC", b"covr", b"fLaC", b"OggS", b"METADATA_BLOCK_PICTURE", b"metadata_block_picture"),
    *(b"ftyp", b"moov", b"mdat", b"wide", b"RIFF", b"RIFX", MATROSKA, b"matroska", b"FORM"),
)
"""What stands before a JPEG that is the cover of a damaged sound, or a picture of a damaged film."""


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
    if head.startswith(WAVE_KINDS) and head[8:12] == b"WAVE":
        return await clean_wav(window)
    if head.startswith(b"OggS"):
        return await clean_ogg(window)
    if head.startswith(MATROSKA):
        return await clean_matroska(window)
    if is_heif(head):
        return await clean_heif(window)
    if is_amr(head):
        return await clean_amr(window)
    foreign = foreign_kind(head)
    if foreign:
        raise refusal_of(*foreign)
    if head[4:8] in MOVIE_KINDS:
        return await clean_movie(window)
    return await _by_frames(window)


async def _by_frames(window: Window) -> Cleaned:
    """Look for sound after zeros and tags, and for a JPEG after rubbish; anything else is not supported."""
    plan = EditPlan(window.size)
    zeros = await _behind_zeros(window, 0)
    begin = await behind_id3v2(window, zeros)
    plan.cut(0, zeros, *([Removal.STRAY_BYTES] if zeros else []))
    if begin > zeros:
        cover = b"APIC" in await window.upto(zeros, min(begin - zeros, SEARCH_BYTES))
        plan.cut(zeros, begin, Removal.TAGS, *([Removal.COVER_PICTURE] if cover else []))
    if await window.upto(begin, 4) == b"fLaC":
        return await clean_flac(window, begin, plan)
    end = await end_before_tags(window, begin)
    start = await _behind_zeros(window, begin)
    for kind in (MP3, ADTS):
        if start < end and await frames_begin(window, start, kind, end):
            plan.cut(begin, start)
            return await clean_frames(window, start, plan, kind)
    if begin > zeros:
        raise damaged("behind its tags there is no sound")
    return await _behind_rubbish(window, end)


async def _behind_rubbish(window: Window, end: int) -> Cleaned:
    """Look for a file that begins late: a recording cut out of a broadcast begins within a frame."""
    head = await window.upto(0, SEARCH_BYTES)
    jpeg = await find_jpeg(window)
    if jpeg is not None and not any(word in head[:jpeg] for word in _OTHERS):
        return await clean_jpeg(window, jpeg)
    ogg = head.find(_FIRST_PAGE)
    if ogg > 0:
        return await clean_ogg(window, ogg)
    for kind in (MP3, ADTS):
        start = await search_frames(window, 0, kind, min(end, SEARCH_BYTES), end)
        if start is not None:
            plan = EditPlan(window.size)
            if await is_same_stream(window, 0, start, kind):
                start = 0  # the first frames are there, and one of them is damaged
            plan.cut(0, start, Removal.STRAY_BYTES)
            return await clean_frames(window, start, plan, kind)
    if jpeg is not None:
        raise damaged("what is in it is a cover, or one picture of a film")
    raise UnsupportedMedium


async def _behind_zeros(window: Window, at: int) -> int:
    """Where the zeros at `at` end: some recorders and download programs leave as many as they like."""
    while at < window.size:
        block = await window.upto(at, WINDOW_BYTES)
        rest = len(block.lstrip(b"\x00"))
        at += len(block) - rest
        if rest:
            break
    return at
