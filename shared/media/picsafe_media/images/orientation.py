"""Rotations and reflections as Exif's orientation 1 to 8, whatever a container calls them."""

from __future__ import annotations

from typing import Final

__all__ = ["IDENTITY", "MIRROR_LEFT_RIGHT", "MIRROR_TOP_BOTTOM", "QUARTER_LEFT", "Turn", "orientation_of", "then"]

Turn = tuple[int, int, int, int]
"""(a, b, c, d): the pixel at (x, y), y downwards, is displayed at (a x + c y, b x + d y); each is -1, 0 or 1."""

IDENTITY: Final[Turn] = (1, 0, 0, 1)
QUARTER_LEFT: Final[Turn] = (0, -1, 1, 0)
MIRROR_LEFT_RIGHT: Final[Turn] = (-1, 0, 0, 1)
MIRROR_TOP_BOTTOM: Final[Turn] = (1, 0, 0, -1)

_ORIENTATIONS: Final[dict[Turn, int]] = {
    IDENTITY: 1,
    MIRROR_LEFT_RIGHT: 2,
    (-1, 0, 0, -1): 3,
    MIRROR_TOP_BOTTOM: 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    QUARTER_LEFT: 8,
}


def then(first: Turn, second: Turn) -> Turn:
    """Both turns, one after the other."""
    a, b, c, d = first
    e, f, g, h = second
    return e * a + g * b, f * a + h * b, e * c + g * d, f * c + h * d


def orientation_of(turn: Turn) -> int:
    """Exif's number; 1 for what is no turn by quarters."""
    return _ORIENTATIONS.get(turn, 1)
