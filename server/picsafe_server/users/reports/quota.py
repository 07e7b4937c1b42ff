"""Limits what one sender may have in progress and stored, so that no account fills a region, by mistake or on
purpose.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import LimitExceeded, TooManyRequests
from picsafe_server.users.db.models import AVAILABLE, DRAFT, EXPIRED, WITHDRAWN, Account, Report
from picsafe_server.users.principal import Principal

_ADVICE = "Nothing was sent. Withdraw reports that are not needed any more, or wait until older ones have ended."
_GIB = 1024 * limits.MIB


async def _check_begun(session: AsyncSession, who: Principal, now: datetime) -> None:
    # Withdrawn ones too: each leaves entries in a key server's log, which is never shortened.
    window = timedelta(seconds=limits.BEGUN_WINDOW_SECONDS)
    states = Report.state.in_([DRAFT, AVAILABLE, EXPIRED, WITHDRAWN])  # so that the index is of use
    begun = select(func.count()).where(Report.sender_id == who.id, states, Report.created_at > now - window)
    if (await session.scalar(begun) or 0) >= limits.REPORTS_BEGUN:
        raise TooManyRequests("You have begun too many reports today, counting withdrawn ones.", retry_after=3600)


async def check_quota(session: AsyncSession, who: Principal, declared: int, now: datetime) -> None:
    """Check that the caller may begin one more report of `declared` bytes, in the transaction that begins it.

    `TooManyRequests` for too many drafts, or reports begun in a day, `LimitExceeded` for too many reports or bytes.
    """
    # The row is locked, so that many requests at once do not all find the same room.
    await session.execute(select(Account.id).where(Account.id == who.id).with_for_update())
    await _check_begun(session, who, now)
    drafts = and_(Report.state == DRAFT, Report.created_at > now - timedelta(hours=limits.UPLOAD_HOURS))
    kept = and_(Report.state == AVAILABLE, Report.expires_at > now)
    takes = func.coalesce(Report.size, Report.declared, limits.UNDECLARED_BYTES)
    query = select(Report.state, func.count(), func.coalesce(func.sum(takes), 0))
    rows = await session.execute(query.where(Report.sender_id == who.id, or_(drafts, kept)).group_by(Report.state))
    counts: dict[str, tuple[int, int]] = {state: (count, int(size)) for state, count, size in rows}
    if counts.get(DRAFT, (0, 0))[0] >= limits.OPEN_DRAFTS:
        raise TooManyRequests(
            "You have begun many reports that were never sent completely. Finish or withdraw some of them.",
            retry_after=3600,
        )
    reports = 1 + sum(count for count, _ in counts.values())
    size = declared + sum(size for _, size in counts.values())
    if reports > limits.KEPT_REPORTS:
        raise LimitExceeded(
            f"You have {limits.KEPT_REPORTS} reports under way or kept already, and there is no room for more.",
            advice=_ADVICE,
            limit="KEPT_REPORTS",
            maximum=limits.KEPT_REPORTS,
            actual=reports,
        )
    if size > limits.KEPT_BYTES:
        raise LimitExceeded(
            f"With this report, those that you have under way or kept would take more than {limits.KEPT_BYTES // _GIB} GB.",
            advice=_ADVICE,
            limit="KEPT_BYTES",
            maximum=limits.KEPT_BYTES,
            actual=size,
        )
