"""Sign-in and sign-out.

A session is a random token. The database keeps its hash, and ends it 12 hours after its last use or 30 days after its
first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import NotFound, NotSignedIn, WrongPassword
from picsafe_protocol.contracts.identifiers import is_identifier, new_identifier
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users import principal
from picsafe_server.users.accounts import secrets
from picsafe_server.users.accounts.known_devices import Devices
from picsafe_server.users.accounts.last_used import LastUsed, Used
from picsafe_server.users.accounts.passwords import Passwords
from picsafe_server.users.accounts.sign_in_throttle import SignInThrottle
from picsafe_server.users.audit.security_log import Actor, SecurityEvent, SecurityLog
from picsafe_server.users.db.models import Account, Institution, OutboxToken, ServiceAccount, SignedInSession
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import SESSION_ENDED, Change, EventLog
from picsafe_server.users.names import email_addresses
from picsafe_server.users.principal import Principal

_IDLE = timedelta(hours=limits.SESSION_IDLE_HOURS)
_LONGEST = timedelta(days=limits.SESSION_DAYS)
TOUCH = timedelta(minutes=1)
"""Use is written down at most so often: reading must not cost a write each time."""


@dataclass(frozen=True)
class SignedIn:
    """A new session. `token` is known only here and to the client."""

    principal: Principal
    token: str
    expires_at: datetime


class Sessions:
    """Sessions of people, and the tokens of service accounts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: EventLog,
        passwords: Passwords,
        throttle: SignInThrottle,
        devices: Devices,
        security: SecurityLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._passwords = passwords
        self._throttle = throttle
        self._devices = devices
        self._security = security
        self.touches = LastUsed(database)

    async def sign_in(
        self, email: str, password: str, device: str, address: str, device_secret: str | None = None
    ) -> SignedIn:
        """A new session; `WrongPassword` for every mismatch alike, `TooManyRequests` after too many.

        `device_secret` identifies the browser from now on, see `known_devices`; None for programs.
        """
        email = email_addresses.normalise(email)
        try:
            return await self._sign_in(email, password, device, address, device_secret)
        except WrongPassword:
            async with self._database.writing() as session:
                await self._security.attempt(session, SecurityEvent.SIGN_IN_REFUSED, email, address)
            raise

    async def _sign_in(
        self, email: str, password: str, device: str, address: str, device_secret: str | None
    ) -> SignedIn:
        recognised = await self._devices.known(email, device_secret)
        await self._throttle.begin(email, address, recognised)
        async with self._database.reading() as session:
            account = await session.scalar(select(Account).where(Account.email == email, Account.removed_at.is_(None)))
        usable = account is not None and account.disabled_at is None
        known = account.password_hash if account is not None and usable else None
        if not await self._passwords.verify(password, known) or account is None or known is None:
            raise WrongPassword
        await self._throttle.succeeded(email, address, recognised)
        fresh = await self._passwords.hash(password) if self._passwords.is_outdated(known) else known
        return await self._begin(account.id, known, fresh, device, address, device_secret)

    async def _begin(
        self, account_id: str, known: str, fresh: str, device: str, address: str, device_secret: str | None
    ) -> SignedIn:
        now = self._clock.now()
        token = secrets.new_secret()
        async with self._database.writing() as session:
            found = await _account(session, Account.id == account_id, lock=True)
            if found is None or found[0].password_hash != known:  # disabled, or a new password, since we looked
                raise WrongPassword
            account, institution = found
            account.password_hash = fresh
            row = SignedInSession(
                id=new_identifier(),
                account_id=account.id,
                token_hash=secrets.digest(token),
                device=device,
                created_at=now,
                last_used_at=now,
                expires_at=now + _LONGEST,
            )
            session.add(row)
            if device_secret:
                await self._devices.remember(session, account.id, device_secret)
            happened = SecurityEvent.SIGNED_IN
            self._security.record(session, happened, account, Actor.SELF, address=address, device=device)
            await session.flush()
            await self._end_beyond(session, account, row.id)
        return SignedIn(principal.person(account, institution, row.id), token, row.expires_at)

    async def _end_beyond(self, session: AsyncSession, account: Account, newest: str) -> None:
        """End the account's sessions beyond `limits.SESSIONS`, those used longest ago first."""
        others = select(SignedInSession.id).where(
            SignedInSession.account_id == account.id, SignedInSession.id != newest
        )
        kept = others.order_by(SignedInSession.last_used_at.desc(), SignedInSession.id).limit(limits.SESSIONS - 1)
        beyond = (await session.scalars(others.where(SignedInSession.id.not_in(kept)))).all()
        if beyond:
            self._security.record(session, SecurityEvent.SESSION_DISPLACED, account, Actor.SELF)
            await self.end_where(session, SignedInSession.id.in_(beyond))

    async def authenticate(self, token: str) -> Principal:
        """Who holds the session or service `token`; `NotSignedIn` when it is wrong, expired or revoked."""
        if (parts := secrets.split_service_token(token)) is not None:
            return await self._service(*parts)
        now = self._clock.now()
        async with self._database.reading() as session:
            mine = SignedInSession.token_hash == secrets.digest(token)
            row = await session.scalar(select(SignedInSession).where(mine, SignedInSession.expires_at > now))
            found = await _account(session, Account.id == row.account_id) if row else None
        if row is None or found is None:
            raise NotSignedIn
        used = self._last_used(SignedInSession, row.id, row.last_used_at)
        if used is None or used <= now - _IDLE:
            raise NotSignedIn
        if now - used >= TOUCH:
            self.touches.touch(SignedInSession, row.id, now)
        return principal.person(*found, row.id)

    def _last_used(self, kind: Used, identifier: str, written: datetime | None) -> datetime | None:
        return max(filter(None, (written, self.touches.last(kind, identifier))), default=None)

    async def _service(self, account_id: str, secret: str) -> Principal:
        now = self._clock.now()
        async with self._database.reading() as session:
            row = (
                await session.execute(
                    select(ServiceAccount, Institution)
                    .join(Institution, Institution.id == ServiceAccount.institution_id)
                    .where(
                        ServiceAccount.id == account_id,
                        ServiceAccount.secret_hash == secrets.digest(secret),
                        ServiceAccount.revoked_at.is_(None),
                    )
                )
            ).one_or_none()
        if row is None:
            raise NotSignedIn("This service account's token is not valid any more.", advice="Make a new one.")
        account, institution = row
        used = self._last_used(ServiceAccount, account.id, account.last_used_at)
        if used is None or now - used >= TOUCH:
            self.touches.touch(ServiceAccount, account.id, now)
        return principal.service(account, institution)

    async def again(self, who: Principal) -> Principal:
        """The caller after a change; `NotSignedIn` when the account no longer exists."""
        async with self._database.reading() as session:
            found = await _account(session, Account.id == who.id)
        if found is None:
            raise NotSignedIn
        return principal.person(*found, who.session_id)

    async def of(self, who: Principal) -> Sequence[SignedInSession]:
        """The open sessions of a person, last used first."""
        async with self._database.reading() as session:
            query = select(SignedInSession).where(SignedInSession.account_id == who.id, is_alive(self._clock.now()))
            return (await session.scalars(query.order_by(SignedInSession.last_used_at.desc()))).all()

    async def end(self, who: Principal, session_id: str) -> None:
        """End one of the caller's sessions; `NotFound` when it is not theirs."""
        if not is_identifier(session_id):
            raise NotFound
        async with self._database.writing() as session:
            self._security.record(session, SecurityEvent.SESSION_ENDED, who, Actor.SELF)
            await session.flush()
            mine = SignedInSession.account_id == who.id
            if not await self.end_where(session, SignedInSession.id == session_id, mine):
                raise NotFound

    async def end_where(self, session: AsyncSession, *which: ColumnElement[bool]) -> int:
        """End the sessions that meet all of `which`, in the transaction of `session`; to be called last in it. How many
        there were.
        """
        ended = (await session.scalars(delete(SignedInSession).where(*which).returning(SignedInSession.id))).all()
        await self._changes.append(session, *(Change(SESSION_ENDED, [channels.session(id_)]) for id_ in ended))
        return len(ended)

    async def end_all(self, session: AsyncSession, account_id: str, *, but: str | None = None) -> int:
        """End all sessions of an account, `but` excepted, and what goes on without one; in the transaction of
        `session`, to be called last in it. How many sessions there were.
        """
        await session.execute(delete(OutboxToken).where(OutboxToken.account_id == account_id))
        others = [] if but is None else [SignedInSession.id != but]
        return await self.end_where(session, SignedInSession.account_id == account_id, *others)

    async def end_everywhere(self, who: Principal, address: str) -> None:
        """Sign the caller out everywhere, here too."""
        async with self._database.writing() as session:
            self._security.record(session, SecurityEvent.SESSION_ENDED, who, Actor.SELF, address=address)
            await session.flush()
            await self.end_all(session, who.id)

    async def sweep(self) -> int:
        """End expired sessions; returns how many."""
        async with self._database.writing() as session:
            return await self.end_where(session, ~is_alive(self._clock.now()))


def is_alive(now: datetime) -> ColumnElement[bool]:
    """The condition that a session is neither idle for too long nor too old."""
    return and_(SignedInSession.last_used_at > now - _IDLE, SignedInSession.expires_at > now)


async def _account(
    session: AsyncSession, *which: ColumnElement[bool], lock: bool = False
) -> tuple[Account, Institution | None] | None:
    """An account that may be used, with its institution."""
    query = (
        select(Account, Institution)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .where(*which, Account.disabled_at.is_(None), Account.removed_at.is_(None))
    )
    if lock:
        query = query.with_for_update(of=Account)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None
