"""Names for saved files: readable, the same on every system, and without the patient's name unless requested.

`2026-11-22_left-forearm_1.jpg`: the day it was taken, the body site, its number among the report's media.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from picsafe_protocol.format.files import extension_for
from picsafe_protocol.format.report import Laterality, Medium, Report

__all__ = ["medium_name", "package_name", "report_name", "saved_names", "slug"]

_SLUG_CHARACTERS: Final = 40  # two of them, a day and a number stay far below every system's limit
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)


def slug(text: str) -> str:
    """`text` as lower-case ASCII words with hyphens between; `""` when nothing of it can be written so."""
    folded = text.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")
    return _OTHER.sub("-", plain.lower()).strip("-")[:_SLUG_CHARACTERS].rstrip("-")


def report_name(report: Report, *, with_patient: bool = False) -> str:
    """What the files of a report have in common: `2026-11-22_left-forearm`. `with_patient` adds the patient's name."""
    patient = slug(report.patient.name) if with_patient else ""
    return "_".join(part for part in (_day(report.captured_at), patient, _site(report) or "report") if part)


def medium_name(report: Report, index: int, *, with_patient: bool = False) -> str:
    """The name for medium number `index` (from 0) of `report`; different for each of them."""
    medium: Medium = report.media[index]
    patient = slug(report.patient.name) if with_patient else ""
    parts = (_day(medium.captured_at or report.captured_at), patient, _site(report) or medium.kind, str(index + 1))
    return "_".join(part for part in parts if part) + "." + extension_for(medium.media_type)


def saved_names(report: Report, *, with_patient: bool = False) -> dict[str, str]:
    """The names under which all files of a report are saved together, by their paths in the payload: the media, and in
    a folder `consent` what shows it. Thumbnails are not saved. `report.json` keeps its name.
    """
    names = {
        medium.path: medium_name(report, index, with_patient=with_patient) for index, medium in enumerate(report.media)
    }
    return names | {record.evidence.path: record.evidence.path for record in report.consent if record.evidence}


def package_name(created_at: str, report_id: str) -> str:
    """The name for a saved package, of which nothing is known but its header: `2026-11-22_abcdefgh.picsafe`."""
    return f"{_day(created_at)}_{report_id[:8]}.picsafe"


def _day(time: str) -> str:
    return time[:10]


def _site(report: Report) -> str:
    """The body site with its side, said once."""
    site = slug(report.body_site)
    if report.laterality in (None, Laterality.NONE) or not site:
        return site
    side = report.laterality.value
    return site if side in site.split("-") else f"{side}-{site}"
