"""Which chunks of a PNG decide what viewers show (W3C PNG, third edition, chapter 11).

A chunk that viewers pass over could hold anything, so it goes: one that comes twice or too late, and frames beyond those
that the animation counts. One whose length is wrong is read by some viewers and passed over by others, so a picture that
depends on it is refused.
"""

from __future__ import annotations

from typing import Final

from picsafe_media.core.source import damaged

__all__ = ["KEPT", "PngChunks"]

KEPT: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
"""The kinds of chunks that may stay."""

_FRAMES: Final = frozenset((b"fcTL", b"fdAT"))
_DECISIVE: Final = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"acTL": 8}
"""Chunks with a fixed length that change colours or make an animation."""
_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6
_SIGNIFICANT_BITS: Final = {_GREY: 1, _COLOUR: 3, _PALETTE: 3, _GREY_ALPHA: 2, _COLOUR_ALPHA: 4}
_BACKGROUND: Final = {_GREY: 2, _COLOUR: 6, _PALETTE: 1, _GREY_ALPHA: 2, _COLOUR_ALPHA: 6}
_TRANSPARENCY: Final = {_GREY: 2, _COLOUR: 6}
_FRAME_CONTROL_BYTES: Final = 26


class PngChunks:
    """Decides about the chunks of one PNG in their order; `depth` and `colour` are those of its `IHDR`."""

    def __init__(self, depth: int, colour: int) -> None:
        self._depth, self._colour = depth, colour
        self._seen: set[bytes] = set()
        self._entries = 0
        self._frames_left = 0
        self._is_in_frame = False

    def is_kept(self, kind: bytes, length: int, frames: int = 0) -> bool:
        """Whether a chunk of one of the kinds in `KEPT` stays; `frames` is the number in an `acTL`.

        Raises UnsupportedMedium where viewers read the picture in different ways.
        """
        if kind in _FRAMES:
            return self._is_frame_kept(kind, length)
        if kind in (b"IDAT", b"IEND"):
            self._seen.add(kind)
            return True
        if b"IDAT" in self._seen or (kind in self._seen and kind not in (b"IHDR", b"PLTE")):
            return False
        if kind in self._seen:
            raise damaged("one of its main parts comes twice")
        is_kept = self._is_readable(kind, length)
        if is_kept:
            self._seen.add(kind)
        if kind == b"acTL":
            self._frames_left = frames
        return is_kept

    def length_of_palette(self, length: int) -> int:
        """How much of a palette of `length` bytes pixels can refer to."""
        return min(length, 3 << min(self._depth, 8))

    def _is_frame_kept(self, kind: bytes, length: int) -> bool:
        if kind == b"fcTL":
            self._is_in_frame = self._frames_left > 0
            self._frames_left -= 1
            if self._is_in_frame and length != _FRAME_CONTROL_BYTES:
                raise damaged("a part of its animation has a wrong length")
        return self._is_in_frame

    def _is_readable(self, kind: bytes, length: int) -> bool:
        if kind == b"PLTE":
            if self._colour != _PALETTE:
                return False
            self._entries = self.length_of_palette(length) // 3
            if not length or length % 3:
                raise damaged("its palette has a wrong length")
        elif kind == b"tRNS":
            fits = (
                0 < length <= self._entries if self._colour == _PALETTE else length == _TRANSPARENCY.get(self._colour)
            )
            if not fits:
                raise damaged("its transparency has a wrong length")
        elif length != _DECISIVE.get(kind, length):
            raise damaged("a part that decides about its colours or its animation has a wrong length")
        return length == self._plain_length(kind, length)

    def _plain_length(self, kind: bytes, length: int) -> int:
        """What the length of a chunk that changes nothing should be."""
        if kind == b"sBIT":
            return _SIGNIFICANT_BITS.get(self._colour, 0)
        if kind == b"bKGD":
            return _BACKGROUND.get(self._colour, 0)
        if kind == b"hIST":
            return 2 * self._entries
        return 9 if kind == b"pHYs" else length
