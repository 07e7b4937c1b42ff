"""MP3 (ISO 11172-3, 13818-3) and AAC in ADTS (ISO 14496-3, 1.A.2.2): a row of frames, with tags around and between."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from picsafe_media.audio.tags import behind_id3v2, cut_tags_behind
from picsafe_media.core.bounds import SEARCH_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.source import Window

__all__ = ["ADTS", "MP3", "FrameFormat", "clean_frames", "frames_begin", "is_same_stream", "search_frames"]

_BITRATES: Final = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by (MPEG version, layer) for the indices 1 to 14; version 2.5 has those of version 2."""
_RATES: Final = (44100, 48000, 32000)
_ADTS_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CERTAIN: Final = 3
"""So many frames in a row are no accident; fewer only where the file ends."""
_CERTAIN_OF_STREAM: Final = 2
"""Frames of the stream that was interrupted."""
_CERTAIN_IN_RUBBISH: Final = 12
"""A quarter of a second of frames of one kind, where a file does not begin with them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its length in bytes and what it plays in seconds; frames of one stream share `stream`."""

    length: int
    seconds: float
    stream: tuple[int, ...]


def _mp3_frame(head: bytes) -> Frame | None:
    """The frame that these four bytes begin; None where they begin none. Free-format streams are not recognised."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version = {3: 1, 2: 2, 0: 3}.get(head[1] >> 3 & 3)  # 3 stands for 2.5
    layer, bitrate, rate = 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if version is None or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    bits = _BITRATES[min(version, 2), layer][bitrate - 1] * 1000
    hertz = _RATES[rate] >> version - 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version > 1 else 1152
    slot = 4 if layer == 1 else 1
    length = (samples // 8 // slot * bits // hertz + (head[2] >> 1 & 1)) * slot
    return Frame(length, samples / hertz, (version, layer, rate))


def _adts_frame(head: bytes) -> Frame | None:
    """The frame that these seven bytes begin; None where they begin none."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate, length = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_ADTS_RATES) or length < 7:
        return None
    return Frame(length, 1024 * (1 + (head[6] & 3)) / _ADTS_RATES[rate], (head[1] & 8, head[2] & 0xFC))


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """One kind of frames, and how a file of them is described."""

    header_bytes: int
    parse: Callable[[bytes], Frame | None]
    media_type: str
    extension: str


MP3: Final = FrameFormat(4, _mp3_frame, "audio/mpeg", "mp3")
ADTS: Final = FrameFormat(7, _adts_frame, "audio/aac", "aac")


async def _frame_at(window: Window, at: int, end: int, kind: FrameFormat) -> Frame | None:
    """The frame whose header begins at `at`; what is behind `end`, such as a tag, is no part of it."""
    return kind.parse(await window.take(at, min(at + kind.header_bytes, end))) if at < end else None


async def frames_begin(
    window: Window,
    at: int,
    kind: FrameFormat,
    end: int,
    certain: int = _CERTAIN,
    stream: tuple[int, ...] | None = None,
) -> bool:
    """Whether a row of frames begins at `at`; of this stream, if given."""
    for number in range(certain):
        if at == end and number and certain <= _CERTAIN:
            return True
        frame = await _frame_at(window, at, end, kind)
        if frame is None or (stream or frame.stream) != frame.stream or at + frame.length > end:
            return False
        at, stream = at + frame.length, frame.stream
    return True


async def search_frames(window: Window, at: int, kind: FrameFormat, until: int, end: int) -> int | None:
    """The offset, from `at` and before `until`, of a row of frames that is too long to be accidental.

    Shorter rows of the same stream in front of it, which something interrupts, belong to it as well.
    """
    places = [at + found.start() for found in re.finditer(b"\xff", await window.take(at, until))]
    for start in places:
        if await frames_begin(window, start, kind, end, _CERTAIN_IN_RUBBISH):
            head = await _frame_at(window, start, end, kind)
            for earlier in places:
                if head and await frames_begin(window, earlier, kind, end, _CERTAIN, head.stream):
                    return earlier
    return None


