"""A report as the interface shows it to one caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import Addressee, Box, ReportView, Sender
from picsafe_server.runtime.clock import Clock, rfc3339
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import AVAILABLE, Report
from picsafe_server.users.db.report_rows import FiledBy, ReportFacts, read_facts
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.visibility import state_of


@dataclass(frozen=True)
class MailboxItem:
    """A report to be shown, and the box in which it appears."""

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
        return (await self.many(session, who, [MailboxItem(report.id, box)]))[0]

    async def many(self, session: AsyncSession, who: Principal, entries: Sequence[MailboxItem]) -> list[ReportView]:
        """The views of reports that the caller may see, in the order of `entries`; one that is no more is left out."""
        return self.of(who, entries, await read_facts(session, {entry.report_id: (who.id,) for entry in entries}))

    def of(self, who: Principal, entries: Sequence[MailboxItem], facts: ReportFacts) -> list[ReportView]:
        """As `many`, from facts that have been read already."""
        reports, recipients = facts.reports, facts.recipients
        return [
            self._view(who, entry.box, facts, *reports[entry.report_id])
            for entry in entries
            if entry.report_id in reports
            and (entry.box == "sent" or _is_for(who, reports[entry.report_id][0], recipients[entry.report_id]))
        ]

    def _view(
        self,
        who: Principal,
        box: Box,
        facts: ReportFacts,
        report: Report,
        sender: Sender,
    ) -> ReportView:
        mine = facts.opened.get((report.id, who.id))
        read = report.collected_at if who.is_service else mine
        state = state_of(report, self._clock.now())
        return ReportView(
            id=report.id,
            state=state,  # type: ignore[arg-type]
            box=box,
            sender=sender,
            recipients=[_as_seen_by(who, report, addressee) for addressee in facts.recipients[report.id]],
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
            labelled=report.id in facts.labelled and state == AVAILABLE,
            withdrawn_at=_text(report.withdrawn_at),
            done_at=_text(facts.done.get((report.id, who.id))),
            filed=[each.filing for each in facts.filed.get(report.id, ()) if _sees_filing(who, report, each)],
        )


def _is_for(who: Principal, report: Report, recipients: Sequence[Addressee]) -> bool:
    """As `visibility.visible`: an old event must not show what no list shows."""
    if who.since is not None and report.created_at < who.since:
        return False
    by_name = report.sender_id == who.id or any(addressee.id == who.id for addressee in recipients)
    return by_name or (who.joined is not None and report.created_at >= who.joined)


def _as_seen_by(who: Principal, report: Report, addressee: Addressee) -> Addressee:
    """The sender sees who opened a report; everybody else sees only their own opening."""
    if who.id in {report.sender_id, addressee.id} or addressee.opened_at is None:
        return addressee
    return replace(addressee, opened_at=None)


def _sees_filing(who: Principal, report: Report, filed: FiledBy) -> bool:
    """The sender sees all; others what colleagues did, as they see only their own openings."""
    if who.id in {report.sender_id, filed.account_id}:
        return True
    return who.institution_id is not None and who.institution_id == filed.institution_id


def _text(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
