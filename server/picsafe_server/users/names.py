"""Names of people, institutions and devices, as they will be shown to others."""

from __future__ import annotations

import unicodedata

from picsafe_protocol import limits
from picsafe_protocol.errors import InvalidRequest, LimitExceeded

_NOT_PRINTED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of writing: with them a name could pretend to be another."""


def search_text(name: str, email: str) -> str:
    """What a search for a person looks through. Kept beside the name, because SQLite does not know the lower case of `Ö`."""
    return f"{name.lower()} {email}"


def checked_name(text: str, field: str = "name", longest: int = limits.NAME_CHARACTERS) -> str:
    """`text` with its spaces tidied; `InvalidRequest` or `LimitExceeded` naming `field` when it is no name to show."""
    name = unicodedata.normalize("NFC", " ".join(word for word in text.split(" ") if word))
    if not name:
        raise InvalidRequest("A name cannot be empty.", field=field)
    if len(name) > longest:
        raise LimitExceeded(f"A name has at most {longest} characters.", limit=field, maximum=longest, actual=len(name))
    if any(unicodedata.category(character) in _NOT_PRINTED or character in _DIRECTION for character in name):
        raise InvalidRequest("A name cannot contain control characters.", field=field)
    return name
