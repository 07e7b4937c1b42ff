"""The database rows that views of reports need. They are the same for everybody who sees a report, except for who
opened it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import Addressee, Sender
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.db.models import Account, Institution, Report, ReportLabel, ReportOpened, ReportRecipient


@dataclass(frozen=True)
class ReportFacts:
    """`reports` with their senders, `recipients` by report, `opened`: when an account first read a report, and the
    reports that are `labelled`.
    """

    reports: Mapping[str, tuple[Report, Sender]]
    recipients: Mapping[str, Sequence[Addressee]]
    opened: Mapping[tuple[str, str], datetime]
    labelled: Collection[str]


async def read_facts(session: AsyncSession, readers: Mapping[str, Collection[str] | None]) -> ReportFacts:
    """The facts of reports in a constant number of queries. `readers` says for each whose openings to read; None:
    everybody's.
    """
    if not readers:
        return ReportFacts({}, {}, {}, ())
    ids = set(readers)
    reports, labelled = await _reports(session, ids)
    return ReportFacts(reports, await _recipients(session, ids), await _openings(session, readers), labelled)


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
    everybody = [report_id for report_id, accounts in readers.items() if accounts is None]
    some = [report_id for report_id, accounts in readers.items() if accounts is not None]
    people = {account for accounts in readers.values() if accounts is not None for account in accounts}
    wanted = or_(
        ReportOpened.report_id.in_(everybody),
        and_(ReportOpened.report_id.in_(some), ReportOpened.account_id.in_(people)),
    )
    rows = await session.execute(
        select(ReportOpened.report_id, ReportOpened.account_id, ReportOpened.opened_at).where(wanted)
    )
    return {(row.report_id, row.account_id): row.opened_at for row in rows}
