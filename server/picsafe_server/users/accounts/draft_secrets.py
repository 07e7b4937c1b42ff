"""Secrets for the drafts that a person's browser keeps sealed. Without one, what lies on that computer opens nothing.

The server holds no draft and does not learn what is in one. Its database has a random salt for each; the secret itself
is derived from the salt, the account and the server's signing key, so a copy of the database alone gives none, and
once the row is deleted nobody can make it again.

A "draft" here is what a sender has not sent yet; `reports.drafts` are reports that have been begun on this server.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import LimitExceeded, NotFound, NotSignedIn, TooManyRequests
from picsafe_protocol.contracts.identifiers import is_identifier, new_identifier
from picsafe_server.auth.tokens import Signer
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.memory_counter import MemoryCounter
from picsafe_server.users.audit.security_log import Actor, SecurityEvent, SecurityLog
from picsafe_server.users.db.models import Account, DraftSecret
from picsafe_server.users.principal import Principal

LIFETIME: Final = timedelta(hours=limits.SEALED_DRAFT_HOURS)
_PURPOSE: Final = "picsafe sealed draft 1"
_SALT_BYTES: Final = 32


@dataclass(frozen=True)
class Given:
    """A secret for one draft. `secret` is known only here and to the person's own page."""

    id: str
    secret: bytes
    created_at: datetime
    ends_at: datetime


class DraftSecrets:
    """Makes secrets, and gives them to the account that they were made for."""

    def __init__(self, database: Database, clock: Clock, signer: Signer, security: SecurityLog) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._security = security
        self._asked = MemoryCounter(clock, limits.LOOK_UP_WINDOW_SECONDS)

    async def make(self, who: Principal, address: str) -> Given:
        """A new secret. `LimitExceeded` when the caller has as many as one person may have at a time."""
        self._count(who)
        now = self._clock.now()
        row = DraftSecret(
            id=new_identifier(),
            account_id=who.id,
            salt=os.urandom(_SALT_BYTES),
            created_at=now,
            ends_at=now + LIFETIME,
        )
        async with self._database.writing() as session:
            await _lock(session, who)
            alive = select(func.count()).select_from(DraftSecret)
            count = (
                await session.scalars(alive.where(DraftSecret.account_id == who.id, DraftSecret.ends_at > now))
            ).one()
            if count >= limits.SEALED_DRAFTS:
                raise LimitExceeded(
                    f"One person has at most {limits.SEALED_DRAFTS} drafts.",
                    advice="Send or discard one of them. Each ends automatically after a day.",
                    limit="SEALED_DRAFTS",
                    maximum=limits.SEALED_DRAFTS,
                )
            session.add(row)
            self._security.record(session, SecurityEvent.DRAFT_KEPT, who, Actor.SELF, address=address)
        return self._given(row)

    async def of(self, who: Principal, address: str) -> Sequence[Given]:
        """The caller's secrets, newest first. Written down in the security log when there are any."""
        self._count(who)
        now = self._clock.now()
        async with self._database.writing() as session:
            await _lock(session, who)
            mine = select(DraftSecret).where(DraftSecret.account_id == who.id, DraftSecret.ends_at > now)
            rows = (await session.scalars(mine.order_by(DraftSecret.created_at.desc(), DraftSecret.id))).all()
            if rows:
                self._security.record(session, SecurityEvent.DRAFTS_UNSEALED, who, Actor.SELF, address=address)
        return [self._given(row) for row in rows]

    async def end(self, who: Principal, draft_id: str) -> None:
        """The draft was sent or discarded: its secret is gone for good. `NotFound` when the caller has no such."""
        if not is_identifier(draft_id):
            raise NotFound
        async with self._database.writing() as session:
            gone = delete(DraftSecret).where(DraftSecret.id == draft_id, DraftSecret.account_id == who.id)
            if await session.scalar(gone.returning(DraftSecret.id)) is None:
                raise NotFound

    async def sweep(self) -> int:
        """Delete secrets that have expired; how many there were."""
        async with self._database.writing() as session:
            old = delete(DraftSecret).where(DraftSecret.ends_at <= self._clock.now())
            return len((await session.scalars(old.returning(DraftSecret.id))).all())

    def _given(self, row: DraftSecret) -> Given:
        info = f"{_PURPOSE} {row.account_id} {row.id}"
        return Given(row.id, self._signer.derive(info, row.salt), row.created_at, row.ends_at)

    def _count(self, who: Principal) -> None:
        if seconds := self._asked.take(who.id, limits.SEALED_DRAFT_REQUESTS):
            raise TooManyRequests("Drafts were asked for too often.", retry_after=seconds)


async def forget_draft_secrets(session: AsyncSession, account_id: str) -> None:
    """Delete all secrets of the account, in the transaction of `session`: the next one to use it may be somebody else."""
    await session.execute(delete(DraftSecret).where(DraftSecret.account_id == account_id))


async def _lock(session: AsyncSession, who: Principal) -> None:
    """Holds the account, so that nothing is given or made after it was disabled or reset. `NotSignedIn` when it was."""
    usable = select(Account).where(Account.id == who.id, Account.disabled_at.is_(None), Account.removed_at.is_(None))
    account = await session.scalar(usable.with_for_update())
    if account is None or account.reset_at != who.since:
        raise NotSignedIn
