"""Types of fields with a rule of their own: `json.messages` applies the function when it reads an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, TypeAlias

from picsafe_protocol.contracts.identifiers import is_identifier

__all__ = ["WHEN_ABSENT", "WIRE_NAME", "Identifier", "Moment", "PositiveSize"]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_positive(number: int) -> bool:
    return number > 0


Identifier: TypeAlias = Annotated[str, is_identifier]
"""26 letters of lower-case base32: safe as the name of a folder and as part of a URL."""
Moment: TypeAlias = Annotated[str, _is_moment]
"""A time that is calculated with."""
PositiveSize: TypeAlias = Annotated[int, _is_positive]
"""Bytes, at least one."""
WIRE_NAME: Final = "wire_name"
"""In a field's metadata: its name in JSON, where that is a keyword of Python."""
WHEN_ABSENT: Final = "when_absent"
"""In a field's metadata: what to read where the field is missing, because older servers do not send it."""
