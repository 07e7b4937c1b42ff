"""Invitations: how people set a password, the first time and after forgetting it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TokenRefused
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.accounts import secrets
from picsafe_server.users.accounts.draft_secrets import forget_draft_secrets
from picsafe_server.users.accounts.known_devices import forget_devices
from picsafe_server.users.accounts.passwords import Passwords
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.audit.audit_log import AuditAction, AuditLog, AuditTarget, signature
from picsafe_server.users.audit.security_log import Actor, SecurityEvent, SecurityLog
from picsafe_server.users.db.models import Account, Institution, Invitation
from picsafe_server.users.principal import Principal

LIFETIME = timedelta(days=limits.INVITATION_DAYS)


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that can be used, and the account that it is for."""

    invitation: Invitation
    account: Account
    institution: str | None
    """Its name."""


class Invitations:
    """Makes and accepts invitations."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        sessions: Sessions,
        administration: AuditLog,
        security: SecurityLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._administration = administration
        self._security = security

    async def invite(self, session: AsyncSession, account_id: str, who: Principal | None = None) -> str:
        """The token of a new invitation, in the transaction of `session`; an older one of the same account becomes
        invalid.

        `who` is the inviting administrator; None is the operator.
        """
        token = secrets.INVITATION_PREFIX + secrets.new_secret()
        now = self._clock.now()
        values = {
            "token_hash": secrets.digest(token),
            "created_at": now,
            "expires_at": now + LIFETIME,
            "used_at": None,
            "made_by": who.name if who else None,
            "made_by_email": who.email if who else None,
        }
        statement = insert_into(session, Invitation).values(account_id=account_id, **values)
        await session.execute(statement.on_conflict_do_update(index_elements=[Invitation.account_id], set_=values))
        return token

    async def look_at(self, token: str) -> OpenInvitation:
        """What an invitation is for; `TokenRefused` for a wrong, used or old one."""
        async with self._database.reading() as session:
            invitation, account = await self._open(session, secrets.digest(token), lock=False)
            institution = None
            if account.institution_id is not None:
                institution = (await session.get_one(Institution, account.institution_id)).name
        return OpenInvitation(invitation, account, institution)

    async def accept(self, token: str, password: str, address: str | None = None) -> None:
        """Set the password of the invited person, once; their sessions end. `TokenRefused` for a wrong, used or old
        invitation.
        """
        digest = secrets.digest(token)
        async with self._database.reading() as session:
            await self._open(session, digest, lock=False)
        fresh = await self._passwords.hash(password)
        async with self._database.writing() as session:
            account_id = (await self._open(session, digest, lock=True))[1].id
            await session.execute(
                update(Invitation).where(Invitation.account_id == account_id).values(used_at=self._clock.now())
            )
            await self._set_password(session, account_id, fresh, address)
            await self._sessions.end_all(session, account_id)

    async def _set_password(self, session: AsyncSession, account_id: str, fresh: str, address: str | None) -> None:
        """If the account had a password, its owner is notified and earlier reports stay closed, since this may be
        somebody else.
        """
        account = await session.get_one(Account, account_id, populate_existing=True)
        happened = SecurityEvent.PASSWORD_SET
        if account.password_hash is not None:
            happened = SecurityEvent.PASSWORD_RESET
            invitation = await session.get_one(Invitation, account_id)
            account.reset_at, account.reset_seen_at = self._clock.now(), None
            account.reset_by, account.reset_by_email = invitation.made_by, invitation.made_by_email
            act = AuditAction.PASSWORD_RESET_USED
            self._administration.record(
                session,
                account.institution_id,
                None,
                act,
                whom=AuditTarget.of(account),
                after=signature(invitation.made_by, invitation.made_by_email),
            )
        self._security.record(session, happened, account, Actor.UNKNOWN, address=address)
        account.password_hash = fresh
        await forget_devices(session, account_id)
        await forget_draft_secrets(session, account_id)
        await session.flush()

    async def _open(self, session: AsyncSession, digest: bytes, *, lock: bool) -> tuple[Invitation, Account]:
        """The invitation and the invited account, when the invitation is good."""
        query = select(Invitation, Account).join(Account, Account.id == Invitation.account_id)
        query = query.where(Invitation.token_hash == digest)
        row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is None or row[1].disabled_at is not None or row[1].removed_at is not None:
            raise _refused("This invitation is not valid.", "unknown")
        invitation: Invitation = row[0]
        if invitation.used_at is not None:
            raise _refused("This invitation has been used already.", "used")
        if invitation.expires_at <= self._clock.now():
            raise _refused("This invitation has expired.", "expired")
        return invitation, row[1]


def _refused(sentence: str, reason: str) -> TokenRefused:
    return TokenRefused(sentence, advice="Ask your administrator for a new invitation.", reason=reason)
