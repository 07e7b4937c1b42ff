"""What a player shows and lets hear of a recording: libav, which Chromium and Firefox decode with too, through PyAV."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
from collections.abc import Hashable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame

from picsafe_media import Cleaned, Keep, Notice, Removal

__all__ = [
    "Played",
    "as_much",
    "as_much_of_a_mended_film",
    "as_much_of_a_row",
    "as_much_of_a_wave",
    "as_much_of_pages",
    "played",
]

_PIXELS: Final = 1_000_000
"""The corpus is of small films. A larger one has a damaged size; to decode it would only take time."""
_PACKETS: Final = 4_000
_RUBBISH_FRAMES: Final = 3
_LATE_FRAMES: Final = 2
"""Frames after which libav, which wants two equal headers behind each other, has found its way into a row."""
_SKIP_MANUAL: Final = 1 << 29
"""`AV_CODEC_FLAG2_SKIP_MANUAL`: all samples are given out."""

_players: ProcessPoolExecutor | None = None

av.logging.set_level(None)


@dataclass(frozen=True, slots=True)
class Played:
    """`content` has the pixels with their times, or the samples, of each track; `frames` says how much that is.

    `is_damaged`: the decoder complained, so what it made of the rest is an accident. `packets` are digests of what the
    decoder was given, for each track.
    """

    content: Any
    frames: int
    frame_bytes: int
    is_damaged: bool
    packets: tuple[tuple[bytes, ...], ...] = ()


def as_much(before: Played, after: Played, plan: Cleaned) -> bool:
    """Whether a copy plays what the original does; of a damaged original at least as much.

    Of one that was cut off, of which the sender is warned, the last frame of each track may be missing: decoders make
    something of a part of one. If it is damaged as well, decoders find their way again at different places.
    """
    is_cut_short = Notice.CUT_SHORT in plan.warnings
    if before.is_damaged:
        return after.frames >= (before.frames // 2 if is_cut_short else before.frames)
    if is_cut_short:
        return after.frames >= before.frames - len(before.content)
    return bool(after.content == before.content)


def as_much_of_a_mended_film(before: Played, after: Played, plan: Cleaned) -> bool:
    """The same for Matroska, of which a copy that has true lengths again plays more.

    Where the length of a cluster is too large libav passes over it or the next ones; in the copy it finds all. Frames build
    upon those before, so those behind a gap look and sound otherwise. What the decoder is given has to be there, in order.
    """
    if as_much(before, after, plan):
        return True
    is_more = not before.is_damaged and after.frames > before.frames and _has_new_lengths(plan)
    return (
        is_more
        and len(before.packets) == len(after.packets)
        and all(_is_within(track, more) for track, more in zip(before.packets, after.packets, strict=True))
    )


def _has_new_lengths(plan: Cleaned) -> bool:
    """Whether the length of a part was written again: one to eight bytes, of which the first says how many they are."""
    return any(
        not isinstance(part, Keep) and 0 < len(part) <= 8 and 9 - part[0].bit_length() == len(part)
        for part in plan.segments
    )


def _is_within(packets: tuple[bytes, ...], more: tuple[bytes, ...]) -> bool:
    """Whether all packets of a track are in another one, in their order."""
    rest = iter(more)
    return all(packet in rest for packet in packets)


def as_much_of_a_row(before: Played, after: Played, plan: Cleaned) -> bool:
    """The same for rows of frames and for WAVE, where it is not always clear to a decoder what is sound.

    Where bytes between frames were cut out, the decoder lost its way in the original, but not in the copy. It may have made
    a frame of rubbish at the beginning or the end, even of another rate. Behind a frame that is broken off it passes over
    whole ones; the copy does not hold the broken one, so it may play more, or others instead. A sound frame between two
    damaged ones goes with them. Samples say nothing then: frames of AAC overlap, and hold noise that the decoder invents.
    """
    is_interrupted = Removal.STRAY_BYTES in plan.removed or sum(
        isinstance(part, Keep) for part in plan.segments
    ) > 1 + ("wav" in plan.description.extension)
    if before.is_damaged or is_interrupted:
        return after.frames >= before.frames - 2
    ((_, (rates, channels)),) = before.content
    ((_, (copied_rates, copied)),) = after.content
    most = _RUBBISH_FRAMES * before.frame_bytes
    return rates == copied_rates and all(
        less in more and len(more) - len(less) <= most for more, less in zip(channels, copied, strict=True)
    )


def as_much_of_a_wave(before: Played, after: Played, plan: Cleaned) -> bool:
    """The same for WAVE, whose frames of MP3 or AAC become a row of their own.

    In a WAVE file libav takes them one after the other. Of a bare row it believes the first header only where the next one
    fits; where the second is damaged, it begins behind it, at the third, although the copy holds all. That frame and the next
    one then sound otherwise, since they build upon those before. From there on every sample has to be the same.
    """
    if as_much_of_a_row(before, after, plan):
        return True
    if before.is_damaged or "wav" in plan.description.extension or after.frames < before.frames - _LATE_FRAMES:
        return False
    ((_, (rates, channels)),) = before.content
    ((_, (copied_rates, copied)),) = after.content
    late = _LATE_FRAMES * before.frame_bytes
    return rates == copied_rates and all(
        len(less) > late and more.endswith(less[late:]) for more, less in zip(channels, copied, strict=True)
    )


def as_much_of_pages(before: Played, after: Played, plan: Cleaned) -> bool:
    """The same for Ogg: where bytes that are no page were cut out, the decoder stopped, or took the two headers for sound.

    Of a chained Speex stream it takes the headers of all links but the first for sound. Such a header makes up to
    two frames or none, depending on the comments in it.
    """
    if Removal.STRAY_BYTES in plan.removed:
        return after.frames >= before.frames - 2
    if before.is_damaged and Removal.TAGS in plan.removed:
        return after.frames >= before.frames - 2 * (_runs_of_new_bytes(plan) - 1)
    return as_much(before, after, plan)


def _runs_of_new_bytes(plan: Cleaned) -> int:
    """At how many places a copy differs from its original: in Ogg, one for each emptied comment header."""
    return sum(not is_kept for is_kept, _ in groupby(plan.segments, lambda part: isinstance(part, Keep)))


def played(data: bytes) -> Played | None:
    """What a player makes of a recording; None where it can decode nothing, or dies of it.

    A packet that cannot be decoded is passed over, as players do. The player runs in a process of its own, since libav has
    crashed on damaged films.
    """
    global _players
    if _players is None:
        _players = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    try:
        return _players.submit(_play, data).result()
    except BrokenProcessPool:
        _players = None
        return None


def _play(data: bytes) -> Played | None:
    is_damaged = False
    tracks: dict[int, tuple[str, list[Any]]] = {}
    packets: dict[int, list[bytes]] = {}
    try:
        with av.open(io.BytesIO(data), "r") as container:
            films = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
            streams = [*films, *container.streams.audio]
            if any(stream.codec_context is None for stream in streams):
                return None
            if any(stream.width * stream.height > _PIXELS for stream in films):
                return None
            for stream in streams:
                stream.codec_context.thread_count = 1
                stream.codec_context.flags2 = (
                    _SKIP_MANUAL  # where a coder's delay ends is guessed from the file's length
                )
                tracks[stream.index] = (stream.type, [])
                packets[stream.index] = []
            if not streams:
                return None
            for number, packet in enumerate(container.demux(streams)):
                if number > _PACKETS:
                    return None
                if packet.size:
                    packets[packet.stream.index].append(hashlib.sha256(bytes(packet)).digest())
                try:
                    tracks[packet.stream.index][1].extend(_shown(frame) for frame in packet.decode())
                except FFmpegError:
                    is_damaged = True
    except (FFmpegError, ValueError, OverflowError):
        is_damaged = True
    count = sum(len(frames) for _, frames in tracks.values())
    longest = max(
        (len(frame[1][0]) for kind, frames in tracks.values() if kind == "audio" for frame in frames), default=0
    )
    given = tuple(map(tuple, packets.values()))
    return Played(_all_of(tracks), count, longest, is_damaged, given) if count else None


def _shown(frame: object) -> Hashable:
    if isinstance(frame, VideoFrame):
        pixels = hashlib.sha256()
        for number, plane in enumerate(frame.planes):
            data, width = memoryview(plane), _width(frame, number)
            for row in range(0, plane.height * plane.line_size, plane.line_size):
                pixels.update(data[row : row + width])
        time = None if frame.time is None else round(frame.time, 4)
        return time, frame.width, frame.height, pixels.digest()
    if not isinstance(frame, AudioFrame):
        return None
    width = frame.samples * frame.format.bytes * (1 if frame.format.is_planar else frame.layout.nb_channels)
    return frame.sample_rate, tuple(bytes(plane)[:width] for plane in frame.planes)


def _width(frame: VideoFrame, number: int) -> int:
    """The bytes of a row of a plane; what follows them in memory is nothing."""
    if len(frame.planes) == 1:
        return -(-frame.width * frame.format.padded_bits_per_pixel // 8)
    return frame.planes[number].width * -(-frame.format.components[0].bits // 8)


def _all_of(tracks: dict[int, tuple[str, list[Any]]]) -> Hashable:
    found: list[Any] = []
    for kind, frames in tracks.values():
        if frames:
            found.append((kind, tuple(frames) if kind == "video" else _heard(frames)))
    return tuple(sorted(found, key=repr))


def _heard(frames: list[Any]) -> Hashable:
    """Sound is compared as a whole: how it is divided into packets is nothing that can be heard."""
    rates: dict[int, None] = {}
    channels: dict[int, list[bytes]] = {}
    for rate, planes in frames:
        rates[rate] = None
        for number, plane in enumerate(planes):
            channels.setdefault(number, []).append(plane)
    return tuple(rates), tuple(b"".join(channel) for channel in channels.values())
