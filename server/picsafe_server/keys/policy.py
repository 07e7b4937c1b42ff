"""Rules for who may do what with a key, one function per rule. `release.py` and its neighbours call them; nothing else
decides.
"""

from __future__ import annotations

import msgspec

from picsafe_protocol.contracts.tokens import Role
from picsafe_server.keys.log.entries import Person


class Institution(msgspec.Struct, frozen=True):
    """Which roles of an institution, beyond the named recipients, may be given a key; none: they may only read
    the log.
    """

    id: str
    roles: tuple[str, ...]


class KeyAcl(msgspec.Struct, frozen=True):
    """Who may ever be given a key, as the user server's grant said when it was made (`tokens.KeyAccess`)."""

    owner: str
    recipients: tuple[str, ...]
    institutions: tuple[Institution, ...]
    begun: int | None = None
    """When the report was begun, in milliseconds since 1970; None in grants of older user servers."""


class Caller(msgspec.Struct, frozen=True):
    """Somebody whose token was verified. Identifiers are unique within their issuer only, so both always go
    together.
    """

    issuer: str
    subject: str
    name: str
    email: str
    institution: str | None = None
    institution_name: str | None = None
    role: str | None = None
    since: int | None = None
    """Keys made before this are not for the caller, in milliseconds since 1970: see `tokens.UserClaims`."""
    joined: int | None = None
    """When the caller joined the institution, likewise; None in tokens of user servers that do not say."""

    def person(self, address: str, reason: str = "") -> Person:
        """The caller as recorded in the log."""
        return Person(
            self.issuer,
            self.subject,
            self.name,
            self.email,
            self.institution,
            self.institution_name,
            address,
            reason,
        )


def may_have_key(access: KeyAcl, issuer: str, begun: int, caller: Caller) -> bool:
    """The owner, the recipients, and people whose role the policy of their institution admits.

    A policy is for those who belonged to the institution when the report was `begun` (milliseconds since 1970): its
    sender was told of them, and not of people who join later.
    """
    if caller.issuer != issuer:
        return False
    if caller.subject == access.owner or caller.subject in access.recipients:
        return True
    if caller.joined is not None and begun < caller.joined:
        return False
    return any(
        caller.institution == institution.id and caller.role in institution.roles for institution in access.institutions
    )


def predates_access(begun: int, caller: Caller) -> bool:
    """Whether a report begun at `begun` (milliseconds since 1970) is too old for the caller."""
    return caller.since is not None and begun < caller.since


def may_read_log(access: KeyAcl, issuer: str, caller: Caller) -> bool:
    """The owner, and administrators of the institutions that the key's access names."""
    if caller.issuer != issuer:
        return False
    return caller.subject == access.owner or (
        is_administrator(caller) and any(caller.institution == institution.id for institution in access.institutions)
    )


def is_administrator(caller: Caller) -> bool:
    """Whether the caller administers an institution."""
    return caller.institution is not None and caller.role == Role.ADMINISTRATOR
