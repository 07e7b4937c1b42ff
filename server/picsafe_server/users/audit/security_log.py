"""The security log: sign-ins, refusals, lock-outs, passwords, and what others did to an account.

A line in the database for the person and their administrators, and a line of JSON in the server's log for monitoring.
Both are written with the transaction that they describe. Names of events are stable and have two parts,
`subject.happened`; programs skip those that they do not know. No e-mail address goes into the server's log, and of a
client's address only its network is kept.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from sqlalchemy import ColumnElement, delete, event, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from picsafe_server.runtime.clock import Clock, rfc3339
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import Account, SecurityLine, ServiceAccount
from picsafe_server.users.principal import Principal

_BEYOND = 2**62
"""Larger than any number of a line."""
_AT_ONCE = 1000
"""Old lines deleted in one transaction."""

_log = logging.getLogger("picsafe.security")


class SecurityEvent(str, Enum):
    """Kinds of events."""

    SIGNED_IN = "sign_in.succeeded"
    SIGN_IN_REFUSED = "sign_in.refused"
    LOCKED_OUT = "sign_in.locked_out"
    """Once for each window: the attempts that are refused after it leave no line, so that nobody can flood the log."""
    SESSION_ENDED = "session.ended"
    """By somebody; not by the clock."""
    SESSION_DISPLACED = "session.displaced"
    """By a sign-in beyond `limits.SESSIONS`."""
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 the name of an event
    PASSWORD_REFUSED = "password.refused"  # noqa: S105
    """The current password was wrong when a new one was to be set."""
    PASSWORD_SET = "password.set"  # noqa: S105
    """The first one, with an invitation."""
    PASSWORD_RESET = "password.reset"  # noqa: S105
    """With an invitation, where there was a password before."""
    DRAFT_KEPT = "draft.kept"
    """A secret was made for a draft that a browser keeps sealed."""
    DRAFTS_UNSEALED = "draft.unsealed"
    """The secrets of a person's drafts were given out."""
    INVITED = "account.invited"
    DISABLED = "account.disabled"
    ENABLED = "account.enabled"
    REMOVED = "account.removed"
    ROLE_CHANGED = "account.role_changed"
    SERVICE_ACCOUNT_MADE = "service_account.made"
    SERVICE_ACCOUNT_REVOKED = "service_account.revoked"


class Actor(str, Enum):
    """Who caused an event."""

    SELF = "self"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    UNKNOWN = "unknown"
    """Somebody who did not prove who they are."""


@dataclass(frozen=True)
class Named:
    """A line with the present addresses of its people; a service account has its name in place of one."""

    line: SecurityLine
    email: str | None
    by_email: str | None


class SecurityLog:
    """Writes and reads the log."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._kept = timedelta(days=days)

    def record(
        self,
        session: AsyncSession,
        happened: SecurityEvent,
        account: Account | ServiceAccount | Principal | None,
        actor: Actor,
        *,
        by: Principal | None = None,
        address: str | None = None,
        device: str | None = None,
    ) -> None:
        """Add a line about `account` in the transaction of `session`; None: an account that does not exist, or a whole
        network.
        """
        line = SecurityLine(
            at=self._clock.now(),
            event=happened.value,
            account_id=account.id if account else None,
            institution_id=account.institution_id if account else None,
            actor=actor.value,
            by_id=by.id if by else None,
            network=network_of(address),
            device=device or None,
        )
        session.add(line)
        told = _told(line)
        event.listen(session.sync_session, "after_commit", lambda _: _log.info(told), once=True)

    def record_by(
        self, session: AsyncSession, happened: SecurityEvent, account: Account | ServiceAccount, by: Principal | None
    ) -> None:
        """Add what an administrator did to `account`; the operator when `by` is None."""
        actor = Actor.OPERATOR if by is None else Actor.ADMINISTRATOR
        self.record(session, happened, account, actor, by=by)

    async def attempt(self, session: AsyncSession, happened: SecurityEvent, email: str, address: str) -> None:
        """Add an attempt to sign in as `email`. Takes the same time whether or not the address has an account."""
        query = select(Account).where(Account.email == email, Account.removed_at.is_(None))
        self.record(session, happened, await session.scalar(query), Actor.UNKNOWN, address=address)

    async def of_account(self, account_id: str, before: int, limit: int) -> Sequence[Named]:
        """At most `limit` lines about an account with smaller numbers than `before`, newest first."""
        return await self._page(SecurityLine.account_id == account_id, before, limit)

    async def of_institution(
        self, institution_id: str, before: int, limit: int, happened: str | None = None, account_id: str | None = None
    ) -> Sequence[Named]:
        """The same for the accounts that belonged to an institution then: all of them or one, all events or those of
        one name.
        """
        condition = SecurityLine.institution_id == institution_id
        if happened is not None:
            condition &= SecurityLine.event == happened
        if account_id is not None:
            condition &= SecurityLine.account_id == account_id
        return await self._page(condition, before, limit)

    async def newest(
        self, limit: int, account_id: str | None = None, institution_id: str | None = None
    ) -> Sequence[Named]:
        """At most `limit` lines, newest first, for the operator: all of them, or those of one account or
        institution.
        """
        condition: ColumnElement[bool] = true()
        if account_id is not None:
            condition &= SecurityLine.account_id == account_id
        if institution_id is not None:
            condition &= SecurityLine.institution_id == institution_id
        return await self._page(condition, _BEYOND, limit)

    async def _page(self, condition: ColumnElement[bool], before: int, limit: int) -> Sequence[Named]:
        whom, who = aliased(Account), aliased(Account)
        query = (
            select(SecurityLine, func.coalesce(whom.email, ServiceAccount.name), who.email)
            .outerjoin(whom, whom.id == SecurityLine.account_id)
            .outerjoin(ServiceAccount, ServiceAccount.id == SecurityLine.account_id)
            .outerjoin(who, who.id == SecurityLine.by_id)
            .where(condition, SecurityLine.number < before)
            .order_by(SecurityLine.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [Named(line, email, by_email) for line, email, by_email in await session.execute(query)]

    async def sweep(self) -> int:
        """Delete lines that are older than the log is kept; how many there were."""
        old = select(SecurityLine.number).where(SecurityLine.at <= self._clock.now() - self._kept).limit(_AT_ONCE)
        async with self._database.writing() as session:
            gone = delete(SecurityLine).where(SecurityLine.number.in_(old)).returning(SecurityLine.number)
            return len((await session.scalars(gone)).all())


def network_of(address: str | None) -> str | None:
    """The network of a client's address: enough to recognise a stranger, too little to track a person. None for
    anything that is not an address.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def _told(line: SecurityLine) -> str:
    """The line for the server's log: identifiers and the network, without addresses, names or what a device calls
    itself.
    """
    told = {
        "at": rfc3339(line.at),
        "event": line.event,
        "account": line.account_id,
        "institution": line.institution_id,
        "actor": line.actor,
        "by": line.by_id,
        "network": line.network,
    }
    return json.dumps({name: value for name, value in told.items() if value is not None})
