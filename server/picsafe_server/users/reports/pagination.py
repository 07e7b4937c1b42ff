"""Pages of reports by keyset: each page reads as many index rows as it shows, however many reports there are."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import Box, ReportView
from picsafe_protocol.contracts.errors import CursorUnknown, InvalidRequest
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import MailboxEntry, Report
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import last_number
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.views import MailboxItem, ReportViews
from picsafe_server.users.reports.visibility import is_listed, is_live, is_since, is_since_joining

_BEYOND = 2**62
"""Larger than any number of a change."""
_NO_CURSOR = "This is not a cursor that the server gave out."


@dataclass(frozen=True)
class MailboxPage:
    """Some reports, and the cursor at which the next page begins. `more` says whether there is one now."""

    reports: list[ReportView]
    cursor: str
    more: bool


class Pagination:
    """The three lists: received and sent for people, and what is new for clients that poll."""

    def __init__(self, database: Database, clock: Clock, views: ReportViews) -> None:
        self._database = database
        self._clock = clock
        self._views = views

    async def newest(self, who: Principal, box: Box, before: str | None, limit: int) -> MailboxPage:
        """A page of what the caller received or sent, newest first. Withdrawn reports stay listed until their time is
        over, sent ones after that too.
        """
        sent = box == "sent"
        names = [channels.sent(who.id)] if sent else who.received
        conditions = [] if sent else [is_listed(self._clock.now()), is_since(who)]
        start = _BEYOND if before is None else number_of(before, "before")
        async with self._database.reading() as session:
            found = await self._merged(session, who, names, [MailboxEntry.sequence < start, *conditions], limit, True)
            return await self._page(session, who, found, box, limit, start)

    async def new(self, who: Principal, after: str | None, limit: int) -> MailboxPage:
        """A page of what the caller received, oldest first. Polling on with its cursor never skips an available report.

        `CursorUnknown` for a cursor of a future that this database does not have: it was restored from a backup, and
        will give the numbers after its last one to other reports.
        """
        start, last_seen = (0, None) if after is None else position_in(after)
        async with self._database.reading() as session:
            await _check_known(session, start, last_seen)
            conditions = [MailboxEntry.sequence > start, is_live(self._clock.now()), is_since(who)]
            found = await self._merged(session, who, who.received, conditions, limit, False)
            page = await self._page(session, who, found, "inbox", limit, start)
        if page.reports:
            return replace(page, cursor=f"{page.cursor}-{page.reports[-1].id}")
        return replace(page, cursor=after or page.cursor)

    async def _merged(
        self,
        session: AsyncSession,
        who: Principal,
        names: Sequence[str],
        conditions: Sequence[ColumnElement[bool]],
        limit: int,
        newest_first: bool,
    ) -> list[MailboxEntry]:
        """One more listing than `limit` from all audiences `names` together, each report once."""
        order = MailboxEntry.sequence.desc() if newest_first else MailboxEntry.sequence.asc()
        pages = [
            (
                await session.scalars(
                    select(MailboxEntry)
                    .join(Report, Report.id == MailboxEntry.report_id)
                    .where(MailboxEntry.audience == name, *conditions, _not_own(who, name), _since_joining(who, name))
                    .order_by(order)
                    .limit(limit + 1)
                )
            ).all()
            for name in names
        ]
        merged = heapq.merge(*pages, key=attrgetter("sequence"), reverse=newest_first)
        once = {listing.sequence: listing for listing in merged}  # a report becomes available once, under one number
        return list(once.values())[: limit + 1]

    async def _page(
        self, session: AsyncSession, who: Principal, found: Sequence[MailboxEntry], box: Box, limit: int, start: int
    ) -> MailboxPage:
        shown = found[:limit]
        reports = await self._views.many(session, who, [MailboxItem(listing.report_id, box) for listing in shown])
        return MailboxPage(reports, str(shown[-1].sequence if shown else start), len(found) > limit)


def _not_own(who: Principal, audience: str) -> ColumnElement[bool]:
    """Reports that colleagues sent are listed in a shared inbox; one's own are not, unless they are addressed to
    oneself.
    """
    shared = audience != channels.inbox(who.id) and not channels.is_sent(audience)
    return Report.sender_id != who.id if shared else true()


def _since_joining(who: Principal, audience: str) -> ColumnElement[bool]:
    """Of the reports that an institution shares, only those begun since the caller joined it."""
    return is_since_joining(who) if channels.is_members(audience) else true()


def position_in(cursor: str) -> tuple[int, str | None]:
    """The number in a cursor of `Listings.new`, and the report that has it: two histories of a database give it to
    different ones.
    """
    number, dash, report_id = cursor.partition("-")
    if dash and not is_identifier(report_id):
        raise InvalidRequest(_NO_CURSOR, field="after")
    return number_of(number, "after"), report_id or None


async def _check_known(session: AsyncSession, number: int, report_id: str | None) -> None:
    if number > await last_number(session):
        raise CursorUnknown
    if report_id is None:
        return
    query = select(Report.available_at, MailboxEntry.sequence).outerjoin(
        MailboxEntry, MailboxEntry.report_id == Report.id
    )
    found = (await session.execute(query.where(Report.id == report_id).limit(1))).first()
    # It has left the lists when it expires, and the index some weeks later.
    if found is None or found.available_at is None or found.sequence not in {None, number}:
        raise CursorUnknown


def number_of(cursor: str, field: str) -> int:
    """The number in a cursor; `InvalidRequest` naming `field` for anything else."""
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise InvalidRequest(_NO_CURSOR, field=field)
    return int(cursor)
