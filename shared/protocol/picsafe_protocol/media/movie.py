"""MP4, MOV, M4A and 3GP (ISO/IEC 14496-12; QuickTime File Format): metadata give way to free space of the same length.

Nothing moves, because the index of a film holds absolute offsets. Kept is an allow-list of boxes: what is not on it goes.
"""

from __future__ import annotations

from typing import Final

from picsafe_protocol.media.boxes import FREE, Box, blank, box_at, free_up
from picsafe_protocol.media.exif import swaps_sides
from picsafe_protocol.media.fragments import fragments_seconds
from picsafe_protocol.media.model import Caution, Cleaned, Description, Removal
from picsafe_protocol.media.movie_boxes import clean_children, clean_track, tag_contents
from picsafe_protocol.media.movie_header import MovieHeader, read_movie_header
from picsafe_protocol.media.plan import Plan
from picsafe_protocol.media.sample_tables import sample_ranges
from picsafe_protocol.media.source import Window, damaged
from picsafe_protocol.media.tracks import Track, read_tracks

__all__ = ["MOVIE_KINDS", "clean_moov", "clean_movie", "remove_box", "top_level"]

MOVIE_KINDS: Final = frozenset((b"ftyp", b"moov", b"mdat", b"pnot", *FREE))
"""What a film may begin with; old MOV files have no `ftyp`."""

_KEPT: Final = frozenset((b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix"))
_INDISPENSABLE: Final = frozenset((b"moov", b"meta", b"moof", b"mdat"))
_VIDEO: Final = {
    b"qt ": ("video/quicktime", "mov"),
    b"3gp": ("video/3gpp", "3gp"),
    b"3g2": ("video/3gpp2", "3g2"),
}
_AUDIO: Final = {
    b"qt ": ("video/quicktime", "mov"),
    b"3gp": ("audio/3gpp", "3gp"),
    b"3g2": ("audio/3gpp2", "3g2"),
}
_TOP_LEVEL_BOXES: Final = 200_000
"""More than the fragments of a day's live recording."""


async def top_level(window: Window, plan: Plan) -> list[Box]:
    """The boxes of the file. What follows the last whole one is cut, unless something that matters would be lost."""
    found: list[Box] = []
    at = 0
    while at < window.size:
        box = await box_at(window, at, window.size)
        if box is None or len(found) >= _TOP_LEVEL_BOXES:
            kinds = {box.kind for box in found}
            cut_off = (await window.upto(at, 8))[4:]
            if cut_off in _INDISPENSABLE or b"mdat" not in kinds or not kinds & {b"moov", b"meta"}:
                raise damaged("it ends too early, or one of its boxes has a wrong length")
            plan.cut(at, window.size, Removal.STRAY_BYTES)
            break
        found.append(box)
        at = box.stop
    return found


async def clean_movie(window: Window) -> Cleaned:
    """The plan for a film or sound."""
    plan = Plan(window.size)
    found = await top_level(window, plan)
    movies = [box for box in found if box.kind == b"moov"]
    if len(movies) != 1:
        raise damaged("it has no index" if not movies else "it has two indexes")
    if not any(box.kind == b"mdat" for box in found):
        raise damaged("there is no picture or sound in it")
    header, tracks = await clean_moov(window, plan, movies[0], found)
    last = max((box.begin for box in found if box.kind in _KEPT), default=0)
    for box in found:
        if box.kind == b"moof":
            await clean_children(window, plan, box)
        elif box.kind not in _KEPT:
            await remove_box(window, plan, box, is_last=box.begin > last)
    fragmented = await fragments_seconds(window, found, tracks) if header.is_fragmented else 0.0
    return plan.finish(await _describe(window, found, header, tracks, max(header.seconds, fragmented)))


async def remove_box(window: Window, plan: Plan, box: Box, *, is_last: bool) -> None:
    """Removes a box of the file that is not wanted; where nothing wanted follows, it is cut off."""
    if box.kind in FREE:
        await blank(window, plan, box.start, box.stop, Removal.STRAY_BYTES)
    elif is_last or box.open:
        plan.cut(box.begin, box.stop, *await tag_contents(window, box))
    else:
        await free_up(window, plan, box, *await tag_contents(window, box))


async def clean_moov(window: Window, plan: Plan, moov: Box, found: list[Box]) -> tuple[MovieHeader, list[Track]]:
    """Cleans the index and removes the tracks beside picture and sound; returns what it says and the tracks that stay."""
    header = await read_movie_header(window, moov)
    kept, gone = [], set()
    has_fragments = any(box.kind == b"moof" for box in found)
    for track in await read_tracks(window, moov):
        if track.kind or not await _remove_track(window, plan, track, found, has_fragments=has_fragments):
            kept.append(track)
        else:
            gone.add(track.box.begin)
    stays = frozenset(track.number for track in kept)
    for track in kept:
        await clean_track(window, plan, track, stays)
    await clean_children(window, plan, moov, frozenset(gone))
    return header, [track for track in kept if track.kind]


async def _remove_track(window: Window, plan: Plan, track: Track, found: list[Box], *, has_fragments: bool) -> bool:
    """Removes a track and its samples; where that cannot be done, the sender is told."""
    ranges = None if has_fragments else await sample_ranges(window, track, found)
    if ranges is None:
        plan.warn(Caution.DATA_TRACK_KEPT)
        return False
    for start, stop in ranges:
        await blank(window, plan, start, stop)
    await free_up(window, plan, track.box, Removal.DATA_TRACK)
    return True


async def _describe(
    window: Window, found: list[Box], header: MovieHeader, tracks: list[Track], seconds: float
) -> Description:
    if not tracks:
        raise damaged("there is no picture or sound in it")
    brand = await window.take(found[0].start, found[0].start + 3) if found[0].kind == b"ftyp" else b"qt "
    video = next((track for track in tracks if track.kind == "video"), None)
    if video is None:
        form = _AUDIO.get(brand, ("audio/mp4", "m4a"))
        return Description("audio", *form, duration=seconds or None, captured_at=header.captured_at)
    sides = (video.height, video.width) if swaps_sides(video.orientation) else (video.width, video.height)
    form = _VIDEO.get(brand, ("video/mp4", "mp4"))
    return Description("video", *form, *sides, seconds or None, video.orientation, header.captured_at)
