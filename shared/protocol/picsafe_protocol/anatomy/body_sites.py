"""Maps a sender's words for a body site to a region of the body, where they are unambiguous; English, German and
French.

The body site is free text, which remains authoritative. A region is returned only when all words are known and mean one
region, because a guess would become a code in a record. `locate("volar left forearm", None)` is the forearm, left;
`"forearm and hand"` gives no region.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from picsafe_protocol.format.report import Laterality

__all__ = ["Located", "Region", "locate"]


class Region(str, Enum):
    """A region of the body's surface."""

    HEAD = "head"
    SCALP = "scalp"
    FACE = "face"
    EYE = "eye"
    EAR = "ear"
    NOSE = "nose"
    MOUTH = "mouth"
    NECK = "neck"
    SHOULDER = "shoulder"
    AXILLA = "axilla"
    UPPER_ARM = "upper_arm"
    ELBOW = "elbow"
    FOREARM = "forearm"
    WRIST = "wrist"
    HAND = "hand"
    FINGER = "finger"
    THUMB = "thumb"
    CHEST = "chest"
    BREAST = "breast"
    ABDOMEN = "abdomen"
    BACK = "back"
    GROIN = "groin"
    HIP = "hip"
    BUTTOCK = "buttock"
    THIGH = "thigh"
    KNEE = "knee"
    LOWER_LEG = "lower_leg"
    ANKLE = "ankle"
    FOOT = "foot"
    TOE = "toe"


@dataclass(frozen=True, slots=True)
class Located:
    """What is known: `region` may be None; `side` is `left`, `right`, `both`, or empty."""

    region: Region | None
    side: str


_NAMES: Final[Mapping[Region, str]] = {
    Region.HEAD: "head, kopf, schadel, tete, crane",
    Region.SCALP: "scalp, kopfhaut, cuir chevelu",
    Region.FACE: "face, gesicht, visage, cheek, wange, joue, forehead, stirn, chin, kinn, menton",
    Region.EYE: "eye, eyes, auge, augen, oeil, yeux",
    Region.EAR: "ear, ears, ohr, ohren, oreille, oreilles",
    Region.NOSE: "nose, nase, nez",
    Region.MOUTH: "mouth, mund, bouche",
    Region.NECK: "neck, hals, nacken, cou, nuque",
    Region.SHOULDER: "shoulder, shoulders, schulter, schultern, epaule, epaules",
    Region.AXILLA: "axilla, armpit, achsel, achselhohle, aisselle",
    Region.UPPER_ARM: "upper arm, upper arms, oberarm, oberarme, haut du bras",
    Region.ELBOW: "elbow, elbows, ellbogen, ellenbogen, coude, coudes",
    Region.FOREARM: "forearm, forearms, lower arm, unterarm, unterarme, avant bras",
    Region.WRIST: "wrist, wrists, handgelenk, handgelenke, poignet, poignets",
    Region.HAND: (
        "hand, hands, hande, main, mains, palm, back of the hand, back of hand, handrucken, handflache, dos de la main, paume"
    ),
    Region.FINGER: "finger, fingers, doigt, doigts, index finger, middle finger, ring finger, little finger, zeigefinger, mittelfinger, ringfinger, kleinfinger",
    Region.THUMB: "thumb, thumbs, daumen, pouce, pouces",
    Region.CHEST: "chest, thorax, brustkorb, poitrine",
    Region.BREAST: "breast, breasts, mamma, sein, seins",
    Region.ABDOMEN: "abdomen, belly, bauch, ventre",
    Region.BACK: "back, rucken, dos, lower back, upper back",
    Region.GROIN: "groin, leiste, aine",
    Region.HIP: "hip, hips, hufte, huften, hanche, hanches",
    Region.BUTTOCK: "buttock, buttocks, gesass, fesse, fesses",
    Region.THIGH: "thigh, thighs, upper leg, oberschenkel, cuisse, cuisses",
    Region.KNEE: "knee, knees, knie, genou, genoux",
    Region.LOWER_LEG: "lower leg, lower legs, shin, calf, unterschenkel, schienbein, wade, mollet, tibia, bas de la jambe",
    Region.ANKLE: "ankle, ankles, knochel, sprunggelenk, cheville, chevilles",
    Region.FOOT: "foot, feet, fuss, fusse, pied, pieds, sole, heel, fusssohle, ferse, talon, plante du pied",
    Region.TOE: "toe, toes, great toe, big toe, zeh, zehe, zehen, grosszehe, orteil, orteils, gros orteil",
}
"""How each is called, without accents and capitals. A word that means several, such as "arm" or "jambe", is in none."""

_SIDES: Final = {
    Laterality.LEFT.value: "left, l, lt, links, linke, linker, linkes, linken, li, gauche, g",
    Laterality.RIGHT.value: "right, r, rt, rechts, rechte, rechter, rechtes, rechten, re, droit, droite, dr",
    Laterality.BOTH.value: "both, bilateral, beide, beidseits, bds, beider, deux",
}
_PLACES: Final = (
    "the of on at a der die das des dem am an le la les du de side seite cote "
    "dorsal volar palmar plantar ventral anterior posterior medial lateral proximal distal radial ulnar inner outer upper "
    "lower middle dorsale palmare plantaire anterieur anterieure posterieur posterieure interne externe "
    "innen aussen oben unten vorn vorne hinten"
)
"""Words that say where in a region, not which."""

_WORD: Final = re.compile(r"[a-z]+")
_LETTERS: Final = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae"})


def _phrases(names: Mapping[Region, str]) -> dict[tuple[str, ...], Region]:
    return {tuple(name.split()): region for region, listed in names.items() for name in listed.split(", ")}


_PHRASES: Final = _phrases(_NAMES)
_LONGEST: Final = max(map(len, _PHRASES))
_BESIDE: Final = frozenset(_PLACES.split())
_SIDE_OF: Final = {word: side for side, listed in _SIDES.items() for word in listed.split(", ")}


def locate(body_site: str, laterality: Laterality | None) -> Located | None:
    """The region and side that words and side together mean; None when they name nothing known or contradict each
    other.
    """
    regions, sides, is_clear = _read(body_site)
    if laterality not in (None, Laterality.NONE):
        sides.add(laterality.value)
    if len(sides) > 1:
        return None
    region = next(iter(regions)) if is_clear and len(regions) == 1 else None
    side = next(iter(sides), "")
    return Located(region, side) if region or side else None


def _read(text: str) -> tuple[set[Region], set[str], bool]:
    """The regions and sides among the words, and whether every word is known."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS)).encode("ascii", "ignore").decode("ascii")
    words = _WORD.findall(plain)
    regions: set[Region] = set()
    sides: set[str] = set()
    is_clear = True
    while words:
        for length in range(min(_LONGEST, len(words)), 0, -1):
            if (found := _PHRASES.get(tuple(words[:length]))) is not None:
                regions.add(found)
                break
        else:
            length = 1
            if (side := _SIDE_OF.get(words[0])) is not None:
                sides.add(side)
            else:
                is_clear = is_clear and words[0] in _BESIDE
        del words[:length]
    return regions, sides, is_clear
