"""MP4, MOV, M4A and 3GP (ISO/IEC 14496-12; QuickTime File Format): replaces metadata by free space of the same length.

Nothing moves, because the index of a film holds absolute offsets. Boxes are kept by an allow-list; all others are
removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from picsafe_media.core.codec_names import codec_name
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.ranges import Range, merged, without
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import swaps_sides
from picsafe_media.isobmff.boxes import FREE, Box, blank, boxes, free_up
from picsafe_media.isobmff.file_layout import KEPT, FileLayout, media_ranges, reach_samples, read_layout
from picsafe_media.isobmff.fragments import fragments_seconds, track_of
from picsafe_media.isobmff.media_data import blank_unused, used_ranges
from picsafe_media.isobmff.movie_boxes import clean_children, clean_track, refuse_misplaced, tag_contents
from picsafe_media.isobmff.movie_header import MovieHeader, read_movie_header
from picsafe_media.isobmff.sample_ranges import SampleRanges
from picsafe_media.isobmff.sample_tables import add_samples
from picsafe_media.isobmff.tracks import Track, read_tracks
from picsafe_protocol.contracts.limits import MIB

__all__ = ["MOVIE_KINDS", "clean_moov", "clean_movie", "remove_box"]

MOVIE_KINDS: Final = frozenset((b"ftyp", b"moov", b"mdat", b"pnot", b"styp", b"sidx", b"moof", *FREE))
"""What a film, or a piece of one, may begin with; old MOV files have no `ftyp`."""

_SAMPLES_BYTES: Final = 16 * MIB
"""Samples of tracks that go, in a file whose other parts are not blanked."""
_CHUNKS: Final = 10_000
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


async def clean_movie(window: Window) -> Cleaned:
    """The plan for a film or sound."""
    plan = EditPlan(window.size)
    layout = await read_layout(window, plan, may_end_early=True)
    movies = [box for box in layout.boxes if box.kind == b"moov"]
    if len(movies) != 1:
        raise damaged("it has no index" if not movies else "it has two indexes")
    if not any(box.kind == b"mdat" for box in layout.boxes):
        raise damaged("there is no picture or sound in it")
    header, tracks, gone = await clean_moov(window, plan, movies[0], layout)
    layout.cut_rest(window, plan)
    found = layout.boxes
    last = max((box.begin for box in found if box.kind in KEPT), default=0)
    for box in found:
        if box.kind == b"moof":
            await clean_children(window, plan, box, await _remove_from_fragment(window, plan, box, gone))
        elif box.kind not in KEPT:
            refuse_misplaced(box)
            await remove_box(window, plan, box, is_last=box.begin > last)
    fragmented = await fragments_seconds(window, found, tracks) if header.is_fragmented else 0.0
    return plan.finish(await _describe(window, found, header, tracks, max(header.seconds, fragmented)))


async def remove_box(window: Window, plan: EditPlan, box: Box, *, is_last: bool) -> None:
    """Removes a box of the file that is not wanted; where nothing wanted follows, it is cut off."""
    if box.kind in FREE:
        await blank(window, plan, box.start, box.stop, Removal.STRAY_BYTES)
    elif is_last or box.open:
        plan.cut(box.begin, box.stop, *await tag_contents(window, box))
    else:
        await free_up(window, plan, box, *await tag_contents(window, box))


async def clean_moov(
    window: Window, plan: EditPlan, moov: Box, layout: FileLayout, pictures: Sequence[Range] = ()
) -> tuple[MovieHeader, list[Track], frozenset[int]]:
    """Cleans the index, and removes the tracks beside picture and sound and all media data that those two do not use.

    Media data whose length is too small reach to the end of their samples afterwards, in `layout` too.
    `pictures` are parts of the media data that stay although no track uses them. Returns what the index says, the
    tracks of picture and sound, and the numbers of those that are gone.
    """
    header = await read_movie_header(window, moov)
    tracks = await read_tracks(window, moov)
    shown, others = [track for track in tracks if track.kind], [track for track in tracks if not track.kind]
    numbers = frozenset(track.number for track in others) - {track.number for track in shown}
    used = await used_ranges(window, moov, shown, numbers, layout.boxes) if shown else None
    reach_samples(window, plan, layout, used)
    found = layout.boxes
    if used is not None:
        await _blank_rest(window, plan, used, found, pictures)
        for track in others:
            await free_up(window, plan, track.box, Removal.DATA_TRACK)
    else:
        plan.warn(Notice.UNUSED_DATA_KEPT)
        has_fragments = any(box.kind == b"moof" for box in found)
        removed = [
            track for track in others if await _remove_track(window, plan, track, found, has_fragments=has_fragments)
        ]
        shown, others = [track for track in tracks if track not in removed], removed
        numbers = frozenset()
    stays = frozenset(track.number for track in shown)
    for track in shown:
        await clean_track(window, plan, track, stays)
    await clean_children(window, plan, moov, frozenset(track.box.begin for track in others))
    return header, [track for track in shown if track.kind], numbers


async def _blank_rest(
    window: Window, plan: EditPlan, used: SampleRanges, found: list[Box], pictures: Sequence[Range]
) -> None:
    ranges = used.merged()
    if not (ranges or pictures):
        raise damaged("its picture or sound is not where its index says")
    if used.reaches_beyond:
        plan.warn(Notice.CUT_SHORT)
    await blank_unused(window, plan, merged([*ranges, *pictures]) if pictures else ranges, found)


async def _remove_from_fragment(window: Window, plan: EditPlan, moof: Box, gone: frozenset[int]) -> frozenset[int]:
    """Removes what belongs to tracks that are gone; returns where it begins."""
    removed = set()
    if gone:
        async for box in boxes(window, moof.start, moof.stop):
            if box.kind == b"traf" and await track_of(window, box) in gone:
                await free_up(window, plan, box)
                removed.add(box.begin)
    return frozenset(removed)


async def _remove_track(window: Window, plan: EditPlan, track: Track, found: list[Box], *, has_fragments: bool) -> bool:
    """Removes a track and its samples; where that is impossible, adds a warning for the sender."""
    samples = SampleRanges(window.size, _CHUNKS)
    ranges = samples.merged() if not has_fragments and await add_samples(window, track, samples) else None
    if (
        ranges is None
        or samples.reaches_beyond
        or without(ranges, media_ranges(found))
        or sum(stop - start for start, stop in ranges) > _SAMPLES_BYTES
    ):
        plan.warn(Notice.DATA_TRACK_KEPT)
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
        codec = codec_name(tracks[0].coding)
        return Description("audio", *form, duration=seconds or None, captured_at=header.captured_at, codec=codec)
    sides = (video.height, video.width) if swaps_sides(video.orientation) else (video.width, video.height)
    form = _VIDEO.get(brand, ("video/mp4", "mp4"))
    return Description(
        "video", *form, *sides, seconds or None, video.orientation, header.captured_at, codec_name(video.coding)
    )
