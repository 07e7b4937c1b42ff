"""The boxes of a film's index that are kept, and what is blanked inside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.isobmff.box_lengths import HEAD_BYTES, length_of_contents
from picsafe_media.isobmff.boxes import FREE, Box, blank, boxes, boxes_in, free_up
from picsafe_media.isobmff.tracks import Track
from picsafe_protocol.contracts.limits import KIB

__all__ = ["clean_children", "clean_track", "refuse_misplaced", "tag_contents"]

_EDIT_BYTES: Final = 12
"""The shortest entry of a list of edits."""
_NESTED: Final = {
    b"moov": frozenset((b"trak", b"mvex")),
    b"trak": frozenset((b"mdia", b"edts", b"tapt")),
    b"mdia": frozenset((b"minf",)),
    b"minf": frozenset((b"stbl", b"dinf")),
    b"moof": frozenset((b"traf",)),
}
_KEPT: Final = {
    b"moov": frozenset((b"mvhd", b"mvex", b"iods", b"trak")),
    b"mvex": frozenset((b"mehd", b"trex", b"leva", b"trep")),
    b"trak": frozenset((b"tkhd", b"edts", b"tref", b"mdia", b"tapt", b"clef", b"load")),
    b"edts": frozenset((b"elst",)),
    b"tapt": frozenset((b"clef", b"prof", b"enof")),
    b"mdia": frozenset((b"mdhd", b"hdlr", b"minf", b"elng")),
    b"minf": frozenset((b"vmhd", b"smhd", b"nmhd", b"gmhd", b"hdlr", b"dinf", b"stbl")),
    b"dinf": frozenset((b"dref",)),
    b"stbl": frozenset(b"stsd stts ctts cslg stss stsh stps stsc stsz stz2 stco co64 sbgp sgpd subs saiz saio".split()),
    b"moof": frozenset((b"mfhd", b"traf")),
    b"traf": frozenset((b"tfhd", b"tfdt", b"trun", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc")),
}
_STRUCTURE: Final = frozenset().union(*_KEPT.values(), (b"moov", b"moof", b"sidx", b"ssix"))
"""Boxes that some players read wherever they are, so that one in a wrong place changes what is played."""
_TAG_BOXES: Final = frozenset((b"udta", b"meta", b"uuid", b"ilst", b"keys", b"Xtra"))
_TAG_BYTES: Final = 256 * KIB
"""How far into a tag box its contents are looked up for the words to the sender; all of it is removed anyway."""
_TAG_NAMES: Final = {
    b"\xa9xyz": Removal.GPS,
    b"loci": Removal.GPS,
    b"location.": Removal.GPS,
    b"GPS": Removal.GPS,
    b"\xa9mak": Removal.DEVICE,
    b"\xa9mod": Removal.DEVICE,
    b"quicktime.make": Removal.DEVICE,
    b"quicktime.model": Removal.DEVICE,
    b"erialNumber": Removal.SERIAL_NUMBER,
    b"\xa9day": Removal.CAPTURE_TIME,
    b"creationdate": Removal.CAPTURE_TIME,
    b"\xa9ART": Removal.AUTHOR,
    b"\xa9aut": Removal.AUTHOR,
    b"\xa9cpy": Removal.AUTHOR,
    b"cprt": Removal.AUTHOR,
    b"auth": Removal.AUTHOR,
    b"quicktime.author": Removal.AUTHOR,
    b"\xa9nam": Removal.COMMENT,
    b"\xa9cmt": Removal.COMMENT,
    b"\xa9des": Removal.COMMENT,
    b"desc": Removal.COMMENT,
    b"titl": Removal.COMMENT,
    b"\xa9too": Removal.SOFTWARE,
    b"\xa9swr": Removal.SOFTWARE,
    b"quicktime.software": Removal.SOFTWARE,
    b"covr": Removal.COVER_PICTURE,
    b"chpl": Removal.CHAPTERS,
    b"xmpmeta": Removal.XMP,
}
_OTHERS: Final = {
    b"pnot": Removal.EMBEDDED_THUMBNAIL,
    b"PICT": Removal.EMBEDDED_THUMBNAIL,
    b"thum": Removal.EMBEDDED_THUMBNAIL,
    b"mpvd": Removal.MOTION_CLIP,
    b"prft": Removal.CAPTURE_TIME,
}
_VENDOR: Final = (12, 16)
_CODER_NAME: Final = (42, 74)
_VIDEO_ENTRY: Final = 78
"""Offsets in an entry of `stsd`, behind its header: ISO/IEC 14496-12, 12.1.3."""


async def tag_contents(window: Window, box: Box) -> set[Removal]:
    """The kinds of data in a box that goes, by the names in it."""
    if box.kind not in _TAG_BOXES:
        return {_OTHERS.get(box.kind, Removal.PRIVATE_DATA)}
    data = await window.upto(box.start, min(box.stop - box.start, _TAG_BYTES))
    return {Removal.TAGS} | {code for name, code in _TAG_NAMES.items() if name in data}


def refuse_misplaced(box: Box) -> None:
    """Refuses a box that belongs into the index, where it is found in a place that is not its own."""
    if box.kind in _STRUCTURE:
        raise damaged("a part of its index is in a wrong place")


async def clean_children(window: Window, plan: EditPlan, parent: Box, gone: frozenset[int] = frozenset()) -> None:
    """Cleans what is inside `parent`; the tracks that begin at the offsets in `gone` have been removed already.

    The tables above nest five deep and never into themselves, so this recursion is bounded.
    """
    async for box in boxes(window, parent.start, parent.stop):
        if box.begin in gone:
            continue
        if box.kind in FREE:
            await blank(window, plan, box.start, box.stop, Removal.STRAY_BYTES)
        elif box.kind not in _KEPT[parent.kind]:
            refuse_misplaced(box)
            await free_up(window, plan, box, *await tag_contents(window, box))
        elif box.kind in _NESTED.get(parent.kind, ()):
            await clean_children(window, plan, box)
        else:
            await _clean_contents(window, plan, box)


async def _clean_contents(window: Window, plan: EditPlan, box: Box) -> None:
    """Blanks what is private in a box that stays, and what is behind its contents."""
    if box.kind in (b"mvhd", b"tkhd", b"mdhd"):
        width = 16 if await window.number(box.start, 1) else 8
        await blank(window, plan, box.start + 4, box.start + 4 + width, Removal.CAPTURE_TIME)
    elif box.kind == b"hdlr":
        await blank(window, plan, box.start + 12, box.stop, Removal.SOFTWARE)
    elif box.kind == b"dref":
        await _data_references(window, plan, box)
    length = length_of_contents(box.kind, await window.upto(box.start, min(HEAD_BYTES, box.stop - box.start)))
    if length is not None:
        if box.kind == b"elst" and box.stop - box.start - length >= _EDIT_BYTES:
            raise damaged("its list of edits says two lengths")  # some players go by the number, some by the size
        await blank(window, plan, box.start + length, box.stop, Removal.STRAY_BYTES)


async def clean_track(window: Window, plan: EditPlan, track: Track, stays: frozenset[int]) -> None:
    """Cleans what depends on the kind of a track; `stays` are the numbers of the tracks that it may refer to."""
    async for box in boxes(window, track.box.start, track.box.stop):
        if box.kind == b"tref":
            async for reference in boxes(window, box.start, box.stop):
                numbers = await window.take(reference.start, reference.stop)
                if reference.kind not in FREE and not stays.issuperset(_fours(numbers)):
                    await free_up(window, plan, reference)
    if track.kind and track.sample_table:
        async for box in boxes(window, track.sample_table.start, track.sample_table.stop):
            if box.kind == b"stsd":
                data = await window.take(box.start, box.stop)
                for entry in boxes_in(data, 8):
                    await _sample_description(window, plan, track, box.start, entry, data)


async def _data_references(window: Window, plan: EditPlan, box: Box) -> None:
    """`dref`: the media are in this file, so a path or address in it is somebody's folder."""
    async for entry in boxes(window, box.start + 8, box.stop):
        inside = await window.number(entry.start, 4) & 1
        if not inside and not await window.is_zero(entry.start + 4, entry.stop):
            raise damaged("its picture or sound is in another file")
        await blank(window, plan, entry.start + 4, entry.stop, Removal.PRIVATE_DATA)


async def _sample_description(window: Window, plan: EditPlan, track: Track, base: int, entry: Box, data: bytes) -> None:
    """The coder's maker and name in an entry of `stsd`, and private boxes behind them; `base` is where `data` lie."""
    start, stop = base + entry.start, base + entry.stop
    await blank(window, plan, start + _VENDOR[0], min(start + _VENDOR[1], stop), Removal.SOFTWARE)
    if track.kind != "video" or stop - start < _VIDEO_ENTRY:
        return
    await blank(window, plan, start + _CODER_NAME[0], start + _CODER_NAME[1], Removal.SOFTWARE)
    for child in boxes_in(data[: entry.stop], entry.start + _VIDEO_ENTRY):
        if child.kind in _TAG_BOXES:
            moved = child._replace(begin=base + child.begin, start=base + child.start, stop=base + child.stop)
            await free_up(window, plan, moved, *await tag_contents(window, moved))


def _fours(data: bytes) -> Iterator[int]:
    return (int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4))
