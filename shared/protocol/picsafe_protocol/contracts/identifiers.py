"""Identifiers of reports, keys, users and institutions: 128 random bits as 26 letters of lower-case base32 (RFC 4648,
no padding).
"""

from __future__ import annotations

import base64
import re
import secrets

from picsafe_protocol.contracts.errors import InvalidRequest

__all__ = ["checked_identifier", "is_identifier", "new_identifier"]

_SHAPE = re.compile(r"[a-z2-7]{26}")


def new_identifier() -> str:
    """A new identifier; it cannot be guessed and reveals neither when nor where it was made."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def is_identifier(text: object) -> bool:
    """Whether `text` has the shape of an identifier."""
    return isinstance(text, str) and _SHAPE.fullmatch(text) is not None


def checked_identifier(text: object, field: str = "id") -> str:
    """`text` when it has the shape of an identifier; otherwise `InvalidRequest` naming `field`."""
    if not isinstance(text, str) or not is_identifier(text):
        raise InvalidRequest("An identifier is 26 lower-case letters and digits.", field=field)
    return text
