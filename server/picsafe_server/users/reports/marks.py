"""What people say of the reports that they received: done, for themselves, and filed, for colleagues and the sender too.

The server knows who said it and when, not where the files went.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.api.requests import Mark
from picsafe_protocol.contracts.errors import NotFound
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.db.models import Report, ReportMark
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import REPORT, Change, EventLog
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.lifecycle import received_by
from picsafe_server.users.reports.views import MailboxItem, ReportViews
from picsafe_server.users.reports.visibility import is_listed, is_since, is_visible_to


class Marks:
    """Sets and takes back marks, of many reports in one transaction."""

    def __init__(self, database: Database, clock: Clock, changes: EventLog, views: ReportViews) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._views = views

    async def mark(self, who: Principal, report_ids: Collection[str], mark: Mark, *, value: bool) -> list[ReportView]:
        """Mark reports that are in the caller's inbox; the time of the first mark is kept. The reports as they are now.

        `NotFound`, and nothing is marked, when one of them was never in the caller's inbox. Reports whose time has run
        out meanwhile are left out.
        """
        async with self._database.writing() as session:
            reports = await self._received(session, who, set(report_ids))
            changes: list[Change] = []
            for report, received in reports:
                if await self._set(session, who, report, mark, value=value):
                    told = {channels.inbox(who.id)}
                    if mark == "filed":
                        people = (audience for audience in received if not channels.is_services(audience))
                        told |= {channels.sent(report.sender_id), *people}
                    changes.append(Change(REPORT, told, report.id))
            await self._changes.append(session, *changes)
        async with self._database.reading() as session:
            return await self._views.many(session, who, [MailboxItem(report.id, "inbox") for report, _ in reports])

    async def _received(
        self, session: AsyncSession, who: Principal, report_ids: Collection[str]
    ) -> list[tuple[Report, list[str]]]:
        """Those that are listed for the caller, with their audiences."""
        visible = select(Report).where(Report.id.in_(report_ids), is_visible_to(who), is_since(who))
        found = {report.id: report for report in await session.scalars(visible.order_by(Report.id))}
        if len(found) != len(report_ids):
            raise NotFound
        listed = set(
            await session.scalars(select(Report.id).where(Report.id.in_(report_ids), is_listed(self._clock.now())))
        )
        reports = []
        for report in found.values():
            received = await received_by(session, report)
            mine = {channels.inbox(who.id)} if report.sender_id == who.id else set(who.received)
            if not mine & set(received):
                raise NotFound
            if report.id in listed:
                reports.append((report, received))
        return reports

    async def _set(self, session: AsyncSession, who: Principal, report: Report, mark: Mark, *, value: bool) -> bool:
        """Whether that changed anything."""
        row = await session.get(ReportMark, (report.id, who.id), with_for_update=True)
        column = "done_at" if mark == "done" else "filed_at"
        was_set = row is not None and getattr(row, column) is not None
        if was_set == value:
            return False
        now = self._clock.now() if value else None
        written = insert_into(session, ReportMark).values(report_id=report.id, account_id=who.id, **{column: now})
        await session.execute(
            written.on_conflict_do_update(
                index_elements=[ReportMark.report_id, ReportMark.account_id], set_={column: now}
            )
        )
        if not value:
            await session.execute(
                delete(ReportMark).where(
                    ReportMark.report_id == report.id, ReportMark.done_at.is_(None), ReportMark.filed_at.is_(None)
                )
            )
        return True
