"""Scheduled work on reports: they expire, and after a while their rows are deleted. Reads compare with the clock and do
not depend on it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import AVAILABLE, DRAFT, EXPIRED, WITHDRAWN, ChangeEvent, MailboxEntry, Report
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import REMOVED, REPORT, Change, EventLog
from picsafe_server.users.reports import labels
from picsafe_server.users.reports.lifecycle import received_by

_AT_ONCE = 200
"""Reports in one transaction, so that nobody waits long for the counter of changes."""


class Expiry:
    """Ends reports, and later deletes their rows."""

    def __init__(self, database: Database, clock: Clock, changes: EventLog) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes

    async def expire(self) -> int:
        """End expired reports and notify those who saw them; returns how many."""
        total = 0
        async with self._database.writing() as session:
            await self._unlist_withdrawn(session)
        while True:
            async with self._database.writing() as session:
                count = await self._expire_some(session)
            total += count
            if count < _AT_ONCE:
                return total

    async def _unlist_withdrawn(self, session: AsyncSession) -> None:
        """Withdrawn reports leave the lists of their recipients when they expire."""
        over = select(Report.id).where(Report.state == WITHDRAWN, Report.expires_at <= self._clock.now())
        gone = delete(MailboxEntry).where(
            MailboxEntry.report_id.in_(over), MailboxEntry.audience.not_like(channels.sent("%"))
        )
        audiences: dict[str, list[str]] = {}
        for report_id, audience in await session.execute(gone.returning(MailboxEntry.report_id, MailboxEntry.audience)):
            audiences.setdefault(report_id, []).append(audience)
        await self._changes.append(session, *(Change(REMOVED, told, each) for each, told in audiences.items()))

    async def _expire_some(self, session: AsyncSession) -> int:
        due = (
            select(Report)
            .where(Report.state.in_([DRAFT, AVAILABLE]), Report.expires_at <= self._clock.now())
            .order_by(Report.expires_at)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        reports = (await session.scalars(due)).all()
        changes: list[Change] = []
        await labels.drop(session, reports)
        for report in reports:
            report.state = EXPIRED
            if report.available_at is not None:
                received = await received_by(session, report)
                gone = delete(MailboxEntry).where(
                    MailboxEntry.report_id == report.id, MailboxEntry.audience.in_(received)
                )
                await session.execute(gone)
                changes.append(Change(REMOVED, received, report.id))
                changes.append(Change(REPORT, [channels.sent(report.sender_id)], report.id))
        await self._changes.append(session, *changes)
        return len(reports)

    async def forget(self) -> int:
        """Delete what the index remembers of reports long over, and events that no live inbox needs any more; how many
        reports.
        """
        now = self._clock.now()
        old = (
            select(Report.id)
            .where(
                Report.state.in_([EXPIRED, WITHDRAWN]),
                Report.expires_at <= now - timedelta(days=limits.REPORT_INDEX_DAYS),
            )
            .limit(_AT_ONCE)
        )
        async with self._database.writing() as session:
            ids = (await session.scalars(old)).all()
            await session.execute(delete(Report).where(Report.id.in_(ids)))
            await session.execute(delete(ChangeEvent).where(ChangeEvent.at <= now - timedelta(days=limits.EVENT_DAYS)))
        return len(ids)
