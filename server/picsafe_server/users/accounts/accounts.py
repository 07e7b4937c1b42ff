"""Accounts of people: creation, name, password."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import Conflict, InvalidRequest, WrongPassword
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.regions import region_for_country
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.accounts import secrets
from picsafe_server.users.accounts.known_devices import Devices, forget_devices
from picsafe_server.users.accounts.passwords import Passwords
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.accounts.sign_in_throttle import SignInThrottle
from picsafe_server.users.audit.security_log import Actor, SecurityEvent, SecurityLog
from picsafe_server.users.db.models import Account
from picsafe_server.users.names import email_addresses
from picsafe_server.users.names.display_names import checked_name, search_text
from picsafe_server.users.names.mail_domains import check_address
from picsafe_server.users.principal import Principal
from picsafe_server.users.recipients.search_index import write_parts


class Accounts:
    """Actions of people on their own account."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        throttle: SignInThrottle,
        sessions: Sessions,
        devices: Devices,
        security: SecurityLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._throttle = throttle
        self._sessions = sessions
        self._devices = devices
        self._security = security

    async def rename(self, who: Principal, name: str) -> None:
        """Change what others see as the caller's name."""
        checked = checked_name(name)
        search = search_text(checked, who.email or "")
        async with self._database.writing() as session:
            await session.execute(update(Account).where(Account.id == who.id).values(name=checked, search=search))
            await write_parts(session, who.id, who.institution_id, search)

    async def put_notice_away(self, who: Principal) -> None:
        """Record that the caller has read the notice of a password reset."""
        async with self._database.writing() as session:
            await session.execute(update(Account).where(Account.id == who.id).values(reset_seen_at=self._clock.now()))

    async def change_password(
        self, who: Principal, current: str, new: str, address: str, device_secret: str | None = None
    ) -> None:
        """Set a new password. All other sessions of the caller end, and no other browser is recognised from then on.

        `WrongPassword` when `current` is not the present one. `device_secret` is in the cookie of the browser that
        asks.
        """
        email, session_digest = who.email or "", secrets.digest(who.session_id)
        await self._throttle.begin(email, address, session_digest)
        async with self._database.reading() as session:
            known = await session.scalar(select(Account.password_hash).where(Account.id == who.id))
        if not await self._passwords.verify(current, known):
            async with self._database.writing() as session:
                refused = SecurityEvent.PASSWORD_REFUSED
                self._security.record(session, refused, who, Actor.SELF, address=address)
            raise WrongPassword("The current password is wrong.")
        await self._throttle.succeeded(email, address, session_digest)
        fresh = await self._passwords.hash(new, "new")
        async with self._database.writing() as session:
            changed = await session.scalar(
                update(Account)
                .where(Account.id == who.id, Account.password_hash == known)
                .values(password_hash=fresh)
                .returning(Account.id)
            )
            if changed is None:
                raise WrongPassword("The password has been changed somewhere else in the meantime.")
            self._security.record(session, SecurityEvent.PASSWORD_CHANGED, who, Actor.SELF, address=address)
            await session.flush()
            await forget_devices(session, who.id)
            if device_secret:
                await self._devices.remember(session, who.id, device_secret)
            await self._sessions.end_all(session, who.id, but=who.session_id)


async def create_account(
    session: AsyncSession,
    clock: Clock,
    *,
    email: str,
    name: str,
    country: str,
    institution_id: str | None,
    role: Role | None,
    password_hash: str | None,
) -> Account:
    """A new account; `Conflict` when the address has one already, `InvalidRequest` for what is not valid, and as
    `check_address`.
    """
    country = country.upper()
    region_for_country(country)
    if role is Role.SERVICE or (role is None) != (institution_id is None):
        raise InvalidRequest("A person is a member or an administrator of their institution.", field="role")
    address, shown = email_addresses.checked(email), checked_name(name)
    await check_address(session, institution_id, address)
    values = {
        "id": new_identifier(),
        "email": address,
        "name": shown,
        "search": search_text(shown, address),
        "country": country,
        "institution_id": institution_id,
        "role": role.value if role else None,
        "password_hash": password_hash,
        "created_at": (now := clock.now()),
        "joined_at": now if institution_id else None,
    }
    made = await session.scalar(
        insert_into(session, Account).values(values).on_conflict_do_nothing().returning(Account.id)
    )
    if made is None:
        raise Conflict(
            "This e-mail address has an account already.", advice="Ask them to sign in, or use another address."
        )
    await write_parts(session, made, institution_id, search_text(shown, address))
    return await session.get_one(Account, made)
