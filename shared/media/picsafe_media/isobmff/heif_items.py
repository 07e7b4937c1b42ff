"""The items of a HEIF file: what its `meta` box says there is, and where (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from picsafe_media.core.source import damaged
from picsafe_media.isobmff.boxes import ByteReader, boxes_in

__all__ = [
    "Extent",
    "Items",
    "Reference",
    "associations_in",
    "entries_in",
    "locations_in",
    "read_items",
    "references_in",
]

_ITEMS: Final = 20_000
"""More than the tiles of the largest picture; a phone's has fifty."""
_EXTENTS: Final = 100_000
"""Parts of all items together; nearly every item has one."""
_MADE_OF: Final = frozenset((b"dimg", b"base", b"pred", b"exbl", b"tbas"))
"""References to what an item cannot be decoded without."""
_ONCE: Final = frozenset((b"pitm", b"iinf", b"iloc", b"iref", b"iprp", b"idat"))
"""Boxes of which there is one: of several, readers take different ones."""
_METADATA: Final = frozenset((b"Exif", b"mime", b"uri ", b""))
_ALPHA: Final = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
    b"urn:mpeg:avc:2015:auxid:1",
)


class Extent(NamedTuple):
    """A part of an item's data. `method` 0: an offset in the file; 1: in `idat`. `length` 0: to the end."""

    method: int
    offset: int
    length: int


class Reference(NamedTuple):
    """Item `source` refers to `targets`, in the sense that `kind` names."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


class Association(NamedTuple):
    """The properties of an item: their indices from 1, each with a flag whether a reader must know it."""

    item: int
    properties: tuple[tuple[int, bool], ...]
    width: int


class Entry(NamedTuple):
    """One `infe` box; `raw` is the whole of it."""

    item: int
    kind: bytes
    content_type: bytes
    name: tuple[int, int]
    """Where its name lies in `raw`."""
    raw: bytes
    is_protected: bool


@dataclass(slots=True)
class Items:
    """What a `meta` box says. `kinds` and `types` (of `mime` items) by item number."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    types: dict[int, bytes] = field(default_factory=dict)
    extents: dict[int, list[Extent]] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    indices: dict[int, list[int]] = field(default_factory=dict)
    essential: dict[int, list[int]] = field(default_factory=dict)
    """Of `indices`, those of properties that a reader must know."""
    elsewhere: set[int] = field(default_factory=set)
    """Items whose data lie in another file or within other items, or are encrypted."""
    idat: tuple[int, int] | None = None
    """Where the content of `idat` lies, counted from the beginning of the content of `meta`."""

    def of(self, item: int) -> list[tuple[bytes, bytes]]:
        """Kind and content of each property of an item, in their order."""
        indices = self.indices.get(item, [])
        return [self.properties[index - 1] for index in indices if 1 <= index <= len(self.properties)]

    def choose_primary(self) -> None:
        """Where none is named, which some writers of sequences leave out: the only picture that there is."""
        pictures = [number for number, kind in self.kinds.items() if kind not in _METADATA]
        if not self.primary and len(pictures) == 1:
            self.primary = pictures[0]

    def shown(self) -> set[int]:
        """The items that the displayed picture needs: the primary one, what it is made of, and its transparency.

        Errors: UnsupportedMedium where one of them is missing.
        """
        made_of: dict[int, list[int]] = {}
        masks: dict[int, list[int]] = {}
        for kind, source, targets in self.references:
            if kind in _MADE_OF:
                made_of.setdefault(source, []).extend(targets)
            elif kind == b"auxl" and source in self.kinds and self._is_alpha(source):
                for target in targets:
                    masks.setdefault(target, []).append(source)
        needed: set[int] = set()
        found = [self.primary]
        while found:
            item = found.pop()
            if item not in self.kinds:
                raise damaged("a part of its picture is missing")
            if item not in needed:
                needed.add(item)
                found += made_of.get(item, []) + masks.get(item, [])
        return needed

    def _is_alpha(self, item: int) -> bool:
        return any(kind == b"auxC" and content[4:].startswith(_ALPHA) for kind, content in self.of(item))


