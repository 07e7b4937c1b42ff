"""The `meta` box of a HEIF file without the items that go; its length stays, so that no offset changes."""

from __future__ import annotations

from typing import Final

from picsafe_media.core.source import damaged
from picsafe_media.images.icc import blanked_profile
from picsafe_media.isobmff.boxes import FREE, boxes_in
from picsafe_media.isobmff.heif_items import Items, associations_in, entries_in, locations_in, references_in

__all__ = ["PROFILES", "needs_unknown", "rebuild_meta"]

PROFILES: Final = (b"prof", b"rICC")
"""Kinds of `colr` that hold an ICC profile."""

_PROPERTIES: Final = frozenset(
    b"ispe pixi colr irot imir clap pasp auxC clli mdcv cclv amve reve lsel rloc "
    b"hvcC lhvC oinf tols av1C a1op a1lx avcC vvcC evcC jpgC j2kH uncC cmpd cmpC icef cloc cpat splz sbpm snuc iscl ndwt".split()
)
"""Properties that decide about pixels. Others hold descriptions, times, or where a camera stood."""
_DESCRIPTIONS: Final = frozenset(b"udes crtt mdft altt aebr wbbr fobr afbr dobr pano cmin cmex elng rref uuid".split())
"""Properties that decide about nothing that is shown, whatever a writer says of them."""


def needs_unknown(items: Items, shown: set[int]) -> bool:
    """Whether an item has a property that its readers must know and PicSafe does not: without it it might look
    otherwise.
    """
    return any(
        1 <= index <= len(items.properties) and items.properties[index - 1][0] not in _PROPERTIES | _DESCRIPTIONS | FREE
        for item in shown
        for index in items.essential.get(item, [])
    )


def rebuild_meta(meta: bytes, items: Items, kept: set[int], idat_kept: list[tuple[int, int]]) -> bytes:
    """The content of `meta` with only the items in `kept`, padded with free space to its old length.

    `idat_kept` are the ranges within the content of `idat` that those items need, in order and without overlaps.
    """
    parts = [meta[:4]]
    for box in boxes_in(meta, 4):
        content = meta[box.start : box.stop]
        if box.kind in FREE:
            parts.append(meta[box.begin : box.start] + bytes(len(content)))
        elif box.kind == b"hdlr":
            parts.append(_box(b"hdlr", content[:12].ljust(len(content), b"\x00")))
        elif box.kind == b"iinf":
            parts.append(_box(b"iinf", _information(content, kept)))
        elif box.kind == b"iloc":
            parts.append(_box(b"iloc", _locations(content, kept)))
        elif box.kind == b"iref":
            parts.append(_box(b"iref", _references(content, kept)))
        elif box.kind == b"iprp":
            parts.append(_box(b"iprp", _properties(content, items, kept)))
        elif box.kind == b"idat":
            parts.append(_box(b"idat", _data(content, idat_kept)))
        elif box.kind in (b"pitm", b"dinf"):
            parts.append(meta[box.begin : box.stop])
    rebuilt = b"".join(parts)
    return rebuilt + _padding(len(meta) - len(rebuilt))


def _padding(length: int) -> bytes:
    """Free space of exactly this length, with its header. Whatever goes, it leaves room for that or is of no length."""
    if length < 0 or 0 < length < 8:
        raise damaged("its list of pictures is not well formed")
    return _box(b"free", bytes(length - 8)) if length else b""


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def _information(content: bytes, kept: set[int]) -> bytes:
    """Items that stay lose their names; a name is for editors."""
    entries = []
    for entry in entries_in(content):
        if entry.item in kept:
            start, stop = entry.name
            entries.append(entry.raw[:start] + bytes(stop - start) + entry.raw[stop:])
    width = 4 if content[0] else 2
    return content[:4] + len(entries).to_bytes(width, "big") + b"".join(entries)


def _locations(content: bytes, kept: set[int]) -> bytes:
    entries = [raw for item, _, raw, _ in locations_in(content) if item in kept]
    width = 4 if content[0] == 2 else 2
    return content[:6] + len(entries).to_bytes(width, "big") + b"".join(entries)


def _references(content: bytes, kept: set[int]) -> bytes:
    width = 4 if content[0] else 2
    parts = [content[:4]]
    for kind, source, targets in references_in(content):
        left = [target for target in targets if target in kept]
        if source in kept and left:
            numbers = b"".join(target.to_bytes(width, "big") for target in left)
            parts.append(_box(kind, source.to_bytes(width, "big") + len(left).to_bytes(2, "big") + numbers))
    return b"".join(parts)


def _properties(content: bytes, items: Items, kept: set[int]) -> bytes:
    """Properties keep their places, because they are referred to by number; those that go become free space."""
    used = {index for item in kept for index in items.indices.get(item, [])}
    parts = []
    number = 0
    for box in boxes_in(content):
        inside = content[box.start : box.stop]
        if box.kind == b"ipma":
            parts.append(_box(b"ipma", _associations(inside, items, kept)))
            continue
        if box.kind != b"ipco":
            continue
        properties = bytearray(content[box.begin : box.stop])
        for prop in boxes_in(content[: box.stop], box.start):
            number += 1
            start, stop = prop.start - box.begin, prop.stop - box.begin
            if prop.kind == b"colr" and number in used:
                properties[start:stop] = _colours(bytes(properties[start:stop]))
            if number not in used or prop.kind not in _PROPERTIES:
                properties[prop.begin - box.begin + 4 : prop.begin - box.begin + 8] = b"free"
                properties[start:stop] = bytes(stop - start)
        parts.append(bytes(properties))
    return b"".join(parts)


def _colours(content: bytes) -> bytes:
    return content[:4] + blanked_profile(content[4:])[0] if content[:4] in PROFILES else content


def _associations(content: bytes, items: Items, kept: set[int]) -> bytes:
    """A property that has become free space must not be essential any more, or readers would refuse the picture."""
    parts = []
    for found, start in associations_in(content):
        if found.item not in kept:
            continue
        head = start - 1 - (4 if content[0] else 2)
        parts.append(content[head:start])
        for index, essential in found.properties:
            known = 1 <= index <= len(items.properties) and items.properties[index - 1][0] in _PROPERTIES
            top = 1 << 8 * found.width - 1 if essential and known else 0
            parts.append((top | index).to_bytes(found.width, "big"))
    count = sum(1 for found, _ in associations_in(content) if found.item in kept)
    return content[:4] + count.to_bytes(4, "big") + b"".join(parts)


def _data(content: bytes, kept: list[tuple[int, int]]) -> bytes:
    blanked = bytearray(len(content))
    for start, stop in kept:
        blanked[start:stop] = content[start:stop]
    return bytes(blanked)
