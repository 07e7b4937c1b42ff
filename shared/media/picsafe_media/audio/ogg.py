"""Ogg (RFC 3533) with Opus, Vorbis, FLAC, Speex or Theora: comment headers are emptied in place.

An emptied comment header keeps its length, so that no page moves and only the pages it lies on need a new checksum.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from picsafe_media.audio.ogg_codecs import Codec, recognise_codec
from picsafe_media.core.bounds import STRUCTURE_BYTES, WINDOW_BYTES
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["clean_ogg", "page_checksum"]

_CAPTURE: Final = b"OggS"
_FIRST: Final = 0x02
_NO_POSITION: Final = 2**64 - 1
_STREAMS: Final = 256
"""Logical streams in a file; recordings have one or two, archives of broadcasts a few dozen in a chain."""
_NO_PAGES: Final = 1_000
"""What begins like a page but is none, hence 64 MB of checksums that do not fit; a player would have given up
long ago.
"""
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Page(NamedTuple):
    start: int
    flags: int
    position: int
    serial: int
    lacing: bytes

    @property
    def body(self) -> int:
        return self.start + 27 + len(self.lacing)

    @property
    def stop(self) -> int:
        return self.body + sum(self.lacing)


@dataclass(slots=True)
class _HeaderPage:
    """A page with a part of the header packets, as it will be written."""

    start: int
    data: bytearray
    changed: bool = False


@dataclass(slots=True)
class _Stream:
    """One logical stream: where it has got to, and its header packets while they are incomplete."""

    codec: Codec | None
    link: int
    position: int = 0
    packets: int = 0
    pages: list[_HeaderPage] = field(default_factory=list)
    pieces: list[tuple[_HeaderPage, int, int]] = field(default_factory=list)
    """Of the packet that is being collected: page, and the range within it."""
    held_bytes: int = 0
    in_headers: bool = True
    has_data: bool = False


def page_checksum(page: bytes) -> int:
    """The checksum of a page whose own checksum field is zero (RFC 3533, section 6, item 7).

    It is zip's CRC-32 with the bits in the other order and without the inversions, so zlib does the work.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


async def clean_ogg(window: Window, begin: int = 0) -> Cleaned:
    """The plan for the Ogg file that begins at `begin`."""
    plan = EditPlan(window.size)
    plan.cut(0, begin, *([Removal.STRAY_BYTES] if begin else []))
    streams: list[_Stream] = []
    active: dict[int, _Stream] = {}
    at, link, passed_over = begin, 0, 0
    in_data = False
    while at < window.size:
        page = await _page(window, at)
        if page is None:
            passed_over += 1
            if passed_over > _NO_PAGES:
                raise damaged("most of it is damaged")
            at = await _pass_over(window, plan, at)
            continue
        if page.flags & _FIRST:
            link += in_data  # a first page behind data begins the next link of a chain
            active[page.serial] = _Stream(recognise_codec(await window.upto(page.body, page.stop - page.body)), link)
            streams.append(active[page.serial])
        in_data = not page.flags & _FIRST
        if page.serial not in active or len(streams) > _STREAMS:
            raise damaged("its streams are not in order")
        await _continue(window, plan, active[page.serial], page)
        at = page.stop
    return plan.finish(_describe(plan, streams))


async def _page(window: Window, at: int) -> _Page | None:
    """The page at an offset; None where there is none, it is cut off, or its checksum says that it is damaged."""
    head = await window.upto(at, 27)
    lacing = await window.upto(at + 27, head[26]) if len(head) == 27 and head.startswith(_CAPTURE) else b""
    if len(head) < 27 or not head.startswith(_CAPTURE) or len(lacing) < head[26]:
        return None
    position, serial = int.from_bytes(head[6:14], "little"), int.from_bytes(head[14:18], "little")
    page = _Page(at, head[5], position, serial, lacing)
    if page.stop > window.size:
        return None
    data = await window.take(at, page.stop)
    return page if page_checksum(data[:22] + bytes(4) + data[26:]).to_bytes(4, "little") == data[22:26] else None


async def _pass_over(window: Window, plan: EditPlan, at: int) -> int:
    """Cuts what is no whole page, as decoders pass over it; returns where the next page may begin."""
    ends_in_page = await window.upto(at, 4) == _CAPTURE
    for begin in range(at + 1, window.size, WINDOW_BYTES - 3):
        found = (await window.upto(begin, WINDOW_BYTES)).find(_CAPTURE)
        if found >= 0:
            plan.cut(at, begin + found, Removal.STRAY_BYTES)
            return begin + found
    if ends_in_page:
        plan.warn(Notice.CUT_SHORT)
    plan.cut(at, window.size, *([] if ends_in_page else [Removal.STRAY_BYTES]))
    return window.size


async def _continue(window: Window, plan: EditPlan, stream: _Stream, page: _Page) -> None:
    """Takes one more page of a stream."""
    if page.position != _NO_POSITION:
        stream.position = max(stream.position, page.position)
    if not stream.in_headers or stream.codec is None:
        stream.has_data = True
        return
    held = _HeaderPage(page.start, bytearray(await window.take(page.start, page.stop)))
    stream.pages.append(held)
    stream.held_bytes += len(held.data)
    if stream.held_bytes > STRUCTURE_BYTES:
        raise damaged("its headers are longer than any real ones")
    at = page.body - page.start
    for length in page.lacing:
        if not stream.in_headers:
            stream.has_data = True
            break
        stream.pieces.append((held, at, at + length))
        at += length
        if length < 255:
            _header(plan, stream, stream.codec)
    if not stream.in_headers:
        _write_pages(plan, stream)


def _header(plan: EditPlan, stream: _Stream, codec: Codec) -> None:
    """Empties the header packet that has become complete."""
    packet = b"".join(bytes(page.data[start:stop]) for page, start, stop in stream.pieces)
    if stream.packets:
        if not codec.is_header(stream.packets, packet):
            raise damaged("a part of its description is missing")
        emptied = codec.clean(stream.packets, packet)
        if emptied != packet:
            plan.note(*codec.contents(packet))
            done = 0
            for page, start, stop in stream.pieces:
                page.data[start:stop] = emptied[done : done + stop - start]
                page.changed = True
                done += stop - start
        stream.in_headers = not codec.is_last(stream.packets, packet)
    stream.packets += 1
    stream.pieces = []


def _write_pages(plan: EditPlan, stream: _Stream) -> None:
    for page in stream.pages:
        if page.changed:
            page.data[22:26] = bytes(4)
            page.data[22:26] = page_checksum(bytes(page.data)).to_bytes(4, "little")
            plan.put(page.start, page.start + len(page.data), bytes(page.data))
    stream.pages = []


def _describe(plan: EditPlan, streams: list[_Stream]) -> Description:
    known = [(stream, stream.codec) for stream in streams if stream.codec is not None]
    if not any(stream.has_data for stream, _ in known) or any(stream.in_headers for stream, _ in known):
        raise damaged("there is no complete sound in it")
    if len(known) < len(streams):
        plan.warn(Notice.UNKNOWN_STREAM_KEPT)
    links: dict[int, float] = {}
    for stream, codec in known:
        links[stream.link] = max(links.get(stream.link, 0.0), codec.seconds(stream.position))
    video = next((codec for _, codec in known if codec.width), None)
    if video is not None:
        return Description("video", "video/ogg", "ogv", video.width, video.height, sum(links.values()))
    return Description("audio", "audio/ogg", "ogg", duration=sum(links.values()))
