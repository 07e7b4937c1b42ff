"""Who sees a report in the index, and its state: every response about a report depends on these two."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import KeyRevoked, NotFound, ReportExpired, ReportPredatesAccess
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_server.users.db.models import (
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
    """The state at the present time, which does not depend on the sweep."""
    if report.state in {DRAFT, AVAILABLE} and report.expires_at <= now:
        return EXPIRED
    return report.state


def check_live(report: Report, now: datetime) -> None:
    """`ReportExpired` or `KeyRevoked` when the report has expired or its sender has withdrawn it."""
    state = state_of(report, now)
    if state == EXPIRED:
        raise ReportExpired
    if state == WITHDRAWN:
        raise KeyRevoked


def is_live(now: datetime) -> ColumnElement[bool]:
    """The condition that a report can be opened at `now`, whether or not the sweep has been."""
    return and_(Report.state == AVAILABLE, Report.expires_at > now)


def is_listed(now: datetime) -> ColumnElement[bool]:
    """The condition that a report that has arrived is still listed at `now`: also when it was withdrawn."""
    return and_(Report.state.in_([AVAILABLE, WITHDRAWN]), Report.expires_at > now)


def is_since(who: Principal) -> ColumnElement[bool]:
    """The condition that a report was begun after the moment from which the caller is given reports.

    By its beginning, not by when it became available: its key was made then, and its sender was told then who could
    open it.
    """
    return Report.created_at >= who.since if who.since is not None else true()


def is_since_joining(who: Principal) -> ColumnElement[bool]:
    """The condition that the caller already belonged to their institution when a report was begun: its policy applies
    to such reports only.
    """
    return Report.created_at >= who.joined if who.joined is not None else false()


def check_since(who: Principal, report: Report) -> None:
    """`ReportPredatesAccess` when the report was begun before the caller's password was reset: they may neither open
    nor continue it.
    """
    if who.since is not None and report.created_at < who.since:
        when = f"{who.since.day} {who.since:%B %Y, %H:%M} UTC"
        raise ReportPredatesAccess(
            f"Your password was reset on {when}. Reports that were sent before then cannot be opened any more."
        )


async def visible(session: AsyncSession, who: Principal, report_id: str) -> Report:
    """The report, for somebody who may know of it; `NotFound` for everybody else, and while it is only a draft of
    somebody else's.

    It is visible to its sender and recipients, to service accounts of their institutions, and to members where the
    policy allowed it. Reports begun before a machine or member belonged to the institution are not visible to them; for
    people whose password was reset since, they raise `ReportPredatesAccess`.
    """
    if not is_identifier(report_id):
        raise NotFound
    report = await session.scalar(select(Report).where(Report.id == report_id, is_visible_to(who)))
    if report is None:
        raise NotFound
    if report.sender_id != who.id:
        check_since(who, report)
    return report


def is_visible_to(who: Principal) -> ColumnElement[bool]:
    """The condition under which `visible` finds a report for `who`."""
    institution = exists().where(
        ReportInstitution.report_id == Report.id,
        ReportInstitution.institution_id == who.institution_id,
        is_since_joining(who),
        true() if who.is_service else ReportInstitution.members,
    )
    recipient = exists().where(ReportRecipient.report_id == Report.id, ReportRecipient.account_id == who.id)
    return or_(Report.sender_id == who.id, and_(Report.available_at.is_not(None), or_(recipient, institution)))


async def own(session: AsyncSession, who: Principal, report_id: str) -> Report:
    """The report, locked, for its sender; `NotFound` for everybody else."""
    if not is_identifier(report_id):
        raise NotFound
    query = select(Report).where(Report.id == report_id, Report.sender_id == who.id).with_for_update()
    report = await session.scalar(query)
    if report is None:
        raise NotFound
    return report
