"""The database rows that views of reports need. They are the same for everybody who sees a report, except for who
opened it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import Addressee, Filing, Sender
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.db.models import (
    Account,
    Institution,
    Report,
    ReportLabel,
    ReportMark,
    ReportOpened,
    ReportRecipient,
)


@dataclass(frozen=True)
class FiledBy:
    """An account that marked a report as filed."""

    account_id: str
    institution_id: str | None
    filing: Filing


@dataclass(frozen=True)
class ReportFacts:
    """`reports` with their senders, `recipients` by report, `opened`: when an account first read a report, the reports
    that are `labelled`, `done`: when an account marked a report as done, and by report who `filed` it.
    """

    reports: Mapping[str, tuple[Report, Sender]]
    recipients: Mapping[str, Sequence[Addressee]]
    opened: Mapping[tuple[str, str], datetime]
    labelled: Collection[str]
    done: Mapping[tuple[str, str], datetime]
    filed: Mapping[str, Sequence[FiledBy]]


async def read_facts(session: AsyncSession, readers: Mapping[str, Collection[str] | None]) -> ReportFacts:
    """The facts of reports in a constant number of queries. `readers` says for each whose openings to read; None:
    everybody's.
    """
    if not readers:
        return ReportFacts({}, {}, {}, (), {}, {})
    ids = set(readers)
    reports, labelled = await _reports(session, ids)
    done, filed = await _marks(session, readers)
    recipients, openings = await _recipients(session, ids), await _openings(session, readers)
    return ReportFacts(reports, recipients, openings, labelled, done, filed)


async def _reports(session: AsyncSession, ids: set[str]) -> tuple[dict[str, tuple[Report, Sender]], set[str]]:
    rows = await session.execute(
        select(Report, Account, Institution.name, ReportLabel.report_id)
        .outerjoin(ReportLabel, ReportLabel.report_id == Report.id)
        .join(Account, Account.id == Report.sender_id)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .where(Report.id.in_(ids))
    )
    found: dict[str, tuple[Report, Sender]] = {}
    labelled: set[str] = set()
    for report, account, institution, label_of in rows:
        found[report.id] = report, Sender(account.id, account.name, account.email, institution)
        if label_of is not None:
            labelled.add(label_of)
    return found, labelled


async def _recipients(session: AsyncSession, ids: set[str]) -> dict[str, list[Addressee]]:
    opening = and_(
        ReportOpened.report_id == ReportRecipient.report_id, ReportOpened.account_id == ReportRecipient.account_id
    )
    rows = await session.execute(
        select(ReportRecipient.report_id, Account.id, Account.name, Account.email, ReportOpened.opened_at)
        .join(Account, Account.id == ReportRecipient.account_id)
        .outerjoin(ReportOpened, opening)
        .where(ReportRecipient.report_id.in_(ids))
        .order_by(ReportRecipient.report_id, ReportRecipient.position)
    )
    found: dict[str, list[Addressee]] = defaultdict(list)
    for report_id, account_id, name, email, opened_at in rows:
        found[report_id].append(Addressee(account_id, name, email, rfc3339(opened_at) if opened_at else None))
    return found


async def _openings(
    session: AsyncSession, readers: Mapping[str, Collection[str] | None]
) -> dict[tuple[str, str], datetime]:
    rows = await session.execute(
        select(ReportOpened.report_id, ReportOpened.account_id, ReportOpened.opened_at).where(
            _of_readers(ReportOpened, readers)
        )
    )
    return {(row.report_id, row.account_id): row.opened_at for row in rows}


async def _marks(
    session: AsyncSession, readers: Mapping[str, Collection[str] | None]
) -> tuple[dict[tuple[str, str], datetime], dict[str, list[FiledBy]]]:
    wanted = or_(
        _of_readers(ReportMark, readers), and_(ReportMark.report_id.in_(set(readers)), ReportMark.filed_at.is_not(None))
    )
    rows = await session.execute(
        select(ReportMark, Account, Institution.name)
        .join(Account, Account.id == ReportMark.account_id)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .where(wanted)
        .order_by(ReportMark.filed_at, ReportMark.account_id)
    )
    done: dict[tuple[str, str], datetime] = {}
    filed: dict[str, list[FiledBy]] = defaultdict(list)
    for mark, account, institution in rows:
        if mark.done_at is not None:
            done[mark.report_id, account.id] = mark.done_at
        if mark.filed_at is not None:
            filing = Filing(account.name, account.email, institution, rfc3339(mark.filed_at))
            filed[mark.report_id].append(FiledBy(account.id, account.institution_id, filing))
    return done, filed


def _of_readers(
    table: type[ReportOpened | ReportMark], readers: Mapping[str, Collection[str] | None]
) -> ColumnElement[bool]:
    everybody = [report_id for report_id, accounts in readers.items() if accounts is None]
    some = [report_id for report_id, accounts in readers.items() if accounts is not None]
    people = {account for accounts in readers.values() if accounts is not None for account in accounts}
    return or_(table.report_id.in_(everybody), and_(table.report_id.in_(some), table.account_id.in_(people)))
