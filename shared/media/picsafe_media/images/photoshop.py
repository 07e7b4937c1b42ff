"""Photoshop's image resources, in which IPTC travels (Adobe Photoshop file formats, "Image resource blocks")."""

from __future__ import annotations

from typing import Final

from picsafe_media.core.model import Removal

__all__ = ["photoshop_contents"]

_RESOURCES: Final = {
    0x0404: Removal.IPTC,
    0x0409: Removal.EMBEDDED_THUMBNAIL,
    0x040C: Removal.EMBEDDED_THUMBNAIL,
    0x0422: Removal.EXIF,
    0x0424: Removal.XMP,
}


def photoshop_contents(blocks: bytes) -> set[Removal]:
    """The kinds of data in a run of resource blocks; a broken one ends the run."""
    found = {Removal.PRIVATE_DATA}
    at = 0
    while blocks[at : at + 4] == b"8BIM" and at + 7 <= len(blocks):
        name = 1 + blocks[at + 6]
        size_at = at + 6 + name + name % 2
        size = int.from_bytes(blocks[size_at : size_at + 4], "big")
        kind = int.from_bytes(blocks[at + 4 : at + 6], "big")
        if kind in _RESOURCES:
            found.add(_RESOURCES[kind])
        at = size_at + 4 + size + size % 2
    return found
