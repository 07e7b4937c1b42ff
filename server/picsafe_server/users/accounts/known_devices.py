"""Browsers that somebody has signed in with before, so that a stranger's wrong passwords do not keep them from signing
in again.

A browser holds a random secret in a cookie, the same for everybody who signs in with it. For each account that did, the
database holds a hash of secret and account together. So the secret is useless for an account that never signed in
there, and the database does not reveal which accounts share a browser.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.accounts import secrets
from picsafe_server.users.db.models import Account, KnownDevice

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
KEPT = timedelta(days=limits.KNOWN_DEVICE_DAYS)


class Devices:
    """Remembers and recognises browsers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def known(self, email: str, secret: str | None) -> bytes | None:
        """The proof that the account of `email` has signed in with the browser that holds `secret`; None when it has
        not.
        """
        if not secret:
            return None
        async with self._database.reading() as session:
            query = select(Account.id).where(Account.email == email, Account.removed_at.is_(None))
            account_id = await session.scalar(query)
            if account_id is None:
                return None
            known = select(KnownDevice.proof).where(
                KnownDevice.proof == _proof(secret, account_id), KnownDevice.last_used_at > self._clock.now() - KEPT
            )
            proof: bytes | None = await session.scalar(known)
            return proof

    async def remember(self, session: AsyncSession, account_id: str, secret: str) -> None:
        """Record that the account has signed in with the browser that holds `secret`, in the transaction of
        `session`.
        """
        now = self._clock.now()
        row = insert_into(session, KnownDevice).values(
            proof=_proof(secret, account_id), account_id=account_id, last_used_at=now
        )
        await session.execute(row.on_conflict_do_update(index_elements=[KnownDevice.proof], set_={"last_used_at": now}))

    async def sweep(self) -> int:
        """Forget browsers that have not been used for long; how many there were."""
        async with self._database.writing() as session:
            old = delete(KnownDevice).where(KnownDevice.last_used_at <= self._clock.now() - KEPT)
            return len((await session.scalars(old.returning(KnownDevice.proof))).all())


async def forget_devices(session: AsyncSession, account_id: str) -> None:
    """Forget all browsers of the account, in the transaction of `session`."""
    await session.execute(delete(KnownDevice).where(KnownDevice.account_id == account_id))


def device_secret(cookie: str | None) -> str:
    """The secret in a browser's cookie; a new one when it has none that we could have made."""
    return cookie if cookie and _SECRET.fullmatch(cookie) else secrets.new_secret()


def _proof(secret: str, account_id: str) -> bytes:
    return hashlib.sha256(f"device {account_id} {secret}".encode("utf-8", "surrogatepass")).digest()
