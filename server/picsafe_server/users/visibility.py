"""Who sees a report in the index, and what state it is in: the two questions on which every answer about a report rests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.errors import KeyRevoked, NotFound, ReportExpired
from picsafe_protocol.identifiers import is_identifier
from picsafe_server.users.models import (
    AVAILABLE,
    DRAFT,
    EXPIRED,
    WITHDRAWN,
    Report,
    ReportInstitution,
    ReportRecipient,
)
from picsafe_server.users.principal import Principal


def state_of(report: Report, now: datetime) -> str:
    """The state by the clock: nobody waits for the sweep to see that a report's time is over."""
    if report.state in {DRAFT, AVAILABLE} and report.expires_at <= now:
        return EXPIRED
    return report.state


def check_live(report: Report, now: datetime) -> None:
    """`ReportExpired` or `KeyRevoked` when the report's time is over or its sender has withdrawn it."""
    state = state_of(report, now)
    if state == EXPIRED:
        raise ReportExpired
    if state == WITHDRAWN:
        raise KeyRevoked


async def visible(session: AsyncSession, who: Principal, report_id: str) -> Report:
    """The report, for somebody who may know of it; `NotFound` for everybody else, and while it is only a draft of somebody else's.

    May know: its sender and recipients, service accounts of their institutions, and members of those whose policy said so.
    """
    if not is_identifier(report_id):
        raise NotFound
    institution = exists().where(
        ReportInstitution.report_id == Report.id,
        ReportInstitution.institution_id == who.institution_id,
        true() if who.is_service else ReportInstitution.members,
    )
    recipient = exists().where(ReportRecipient.report_id == Report.id, ReportRecipient.account_id == who.id)
    rule = or_(Report.sender_id == who.id, and_(Report.available_at.is_not(None), or_(recipient, institution)))
    report = await session.scalar(select(Report).where(Report.id == report_id, rule))
    if report is None:
        raise NotFound
    return report


async def own(session: AsyncSession, who: Principal, report_id: str) -> Report:
    """The report, locked, for its sender; `NotFound` for everybody else."""
    if not is_identifier(report_id):
        raise NotFound
    query = select(Report).where(Report.id == report_id, Report.sender_id == who.id).with_for_update()
    report = await session.scalar(query)
    if report is None:
        raise NotFound
    return report
