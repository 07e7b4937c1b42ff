"""Types of fields with a rule of their own.

`json.messages` applies the function of an annotation when it reads an answer. An enumeration names the words that a
field has today: later servers may have more. A `Rule` is for fields of requests: the server applies it, and the OpenAPI
document states it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeAlias

from picsafe_protocol.contracts.identifiers import is_identifier

__all__ = ["WHEN_ABSENT", "WIRE_NAME", "Base64", "Identifier", "Moment", "PositiveSize", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a server accepts in a field of a request. Lengths are characters, or items of a list."""

    max_length: int | None = None
    pattern: str | None = None
    ge: int | None = None
    le: int | None = None
    description: str | None = None


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _is_positive(number: int) -> bool:
    return number > 0


Identifier: TypeAlias = Annotated[str, is_identifier]
"""26 letters of lower-case base32: safe as the name of a folder and as part of a URL."""
Moment: TypeAlias = Annotated[str, _is_moment]
"""A time that is calculated with."""
Base64: TypeAlias = Annotated[str, _is_base64]
"""Bytes in standard base64 with padding."""
PositiveSize: TypeAlias = Annotated[int, _is_positive]
"""Bytes, at least one."""
WIRE_NAME: Final = "wire_name"
"""In a field's metadata: its name in JSON, where that is a keyword of Python."""
WHEN_ABSENT: Final = "when_absent"
"""In a field's metadata: what to read where the field is missing, because older servers do not send it."""