async def is_same_stream(window: Window, one: int, other: int, kind: FrameFormat) -> bool:
    """Whether a frame begins at both places, and they belong together."""
    first = kind.parse(await window.upto(one, kind.header_bytes))
    second = kind.parse(await window.upto(other, kind.header_bytes))
    return first is not None and second is not None and first.stream == second.stream


async def clean_frames(
    window: Window, begin: int, plan: EditPlan, kind: FrameFormat, until: int | None = None
) -> Cleaned:
    """The plan for the row of frames at `begin`; `plan` has dealt with what is before it, and behind `until` if
    given.
    """
    end = await cut_tags_behind(window, plan, begin, until)
    at, seconds, seconds_before = begin, 0.0, 0.0
    last: Frame | None = None
    before: Frame | None = None
    is_behind_frame = False
    while at < end:
        frame = await _frame_at(window, at, end, kind)
        if frame:
            at, is_behind_frame = min(at + frame.length, end), True
            before, last = last, frame
            seconds_before, seconds = seconds, seconds + frame.seconds
            continue
        broken_off = None
        if last and is_behind_frame:
            streams = {last.stream, (before or last).stream}
            broken_off = await _interrupted(window, at, end, kind, last.length, streams)
        if last and broken_off is not None:
            plan.cut(at - last.length, broken_off, Removal.STRAY_BYTES)
            at, seconds = broken_off, seconds_before
        else:
            at = await _pass_over(window, plan, at, end, kind, last.stream if last else None)
        is_behind_frame = False
    return plan.finish(Description("audio", kind.media_type, kind.extension, duration=seconds))


async def _interrupted(
    window: Window, at: int, end: int, kind: FrameFormat, length: int, streams: set[tuple[int, ...]]
) -> int | None:
    """Where the last frame is broken off, which claims to end at `at` after `length` bytes; None where it is whole.

    Its header is damaged, or the rest of it is missing. Then its own bytes hold the next frames, or a tag in front of
    them, and those go on behind `at`. They are of one of `streams`: its own, or that of the frame before it.
    """
    if await behind_id3v2(window, at) > at:
        return None
    begin = at - length
    for found in re.finditer(b"\xff|ID3", await window.take(begin, at)):
        start = begin + found.start()
        behind = min(await behind_id3v2(window, start), end)
        if behind > at and await frames_begin(window, behind, kind, end):
            return start
        if start > begin and behind == start:
            for stream in streams:
                if await _reach_across(window, start, at, end, kind, stream):
                    return start
    return None


async def _reach_across(
    window: Window, start: int, border: int, end: int, kind: FrameFormat, stream: tuple[int, ...]
) -> bool:
    """Whether a row of frames of this stream begins at `start` that does not stop at `border`."""
    if not await frames_begin(window, start, kind, end, _CERTAIN, stream):
        return False
    while start < border:
        frame = await _frame_at(window, start, end, kind)
        if frame is None or frame.stream != stream:
            return False
        start += frame.length
    return start == end or await _frame_at(window, start, end, kind) is not None


async def _pass_over(
    window: Window, plan: EditPlan, at: int, end: int, kind: FrameFormat, stream: tuple[int, ...] | None
) -> int:
    """Cuts what lies between frames and returns where they go on; decoders pass over it too.

    The length of a tag is trusted only when frames follow the tag: what begins like a tag may be damage.
    """
    behind = min(await behind_id3v2(window, at), end)
    if behind > at:
        plan.note(Removal.TAGS)
        if await frames_begin(window, behind, kind, end, _CERTAIN_OF_STREAM):
            plan.cut(at, behind)
            return behind
    for begin in range(at, end, SEARCH_BYTES):
        block = await window.take(begin, min(begin + SEARCH_BYTES, end))
        for found in re.finditer(b"\xff", block):
            start = begin + found.start()
            if start > at and (
                await frames_begin(window, start, kind, end, _CERTAIN_OF_STREAM, stream)
                or await frames_begin(window, start, kind, end)
            ):
                plan.cut(at, start, Removal.STRAY_BYTES)
                return start
    plan.cut(at, end, *([] if behind > at else [Removal.STRAY_BYTES]))
    return end
