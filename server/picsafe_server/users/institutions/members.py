"""The members of an institution, managed by its administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import (
    ChangedMeanwhile,
    Conflict,
    InvalidRequest,
    LastAdministrator,
    NotFound,
)
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts.accounts import create_account
from picsafe_server.users.accounts.draft_secrets import forget_draft_secrets
from picsafe_server.users.accounts.invitations import LIFETIME, Invitations
from picsafe_server.users.accounts.known_devices import forget_devices
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.audit.audit_log import AuditAction, AuditLog, AuditTarget
from picsafe_server.users.audit.security_log import SecurityEvent, SecurityLog
from picsafe_server.users.db.models import AVAILABLE, Account, Institution, Report, ReportOpened, ReportRecipient
from picsafe_server.users.names import email_addresses
from picsafe_server.users.principal import Principal

_EVENTS = {
    AuditAction.MEMBER_INVITED: SecurityEvent.INVITED,
    AuditAction.PASSWORD_RESET: SecurityEvent.INVITED,
    AuditAction.ROLE_CHANGED: SecurityEvent.ROLE_CHANGED,
    AuditAction.DISABLED: SecurityEvent.DISABLED,
    AuditAction.ENABLED: SecurityEvent.ENABLED,
    AuditAction.MEMBER_REMOVED: SecurityEvent.REMOVED,
}
"""What the security log has of an act as well."""


@dataclass(frozen=True)
class Invited:
    """A member and the token of their invitation, which is shown once."""

    account: Account
    invitation_token: str
    expires_at: datetime


def version(account: Account) -> str:
    """Changes with a member's role and state: what an administrator decides by."""
    state = "disabled" if account.disabled_at else "invited" if account.password_hash is None else "active"
    return f"{account.role}-{state}"


