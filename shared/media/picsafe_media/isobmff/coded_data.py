"""Locates the coded data of the items and tracks of a HEIF file, as far as measuring them needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from picsafe_media.isobmff.boxes import ByteReader, boxes_in

__all__ = ["coded_data"]

_TRACK: Final = frozenset((b"trak", b"mdia", b"minf", b"stbl"))

Extent = tuple[int, int]


def coded_data(box: bytes, at: int) -> Iterator[list[Extent]]:
    """The parts of the file that hold each item of a `meta` box, or the first samples of each track of a `moov`.

    `box` is all of it and stands at the offset `at`. Of a track a few kilobytes are named: its first picture says how
    large all are.
    """
    for outer in boxes_in(box):
        if outer.kind == b"meta":
            yield from _items(box[outer.start : outer.stop], at + outer.start)
        elif outer.kind == b"moov":
            for offset in _chunks(box[outer.start : outer.stop]):
                yield [(offset, offset + 4096)]


def _items(meta: bytes, at: int) -> Iterator[list[Extent]]:
    found = {inner.kind: inner for inner in boxes_in(meta, 4)}
    if (location := found.get(b"iloc")) is None:
        return
    held = found.get(b"idat")
    fields = ByteReader(meta[location.start : location.stop])
    version = fields.number(4) >> 24
    sizes = fields.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(fields.number(4 if version == 2 else 2)):
        fields.take(4 if version == 2 else 2)
        method = fields.number(2) & 15 if version else 0
        fields.take(2)
        base = fields.number(base_size)
        if method == 1 and held is not None:
            base += at + held.start
        extents: list[Extent] = []
        for _ in range(fields.number(2)):
            if version and index_size:
                fields.take(index_size)
            start = base + fields.number(offset_size)
            extents.append((start, start + fields.number(length_size)))
        yield extents


def _chunks(data: bytes) -> Iterator[int]:
    """Where the first chunk of each track begins."""
    for box in boxes_in(data):
        content = data[box.start : box.stop]
        if box.kind in _TRACK:
            yield from _chunks(content)
        elif box.kind in (b"stco", b"co64") and int.from_bytes(content[4:8], "big"):
            yield int.from_bytes(content[8 : 12 if box.kind == b"stco" else 16], "big")
