"""The tracks of a film: which are picture and sound, how large, turned how (ISO/IEC 14496-12, 8.3 to 8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from picsafe_protocol.media.boxes import Box, Fields, boxes
from picsafe_protocol.media.orientation import orientation_of
from picsafe_protocol.media.source import Window, damaged

__all__ = ["Track", "read_tracks"]

_KINDS: Final[dict[bytes, Literal["video", "audio"]]] = {
    b"vide": "video",
    b"auxv": "video",
    b"pict": "video",
    b"soun": "audio",
}
_TRACKS: Final = 256
"""Cameras write up to a dozen."""


@dataclass(slots=True)
class Track:
    """One track; `kind` is None for what is neither picture nor sound. Sizes are pixels before `orientation`."""

    box: Box
    number: int = 0
    kind: Literal["video", "audio"] | None = None
    scale: int = 0
    width: int = 0
    height: int = 0
    orientation: int = 1
    sample_table: Box | None = None


async def read_tracks(window: Window, moov: Box) -> list[Track]:
    """All tracks in the index."""
    tracks: list[Track] = []
    async for box in boxes(window, moov.start, moov.stop):
        if box.kind == b"trak":
            if len(tracks) >= _TRACKS:
                raise damaged("it has more tracks than any real film")
            tracks.append(await _read_track(window, box))
    return tracks


async def _read_track(window: Window, trak: Box) -> Track:
    track = Track(trak)
    async for box in boxes(window, trak.start, trak.stop):
        if box.kind == b"tkhd":
            _track_header(track, await window.take(box.start, box.stop))
        elif box.kind == b"mdia":
            async for child in boxes(window, box.start, box.stop):
                await _media(window, track, child)
    return track


def _track_header(track: Track, data: bytes) -> None:
    fields = Fields(data)
    width = 8 if fields.number(4) >> 24 else 4
    fields.take(2 * width)
    track.number = fields.number(4)
    fields.take(4 + width + 16)
    a, b, _, c, d = (_sign(fields.number(4)) for _ in range(5))
    track.orientation = orientation_of((a, b, c, d))
    fields.take(16)
    track.width, track.height = fields.number(4) >> 16, fields.number(4) >> 16


async def _media(window: Window, track: Track, box: Box) -> None:
    if box.kind == b"mdhd":
        fields = Fields(await window.take(box.start, box.stop))
        fields.take(16 if fields.number(4) >> 24 else 8)
        track.scale = fields.number(4)
    elif box.kind == b"hdlr":
        track.kind = _KINDS.get(await window.take(box.start + 8, box.start + 12))
    elif box.kind == b"minf":
        async for child in boxes(window, box.start, box.stop):
            if child.kind == b"stbl":
                track.sample_table = child
                await _coded_size(window, track, child)


async def _coded_size(window: Window, track: Track, table: Box) -> None:
    """The size of the pictures themselves, where the track does not say how large to display them."""
    if track.kind != "video" or (track.width and track.height):
        return
    async for box in boxes(window, table.start, table.stop):
        if box.kind == b"stsd":
            size = await window.upto(box.start + 8 + 32, 4)
            track.width, track.height = int.from_bytes(size[:2], "big"), int.from_bytes(size[2:], "big")


def _sign(number: int) -> int:
    """-1, 0 or 1 of a signed number of 32 bits."""
    return -1 if number >> 31 else int(number > 0)
