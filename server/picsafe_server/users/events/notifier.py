"""The live inbox. One poller per process looks for new events several times a second, while somebody listens.

It reads each change once, with the data of its report, and passes the same `News` to all listeners. A listener that
reconnects, or falls behind by more than `PENDING`, reads the events of its own audiences from the database from where
it stopped. So a change that thousands see costs a few queries, a slow reader costs no memory, and any number of
processes can write.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select

from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import ChangeEvent
from picsafe_server.users.events.change_reader import News, read_news
from picsafe_server.users.events.event_log import last_number

POLL_SECONDS = 0.4
"""How long an event that another process wrote may go unnoticed."""
_BATCH = 1000
"""Events read at once: more than one change can have, which is one for each of its audiences."""
PENDING = 100
"""News that wait for a listener whose client is slow: references to what all share."""
_PAUSE_AFTER_FAILURE_SECONDS = 2.0

_log = logging.getLogger("picsafe.users.live")


class Listener:
    """Somebody with an open stream. `woken` is set when there may be something to take."""

    __slots__ = ("_pending", "audiences", "woken")

    def __init__(self, audiences: Sequence[str]) -> None:
        self.audiences = tuple(audiences)
        self.woken = asyncio.Event()
        self._pending: list[News] | None = []

    def hand(self, news: News) -> None:
        """Add something for this listener."""
        if self._pending is not None:
            if len(self._pending) < PENDING:
                self._pending.append(news)
            else:
                self._pending = None
        self.woken.set()

    def must_read(self) -> None:
        """Signal that there may be something that will not be passed on here."""
        self._pending = None
        self.woken.set()

    def take(self) -> Sequence[News] | None:
        """What was added since the last call. None: read the database from where you stopped, for as long as it has
        something.
        """
        self.woken.clear()
        taken, self._pending = self._pending, []
        return taken


class Notifier:
    """Wakes listeners."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._look = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None
        self.closing = asyncio.Event()

    def wake(self) -> None:
        """Signal that this process has just committed events."""
        self._look.set()

    def close(self) -> None:
        """End all streams because the process stops."""
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
            query = select(ChangeEvent).where(ChangeEvent.sequence > seen).order_by(ChangeEvent.sequence).limit(_BATCH)
            found = (await session.scalars(query)).all()
            if len(found) == _BATCH:  # there is more; the last change may go on
                self._look.set()
                found = [event for event in found if event.sequence < found[-1].sequence]
            news = await read_news(session, found, self._listeners.keys())
        if news is not None:
            self._hand_over(news)
        return found[-1].sequence if found else seen

    def _hand_over(self, news: News) -> None:
        told: set[Listener] = set()
        for audience in news.events:
            told |= self._listeners.get(audience, set())
        for listener in told:
            listener.hand(news)

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.must_read()
