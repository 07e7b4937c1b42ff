"""Compares a cleaned copy with its original. Every sender does this, where it can, before a file may be sent.

Cleaning must not change what is shown. To prove that, a decoder that took no part in the cleaning draws both at a small
size, and their pixels are compared. Senders have different decoders (a browser, Pillow); this module defines what
counts as a difference.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from picsafe_media.core.model import Cleaned, Keep
from picsafe_protocol.contracts.errors import UnsupportedMedium

__all__ = ["COMPARED_PIXELS", "Comparison", "copy_differs", "is_unchanged", "same_pixels"]

COMPARED_PIXELS: Final = 320
"""The longer side of the small pictures that are compared, each pixel the average of many: a lost block of 8 by 8 in a
photo of 48 megapixels still changes one of them by up to a fifteenth of white.
"""

TOLERANCE: Final = 4
"""Of 255, in each channel. The same data drawn twice are equal; this leaves room for a decoder that rounds differently
when another one helps it.
"""


class Comparison(str, Enum):
    """How a copy was compared with its original. The values are stable: catalogues have words for them."""

    SAME = "same"
    FIRST_PICTURE = "first_picture"
    """Of a film or an animation, only the beginning was looked at; it is the same."""
    UNDECODABLE = "undecodable"
    NO_PICTURE = "no_picture"
    """Of a film, only the sound can be played here."""
    SOUND = "sound"
    """A recording: both can be played; what is heard was not compared."""
    UNSTEADY = "unsteady"
    """The same picture was read twice, with two results: browsers that guard against fingerprinting add noise."""
    TOO_LARGE = "too_large"

    @property
    def sentence(self) -> str:
        """What to know of it, for a person."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Comparison.SAME: "It looks the same as the original.",
    Comparison.FIRST_PICTURE: "Only its first picture was compared with the original; it looks the same.",
    Comparison.UNDECODABLE: "It was not compared with the original, because it cannot be decoded here.",
    Comparison.NO_PICTURE: "Its picture cannot be shown here, so it was not compared with the original.",
    Comparison.SOUND: "It can be played, but what is heard was not compared with the original.",
    Comparison.UNSTEADY: "It was not compared with the original, because pictures cannot be read reliably here.",
    Comparison.TOO_LARGE: "It was not compared with the original, because it has too many pixels. My PicSafe does not show it either: recipients can only save it.",
}


def is_unchanged(cleaned: Cleaned, size: int) -> bool:
    """Whether the copy is the original of `size` bytes itself, so that there is nothing to compare."""
    return cleaned.segments == (Keep(0, size),)


def same_pixels(first: bytes, second: bytes) -> bool:
    """Whether two pictures of one size, as RGBA, are the same to within `TOLERANCE`."""
    if first == second:
        return True
    if len(first) != len(second):
        return False
    return all(abs(one - other) <= TOLERANCE for one, other in zip(first, second, strict=True))


def copy_differs(name: str) -> UnsupportedMedium:
    """The error for a file, called `name`, whose cleaned copy looks different, or cannot be decoded although the file
    can.
    """
    return UnsupportedMedium(
        f"{name}: without its metadata it would not look like the original any more.",
        advice="Nothing was sent. Open it in another program and save a new copy, or take it again. Tell your administrator.",
        name=name,
        kind="differs",
    )
