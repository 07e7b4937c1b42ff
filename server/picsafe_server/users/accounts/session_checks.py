"""Checks whether the sessions of live streams are still open, in one query for all streams that ask at the same
time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import select

from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts.sessions import is_alive
from picsafe_server.users.db.models import ServiceAccount, SignedInSession
from picsafe_server.users.principal import Principal

GATHER_SECONDS = 0.05
"""How long the first who asks waits for others: streams that were woken together also ping together."""
_AT_ONCE = 500
"""Identifiers in one query."""

_log = logging.getLogger("picsafe.users.open_sessions")


class SessionChecks:
    """Answers for many streams at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asked: set[str] = set()
        self._answer: asyncio.Task[set[str] | None] | None = None

    async def is_open(self, who: Principal) -> bool:
        """Whether the caller could still authenticate; does not count as use.

        Also True while the database does not answer: a live inbox stays open then, and checks again at its next ping.
        """
        self._asked.add(who.session_id)
        if self._answer is None:
            self._answer = asyncio.create_task(self._ask())
        open_ones = await asyncio.shield(self._answer)
        return open_ones is None or who.session_id in open_ones

    async def _ask(self) -> set[str] | None:
        await asyncio.sleep(GATHER_SECONDS)
        asked, self._asked, self._answer = sorted(self._asked), set(), None
        try:
            return await self._open_of(asked)
        except Exception as error:  # noqa: BLE001 whatever it is, it says nothing about the sessions
            _log.warning("looking whether sessions are open failed", exc_info=error)
            return None

    async def _open_of(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        async with self._database.reading() as session:
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                people = select(SignedInSession.id).where(SignedInSession.id.in_(some), is_alive(self._clock.now()))
                machines = select(ServiceAccount.id).where(
                    ServiceAccount.id.in_(some), ServiceAccount.revoked_at.is_(None)
                )
                found |= {*await session.scalars(people), *await session.scalars(machines)}
        return found
