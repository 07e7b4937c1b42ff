"""Slows down password guessing.

An attempt is counted as failed before it is made and uncounted when it succeeds, so that a thousand attempts at once
are counted as a thousand.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, update

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.audit.security_log import SecurityEvent, SecurityLog
from picsafe_server.users.db.models import SignInFailures
from picsafe_server.users.db.rate_windows import Count, consume, forget_old

_WINDOW = timedelta(seconds=limits.SIGN_IN_WINDOW_SECONDS)


class SignInThrottle:
    """Counts failures."""

    def __init__(self, database: Database, clock: Clock, security: SecurityLog) -> None:
        self._database = database
        self._clock = clock
        self._security = security

    async def begin(self, email: str, address: str, known: bytes | None = None) -> None:
        """Count an attempt to sign in to the account of `email` from the client `address`; `TooManyRequests` when it
        has to wait.

        `known` names a browser or session of the account's own, which has a separate count that strangers cannot use
        up.
        """
        now, seconds = self._clock.now(), 0
        async with self._database.writing() as session:
            # In this order: what the account already refuses must not use up what its whole hospital shares.
            for each in _counts(email, address, known):
                if not seconds:
                    seconds, is_first = await consume(session, SignInFailures, each, _WINDOW, now)
                    if is_first:
                        await self._security.attempt(session, SecurityEvent.LOCKED_OUT, email, address)
        if seconds:
            minutes = math.ceil(seconds / 60)
            raise TooManyRequests(
                f"There were too many attempts to sign in. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again.",
                advice="If you forgot your password, ask your administrator for a new invitation.",
                retry_after=seconds,
            )

    async def succeeded(self, email: str, address: str, known: bytes | None = None) -> None:
        """The attempt counted by `begin` succeeded: reset its own count, and reduce that of the client address by
        one.
        """
        own, *shared = _counts(email, address, known)
        async with self._database.writing() as session:
            await session.execute(delete(SignInFailures).where(SignInFailures.subject == own.subject))
            await session.execute(
                update(SignInFailures)
                .where(SignInFailures.subject.in_([each.subject for each in shared]), SignInFailures.count > 0)
                .values(count=SignInFailures.count - 1)
            )

    async def sweep(self) -> int:
        """Forget windows that are over; how many there were."""
        async with self._database.writing() as session:
            return await forget_old(session, SignInFailures, _WINDOW, self._clock.now())


def _counts(email: str, address: str, known: bytes | None) -> Sequence[Count]:
    # Hashes, because people type passwords into the wrong field.
    if known is not None:
        return (Count(hashlib.sha256(b"known " + known).digest(), limits.SIGN_IN_ATTEMPTS),)
    return (
        Count(hashlib.sha256(f"account {email}".encode()).digest(), limits.SIGN_IN_ATTEMPTS),
        Count(hashlib.sha256(f"address {_network(address)}".encode()).digest(), limits.SIGN_IN_ATTEMPTS_PER_ADDRESS),
    )


def _network(address: str) -> str:
    """The address itself, or for IPv6 the /64 network, which belongs to one customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
