"""Which region of the body words mean: nothing is guessed."""

from __future__ import annotations

import pytest

from picsafe_protocol.anatomy.body_sites import Region, locate
from picsafe_protocol.format.report import Laterality

LEFT, RIGHT, BOTH, NONE = Laterality.LEFT, Laterality.RIGHT, Laterality.BOTH, Laterality.NONE


@pytest.mark.parametrize(
    ("words", "laterality", "region", "side"),
    [
        ("forearm", None, Region.FOREARM, ""),
        ("Forearm", LEFT, Region.FOREARM, "left"),
        ("left forearm", None, Region.FOREARM, "left"),
        ("left forearm", LEFT, Region.FOREARM, "left"),
        ("volar forearm", NONE, Region.FOREARM, ""),
        ("Unterarm links", None, Region.FOREARM, "left"),
        ("Linker Oberschenkel, vorn", None, Region.THIGH, "left"),
        ("Fuß", BOTH, Region.FOOT, "both"),
        ("avant-bras droit", None, Region.FOREARM, "right"),
        ("Œil gauche", None, Region.EYE, "left"),
        ("lower back", None, Region.BACK, ""),
        ("back of the hand", RIGHT, Region.HAND, "right"),
        ("lower leg", None, Region.LOWER_LEG, ""),
        ("both knees", None, Region.KNEE, "both"),
        ("scar", LEFT, None, "left"),
    ],
)
def test_what_leaves_no_doubt_is_found(
    words: str, laterality: Laterality | None, region: Region | None, side: str
) -> None:
    located = locate(words, laterality)
    assert located is not None
    assert (located.region, located.side) == (region, side)


@pytest.mark.parametrize(
    ("words", "laterality"),
    [
        ("", None),
        ("", NONE),
        ("arm", None),
        ("leg", None),
        ("forearm and hand", None),
        ("hand, foot", None),
        ("forearm scar", None),
        ("not the forearm", None),
        ("behind the ear of the neighbour", None),
        ("left forearm", RIGHT),
        ("left and right hand", None),
        ("12", None),
        ("前腕", None),
        ("x" * 200, None),
    ],
)
def test_what_leaves_doubt_is_not(words: str, laterality: Laterality | None) -> None:
    assert locate(words, laterality) is None