class Members:
    """Actions of administrators on the members of their own institution."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        invitations: Invitations,
        sessions: Sessions,
        administration: AuditLog,
        security: SecurityLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._invitations = invitations
        self._sessions = sessions
        self._administration = administration
        self._security = security

    async def page(self, who: Principal, after: str | None, limit: int) -> Sequence[Account]:
        """At most `limit` members in the order of their addresses, from the one after the address `after`."""
        query = select(Account).where(Account.institution_id == who.institution_id, Account.removed_at.is_(None))
        if after is not None:
            query = query.where(Account.email > email_addresses.normalise(after))
        async with self._database.reading() as session:
            return (await session.scalars(query.order_by(Account.email).limit(limit))).all()

    async def add(self, who: Principal, *, email: str, name: str, country: str, role: Role) -> Invited:
        """A new member, invited to set a password; `Conflict` when the address has an account already."""
        async with self._database.writing() as session:
            account = await create_account(
                session,
                self._clock,
                email=email,
                name=name,
                country=country,
                institution_id=who.institution_id,
                role=role,
                password_hash=None,
            )
            self._record(session, who, AuditAction.MEMBER_ADDED, account, after=account.role)
            return await self._invited(session, account, who)

    # `believed` is the `version` of the member that the administrator saw: `ChangedMeanwhile` when it is another by now.
    # With None anything is changed, as it is.

    async def invite_again(self, who: Principal, account_id: str, believed: str | None = None) -> Invited:
        """A new invitation, for a member who lost theirs or forgot their password. A member who has a password is
        signed out.
        """
        async with self._database.writing() as session:
            return await self.invite_account(session, await _locked(session, who, account_id, believed), who)

    async def change(
        self,
        who: Principal,
        account_id: str,
        *,
        role: Role | None,
        disabled: bool | None,
        believed: str | None = None,
    ) -> Account:
        """Change a member's role, or disable or enable them. `LastAdministrator` when nobody would be left to run the
        institution.
        """
        if role is Role.SERVICE:
            raise InvalidRequest("A person is a member or an administrator.", field="role")
        async with self._database.writing() as session:
            account = await _locked(session, who, account_id, believed)
            if (role or account.role) != Role.ADMINISTRATOR or disabled:
                await _check_not_last(session, account)
            if role is not None:
                self.set_role(session, account, role, who)
            if disabled is not None:
                await self.set_disabled(session, account, disabled, who)
        return account

    async def waiting(self, who: Principal, account_id: str) -> int:
        """How many reports wait for a member who has not opened them."""
        async with self._database.reading() as session:
            account = await session.scalar(_member(who, account_id))
            if account is None:
                raise NotFound
            opened = select(ReportOpened.report_id).where(ReportOpened.account_id == account.id)
            found = await session.scalar(
                select(func.count())
                .select_from(ReportRecipient)
                .join(Report, Report.id == ReportRecipient.report_id)
                .where(
                    ReportRecipient.account_id == account.id,
                    Report.state == AVAILABLE,
                    Report.expires_at > self._clock.now(),
                    Report.id.not_in(opened),
                )
            )
        return found or 0

    async def remove(self, who: Principal, account_id: str, believed: str | None = None) -> None:
        """Close a member's account permanently. Their name stays on the reports they sent; their address is free within
        the institution.
        """
        async with self._database.writing() as session:
            account = await _locked(session, who, account_id, believed)
            await _check_not_last(session, account)
            await self.remove_account(session, account, who)

    # What follows acts on an account that is locked already. `who` is None for the operator, who may also leave an
    # institution without an administrator.

    async def invite_account(self, session: AsyncSession, account: Account, who: Principal | None) -> Invited:
        """As `invite_again`, in the transaction of `session`. `Conflict` when the account is disabled."""
        if account.disabled_at is not None:
            raise Conflict("This member is disabled.", advice="Enable them first.")
        reset = account.password_hash is not None
        self._record(session, who, AuditAction.PASSWORD_RESET if reset else AuditAction.MEMBER_INVITED, account)
        invited = await self._invited(session, account, who)
        await session.flush()
        await self._sessions.end_all(session, account.id)
        return invited

    async def _invited(self, session: AsyncSession, account: Account, who: Principal | None) -> Invited:
        token = await self._invitations.invite(session, account.id, who)
        return Invited(account, token, self._clock.now() + LIFETIME)

    def set_role(self, session: AsyncSession, account: Account, role: Role, who: Principal | None) -> None:
        """Change a role, if it is another one."""
        if role.value != account.role:
            self._record(session, who, AuditAction.ROLE_CHANGED, account, before=account.role, after=role.value)
            account.role = role.value

    async def set_disabled(
        self, session: AsyncSession, account: Account, disabled: bool, who: Principal | None
    ) -> None:
        """Disable an account, which ends its sessions, or enable it."""
        if disabled != (account.disabled_at is not None):
            self._record(session, who, AuditAction.DISABLED if disabled else AuditAction.ENABLED, account)
            account.disabled_at = self._clock.now() if disabled else None
        await session.flush()
        if disabled:
            await forget_draft_secrets(session, account.id)
            await self._sessions.end_all(session, account.id)

    async def remove_account(self, session: AsyncSession, account: Account, who: Principal | None) -> None:
        """Close an account permanently."""
        self._record(session, who, AuditAction.MEMBER_REMOVED, account)
        account.removed_at = self._clock.now()
        account.password_hash = None
        await forget_devices(session, account.id)
        await forget_draft_secrets(session, account.id)
        await session.flush()
        await self._sessions.end_all(session, account.id)

    def _record(
        self,
        session: AsyncSession,
        who: Principal | None,
        act: AuditAction,
        account: Account,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        if act in _EVENTS:
            self._security.record_by(session, _EVENTS[act], account, who)
        self._administration.record(
            session, account.institution_id, who, act, whom=AuditTarget.of(account), before=before, after=after
        )


def _member(who: Principal, account_id: str) -> Select[Account]:
    """A member of the caller's institution; `NotFound` for what cannot be an id, which no database need be asked for."""
    if not is_identifier(account_id):
        raise NotFound
    return select(Account).where(
        Account.id == account_id, Account.institution_id == who.institution_id, Account.removed_at.is_(None)
    )


async def _locked(session: AsyncSession, who: Principal, account_id: str, believed: str | None) -> Account:
    """A member of the caller's institution, with the institution locked: two administrators cannot demote each other at
    once.
    """
    await session.execute(select(Institution.id).where(Institution.id == who.institution_id).with_for_update())
    account = await session.scalar(_member(who, account_id).with_for_update())
    if account is None:
        raise NotFound
    if believed is not None and believed != version(account):
        raise ChangedMeanwhile(f"{account.name} has been changed since you listed them. Nothing was done.")
    return account


async def _check_not_last(session: AsyncSession, account: Account) -> None:
    """`LastAdministrator` when `account` is the only administrator who can sign in."""
    if account.role != Role.ADMINISTRATOR or account.disabled_at is not None:
        return
    others = await session.scalar(
        select(func.count())
        .select_from(Account)
        .where(
            Account.institution_id == account.institution_id,
            Account.id != account.id,
            Account.role == Role.ADMINISTRATOR.value,
            Account.disabled_at.is_(None),
            Account.removed_at.is_(None),
            Account.password_hash.is_not(None),
        )
    )
    if not others:
        raise LastAdministrator
