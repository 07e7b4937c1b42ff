"""Slows down guessing. An attempt counts as failed before it is made and is taken back when it succeeds, so that a thousand at once are still a thousand."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, update
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol import limits
from picsafe_protocol.errors import TooManyRequests
from picsafe_server.clock import Clock
from picsafe_server.database import Database
from picsafe_server.users.models import SignInFailures
from picsafe_server.users.upsert import insert_into

_WINDOW = timedelta(seconds=limits.SIGN_IN_WINDOW_SECONDS)


@dataclass(frozen=True)
class _Count:
    subject: bytes
    maximum: int


class Throttle:
    """Counts failures in a window that begins with the first of them; in the database, so that all processes count together."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, email: str, address: str, known: bytes | None = None) -> None:
        """An attempt to sign in to the account of `email` from the client `address` begins; `TooManyRequests` when it has to wait.

        `known` names a browser or session of the account's own: it has a count for itself, so that strangers cannot use it up.
        """
        now, seconds = self._clock.now(), 0
        async with self._database.writing() as session:
            # In this order: what the account already refuses must not use up what its whole hospital shares.
            for count in _counts(email, address, known):
                seconds = seconds or await _count(session, count, now)
        if seconds:
            minutes = math.ceil(seconds / 60)
            raise TooManyRequests(
                f"There were too many attempts to sign in. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again.",
                advice="If you forgot your password, ask your administrator for a new invitation.",
                retry_after=seconds,
            )

    async def succeeded(self, email: str, address: str, known: bytes | None = None) -> None:
        """The attempt that `begin` counted was a good one: its own count starts afresh, that of the client address has one less."""
        own, *shared = _counts(email, address, known)
        async with self._database.writing() as session:
            await session.execute(delete(SignInFailures).where(SignInFailures.subject == own.subject))
            await session.execute(
                update(SignInFailures)
                .where(SignInFailures.subject.in_([count.subject for count in shared]), SignInFailures.count > 0)
                .values(count=SignInFailures.count - 1)
            )

    async def sweep(self) -> int:
        """Forget windows that are over; how many there were."""
        async with self._database.writing() as session:
            result = await session.execute(
                delete(SignInFailures)
                .where(SignInFailures.began_at <= self._clock.now() - _WINDOW)
                .returning(SignInFailures.subject)
            )
            return len(result.all())


async def _count(session: AsyncSession, count: _Count, now: datetime) -> int:
    """Count one more; the seconds to wait when that is too many."""
    over = SignInFailures.began_at <= now - _WINDOW
    moment = SignInFailures.began_at.type
    statement = (
        insert_into(session, SignInFailures)
        .values(subject=count.subject, began_at=now, count=1)
        .on_conflict_do_update(
            index_elements=[SignInFailures.subject],
            set_={
                "count": case((over, 1), else_=SignInFailures.count + 1),
                "began_at": case((over, literal(now, moment)), else_=SignInFailures.began_at),
            },
        )
        .returning(SignInFailures.count, SignInFailures.began_at)
    )
    failures, began_at = (await session.execute(statement)).one()
    if failures <= count.maximum:
        return 0
    return max(1, math.ceil((began_at + _WINDOW - now).total_seconds()))


def _counts(email: str, address: str, known: bytes | None) -> Sequence[_Count]:
    # Hashes, because people type passwords into the wrong field.
    if known is not None:
        return (_Count(hashlib.sha256(b"known " + known).digest(), limits.SIGN_IN_ATTEMPTS),)
    return (
        _Count(hashlib.sha256(f"account {email}".encode()).digest(), limits.SIGN_IN_ATTEMPTS),
        _Count(hashlib.sha256(f"address {_network(address)}".encode()).digest(), limits.SIGN_IN_ATTEMPTS_PER_ADDRESS),
    )


def _network(address: str) -> str:
    """The address itself, or the /64 that one IPv6 customer has all to himself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
