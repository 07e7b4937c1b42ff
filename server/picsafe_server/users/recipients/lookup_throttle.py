"""Limits account enumeration: lookups require sign-in and are rate limited per user.

Addresses without an account are counted in the database. Searches are counted in memory, because they are reads and
must work while the database cannot be written.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.memory_counter import MemoryCounter
from picsafe_server.users.db.models import LookupWindow as Counted
from picsafe_server.users.db.rate_windows import Count, consume, forget_old
from picsafe_server.users.principal import Principal

_WINDOW = timedelta(seconds=limits.LOOK_UP_WINDOW_SECONDS)


class LookupThrottle:
    """Counts the lookups of an account."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._searches = MemoryCounter(clock, limits.LOOK_UP_WINDOW_SECONDS)

    async def unknown(self, who: Principal, amount: int) -> None:
        """Count `amount` addresses without an account that the caller named; `TooManyRequests`, which does not list
        them, when there were too many.
        """
        if seconds := await self._count_unknown(who, amount):
            raise TooManyRequests(
                "You named too many addresses that nobody uses PicSafe with. "
                f"Wait {_minutes(seconds)}, then try again. Nothing was sent.",
                advice="Ask colleagues for the address they use, or your administrator for a list.",
                retry_after=seconds,
            )

    def search(self, who: Principal) -> None:
        """Count a search for recipients by the caller; `TooManyRequests` when there were too many."""
        if seconds := self._searches.take(who.id, limits.RECIPIENT_SEARCHES):
            raise TooManyRequests(
                f"You searched for recipients too often. Wait {_minutes(seconds)}, or type the whole address.",
                advice="Type the whole address.",
                retry_after=seconds,
            )

    async def sweep(self) -> int:
        """Forget windows that are over; how many there were."""
        async with self._database.writing() as session:
            return await forget_old(session, Counted, _WINDOW, self._clock.now())

    async def _count_unknown(self, who: Principal, amount: int) -> int:
        what = Count(hashlib.sha256(f"unknown {who.id}".encode()).digest(), limits.UNKNOWN_RECIPIENTS)
        async with self._database.writing() as session:  # of its own: it counts also when the request is refused
            return (await consume(session, Counted, what, _WINDOW, self._clock.now(), amount)).seconds


def _minutes(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
