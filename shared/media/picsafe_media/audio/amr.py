"""AMR and AMR-WB recordings (RFC 4867, section 5), used by phones for dictation: converted to 3GP, frame by frame.

A 3GP file holds the same frames (3GPP TS 26.244, 6.5), and is a format that PicSafe supports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_media.core.bounds import SEARCH_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["clean_amr", "is_amr"]


@dataclass(frozen=True, slots=True)
class _Coding:
    magic: bytes
    entry: bytes
    rate: int
    lengths: tuple[int, ...]
    """Bytes of a frame by its type, header included; 0 for types that are not in use."""

    def frame(self, header: int) -> int:
        """The length of the frame with this header; 0 where it can be none: some bits are always zero."""
        return 0 if header & 0x83 else self.lengths[header >> 3]


_CODINGS: Final = (
    _Coding(b"#!AMR\n", b"samr", 8000, (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 1, 1)),
    _Coding(b"#!AMR-WB\n", b"sawb", 16000, (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)),
)
_FRAMES_PER_SECOND: Final = 50
_CHUNK_FRAMES: Final = 50
"""A second of sound between two entries of the index."""
_CERTAIN: Final = 8
"""So many frames in a row are no accident: a byte of text is a frame's header one time in eight."""
_MODES: Final = 0xFFFF
"""All frame types may occur."""
_UNITY: Final = b"".join(number.to_bytes(4, "big") for number in (65536, 0, 0, 0, 65536, 0, 0, 0, 2**30))


def is_amr(head: bytes) -> bool:
    """Whether a file that begins with `head` is a recording of one channel."""
    return any(head.startswith(coding.magic) for coding in _CODINGS)


async def clean_amr(window: Window) -> Cleaned:
    """The plan for an AMR recording. One that ends within a frame loses that frame, which no decoder plays."""
    head = await window.upto(0, 9)
    coding = next(coding for coding in _CODINGS if head.startswith(coding.magic))
    plan = EditPlan(window.size)
    begin = at = len(coding.magic)
    lengths, sound = bytearray(), 0
    while at < window.size:
        length = coding.frame(await window.number(at, 1))
        if not length:
            at = await _pass_over(window, plan, at, coding)
        elif at + length > window.size:
            plan.warn(Notice.CUT_SHORT)
            break
        else:
            lengths.append(length)
            at, sound = at + length, sound + length
    if not lengths:
        raise damaged("there is no sound in it")
    first = _box(b"ftyp", b"3gp4", bytes(4), b"3gp4") + (8 + sound).to_bytes(4, "big") + b"mdat"
    plan.put(0, begin, first)
    plan.put(at, window.size, _index(coding, bytes(lengths), len(first)))
    return plan.finish(Description("audio", "audio/3gpp", "3gp", duration=len(lengths) / _FRAMES_PER_SECOND))


async def _pass_over(window: Window, plan: EditPlan, at: int, coding: _Coding) -> int:
    """Cuts what is no frame; returns where frames go on, or the end of the file."""
    for begin in range(at, window.size, SEARCH_BYTES):
        for start, byte in enumerate(await window.upto(begin, SEARCH_BYTES), begin):
            if coding.frame(byte) > 1 and await _frames_begin(window, start, coding):
                plan.cut(at, start, Removal.STRAY_BYTES)
                return start
    plan.cut(at, window.size, Removal.STRAY_BYTES)
    return window.size


async def _frames_begin(window: Window, at: int, coding: _Coding) -> bool:
    for _ in range(_CERTAIN):
        length = coding.frame(await window.number(at, 1)) if at < window.size else 0
        if not length or at + length > window.size:
            return False
        at += length
    return True


def _index(coding: _Coding, lengths: bytes, offset: int) -> bytes:
    """The index of a film with this one track; time is counted in samples of sound, since some players take a duration
    of 1 for uncoded sound.
    """
    count, duration = len(lengths), coding.rate // _FRAMES_PER_SECOND
    units = count * duration
    whole, rest = divmod(count, _CHUNK_FRAMES)
    runs = [*([(1, _CHUNK_FRAMES, 1)] if whole else []), *([(whole + 1, rest, 1)] if rest else [])]
    uniform = lengths[0] if lengths.count(lengths[0]) == count else 0
    sizes = b"" if uniform else b"".join(bytes((0, 0, 0, length)) for length in lengths)
    settings = _box(b"damr", bytes(5), _MODES.to_bytes(2, "big"), b"\x00\x01")
    entry = _box(
        coding.entry, bytes(6), _shorts(1), bytes(8), _shorts(2, 16), bytes(4), _shorts(coding.rate, 0), settings
    )
    table = _box(
        b"stbl",
        _full_box(b"stsd", _ints(1), entry),
        _full_box(b"stts", _ints(1, count, duration)),
        _full_box(b"stsc", _ints(len(runs), *(number for run in runs for number in run))),
        _full_box(b"stsz", _ints(uniform, count), sizes),
        _offsets(lengths, offset),
    )
    media = _box(
        b"mdia",
        _full_box(b"mdhd", bytes(8), _ints(coding.rate, units), b"\x55\xc4\x00\x00"),
        _full_box(b"hdlr", bytes(4), b"soun", bytes(13)),
        _box(
            b"minf",
            _full_box(b"smhd", bytes(4)),
            _box(b"dinf", _full_box(b"dref", _ints(1), _full_box(b"url ", flags=1))),
            table,
        ),
    )
    header = _full_box(
        b"mvhd", bytes(8), _ints(coding.rate, units, 65536), _shorts(256), bytes(10), _UNITY, bytes(24), _ints(2)
    )
    track = _full_box(b"tkhd", bytes(8), _ints(1, 0, units), bytes(8), _shorts(0, 0, 256, 0), _UNITY, bytes(8), flags=3)
    return _box(b"moov", header, _box(b"trak", track, media))


def _offsets(lengths: bytes, offset: int) -> bytes:
    offsets = []
    for first in range(0, len(lengths), _CHUNK_FRAMES):
        offsets.append(offset)
        offset += sum(lengths[first : first + _CHUNK_FRAMES])
    return _full_box(b"stco", _ints(len(offsets), *offsets))


def _box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return (8 + len(data)).to_bytes(4, "big") + kind + data


def _full_box(kind: bytes, *content: bytes, flags: int = 0) -> bytes:
    return _box(kind, flags.to_bytes(4, "big"), *content)


def _ints(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def _shorts(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)
