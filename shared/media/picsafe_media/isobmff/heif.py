"""HEIC, HEIF and AVIF (ISO/IEC 23008-12; AVIF 1.1): kept is what the displayed picture needs, everything else is
blanked.

Exif, XMP, thumbnails, depth maps, further pictures and films are items or boxes of their own: they leave the lists of
`meta` and their bytes become zeros. Nothing moves, because items are found by absolute offsets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.ranges import Range, merged, within, without
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.exif import parse_exif, swaps_sides, xmp_contents
from picsafe_media.images.icc import private_ranges
from picsafe_media.images.orientation import (
    IDENTITY,
    MIRROR_LEFT_RIGHT,
    MIRROR_TOP_BOTTOM,
    QUARTER_LEFT,
    orientation_of,
    then,
)
from picsafe_media.isobmff.boxes import Box, blank
from picsafe_media.isobmff.file_layout import FileLayout, read_layout
from picsafe_media.isobmff.heif_items import Items, read_items
from picsafe_media.isobmff.heif_meta import PROFILES, needs_unknown, rebuild_meta
from picsafe_media.isobmff.movie import clean_moov, remove_box
from picsafe_media.unsupported_formats import refusal_of
from picsafe_protocol.contracts.limits import MIB

__all__ = ["clean_heif", "is_heif"]

_AVIF: Final = frozenset((b"avif", b"avis"))
_HEIC: Final = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
_BRANDS: Final = _AVIF | _HEIC | {b"mif1", b"mif2", b"msf1", b"miaf"}
_FILMS: Final = (
    b"iso",
    b"mp4",
    b"mp7",
    b"avc1",
    b"qt",
    b"M4",
    b"3g",
    b"F4",
    b"f4",
    b"dash",
    b"cmf",
    b"MSNV",
    b"XAVC",
    b"mj2",
)
"""How the first brands of films begin. A film may call itself a picture too, among its further brands."""
_CONFIGURATIONS: Final = {
    b"hvc1": b"hvcC",
    b"hev1": b"hvcC",
    b"av01": b"av1C",
    b"avc1": b"avcC",
    b"vvc1": b"vvcC",
    b"evc1": b"evcC",
    b"unci": b"uncC",
}
"""Kinds of items that are coded pictures, and the property without which they cannot be decoded."""
_DERIVED: Final = {b"grid": 0, b"iovl": 0, b"iden": 1, b"tmap": 2}
"""Kinds of items that are made of others, and of how many (0: it depends)."""
_CODED: Final = _CONFIGURATIONS.keys() | _DERIVED.keys()
"""Kinds of items whose data hold pixels and nothing else. A JPEG or JPEG 2000 within a HEIF file has its own
metadata.
"""
_BELONGS_TO: Final = frozenset((b"thmb", b"auxl"))
"""References of thumbnails, masks and depth maps to the picture that they belong to."""
_TONE_MAP: Final = b"tmap"
"""Both the kind of an item that adds a gain map and the brand that says there is one: decoders refuse either alone."""
_BRAND_BYTES: Final = 4096
_KEPT: Final = frozenset((b"ftyp", b"meta", b"moov", b"mdat"))
_LISTS: Final = frozenset((b"ftyp", b"meta", b"moov"))
_METADATA_BYTES: Final = MIB
"""How much of a metadata item is looked into for the words to the sender; all of it is removed anyway."""


def is_heif(head: bytes) -> bool:
    """Whether a file that begins with `head` is a picture; films begin with the same kind of box."""
    if head[4:8] != b"ftyp":
        return False
    further = range(16, min(int.from_bytes(head[:4], "big"), len(head)) - 3, 4)
    is_film = head[8:12].startswith(_FILMS)
    return head[8:12] in _BRANDS or (not is_film and any(head[at : at + 4] in _BRANDS for at in further))


async def clean_heif(window: Window) -> Cleaned:
    """The plan for a HEIC, HEIF or AVIF picture; of several pictures the primary one stays."""
    plan = EditPlan(window.size)
    layout = await read_layout(window, plan)
    found = layout.boxes
    metas = [box for box in found if box.kind == b"meta"]
    if not metas and any(box.kind in (b"moov", b"mini") for box in found):
        raise refusal_of("heif_form", "a HEIF or AVIF file without a list of pictures, such as a bare image sequence")
    if len(metas) != 1:
        raise damaged("it has no list of pictures")
    meta = metas[0]
    content = await window.take(meta.start, meta.stop)
    items = read_items(content)
    if any(box.kind == b"moov" for box in found):
        items.choose_primary()
    shown = items.shown()
    _refuse_unknown(items, shown)
    _refuse_contradictions(items, shown)
    for number in shown:
        if not await _is_complete(window, items, number, meta):
            raise damaged("a part of its picture is missing")
    kept = _extents(items, shown, 0, window.size)
    data = [(box.start, box.stop) for box in found if box.kind not in _LISTS]
    if without(kept, data):
        raise damaged("its picture is not where its list says")
    captured_at = await _note_what_goes(window, plan, items, shown, meta)
    rebuilt = rebuild_meta(content, items, shown, _extents(items, shown, 1, _idat_length(items)))
    if rebuilt != content:
        plan.put(meta.start, meta.stop, rebuilt, *([] if items.kinds.keys() - shown else [Removal.PRIVATE_DATA]))
    gone = without(_extents(items, items.extents.keys() - shown, 0, window.size), kept)
    await _clean_boxes(window, plan, layout, kept, gone)
    brands = await window.upto(found[0].start, min(found[0].stop - found[0].start, _BRAND_BYTES))
    if not any(items.kinds[number] == _TONE_MAP for number in shown):
        _write_brands(plan, found[0].start, brands)
    return plan.finish(_describe(_form(brands), items, captured_at))


def _refuse_unknown(items: Items, shown: set[int]) -> None:
    """Refuse features of the picture that PicSafe does not understand: they could get lost, or leave private data in
    the copy.
    """
    for number in shown:
        if items.kinds[number] not in _CODED:
            raise refusal_of("heif_form", "a HEIF file with a picture of an unusual kind, such as a JPEG inside")
        if number in items.elsewhere:
            raise refusal_of("heif_form", "a HEIF file whose picture is encrypted or not in one place")
    if needs_unknown(items, shown):
        raise refusal_of("heif_form", "a HEIF or AVIF file of a newer kind")


def _refuse_contradictions(items: Items, shown: set[int]) -> None:
    """Refuse lists that point to what does not exist, and a primary picture that belongs to another one: readers then
    show another picture of the file, which is removed.
    """
    if any(kind in _BELONGS_TO and source == items.primary for kind, source, _ in items.references):
        raise damaged("the picture to show is listed as a part of another one")
    for number in shown:
        if any(index > len(items.properties) for index in items.indices.get(number, [])):
            raise damaged("it names a property of its picture that does not exist")
        extents = [extent for extent in items.extents.get(number, []) if extent.method == 1]
        if any(extent.offset + extent.length > _idat_length(items) for extent in extents):
            raise damaged("a part of its picture is missing")


async def _is_complete(window: Window, items: Items, number: int, meta: Box) -> bool:
    """Whether the items that an item is made of exist. If not, viewers would show another picture in the file, which is
    removed.
    """
    kind = items.kinds[number]
    parts = [
        target
        for name, source, targets in items.references
        if (name, source) == (b"dimg", number)
        for target in targets
    ]
    if kind not in _DERIVED:
        names = {name for name, _ in items.of(number)}
        return _CONFIGURATIONS[kind] in names and bool(items.extents.get(number))
    if kind == b"grid":
        head = await _data(window, items, number, meta)
        return len(head) >= 8 and len(parts) == (head[2] + 1) * (head[3] + 1)
    return len(parts) == _DERIVED[kind] if _DERIVED[kind] else bool(parts)


def _write_brands(plan: EditPlan, start: int, brands: bytes) -> None:
    """Remove the brand that announces a gain map, since the gain map is removed."""
    for at in (0, *range(8, len(brands) - 3, 4)):
        if brands[at : at + 4] == _TONE_MAP:
            plan.put(start + at, start + at + 4, b"mif1")


def _idat_length(items: Items) -> int:
    return items.idat[1] - items.idat[0] if items.idat else 0


def _extents(items: Items, numbers: Iterable[int], method: int, size: int) -> list[Range]:
    """Where the data of some items lie: in the file (method 0) or in `idat` (method 1), which has `size` bytes."""
    return merged(
        (extent.offset, extent.offset + extent.length if extent.length else size)
        for number in numbers
        for extent in items.extents.get(number, [])
        if extent.method == method
    )


async def _note_what_goes(window: Window, plan: EditPlan, items: Items, shown: set[int], meta: Box) -> str | None:
    """Says what the items that go hold; returns when the picture was taken, where one of them knew."""
    captured_at = None
    ours = {source: kind for kind, source, _ in items.references if kind in _BELONGS_TO}
    parts = {target for kind, _, targets in items.references if kind == b"dimg" for target in targets}
    for kind, content in (found for number in shown for found in items.of(number)):
        if kind == b"colr" and content[:4] in PROFILES:
            plan.note(*private_ranges(content[4:])[1])
    for number in items.kinds.keys() - shown:
        kind = items.kinds[number]
        if kind == b"Exif":
            data = await _data(window, items, number, meta)
            exif = parse_exif(data[4 + int.from_bytes(data[:4], "big") :])
            captured_at = captured_at or exif.captured_at
            plan.note(Removal.EXIF, *exif.contents)
        elif kind == b"mime" and items.types[number] == b"application/rdf+xml":
            plan.note(*xmp_contents(await _data(window, items, number, meta)))
        elif kind in (b"mime", b"uri "):
            plan.note(Removal.PRIVATE_DATA)
        elif ours.get(number) == b"thmb":
            plan.note(Removal.EMBEDDED_THUMBNAIL)
        else:
            plan.note(Removal.SECOND_IMAGE)
            if number not in ours and number not in parts and kind != b"tmap":
                plan.warn(Notice.FIRST_IMAGE_ONLY)
    return captured_at


async def _data(window: Window, items: Items, number: int, meta: Box) -> bytes:
    """The first bytes of an item, as far as they can be found."""
    base = meta.start + items.idat[0] if items.idat else 0
    parts = []
    for method, offset, length in items.extents.get(number, []):
        if method < 2:
            parts.append(await window.upto(offset + base * method, min(length, _METADATA_BYTES)))
    return b"".join(parts[:16])


async def _clean_boxes(
    window: Window, plan: EditPlan, layout: FileLayout, kept: list[Range], gone: list[Range]
) -> None:
    """Blanks what the picture does not need. What a film in the file uses stays too."""
    movies = [box for box in layout.boxes if box.kind == b"moov"]
    for moov in movies:
        await clean_moov(window, plan, moov, layout, kept)
    layout.cut_rest(window, plan)
    found = layout.boxes
    wanted = {box.begin for box in found if box.kind in _KEPT or within(kept, box.start, box.stop)}
    for box in found:
        if box.begin not in wanted:
            await remove_box(window, plan, box, is_last=box.begin > max(wanted))
        elif box.kind not in _LISTS:
            named = within(gone, box.start, box.stop)
            for start, stop in named:
                await blank(window, plan, start, stop)
            unnamed = without([(box.start, box.stop)], merged(within(kept, box.start, box.stop) + named))
            for start, stop in [] if movies and box.kind == b"mdat" else unnamed:
                await blank(window, plan, start, stop, Removal.STRAY_BYTES)


def _form(brands: bytes) -> tuple[str, str]:
    """Media type and extension by the first brand that says how the picture is coded."""
    for brand in (brands[at : at + 4] for at in (0, *range(8, len(brands), 4))):
        if brand in _AVIF:
            return "image/avif", "avif"
        if brand in _HEIC:
            return "image/heic", "heic"
    return "image/heif", "heif"


def _describe(form: tuple[str, str], items: Items, captured_at: str | None) -> Description:
    """Crop, rotation and mirroring apply in the order in which they are listed (ISO/IEC 23008-12, 6.5)."""
    width = height = 0
    turn = IDENTITY
    for kind, content in items.of(items.primary):
        numbers = [int.from_bytes(content[at : at + 4], "big") for at in range(0, len(content) - 3, 4)]
        if kind == b"ispe" and len(numbers) >= 3 and not width:
            width, height = numbers[1:3]
        elif kind == b"clap" and len(numbers) >= 4 and numbers[1] and numbers[3]:
            width, height = numbers[0] // numbers[1], numbers[2] // numbers[3]
        elif kind == b"irot" and content:
            for _ in range(content[0] & 3):
                turn = then(turn, QUARTER_LEFT)
        elif kind == b"imir" and content:
            turn = then(turn, MIRROR_LEFT_RIGHT if content[0] & 1 else MIRROR_TOP_BOTTOM)
    if not (width and height):
        raise damaged("it does not say how large its picture is")
    orientation = orientation_of(turn)
    sides = (height, width) if swaps_sides(orientation) else (width, height)
    return Description("photo", *form, *sides, None, orientation, captured_at)
