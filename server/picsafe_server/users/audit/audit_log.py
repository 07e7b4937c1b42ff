"""The administration record of an institution: who changed what, when, and for whom.

Every administrative act is recorded in its own transaction, so none happens without an entry; entries are never
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import Account, AdministrativeAct, ServiceAccount
from picsafe_server.users.principal import Principal


class AuditAction(str, Enum):
    """Acts of administrators and operators."""

    MEMBER_ADDED = "member_added"
    MEMBER_INVITED = "member_invited"
    """Again, having never had a password."""
    PASSWORD_RESET = "password_reset"  # noqa: S105 the name of an act
    """An invitation for somebody who has a password."""
    PASSWORD_RESET_USED = "password_reset_used"  # noqa: S105
    """The holder of that invitation has set a new password; `after` names who made it."""
    ROLE_CHANGED = "role_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    MEMBER_REMOVED = "member_removed"
    SERVICE_ACCOUNT_MADE = "service_account_made"
    SERVICE_ACCOUNT_REVOKED = "service_account_revoked"
    NAME_CHANGED = "name_changed"
    RETENTION_CHANGED = "retention_days_changed"
    IDLE_LOCK_CHANGED = "idle_lock_minutes_changed"
    MEMBERS_MAY_OPEN_CHANGED = "members_may_open_changed"
    LABELS_CHANGED = "labels_changed"
    KEY_SERVERS_CHANGED = "key_servers_changed"
    KEY_SERVER_CHANGED = "key_server_changed"
    DOMAIN_ADDED = "domain_added"
    SESSIONS_ENDED = "sessions_ended"
    INSTITUTION_MADE = "institution_made"
    INSTITUTION_REMOVED = "institution_removed"
    LOG_CONTRADICTED = "log_contradicted"
    """A key server contradicts what it signed of its log before: noticed by the server, done by nobody here."""
    LOG_ACCEPTED = "log_accepted"
    """The operator has accepted that."""


@dataclass(frozen=True)
class AuditTarget:
    """The subject of an act: a person, by their address, or a service account, by its name."""

    id: str
    name: str

    @classmethod
    def of(cls, account: Account | ServiceAccount) -> AuditTarget:
        return cls(account.id, account.email if isinstance(account, Account) else account.name)


def signature(name: str | None, email: str | None) -> str | None:
    """The actor: their chosen name, and the address, which they cannot choose. None for the operator."""
    return f"{name} <{email}>" if name and email else name


class AuditLog:
    """Writes and reads the record."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(
        self,
        session: AsyncSession,
        institution_id: str | None,
        who: Principal | None,
        act: AuditAction,
        *,
        whom: AuditTarget | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Add a line in the transaction of `session`. `who` is None for the operator; nothing is written outside of
        institutions.
        """
        if institution_id is None:
            return
        session.add(
            AdministrativeAct(
                institution_id=institution_id,
                at=self._clock.now(),
                who_id=who.id if who else None,
                who_name=who.name if who else None,
                who_email=who.email if who else None,
                act=act.value,
                whom_id=whom.id if whom else None,
                whom_name=whom.name if whom else None,
                before=before,
                after=after,
            )
        )

    async def page(self, who: Principal, before: int, limit: int) -> Sequence[AdministrativeAct]:
        """At most `limit` lines of the caller's institution with smaller numbers than `before`, newest first."""
        query = select(AdministrativeAct).where(
            AdministrativeAct.institution_id == who.institution_id, AdministrativeAct.number < before
        )
        async with self._database.reading() as session:
            return (await session.scalars(query.order_by(AdministrativeAct.number.desc()).limit(limit))).all()
