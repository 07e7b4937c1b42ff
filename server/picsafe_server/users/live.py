"""The live inbox. One poller a process looks for new events several times a second, and only while somebody listens.

A listener is not handed events: it is woken, and reads those of its own audiences from the database, from where it stopped.
So a slow reader costs no memory, a reader that comes back resumes by the same query, and any number of processes can write.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select

from picsafe_server.database import Database
from picsafe_server.users.changes import last_number
from picsafe_server.users.models import Event

POLL_SECONDS = 0.4
"""How long an event that another process wrote may go unnoticed."""
_BATCH = 1000
"""Events read at once: more than one change can have, which is one for each of its audiences."""
_PAUSE_AFTER_FAILURE_SECONDS = 2.0

_log = logging.getLogger("picsafe.users.live")


class Listener:
    """Somebody with an open stream. `news` is set when there may be something to read."""

    def __init__(self, audiences: Sequence[str]) -> None:
        self.audiences = tuple(audiences)
        self.news = asyncio.Event()


class Live:
    """Wakes listeners."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._look = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None
        self.closing = asyncio.Event()

    def wake(self) -> None:
        """This process has just committed events."""
        self._look.set()

    def close(self) -> None:
        """All streams are to end: the process stops."""
        self.closing.set()
        self._wake_all()

    async def stop(self) -> None:
        """End the poller."""
        self.close()
        if self._poller is not None:
            self._poller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poller

    @property
    def is_polling(self) -> bool:
        return self._poller is not None and not self._poller.done()

    def count(self, audience: str) -> int:
        """How many listen for events of this audience, in this process."""
        return len(self._listeners.get(audience, ()))

    @contextlib.asynccontextmanager
    async def listening(self, audiences: Sequence[str]) -> AsyncIterator[Listener]:
        """A listener for events of `audiences`, woken at least once after it has begun."""
        listener = Listener(audiences)
        for audience in listener.audiences:
            self._listeners[audience].add(listener)
        if not self.is_polling:
            self._poller = asyncio.create_task(self._poll())
        try:
            yield listener
        finally:
            for audience in listener.audiences:
                self._listeners[audience].discard(listener)
                if not self._listeners[audience]:
                    del self._listeners[audience]

    async def _poll(self) -> None:
        seen: int | None = None
        while self._listeners:
            self._look.clear()
            try:
                seen = await self._wake_for_events_after(seen)
            except Exception as error:  # noqa: BLE001 a database that is away for a moment must not end the live inbox
                _log.warning("looking for events failed", exc_info=error)
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_SECONDS)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):  # `wait_for` may swallow an end before Python 3.12
                    await self._look.wait()

    async def _wake_for_events_after(self, seen: int | None) -> int:
        async with self._database.reading() as session:
            if seen is None:  # events from before the first look are each listener's own to read
                seen = await last_number(session)
                self._wake_all()
                return seen
            query = select(Event.sequence, Event.audience).where(Event.sequence > seen)
            rows = (await session.execute(query.order_by(Event.sequence).limit(_BATCH))).all()
        for _, audience in rows:
            for listener in self._listeners.get(audience, ()):
                listener.news.set()
        if len(rows) < _BATCH:
            newest: int = rows[-1][0] if rows else seen
            return newest
        self._look.set()  # there is more; the last change may go on
        last: int = rows[-1][0]
        return last - 1

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.news.set()
