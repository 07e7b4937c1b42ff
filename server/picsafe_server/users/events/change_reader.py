"""Reads changes once per process for all its listeners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.users.db.models import ChangeEvent
from picsafe_server.users.db.report_rows import ReportFacts, read_facts
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import REPORT


@dataclass(frozen=True)
class News:
    """Consecutive changes: the events of each audience that listens here, and the data of their reports."""

    events: Mapping[str, Sequence[ChangeEvent]]
    facts: ReportFacts

    def of(self, wanted: Sequence[str], after: int) -> list[ChangeEvent]:
        """The events of the audiences `wanted` with larger numbers than `after`, in their order."""
        found = [event for name in wanted for event in self.events.get(name, ()) if event.sequence > after]
        return sorted(found, key=lambda event: event.sequence)


async def read_news(session: AsyncSession, events: Sequence[ChangeEvent], listening: Collection[str]) -> News | None:
    """What the listening audiences receive of `events`; None when that is nothing."""
    by_audience: dict[str, list[ChangeEvent]] = defaultdict(list)
    readers: dict[str, set[str] | None] = {}
    for event in events:
        if event.audience not in listening:
            continue
        by_audience[event.audience].append(event)
        if event.kind == REPORT and event.report_id is not None:
            known, reader = readers.setdefault(event.report_id, set()), channels.person_of(event.audience)
            if known is None or reader is None:
                readers[event.report_id] = None  # an audience of many: whichever of them have opened it
            else:
                known.add(reader)
    return News(by_audience, await read_facts(session, readers)) if by_audience else None
