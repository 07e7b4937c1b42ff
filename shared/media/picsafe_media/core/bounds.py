"""Limits for reading a medium: a hostile file must cost no more than these, whatever its fields claim."""

from __future__ import annotations

from typing import Final

from picsafe_protocol.contracts.limits import KIB, MIB

__all__ = [
    "BLANKED_BYTES",
    "COUNTED_BYTES",
    "HEADER_STEPS",
    "READS",
    "SEARCH_BYTES",
    "SEGMENTS",
    "STRUCTURE_BYTES",
    "WINDOW_BYTES",
]

WINDOW_BYTES: Final = 128 * KIB
"""Bytes fetched at once: in a browser each fetch costs about a millisecond, whatever its length."""

STRUCTURE_BYTES: Final = 16 * MIB
"""The largest single structure that is read into memory (an Exif block, an item table): ten times what cameras
write.
"""

READS: Final = 4_000_000
"""Small reads per medium, hence turns of every loop: the frames of thirty hours of MP3."""

HEADER_STEPS: Final = 10_000
"""Parts of a picture's header that are gone through in search of its size: many times what a long colour profile and
editing data take.
"""

SEGMENTS: Final = 50_000
"""Pieces that a cleaned copy is composed of: a browser makes a Blob of so many in well under a second."""

BLANKED_BYTES: Final = 64 * MIB
"""Bytes overwritten with zeros where nothing may move: the position track of a day's film, or a burst of HEIC
frames.
"""

SEARCH_BYTES: Final = 64 * KIB
"""How far something is searched for where a structure is interrupted by stray bytes."""

COUNTED_BYTES: Final = 32 * MIB
"""Picture data of a JPEG whose blocks are counted to find their end: more than any phone's panorama, and half a
minute's work.
"""
