"""The authenticated caller: a person with a session, or a service account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from picsafe_protocol.contracts.regions import region_for_country
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import Account, Institution, ServiceAccount
from picsafe_server.users.events import channels


@dataclass(frozen=True, kw_only=True)
class Principal:
    """An authenticated caller, as one request sees it."""

    id: str
    name: str
    role: Role | None
    institution: Institution | None
    email: str | None
    """None for a service account."""
    country: str | None
    """None for a service account."""
    since: datetime | None
    """Reports that were begun before are not for this caller: see `visibility.check_since`. None: there is no such
    moment.
    """
    joined: datetime | None = None
    """When the caller joined their institution: as a member of it they see what was begun from then on. None: belongs
    to none.
    """
    reset_by: str | None = None
    """Who reset the caller's password, by name; None for the operator, and when nobody did."""
    reset_by_email: str | None = None
    """Their address; None where `reset_by` is, and for resets from before it was kept."""
    reset_is_news: bool = False
    """Whether the caller has not yet put away the notice of it."""
    session_id: str
    """The session; for a service account, its own identifier: what ends when it is revoked."""

    @property
    def is_service(self) -> bool:
        return self.role is Role.SERVICE

    @property
    def region(self) -> str | None:
        """Where reports of this person are stored."""
        return region_for_country(self.country) if self.country else None

    @property
    def institution_id(self) -> str | None:
        return self.institution.id if self.institution else None

    @property
    def received(self) -> Sequence[str]:
        """The audiences whose lists together are what this caller received."""
        if self.is_service:
            return [channels.services(self.institution_id or "")]
        own = [channels.inbox(self.id)]
        return [*own, channels.members(self.institution_id)] if self.institution_id else own

    @property
    def listens_to(self) -> Sequence[str]:
        """The audiences whose events this caller receives."""
        sent = [] if self.is_service else [channels.sent(self.id)]
        return [*self.received, *sent, channels.session(self.session_id)]


def person(account: Account, institution: Institution | None, session_id: str) -> Principal:
    """The caller with this account."""
    return Principal(
        id=account.id,
        name=account.name,
        role=Role(account.role) if account.role else None,
        institution=institution,
        email=account.email,
        country=account.country,
        since=account.reset_at,
        joined=account.joined_at,
        reset_by=account.reset_by,
        reset_by_email=account.reset_by_email,
        reset_is_news=account.reset_at is not None and account.reset_seen_at is None,
        session_id=session_id,
    )


def service(account: ServiceAccount, institution: Institution) -> Principal:
    """The caller with this service account."""
    return Principal(
        id=account.id,
        name=account.name,
        role=Role.SERVICE,
        institution=institution,
        email=None,
        country=None,
        since=account.created_at,
        joined=account.created_at,
        session_id=account.id,
    )
