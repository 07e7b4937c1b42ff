"""Service accounts: machines that poll for an institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import LimitExceeded, NotFound
from picsafe_protocol.contracts.identifiers import is_identifier, new_identifier
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts import secrets
from picsafe_server.users.audit.audit_log import AuditAction, AuditLog, AuditTarget
from picsafe_server.users.audit.security_log import SecurityEvent, SecurityLog
from picsafe_server.users.db.models import Institution, ServiceAccount
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import SESSION_ENDED, Change, EventLog
from picsafe_server.users.names.display_names import checked_name
from picsafe_server.users.principal import Principal


@dataclass(frozen=True)
class NewServiceAccount:
    """A service account and its token, which is shown once."""

    account: ServiceAccount
    token: str


class ServiceAccounts:
    """Makes and revokes service accounts of one institution at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: EventLog,
        administration: AuditLog,
        security: SecurityLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._administration = administration
        self._security = security

    async def of(self, institution_id: str) -> Sequence[ServiceAccount]:
        """The institution's service accounts that are not revoked, oldest first."""
        query = select(ServiceAccount).where(
            ServiceAccount.institution_id == institution_id, ServiceAccount.revoked_at.is_(None)
        )
        async with self._database.reading() as session:
            return (await session.scalars(query.order_by(ServiceAccount.created_at))).all()

    async def create(self, institution_id: str, name: str, who: Principal | None = None) -> NewServiceAccount:
        """A new service account, which gets reports from now on; `LimitExceeded` when the institution has too many.

        `who` creates it; None is the operator.
        """
        secret = secrets.new_secret()
        account = ServiceAccount(
            id=new_identifier(),
            institution_id=institution_id,
            name=checked_name(name),
            secret_hash=secrets.digest(secret),
            created_at=self._clock.now(),
        )
        async with self._database.writing() as session:
            await session.execute(select(Institution.id).where(Institution.id == institution_id).with_for_update())
            count = await session.scalar(
                select(func.count())
                .select_from(ServiceAccount)
                .where(ServiceAccount.institution_id == institution_id, ServiceAccount.revoked_at.is_(None))
            )
            if (count or 0) >= limits.SERVICE_ACCOUNTS:
                raise LimitExceeded(
                    f"An institution has at most {limits.SERVICE_ACCOUNTS} service accounts.",
                    advice="Revoke one that is not used any more.",
                    limit="service_accounts",
                    maximum=limits.SERVICE_ACCOUNTS,
                    actual=(count or 0) + 1,
                )
            session.add(account)
            act = AuditAction.SERVICE_ACCOUNT_MADE
            self._administration.record(session, institution_id, who, act, whom=AuditTarget.of(account))
            self._security.record_by(session, SecurityEvent.SERVICE_ACCOUNT_MADE, account, who)
        return NewServiceAccount(account, secrets.service_token(account.id, secret))

    async def revoke(self, institution_id: str, account_id: str, who: Principal | None = None) -> None:
        """Invalidate the token; `NotFound` when the institution has no such service account."""
        if not is_identifier(account_id):
            raise NotFound
        async with self._database.writing() as session:
            revoked = await session.scalar(
                update(ServiceAccount)
                .where(
                    ServiceAccount.id == account_id,
                    ServiceAccount.institution_id == institution_id,
                    ServiceAccount.revoked_at.is_(None),
                )
                .values(revoked_at=self._clock.now())
                .returning(ServiceAccount)
            )
            if revoked is None:
                raise NotFound
            act = AuditAction.SERVICE_ACCOUNT_REVOKED
            self._administration.record(session, institution_id, who, act, whom=AuditTarget.of(revoked))
            self._security.record_by(session, SecurityEvent.SERVICE_ACCOUNT_REVOKED, revoked, who)
            await self._changes.append(session, Change(SESSION_ENDED, [channels.session(account_id)]))
