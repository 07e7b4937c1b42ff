"""The numbered sequence of changes, which orders both live inboxes and polling.

Numbers come from one row that stays locked until the transaction ends. So a reader who sees number n has seen, or can
see, every smaller one, and no number is skipped, which makes cursors safe. The lock is taken last and held briefly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.runtime.clock import Clock
from picsafe_server.users.db.models import ChangeCounter, ChangeEvent

REPORT = "report"
REMOVED = "removed"
SESSION_ENDED = "session-ended"


@dataclass(frozen=True)
class Change:
    """A change for some audiences. `report_id` is None when a session ended."""

    kind: str
    audiences: Collection[str]
    report_id: str | None = None


class EventLog:
    """Appends changes; `wake` is called after each commit that appended some."""

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake

    async def append(self, session: AsyncSession, *changes: Change) -> list[int]:
        """Number `changes` and write their events, in the transaction of `session`; to be called last in it. The
        numbers, in order.
        """
        if not changes:
            return []
        numbers = await _next(session, len(changes))
        now = self._clock.now()
        session.add_all(
            ChangeEvent(sequence=number, audience=audience, kind=change.kind, report_id=change.report_id, at=now)
            for number, change in zip(numbers, changes, strict=True)
            for audience in sorted(change.audiences)
        )
        event.listen(session.sync_session, "after_commit", lambda _: self._wake(), once=True)
        return numbers


async def _next(session: AsyncSession, count: int) -> list[int]:
    last = await session.scalar(
        update(ChangeCounter).values(last=ChangeCounter.last + count).returning(ChangeCounter.last)
    )
    if last is None:
        raise LookupError("the row of the change counter is missing; the first migration writes it")
    return list(range(last - count + 1, last + 1))


async def last_number(session: AsyncSession) -> int:
    """The number of the newest change."""
    return (await session.scalars(select(ChangeCounter.last))).one()


async def events_after(
    session: AsyncSession, audiences: Sequence[str], number: int, limit: int
) -> Sequence[ChangeEvent]:
    """Events for `audiences` after change `number`, oldest first, at most `limit`, never half a change."""
    query = select(ChangeEvent).where(ChangeEvent.audience.in_(audiences), ChangeEvent.sequence > number)
    found = (await session.scalars(query.order_by(ChangeEvent.sequence).limit(limit))).all()
    if len(found) == limit:  # the last change may go on; leave it for the next call
        found = [event for event in found if event.sequence < found[-1].sequence] or found
    return found
