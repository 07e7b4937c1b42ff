"""Times in the format: RFC 3339 to the second. `2026-11-22T10:15:00Z` in UTC, `…+10:00` where the local time
matters.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

__all__ = ["is_date", "is_time", "is_utc_time", "parse_time", "utc_text"]

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_time(text: str) -> datetime:
    """The moment that `text` names, with its offset. Raises `ValueError` for anything but the form above."""
    if _TIME.fullmatch(text) is None:
        raise ValueError("a time is written 2026-11-22T10:15:00Z or with an offset such as +10:00")
    return datetime.fromisoformat(text)


def utc_text(moment: datetime) -> str:
    """`moment`, which must know its offset, in UTC to the second."""
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is not a moment")
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def is_time(text: str) -> bool:
    """Whether `text` is a time with an offset or `Z`."""
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def is_utc_time(text: str) -> bool:
    """Whether `text` is a time in UTC, ending in `Z`."""
    return text.endswith("Z") and is_time(text)


def is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar, `1970-01-31`."""
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
