"""The tracks of a film: kind, size and rotation (ISO/IEC 14496-12, 8.3 to 8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from picsafe_media.core.source import Window, damaged
from picsafe_media.images.orientation import orientation_of
from picsafe_media.isobmff.boxes import Box, ByteReader, boxes

__all__ = ["Track", "read_tracks"]

_KINDS: Final[dict[bytes, Literal["video", "audio"]]] = {
    b"vide": "video",
    b"auxv": "video",
    b"pict": "video",
    b"soun": "audio",
}
_DATA: Final = frozenset(b"meta mebx camm tmcd text sbtl subt subp clcp hint sdsm odsm mp7s".split())
"""Handlers of tracks that are neither; an unknown handler says nothing."""
_BY_HEADER: Final[dict[bytes, Literal["video", "audio"]]] = {b"vmhd": "video", b"smhd": "audio"}
"""What a track without a handler that is known is: some programs for cutting films leave it out, and players do
without.
"""
_TRACKS: Final = 256
"""Cameras write up to a dozen."""


@dataclass(slots=True)
class Track:
    """One track; `kind` is None for what is neither picture nor sound. Sizes are pixels before `orientation`.

    `coding` is the four characters that name how its samples are coded, such as `hvc1`.
    """

    box: Box
    number: int = 0
    kind: Literal["video", "audio"] | None = None
    scale: int = 0
    width: int = 0
    height: int = 0
    orientation: int = 1
    sample_table: Box | None = None
    coding: str = ""


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
            await _media(window, track, box)
    return track


def _track_header(track: Track, data: bytes) -> None:
    fields = ByteReader(data)
    width = 8 if fields.number(4) >> 24 else 4
    fields.take(2 * width)
    track.number = fields.number(4)
    fields.take(4 + width + 16)
    a, b, _, c, d = (_sign(fields.number(4)) for _ in range(5))
    track.orientation = orientation_of((a, b, c, d))
    fields.take(16)
    track.width, track.height = fields.number(4) >> 16, fields.number(4) >> 16


async def _media(window: Window, track: Track, mdia: Box) -> None:
    handler = b""
    async for box in boxes(window, mdia.start, mdia.stop):
        if box.kind == b"mdhd":
            fields = ByteReader(await window.take(box.start, box.stop))
            fields.take(16 if fields.number(4) >> 24 else 8)
            track.scale = fields.number(4)
        elif box.kind == b"hdlr":
            handler = await window.take(box.start + 8, box.start + 12)
            track.kind = _KINDS.get(handler)
    async for box in boxes(window, mdia.start, mdia.stop):
        if box.kind == b"minf":
            async for child in boxes(window, box.start, box.stop):
                if child.kind == b"stbl":
                    track.sample_table = child
                elif handler not in _DATA:
                    track.kind = track.kind or _BY_HEADER.get(child.kind)
    if track.sample_table:
        await _coding(window, track, track.sample_table)
    elif track.kind:
        raise damaged("its index does not say where its picture or sound is")


async def _coding(window: Window, track: Track, table: Box) -> None:
    """How the samples are coded, and the size of pictures where the track does not say how large to display them."""
    async for box in boxes(window, table.start, table.stop):
        if box.kind == b"stsd":
            entry = await window.upto(box.start + 8, 36)
            track.coding = entry[4:8].decode("latin-1")
            if track.kind == "video" and not (track.width and track.height):
                track.width, track.height = int.from_bytes(entry[32:34], "big"), int.from_bytes(entry[34:36], "big")


def _sign(number: int) -> int:
    """-1, 0 or 1 of a signed number of 32 bits."""
    return -1 if number >> 31 else int(number > 0)