def read_items(meta: bytes) -> Items:
    """Reads the content of a `meta` box."""
    items = Items()
    seen: set[bytes] = set()
    for box in boxes_in(meta, 4):
        content = meta[box.start : box.stop]
        if box.kind in seen & _ONCE:
            raise damaged("it lists its pictures twice")
        seen.add(box.kind)
        if box.kind == b"pitm":
            fields = ByteReader(content)
            items.primary = fields.number(4 if fields.number(4) >> 24 else 2)
        elif box.kind == b"iinf":
            for entry in entries_in(content):
                if entry.item in items.kinds:
                    raise damaged("it lists a picture twice")
                items.kinds[entry.item], items.types[entry.item] = entry.kind, entry.content_type
                if entry.is_protected:
                    items.elsewhere.add(entry.item)
        elif box.kind == b"iloc":
            for item, extents, _, is_elsewhere in locations_in(content):
                if item in items.extents:
                    raise damaged("it lists a picture twice")
                items.extents[item] = extents
                if is_elsewhere:
                    items.elsewhere.add(item)
        elif box.kind == b"iref":
            items.references += references_in(content)
        elif box.kind == b"idat":
            items.idat = box.start, box.stop
        elif box.kind == b"iprp":
            _read_properties(items, content)
    return items


def _read_properties(items: Items, content: bytes) -> None:
    for box in boxes_in(content):
        if box.kind == b"ipco":
            items.properties += [
                (kind, content[start:stop]) for kind, _, start, stop, _ in boxes_in(content[: box.stop], box.start)
            ]
        elif box.kind == b"ipma":
            for association, _ in associations_in(content[box.start : box.stop]):
                if association.item in items.indices:
                    raise damaged("it lists a picture twice")
                items.indices[association.item] = [index for index, _ in association.properties]
                items.essential[association.item] = [index for index, must in association.properties if must]


def entries_in(content: bytes) -> Iterator[Entry]:
    """The entries of `iinf`, which has to hold as many as it says: readers stop there."""
    head = ByteReader(content)
    announced = head.number(4 if head.number(4) >> 24 else 2)
    found = list(zip(boxes_in(content, head.at), range(_limited(announced) + 1), strict=False))
    if len(found) != announced:
        raise damaged("it has more or fewer pictures than it says")
    for box, _ in found:
        raw = content[box.begin : box.stop]
        fields = ByteReader(raw, box.start - box.begin)
        version = fields.number(4) >> 24
        item = fields.number(4 if version >= 3 else 2)
        is_protected = fields.number(2) != 0
        kind = fields.take(4) if version >= 2 else b""
        stop = raw.find(b"\x00", fields.at)
        stop = len(raw) if stop < 0 else stop
        content_type = raw[stop + 1 :].split(b"\x00", 1)[0] if kind == b"mime" else b""
        yield Entry(item, kind, content_type, (fields.at, stop), raw, is_protected)


def locations_in(content: bytes) -> Iterator[tuple[int, list[Extent], bytes, bool]]:
    """The entries of `iloc`: item, extents, the entry as it is, and whether its data are in no place that we know."""
    fields = ByteReader(content)
    version = fields.number(4) >> 24
    sizes = fields.number(2)
    extents_left = _EXTENTS
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15 if version else 0
    for _ in range(_limited(fields.number(4 if version == 2 else 2))):
        start = fields.at
        item = fields.number(4 if version == 2 else 2)
        method = fields.number(2) & 15 if version else 0
        file = fields.number(2)
        origin = fields.number(base)
        extents = []
        count = fields.number(2)
        extents_left -= count
        for _ in range(_limited(count if extents_left >= 0 else _ITEMS + 1)):
            fields.take(index)
            extents.append(Extent(method, origin + fields.number(offset), fields.number(length)))
        yield item, extents, content[start : fields.at], file != 0 or method > 1


def references_in(content: bytes) -> Iterator[Reference]:
    """The references in `iref`."""
    width = 4 if content[:1] != b"\x00" else 2
    for number, box in enumerate(boxes_in(content, 4)):
        _limited(number)
        fields = ByteReader(content, box.start)
        source = fields.number(width)
        targets = tuple(fields.number(width) for _ in range(_limited(fields.number(2))))
        yield Reference(box.kind, source, targets)


def associations_in(content: bytes) -> Iterator[tuple[Association, int]]:
    """The entries of `ipma`, each with where its properties begin in `content`."""
    fields = ByteReader(content)
    flags = fields.number(4)
    width = 2 if flags & 1 else 1
    essential = 1 << 8 * width - 1
    for _ in range(_limited(fields.number(4))):
        item = fields.number(4 if flags >> 24 else 2)
        count = fields.number(1)
        start = fields.at
        indices = [fields.number(width) for _ in range(count)]
        yield Association(item, tuple((index & essential - 1, index >= essential) for index in indices), width), start


def _limited(count: int) -> int:
    if count > _ITEMS:
        raise damaged("it has more pictures than any real file")
    return count
