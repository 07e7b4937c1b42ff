"""WebM and Matroska (RFC 9559): replaces tags, names and attachments by Void elements of the same length."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from picsafe_media.core.bounds import SEARCH_BYTES, WINDOW_BYTES
from picsafe_media.core.codec_names import codec_name
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.matroska.ebml import CRC32, VOID, Element, element_at, elements, resize, unsigned, void, zero
from picsafe_media.matroska.tracks import MatroskaTrack, clean_track_entry

__all__ = ["SIGNATURE", "clean_matroska"]

SIGNATURE: Final = b"\x1a\x45\xdf\xa3"
_EBML, _SEGMENT, _DOC_TYPE = 0x1A45DFA3, 0x18538067, 0x4282
_SEEK_HEAD, _SEEK, _SEEK_ID = 0x114D9B74, 0x4DBB, 0x53AB
_INFO, _TRACKS, _CLUSTER, _CUES = 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
_CHAPTERS, _TAGS, _ATTACHMENTS = 0x1043A770, 0x1254C367, 0x1941A469
_GOES: Final = {_CHAPTERS: Removal.CHAPTERS, _TAGS: Removal.TAGS, _ATTACHMENTS: Removal.ATTACHMENT}
_SEGMENT_LEVEL: Final = frozenset((_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, *_GOES))

_SCALE, _DURATION, _DATE = 0x2AD7B1, 0x4489, 0x4461
_APPLICATIONS: Final = frozenset((0x4D80, 0x5741))
"""MuxingApp and WritingApp: they must be there, so they become empty."""
_TEXTS: Final = {0x7BA9: Removal.COMMENT, 0x7384: Removal.COMMENT, _DATE: Removal.CAPTURE_TIME}

_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _BLOCK_DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_IN_CLUSTER: Final = frozenset((_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, 0x5854, 0xA7, 0xAB, 0xAF, VOID, CRC32))
_AT_TOP: Final = _SEGMENT_LEVEL | {VOID, CRC32}
_TRACK_ENTRY: Final = 0xAE
_TRACKS_LIMIT: Final = 256
_CLUSTER_ID: Final = _CLUSTER.to_bytes(4, "big")
_MILLENNIUM: Final = datetime(2001, 1, 1, tzinfo=UTC)
_PLACES: Final = (b"LOCATION", b"GPS", b"LATITUDE")


@dataclass(slots=True)
class _Film:
    """What has been read so far; times in units of `scale` nanoseconds."""

    scale: int = 1_000_000
    duration: float = 0.0
    last: int = 0
    captured_at: str | None = None
    tracks: list[MatroskaTrack] = field(default_factory=list)
    last_cluster: Element | None = None


async def clean_matroska(window: Window) -> Cleaned:
    """The plan for a WebM or Matroska file."""
    plan = EditPlan(window.size)
    film = _Film()
    doc_type = b""
    segment: Element | None = None
    at = 0
    while at < window.size and segment is None:
        element = await element_at(window, at, window.size)
        if element is None or (element.stop > window.size and element.number != _SEGMENT):
            raise damaged("it ends too early")
        if element.number == _EBML and not element.open and not doc_type:
            async for child in elements(window, element.start, element.stop):
                if child.number == _DOC_TYPE:
                    doc_type = (await window.take(child.start, child.stop)).rstrip(b"\x00")
        elif element.number == _SEGMENT:
            segment = element
        at = element.stop
    if segment is None or doc_type not in _FORMS:
        raise damaged("there is no film in it")
    await _after(window, plan, film, await _segment(window, plan, film, segment))
    if film.last_cluster and not film.duration and not film.last_cluster.open:
        await _cluster(window, film, film.last_cluster)
    return plan.finish(_describe(plan, film, doc_type))


_FORMS: Final = {
    b"webm": ("video/webm", "webm", "audio/webm", "webm"),
    b"matroska": ("video/x-matroska", "mkv", "audio/x-matroska", "mka"),
}


async def _after(window: Window, plan: EditPlan, film: _Film, at: int) -> None:
    """Behind the film there is nothing, or nothing that matters: not the rest of a block that began before its end."""
    if await window.upto(at, 4) == _SEGMENT.to_bytes(4, "big") or await _is_found(window, SIGNATURE, at):
        raise damaged("it holds two films")
    if await _is_found(window, _CLUSTER_ID, at):
        raise damaged("picture or sound goes on behind its end")
    if at < window.size:
        await _require_whole_cluster(window, film)
    plan.cut(at, window.size, *([Removal.STRAY_BYTES] if at < window.size else []))


async def _segment(window: Window, plan: EditPlan, film: _Film, segment: Element) -> int:
    """Cleans the film; returns where the file goes on behind it."""
    at, checksum, before = segment.start, None, plan.edits
    stop = min(segment.stop, window.size)
    end = stop
    while at < stop or (at < window.size and await window.upto(at, 4) == _CLUSTER_ID):
        if at == stop:
            stop = end = window.size  # picture and sound go on behind the end that the file names
        element = await element_at(window, at, stop)
        if element and element.number == _CLUSTER and element.stop > stop == segment.stop < window.size:
            stop = end = window.size
            continue
        if element is None or element.stop > stop:
            end = await _cut_off(window, plan, film, at, stop, element)
            if at < end < stop and await _goes_on(window, end, stop):
                at, end = end, stop  # only the length of that cluster was wrong
                continue
            plan.warn(Notice.CUT_SHORT)
            break
        at = element.stop
        if element.number == _CLUSTER:
            film.last_cluster = element
            if element.open:
                at = await _cluster(window, film, element)
                if at < stop and not await _goes_on(window, at, stop):
                    end = at
                    break
            continue
        if element.open:
            raise damaged("the length of a part is missing")
        if element.number in (_EBML, _SEGMENT):
            raise damaged("it holds two films")
        if element.number not in _AT_TOP:
            await _require_whole_cluster(window, film)
        if element.number == CRC32:
            checksum = element
        elif element.number == VOID:
            await zero(window, plan, element, Removal.STRAY_BYTES)
        elif element.number in (_SEEK_HEAD, _INFO, _TRACKS):
            await _master(window, plan, film, element)
        elif element.number != _CUES:
            await void(window, plan, element, *await _contents(window, element))
    if end < stop and await _is_found(window, _CLUSTER_ID, end + 1):
        raise damaged("a part in its middle is broken")
    if end < max(stop, segment.stop):
        plan.warn(Notice.CUT_SHORT)
        plan.cut(end, stop)
        resize(plan, segment, end)
        if film.last_cluster is None:
            raise damaged("it ends before its picture or sound begins")
    elif end > segment.stop:
        resize(plan, segment, end)
    if checksum and plan.edits > before:
        await void(window, plan, checksum)
    return stop


async def _require_whole_cluster(window: Window, film: _Film) -> None:
    """Behind a cluster whose length is too small, the rest of its blocks would pass for elements that are not
    wanted.
    """
    cluster = film.last_cluster
    if cluster and not cluster.open and await _cluster(window, film, cluster) != cluster.stop:
        raise damaged("a part in its middle is broken")


async def _cut_off(window: Window, plan: EditPlan, film: _Film, at: int, stop: int, element: Element | None) -> int:
    """Deals with the part at `at`, within which the film ends at `stop`; returns where what can be played ends."""
    if element is None:
        return at
    if element.number not in _AT_TOP:
        raise damaged("a part of it is unknown and too long")
    if element.number != _CLUSTER:
        return at
    end = await _cluster(window, film, element._replace(stop=stop, open=True))
    if end == element.start:
        return at
    async for child in elements(window, element.start, end):
        if child.number == CRC32:
            await void(window, plan, child)
    film.last_cluster = resize(plan, element, end)
    return end


async def _is_found(window: Window, four: bytes, at: int) -> bool:
    """Whether these four bytes are anywhere from an offset on."""
    for begin in range(at, window.size, WINDOW_BYTES - 3):
        if four in await window.upto(begin, WINDOW_BYTES):
            return True
    return False


async def _goes_on(window: Window, at: int, stop: int) -> bool:
    """Whether a whole element follows a cluster of unknown length, and not the rest of one that was cut off."""
    element = await element_at(window, at, stop)
    return element is not None and element.number in _SEGMENT_LEVEL


async def _contents(window: Window, element: Element) -> set[Removal]:
    if element.number != _TAGS:
        return {_GOES.get(element.number, Removal.PRIVATE_DATA)}
    names = (await window.upto(element.start, min(element.stop - element.start, SEARCH_BYTES))).upper()
    return {Removal.TAGS} | ({Removal.GPS} if any(place in names for place in _PLACES) else set())


async def _master(window: Window, plan: EditPlan, film: _Film, master: Element) -> None:
    """Cleans the children of one of the small lists at the beginning; its checksum goes when they change."""
    checksum, before = None, plan.edits
    async for child in elements(window, master.start, master.stop):
        if child.number == CRC32:
            checksum = child
        elif child.number == VOID:
            await zero(window, plan, child, Removal.STRAY_BYTES)
        elif master.number == _SEEK_HEAD:
            await _seek(window, plan, child)
        elif master.number == _INFO:
            await _info(window, plan, film, child)
        elif child.number == _TRACK_ENTRY and len(film.tracks) < _TRACKS_LIMIT:
            film.tracks.append(await clean_track_entry(window, plan, child))
        else:
            await void(window, plan, child, Removal.PRIVATE_DATA)
    if checksum and plan.edits > before:
        await void(window, plan, checksum)


async def _seek(window: Window, plan: EditPlan, seek: Element) -> None:
    """Remove references to elements that were removed."""
    if seek.number != _SEEK:
        return
    async for child in elements(window, seek.start, seek.stop):
        if child.number == _SEEK_ID and await unsigned(window, child) in _GOES:
            await void(window, plan, seek)
            return


async def _info(window: Window, plan: EditPlan, film: _Film, child: Element) -> None:
    if child.number == _SCALE:
        film.scale = await unsigned(window, child)
    elif child.number == _DURATION:
        film.duration = _float(await window.take(child.start, child.stop))
    elif child.number in _APPLICATIONS:
        await zero(window, plan, child, Removal.SOFTWARE)
    else:
        if child.number == _DATE:
            film.captured_at = _date(await window.take(child.start, child.stop))
        await void(window, plan, child, _TEXTS.get(child.number, Removal.PRIVATE_DATA))


async def _cluster(window: Window, film: _Film, cluster: Element) -> int:
    """Reads the times in a cluster; returns where its last whole part ends: an open one ends where the next part
    begins.

    So does one that was closed over an open one, as a program for editing tags does with live recordings.
    """
    begin, at, last = 0, cluster.start, _TIMESTAMP
    while at < cluster.stop:
        child = await element_at(window, at, cluster.stop)
        if child and child.number in _SEGMENT_LEVEL:
            break
        if child is None or child.stop > cluster.stop:
            if cluster.open and last not in _IN_CLUSTER:
                raise damaged("a part in its middle is broken")  # what seems to be unknown hides blocks
            if child and child.number not in _IN_CLUSTER:
                raise damaged("a part of it is unknown and too long")
            break
        if child.open:
            raise damaged("the length of a part is missing")
        at, last = child.stop, child.number
        if child.number == _TIMESTAMP:
            begin = await unsigned(window, child)
        elif child.number == _SIMPLE_BLOCK:
            film.last = max(film.last, begin + await _block_time(window, child))
        elif child.number == _BLOCK_GROUP:
            time = length = 0
            async for part in elements(window, child.start, child.stop):
                if part.number == _BLOCK:
                    time = await _block_time(window, part)
                elif part.number == _BLOCK_DURATION:
                    length = await unsigned(window, part)
            film.last = max(film.last, begin + time + length)
    return at


async def _block_time(window: Window, block: Element) -> int:
    """A block begins with its track's number, then comes its time relative to the cluster's (RFC 9559, section
    10.1).
    """
    head = await window.upto(block.start, min(10, block.stop - block.start))
    width = 9 - head[0].bit_length() if head else 9
    return int.from_bytes(head[width : width + 2], "big", signed=True)


def _describe(plan: EditPlan, film: _Film, doc_type: bytes) -> Description:
    video = next((track for track in film.tracks if track.kind == "video"), None)
    if video is None and not any(track.kind == "audio" for track in film.tracks):
        raise damaged("there is no picture or sound in it")
    if any(track.kind is None for track in film.tracks):
        plan.warn(Notice.DATA_TRACK_KEPT)
    seconds = (film.duration or film.last) * film.scale / 1e9 or None
    form = _FORMS[doc_type]
    if video is None:
        codec = next((codec_name(track.coding) for track in film.tracks if track.kind == "audio"), None)
        return Description("audio", *form[2:], duration=seconds, captured_at=film.captured_at, codec=codec)
    size, codec = (video.width, video.height), codec_name(video.coding)
    return Description("video", *form[:2], *size, seconds, captured_at=film.captured_at, codec=codec)


def _float(data: bytes) -> float:
    value = struct.unpack(">d" if len(data) == 8 else ">f", data)[0] if len(data) in (4, 8) else 0.0
    return float(value) if math.isfinite(value) and value > 0 else 0.0


def _date(data: bytes) -> str | None:
    """Nanoseconds since 2001; None where that is no time of our days."""
    seconds = int.from_bytes(data, "big", signed=True) // 10**9
    if len(data) != 8 or seconds <= 0:
        return None
    return (_MILLENNIUM + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
