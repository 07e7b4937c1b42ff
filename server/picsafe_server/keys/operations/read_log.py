"""Reads the access log: the entries of one report, and those of an institution page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.keys import Event, LogEntry, LogPage, Who
from picsafe_protocol.contracts.errors import NotFound, NotPermitted
from picsafe_server.keys.db.models import log_audience, log_erasures, log_leaves, log_people
from picsafe_server.keys.log.entries import moment
from picsafe_server.keys.policy import Caller, may_read_log
from picsafe_server.keys.vault import keystore
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.runtime.database import Database

CSV_PAGE_ROWS = 500


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """Filters for entries. `report_id`: an identifier, or the beginning of one; `who`: an identifier, or part of a name or
    address.
    """

    event: Event | None = None
    report_id: str | None = None
    who: str | None = None
    oldest_first: bool = False


async def of_report(database: Database, caller: Caller, report_id: str, after: int | None, limit: int) -> LogPage:
    """What happened to a report's key, oldest first. `NotFound`, or `NotPermitted` for all but its owner and
    administrators.
    """
    async with database.reading() as session:
        connection = await session.connection()
        place = (caller.issuer, report_id)
        record = (await connection.run_sync(keystore.by_report, [place])).get(place)
        if record is None:
            raise NotFound("This key server has no key for this report.")
        if not may_read_log(record.access, record.issuer, caller):
            raise NotPermitted("The access log of a report is for its sender and for administrators.")
        query = _entries().where(log_leaves.c.key_id == record.key_id).order_by(log_leaves.c.entry_index)
        if after is not None:
            query = query.where(log_leaves.c.entry_index > after)
        return await _page(session, query, limit)


async def of_institution(
    database: Database, administrator: Caller, wanted: LogFilter, after: int | None, limit: int
) -> LogPage:
    """What happened to all keys whose access names the administrator's institution, newest first unless asked
    otherwise.
    """
    async with database.reading() as session:
        return await _page(session, _institution_query(administrator, wanted, after), limit)


async def all_of_institution(
    database: Database, administrator: Caller, wanted: LogFilter
) -> AsyncIterator[Sequence[LogEntry]]:
    """All pages in turn, each read in its own transaction so that a slow reader keeps none open."""
    after: int | None = None
    while True:
        page = await of_institution(database, administrator, wanted, after, CSV_PAGE_ROWS)
        yield page.entries
        if page.next is None:
            return
        after = page.next


_PEOPLE_COLUMNS = ("subject", "name", "email", "institution_name", "address", "reason")


def _entries() -> Select[Any]:
    people = [log_people.c[name] for name in _PEOPLE_COLUMNS]
    erasing = log_leaves.alias("erasing")
    return (
        select(log_leaves, *people, log_erasures.c.erased_by, erasing.c.time.label("erased_at"))
        .outerjoin(log_people, log_people.c.entry_index == log_leaves.c.entry_index)
        .outerjoin(log_erasures, log_erasures.c.entry_index == log_leaves.c.entry_index)
        .outerjoin(erasing, erasing.c.entry_index == log_erasures.c.erased_by)
    )


def _institution_query(administrator: Caller, wanted: LogFilter, after: int | None) -> Select[Any]:
    seen = log_audience.c.entry_index
    query = _entries().join(log_audience, seen == log_leaves.c.entry_index)
    query = query.where(
        log_audience.c.issuer == administrator.issuer, log_audience.c.institution == administrator.institution
    )
    if after is not None:
        query = query.where(seen > after if wanted.oldest_first else seen < after)
    if wanted.event is not None:
        query = query.where(log_leaves.c.event == wanted.event.value)
    if wanted.report_id is not None:
        query = query.where(log_leaves.c.report_id.startswith(wanted.report_id, autoescape=True))
    if wanted.who:
        people = log_people.c
        query = query.where(
            or_(
                people.subject == wanted.who,
                people.name.icontains(wanted.who, autoescape=True),
                people.email.icontains(wanted.who, autoescape=True),
            )
        )
    return query.order_by(seen if wanted.oldest_first else seen.desc())


async def _page(session: AsyncSession, query: Select[Any], limit: int) -> LogPage:
    rows = (await session.execute(query.limit(limit + 1))).all()
    entries = [_for_people(row) for row in rows[:limit]]
    return LogPage(entries, entries[-1].index if len(rows) > limit else None)


def _for_people(row: Row[Any]) -> LogEntry:
    who = None if row.subject is None else Who(row.subject, row.name, row.email, row.institution_name)
    return LogEntry(
        index=row.entry_index,
        time=rfc3339(moment(row.time)),
        event=Event(row.event).value,
        result_code=row.result,
        report_id=row.report_id or None,
        key_id=row.key_id or None,
        who=who,
        address=row.address,
        reason=row.reason,
        erased_at=None if row.erased_at is None else rfc3339(moment(row.erased_at)),
        erased_by=row.erased_by,
    )
