"""Identifiers derived from the report's, so that a photo saved twice is the same instance (PS3.5, annex B.2: UUIDs
below 2.25).
"""

from __future__ import annotations

import uuid
from typing import Final

from picsafe_dicom.photo import Reason

_NAMESPACE: Final = uuid.UUID("6f1d5a0e-8f5c-5e0b-9d0c-0b7a4b1f6c55")
"""Never to be changed: it is part of every identifier."""

IMPLEMENTATION_CLASS: Final = f"2.25.{uuid.uuid5(_NAMESPACE, 'implementation').int}"
IMPLEMENTATION_VERSION: Final = "PICSAFE_1"


def study_uid(report_id: str) -> str:
    """A report is a study."""
    return _uid(report_id, "study")


def series_uid(report_id: str) -> str:
    """Its photos are one series."""
    return _uid(report_id, "series")


def instance_uid(report_id: str, path: str, reason: Reason | None) -> str:
    """A photo is an instance, by its path in the report; one that was recompressed has other pixels, so another
    name.
    """
    return _uid(report_id, path, *([reason.value] if reason else []))


def _uid(*parts: str) -> str:
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(parts)).int}"
