"""E-mail addresses as people type them, and in the form by which accounts are found.

The part before the @ is ASCII, and the domain is ASCII after IDNA encoding (RFC 5891, UTS 46): no letter of another
script and no invisible character can make two addresses look alike.
"""

from __future__ import annotations

import re
import unicodedata

import idna

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_server.users.names.invisible_characters import has_invisible

_LOCAL = re.compile(r"[!-~]{1,64}")
_SPECIALS = frozenset('<>(),;:"\\[]@')


def normalise(text: str) -> str:
    """`text` trimmed, in Unicode form C and lower case, its domain in ASCII: one person is one account, however they
    write it.
    """
    email = unicodedata.normalize("NFC", text.strip()).lower()
    local, at, domain = email.rpartition("@")
    return f"{local}@{_ascii(domain) or domain}" if at and not domain.isascii() else email


def checked(text: str, field: str = "email") -> str:
    """The normalised address; `InvalidRequest` naming `field` when `text` cannot be one."""
    email = normalise(text)
    local, _, domain = email.rpartition("@")
    if (
        len(email) > limits.EMAIL_CHARACTERS
        or has_invisible(text.strip())
        or not _LOCAL.fullmatch(local)
        or _SPECIALS & set(local)
        or _ascii(domain) != domain
    ):
        raise InvalidRequest(
            "This is not an e-mail address.",
            advice="Before the @ it has Latin letters, digits and signs only; after it stands a domain, such as hospital.example.",
            field=field,
        )
    return email


def checked_domain(text: str, field: str = "domain") -> str:
    """A mail domain in ASCII, as in `hospital.example`; `InvalidRequest` naming `field` when `text` cannot be one."""
    domain = _ascii(unicodedata.normalize("NFC", text.strip()).lower())
    if domain is None or has_invisible(text.strip()):
        raise InvalidRequest(
            "This is not a mail domain.",
            advice="It is what stands behind the @, such as hospital.example.",
            field=field,
        )
    return domain


def domain_of(email: str) -> str:
    """What stands behind the @ of a normalised address."""
    return email.rpartition("@")[2]


def _ascii(domain: str) -> str | None:
    """The domain after IDNA encoding, without a root's dot; None when it is none."""
    try:
        encoded = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return None if encoded.endswith(".") else encoded
