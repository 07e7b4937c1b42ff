"""Creates institutions and accounts from outside the interface: for the command line, the demo, and operators'
scripts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select

from picsafe_protocol.contracts.errors import NotFound
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.http.role_client import RoleTransport, role_client
from picsafe_server.role import RoleContext
from picsafe_server.runtime.clock import SystemClock
from picsafe_server.settings import Settings
from picsafe_server.users.accounts.accounts import create_account as insert_account
from picsafe_server.users.audit.audit_log import AuditAction, AuditTarget
from picsafe_server.users.db.models import Institution
from picsafe_server.users.institutions.policy import Policy
from picsafe_server.users.role import UsersRole


@dataclass(frozen=True)
class NewAccount:
    """An account. `invitation_token` is there when it was made without a password, and is known here only."""

    id: str
    email: str
    invitation_token: str | None


@asynccontextmanager
async def users_role(settings: Settings) -> AsyncIterator[UsersRole]:
    """The user server of `settings`, migrated and ready to be provisioned, without serving anybody."""
    http = role_client(RoleTransport([]))
    users = UsersRole(RoleContext(settings=settings, clock=SystemClock(), http=http))
    async with http:
        await users.start()
        try:
            yield users
        finally:
            await users.stop()


async def create_institution(
    users: UsersRole, name: str, policy: Policy | None = None, domains: Sequence[str] = ()
) -> str:
    """A new institution, which adds members within the mail `domains`; its identifier. `Conflict` when one is
    another's.
    """
    return (await users.services.institutions.create(name, policy, domains)).id


async def add_domain(users: UsersRole, institution: str, domain: str) -> None:
    """One more mail domain for the institution with this identifier; `Conflict` when it is another's."""
    await users.services.institutions.approve(institution, domain)


async def find_institution(users: UsersRole, named: str) -> str:
    """The identifier of the institution with this identifier or exact name; `NotFound` unless there is exactly one."""
    column = Institution.id if is_identifier(named) else Institution.name
    async with users.services.database.reading() as session:
        found = (
            await session.scalars(select(Institution.id).where(column == named, Institution.removed_at.is_(None)))
        ).all()
    if len(found) != 1:
        problem = "There is no institution" if not found else "There are several institutions"
        raise NotFound(f"{problem} called {named}.", advice="Name it by its identifier, or add it first.")
    return found[0]


async def create_account(
    users: UsersRole,
    email: str,
    name: str,
    country: str,
    password: str | None = None,
    institution: str | None = None,
    role: Role | None = None,
) -> NewAccount:
    """A new account, in the institution with the identifier `institution` (there a member unless `role` says
    otherwise).

    Without a password it is invited. `Conflict` when the address has an account already.
    """
    services = users.services
    password_hash = await services.passwords.hash(password) if password is not None else None
    async with services.database.writing() as session:
        account = await insert_account(
            session,
            users.context.clock,
            email=email,
            name=name,
            country=country,
            institution_id=institution,
            role=role or (Role.MEMBER if institution else None),
            password_hash=password_hash,
        )
        services.administration.record(
            session, institution, None, AuditAction.MEMBER_ADDED, whom=AuditTarget.of(account), after=account.role
        )
        token = None if password_hash else await services.invitations.invite(session, account.id)
    return NewAccount(account.id, account.email, token)


async def create_service_account(users: UsersRole, name: str, institution: str) -> str:
    """Create a service account in the institution with this identifier; returns its token, which cannot be shown
    again.
    """
    return (await users.services.service_accounts.create(institution, name)).token


def invitation_url(settings: Settings, token: str) -> str:
    """The address at which an invitation is accepted. The token follows the `#`, a part that browsers send to no
    server.
    """
    return f"{settings.public_url}/#/invitation/{token}"
