"""Actions of an operator for people who cannot help themselves, and lookups. Each change is recorded as the
operator's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import Conflict, NotFound
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.accounts.sessions import is_alive
from picsafe_server.users.audit.audit_log import AuditAction, AuditTarget
from picsafe_server.users.audit.security_log import SecurityEvent
from picsafe_server.users.db.models import (
    Account,
    Institution,
    InstitutionDomain,
    Report,
    ReportOpened,
    ReportRecipient,
    ServiceAccount,
    SignedInSession,
    WithdrawalCall,
)
from picsafe_server.users.names import email_addresses
from picsafe_server.users.provisioning import find_institution
from picsafe_server.users.reports.visibility import state_of
from picsafe_server.users.role import UsersRole

Row = dict[str, Any]
"""What is shown of something, by name: texts, numbers, lists, and None."""


@dataclass(frozen=True)
class Operator:
    """Actions of the operator on the user server `users`."""

    users: UsersRole

    # -- looking up

    async def institutions(self) -> list[Row]:
        """All institutions that are not removed, by name."""
        members = select(func.count()).where(Account.institution_id == Institution.id, Account.removed_at.is_(None))
        query = select(Institution, members.scalar_subquery()).where(Institution.removed_at.is_(None))
        async with self.users.services.database.reading() as session:
            rows = (await session.execute(query.order_by(Institution.name, Institution.id))).all()
        return [{"id": each.id, "name": each.name, "members": count} for each, count in rows]

    async def institution(self, named: str) -> Row:
        """One institution, by identifier or exact name: its policy, domains, administrators and service accounts."""
        services = self.users.services
        id_ = await find_institution(self.users, named)
        async with services.database.reading() as session:
            institution = await session.get_one(Institution, id_)
            administrators = select(Account.email).where(
                Account.institution_id == id_, Account.role == Role.ADMINISTRATOR.value, Account.removed_at.is_(None)
            )
            found = (await session.scalars(administrators.order_by(Account.email))).all()
        return {
            "id": id_,
            "name": institution.name,
            "domains": list(await services.institutions.domains(id_)),
            "administrators": list(found),
            "service_accounts": [each["name"] for each in await self.service_accounts(id_)],
            "retention_days": institution.retention_days,
            "idle_lock_minutes": institution.idle_lock_minutes,
            "members_may_open": institution.members_may_open,
            "labels": institution.labels,
            "key_server": services.key_servers.chosen(institution),
            "created_at": rfc3339(institution.created_at),
        }

    async def accounts(self, institution: str | None = None) -> list[Row]:
        """All accounts that are not removed, or those of one institution, by address."""
        query = select(Account, Institution.name).outerjoin(Institution, Institution.id == Account.institution_id)
        query = query.where(Account.removed_at.is_(None))
        if institution is not None:
            query = query.where(Account.institution_id == await find_institution(self.users, institution))
        async with self.users.services.database.reading() as session:
            rows = (await session.execute(query.order_by(Account.email))).all()
        return [_account(account, name) for account, name in rows]

    async def account(self, named: str) -> Row:
        """One account, by address or identifier, with its open sessions and the newest reset of its password."""
        async with self.users.services.database.reading() as session:
            account = await _find(session, named)
            name = await session.scalar(select(Institution.name).where(Institution.id == account.institution_id))
            alive = is_alive(self.users.context.clock.now())
            mine = select(SignedInSession).where(SignedInSession.account_id == account.id, alive)
            sessions = (await session.scalars(mine.order_by(SignedInSession.last_used_at.desc()))).all()
        return _account(account, name) | {
            "country": account.country,
            "created_at": rfc3339(account.created_at),
            "password_reset_at": rfc3339(account.reset_at) if account.reset_at else None,
            "password_reset_by": account.reset_by_email,
            "sessions": [f"{rfc3339(each.last_used_at)} {each.device}".strip() for each in sessions],
        }

    async def service_accounts(self, institution: str) -> list[Row]:
        """The service accounts of an institution that are not revoked, oldest first."""
        rows = await self.users.services.service_accounts.of(await find_institution(self.users, institution))
        return [
            {
                "id": each.id,
                "name": each.name,
                "created_at": rfc3339(each.created_at),
                "last_used_at": rfc3339(each.last_used_at) if each.last_used_at else None,
            }
            for each in rows
        ]

    async def report(self, report_id: str) -> Row:
        """The index entry of a report: its state, its people, and the calls that a withdrawal has yet to make."""
        services = self.users.services
        async with services.database.reading() as session:
            report = await session.get(Report, report_id) if is_identifier(report_id) else None
            if report is None:
                raise NotFound("There is no such report, or it expired long ago.")
            sender = await session.get_one(Account, report.sender_id)
            recipients = await _recipients(session, report_id)
            owed = (await session.scalars(select(WithdrawalCall).where(WithdrawalCall.report_id == report_id))).all()
        times = ("created_at", "available_at", "expires_at", "withdrawn_at", "collected_at")
        moments = {name: getattr(report, name) for name in times}
        return {
            "id": report.id,
            "state": state_of(report, self.users.context.clock.now()),
            "sender": sender.email,
            "recipients": recipients,
            "region": report.region,
            "size": report.size,
            **{name: rfc3339(moment) if moment else None for name, moment in moments.items()},
            "key_server": services.key_servers.of_report(report),
            "calls_owed": [f"{each.action}, tried {each.attempts} times" for each in owed],
        }

    # -- changing

    async def invite(self, named: str) -> str:
        """The token of a new invitation for an account. A person who has a password is signed out and notified of the
        reset.
        """
        async with self.users.services.database.writing() as session:
            account = await _find(session, named, lock=True)
            return (await self.users.services.members.invite_account(session, account, None)).invitation_token

    async def disable(self, named: str, *, disabled: bool) -> None:
        """Disable an account, which ends its sessions, or enable it. Also the last administrator of an institution."""
        async with self.users.services.database.writing() as session:
            account = await _find(session, named, lock=True)
            await self.users.services.members.set_disabled(session, account, disabled, None)

    async def change_role(self, named: str, role: Role) -> None:
        """Make a member an administrator, or the reverse. `Conflict` for somebody without an institution."""
        async with self.users.services.database.writing() as session:
            account = await _find(session, named, lock=True)
            if account.institution_id is None:
                raise Conflict("An account without an institution has no role.")
            self.users.services.members.set_role(session, account, role, None)

    async def end_sessions(self, named: str) -> int:
        """End all sessions of an account; how many there were."""
        services = self.users.services
        async with services.database.writing() as session:
            account = await _find(session, named, lock=True)
            services.security.record_by(session, SecurityEvent.SESSION_ENDED, account, None)
            services.administration.record(
                session, account.institution_id, None, AuditAction.SESSIONS_ENDED, whom=AuditTarget.of(account)
            )
            await session.flush()
            return await services.sessions.end_all(session, account.id)

    async def accept_log(self, url: str) -> str:
        """Accept a key server whose access log contradicts its earlier state; returns what was wrong. `NotFound` when
        nothing is.
        """
        return await self.users.services.checkpoints.accept(url)

    async def remove(self, named: str) -> None:
        """Close an account permanently. Also the last administrator of an institution."""
        async with self.users.services.database.writing() as session:
            account = await _find(session, named, lock=True)
            await self.users.services.members.remove_account(session, account, None)

    async def revoke_service_account(self, account_id: str) -> None:
        """Revoke a service account, which invalidates its token."""
        services = self.users.services
        async with services.database.reading() as session:
            account = await session.get(ServiceAccount, account_id) if is_identifier(account_id) else None
        if account is None:
            raise NotFound("There is no such service account.", advice="List those of the institution.")
        await services.service_accounts.revoke(account.institution_id, account_id)

    async def remove_institution(self, named: str) -> None:
        """Close an institution permanently: its members' accounts and service accounts end, and its mail domains become
        free.

        Reports that its members sent stay available to their recipients until they expire.
        """
        services, id_ = self.users.services, await find_institution(self.users, named)
        for service in await services.service_accounts.of(id_):
            await services.service_accounts.revoke(id_, service.id)
        async with services.database.writing() as session:
            institution = await session.get_one(Institution, id_, with_for_update=True)
            members = select(Account).where(Account.institution_id == id_, Account.removed_at.is_(None))
            for account in (await session.scalars(members.order_by(Account.id).with_for_update())).all():
                await services.members.remove_account(session, account, None)
            await session.execute(delete(InstitutionDomain).where(InstitutionDomain.institution_id == id_))
            services.administration.record(session, id_, None, AuditAction.INSTITUTION_REMOVED, before=institution.name)
            institution.removed_at = self.users.context.clock.now()

    async def security(self, account: str | None, institution: str | None, limit: int) -> list[Row]:
        """The newest lines of the security log: all, those about one account, or those of one institution."""
        services = self.users.services
        account_id = institution_id = None
        if account is not None:
            async with services.database.reading() as session:
                account_id = (await _find(session, account)).id
        if institution is not None:
            institution_id = await find_institution(self.users, institution)
        return [
            {
                "at": rfc3339(each.line.at),
                "event": each.line.event,
                "account": each.email,
                "actor": each.line.actor,
                "by": each.by_email,
                "network": each.line.network,
            }
            for each in await services.security.newest(limit, account_id, institution_id)
        ]


def _account(account: Account, institution: str | None) -> Row:
    state = "removed" if account.removed_at else "disabled" if account.disabled_at else "active"
    if state == "active" and account.password_hash is None:
        state = "invited"
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "institution": institution,
        "role": account.role,
        "state": state,
    }


async def _find(session: AsyncSession, named: str, *, lock: bool = False) -> Account:
    """The account with this address or identifier; `NotFound` when there is none."""
    column = Account.id == named if is_identifier(named) else Account.email == email_addresses.normalise(named)
    query = select(Account).where(column, Account.removed_at.is_(None))
    account = await session.scalar(query.with_for_update() if lock else query)
    if account is None:
        raise NotFound(f"There is no account {named}.", advice="`picsafe-server account list` lists them.")
    return account


async def _recipients(session: AsyncSession, report_id: str) -> Sequence[str]:
    opening = (ReportOpened.report_id == ReportRecipient.report_id) & (
        ReportOpened.account_id == ReportRecipient.account_id
    )
    rows = await session.execute(
        select(Account.email, ReportOpened.opened_at)
        .join(ReportRecipient, ReportRecipient.account_id == Account.id)
        .outerjoin(ReportOpened, opening)
        .where(ReportRecipient.report_id == report_id)
        .order_by(ReportRecipient.position)
    )
    return [f"{email}, {'opened ' + rfc3339(opened) if opened else 'not opened'}" for email, opened in rows]
