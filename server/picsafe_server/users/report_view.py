"""A report as the interface shows it to one caller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.clock import Clock, rfc3339
from picsafe_server.settings import Settings
from picsafe_server.users.key_servers import KeyServers
from picsafe_server.users.models import Account, Institution, Opening, Report, ReportRecipient
from picsafe_server.users.principal import Principal
from picsafe_server.users.visibility import state_of

Box = Literal["inbox", "sent"]


class Sender(msgspec.Struct, frozen=True):
    """Who sent a report. `institution` is its name."""

    id: str
    name: str
    email: str
    institution: str | None


class Addressee(msgspec.Struct, frozen=True):
    """Somebody to whom a report is addressed. `opened_at`: when they first read it, for its sender and themselves only."""

    id: str
    name: str
    email: str
    opened_at: str | None


class ReportView(msgspec.Struct, frozen=True):
    """A report. `size` is in bytes; `digest` is that of its package, null when it is from before that; `opened_at` is by the caller, `collected_at` by any service account; times are UTC."""

    id: str
    state: Literal["draft", "available", "expired", "withdrawn"]
    box: Box
    sender: Sender
    recipients: list[Addressee]
    region: str
    size: int | None
    digest: str | None
    created_at: str
    available_at: str | None
    expires_at: str
    unread: bool
    opened_at: str | None
    collected_at: str | None
    cloud_url: str
    keyserver_url: str


@dataclass(frozen=True)
class Entry:
    """A report that is to be shown, and in which box."""

    report_id: str
    box: Box


class ReportViews:
    """Makes views, in a constant number of queries however many reports there are."""

    def __init__(self, settings: Settings, clock: Clock, key_servers: KeyServers) -> None:
        self._settings = settings
        self._key_servers = key_servers
        self._clock = clock

    async def one(self, session: AsyncSession, who: Principal, report: Report) -> ReportView:
        """The view of one report that the caller may see."""
        box: Box = "sent" if report.sender_id == who.id else "inbox"
        return (await self.many(session, who, [Entry(report.id, box)]))[0]

    async def many(self, session: AsyncSession, who: Principal, entries: Sequence[Entry]) -> list[ReportView]:
        """The views of reports that the caller may see, in the order of `entries`; one that is no more is left out."""
        ids = {entry.report_id for entry in entries}
        if not ids:
            return []
        reports = await _reports(session, ids)
        recipients = await _recipients(session, ids)
        opened = await _opened_by(session, who, ids)
        return [
            self._view(who, entry.box, *reports[entry.report_id], recipients, opened)
            for entry in entries
            if entry.report_id in reports
            and (entry.box == "sent" or _is_for(who, reports[entry.report_id][0], recipients[entry.report_id]))
        ]

    def _view(
        self,
        who: Principal,
        box: Box,
        report: Report,
        sender: Sender,
        recipients: Mapping[str, Sequence[Addressee]],
        opened: Mapping[str, datetime],
    ) -> ReportView:
        mine = opened.get(report.id)
        read = report.collected_at if who.is_service else mine
        return ReportView(
            id=report.id,
            state=state_of(report, self._clock.now()),  # type: ignore[arg-type]
            box=box,
            sender=sender,
            recipients=[_as_seen_by(who, report, addressee) for addressee in recipients[report.id]],
            region=report.region,
            size=report.size,
            digest=report.digest,
            created_at=rfc3339(report.created_at),
            available_at=_text(report.available_at),
            expires_at=rfc3339(report.expires_at),
            unread=box == "inbox" and read is None,
            opened_at=_text(mine),
            collected_at=_text(report.collected_at),
            cloud_url=self._settings.cloud_base(report.region),
            keyserver_url=self._key_servers.of_report(report),
        )


def _is_for(who: Principal, report: Report, recipients: Sequence[Addressee]) -> bool:
    """As `visibility.visible`: an event of long ago must not show what no list shows."""
    if who.since is not None and report.created_at < who.since:
        return False
    by_name = report.sender_id == who.id or any(addressee.id == who.id for addressee in recipients)
    return by_name or (who.joined is not None and report.created_at >= who.joined)


def _as_seen_by(who: Principal, report: Report, addressee: Addressee) -> Addressee:
    """Who opened a report is for its sender to know; everybody else is shown their own opening only."""
    if who.id in {report.sender_id, addressee.id} or addressee.opened_at is None:
        return addressee
    return msgspec.structs.replace(addressee, opened_at=None)


def _text(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


async def _reports(session: AsyncSession, ids: set[str]) -> dict[str, tuple[Report, Sender]]:
    rows = await session.execute(
        select(Report, Account, Institution.name)
        .join(Account, Account.id == Report.sender_id)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .where(Report.id.in_(ids))
    )
    return {
        report.id: (report, Sender(account.id, account.name, account.email, institution))
        for report, account, institution in rows
    }


async def _recipients(session: AsyncSession, ids: set[str]) -> dict[str, list[Addressee]]:
    opening = and_(Opening.report_id == ReportRecipient.report_id, Opening.account_id == ReportRecipient.account_id)
    rows = await session.execute(
        select(ReportRecipient.report_id, Account.id, Account.name, Account.email, Opening.opened_at)
        .join(Account, Account.id == ReportRecipient.account_id)
        .outerjoin(Opening, opening)
        .where(ReportRecipient.report_id.in_(ids))
        .order_by(ReportRecipient.report_id, ReportRecipient.position)
    )
    found: dict[str, list[Addressee]] = defaultdict(list)
    for report_id, account_id, name, email, opened_at in rows:
        found[report_id].append(Addressee(account_id, name, email, _text(opened_at)))
    return found


async def _opened_by(session: AsyncSession, who: Principal, ids: set[str]) -> dict[str, datetime]:
    query = select(Opening.report_id, Opening.opened_at)
    rows = await session.execute(query.where(Opening.account_id == who.id, Opening.report_id.in_(ids)))
    return {row.report_id: row.opened_at for row in rows}
