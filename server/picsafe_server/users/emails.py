"""E-mail addresses as people type them, and as accounts are found by them."""

from __future__ import annotations

import re
import unicodedata

from picsafe_protocol import limits
from picsafe_protocol.errors import InvalidRequest

_SHAPE = re.compile(r"[^\s@\x00-\x1f\x7f<>(),;:\"\\\[\]]{1,64}@[^\s@\x00-\x1f\x7f<>(),;:\"\\\[\]]{1,253}")


def normalise(text: str) -> str:
    """`text` trimmed, in Unicode form C and lower case: one person is one account, however they write their address."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def checked(text: str, field: str = "email") -> str:
    """The normalised address; `InvalidRequest` naming `field` when `text` cannot be one."""
    email = normalise(text)
    if len(email) > limits.EMAIL_CHARACTERS or not _SHAPE.fullmatch(email):
        raise InvalidRequest("This is not an e-mail address.", field=field)
    return email
