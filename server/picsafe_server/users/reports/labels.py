"""The sealed labels of reports: kept from the receipt to the end of the report, and given to those who can open it.

The user server cannot read them: their keys are derived from report keys, which it does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import Conflict, InvalidRequest
from picsafe_protocol.format.label import SEALED_LABEL_SIZES
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import Report, ReportLabel
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.visibility import is_live, is_since, is_visible_to


class Labels:
    """Gives out sealed labels."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, who: Principal, report_ids: Collection[str]) -> Mapping[str, bytes]:
        """The labels of those of these reports that have one and that `who` can open, by report."""
        query = (
            select(ReportLabel.report_id, ReportLabel.sealed)
            .join(Report, Report.id == ReportLabel.report_id)
            .where(Report.id.in_(report_ids), is_visible_to(who), is_since(who), is_live(self._clock.now()))
        )
        async with self._database.reading() as session:
            return {row.report_id: bytes(row.sealed) for row in await session.execute(query)}


def is_label_wanted(sender: Principal) -> bool:
    """Whether new reports of `sender` get a label: the rule of their institution."""
    return sender.institution is None or sender.institution.labels == "sealed"


def check_label(label: bytes | None) -> None:
    """`InvalidRequest` for what cannot be a sealed label."""
    if label is not None and len(label) not in SEALED_LABEL_SIZES:
        raise InvalidRequest("The label of this report has a size that no label has.", field="label")


async def keep(session: AsyncSession, sender: Principal, report: Report, label: bytes | None) -> None:
    """Store the label of a report that becomes available. It is dropped where none is wanted: the rule may have changed
    since the report was begun, and the report is sent anyway.
    """
    if label is not None and is_label_wanted(sender):
        session.add(ReportLabel(report_id=report.id, sealed=label))
        await session.flush()


async def check_same(session: AsyncSession, report: Report, label: bytes | None) -> None:
    """`Conflict` for another label than an available report has: nobody can change it. One that was dropped stays
    dropped.
    """
    stored = await session.scalar(select(ReportLabel.sealed).where(ReportLabel.report_id == report.id))
    if stored is not None and stored != label:
        raise Conflict("This report is already available, with another label.")


async def drop(session: AsyncSession, reports: Collection[Report]) -> None:
    """Delete the labels of reports that nobody can open any more."""
    await session.execute(delete(ReportLabel).where(ReportLabel.report_id.in_([report.id for report in reports])))
