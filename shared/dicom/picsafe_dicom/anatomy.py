"""Codes for body regions: SNOMED CT as in PS3.16, context group 4, and Body Part Examined as in PS3.16, annex L."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from picsafe_protocol.anatomy.body_sites import Region


class Code(NamedTuple):
    """A concept of SNOMED CT, and the defined term for Body Part Examined, empty where annex L has none of its own."""

    value: str
    meaning: str
    body_part: str = ""


CODES: Final[Mapping[Region, Code]] = {
    Region.HEAD: Code("69536005", "Head", "HEAD"),
    Region.SCALP: Code("41695006", "Scalp"),
    Region.FACE: Code("89545001", "Face", "FACE"),
    Region.EYE: Code("81745001", "Eye", "EYE"),
    Region.EAR: Code("117590005", "Ear", "EAR"),
    Region.NOSE: Code("45206002", "Nose", "NOSE"),
    Region.MOUTH: Code("123851003", "Mouth", "MOUTH"),
    Region.NECK: Code("45048000", "Neck", "NECK"),
    Region.SHOULDER: Code("16982005", "Shoulder", "SHOULDER"),
    Region.AXILLA: Code("91470000", "Axilla", "AXILLA"),
    Region.UPPER_ARM: Code("40983000", "Upper arm"),
    Region.ELBOW: Code("16953009", "Elbow joint", "ELBOW"),
    Region.FOREARM: Code("14975008", "Forearm", "FOREARM"),
    Region.WRIST: Code("74670003", "Wrist joint", "WRIST"),
    Region.HAND: Code("85562004", "Hand", "HAND"),
    Region.FINGER: Code("7569003", "Finger", "FINGER"),
    Region.THUMB: Code("76505004", "Thumb", "THUMB"),
    Region.CHEST: Code("816094009", "Chest", "CHEST"),
    Region.BREAST: Code("76752008", "Breast", "BREAST"),
    Region.ABDOMEN: Code("818981001", "Abdomen", "ABDOMEN"),
    Region.BACK: Code("77568009", "Back", "BACK"),
    Region.GROIN: Code("26893007", "Inguinal region"),
    Region.HIP: Code("29836001", "Hip", "HIP"),
    Region.BUTTOCK: Code("46862004", "Buttock", "BUTTOCK"),
    Region.THIGH: Code("68367000", "Thigh", "THIGH"),
    Region.KNEE: Code("72696002", "Knee", "KNEE"),
    Region.LOWER_LEG: Code("30021000", "Lower leg"),
    Region.ANKLE: Code("70258002", "Ankle joint", "ANKLE"),
    Region.FOOT: Code("56459004", "Foot", "FOOT"),
    Region.TOE: Code("29707007", "Toe", "TOE"),
}
