"""Names of people, institutions and devices that are shown to others."""

from __future__ import annotations

import unicodedata

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest, LimitExceeded
from picsafe_server.users.names.invisible_characters import has_invisible


def search_text(name: str, email: str) -> str:
    """The text in which a person is searched. Stored with the name, because SQLite does not know the lower case
    of `Ö`.
    """
    return f"{name.lower()} {email}"


def checked_name(text: str, field: str = "name", longest: int = limits.NAME_CHARACTERS) -> str:
    """`text` with its spaces tidied; `InvalidRequest` or `LimitExceeded` naming `field` when it is no name to show."""
    name = unicodedata.normalize("NFC", " ".join(word for word in text.split(" ") if word))
    if not name:
        raise InvalidRequest("A name cannot be empty.", field=field)
    if len(name) > longest:
        raise LimitExceeded(f"A name has at most {longest} characters.", limit=field, maximum=longest, actual=len(name))
    if has_invisible(name):
        raise InvalidRequest("A name cannot contain characters that nobody sees.", field=field)
    return name
