"""Client-side cache of the inbox and sent lists, newest first, updated by server-sent events.

No patient data: the user server has none. The boxes outlive the screens that show them, so coming back is instant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from picsafe_client.i18n.texts import parse_datetime, t
from picsafe_client.observable import Observable
from picsafe_protocol.contracts.api.reports import Addressee, ReportPage, ReportView
from picsafe_protocol.format.provenance import person_in_words
from picsafe_protocol.format.report import Author
from picsafe_protocol.json.messages import read

Fetch: TypeAlias = Callable[[str], Awaitable[Any]]
"""Gets a path of the user server's API as JSON."""

PAGE: Final = 100
SOON: Final = timedelta(hours=24)
"""A report that nobody has collected turns amber when less than this is left."""

AVAILABLE: Final = "available"


class Mailbox:
    """One list, as far as it is loaded."""

    def __init__(self, name: str, fetch: Fetch) -> None:
        self.name = name
        self.reports: list[ReportView] = []
        self.is_loaded = False
        self.is_complete = False
        self.changes: Observable[set[str]] = Observable()
        """The identifiers of reports that came, changed or went."""
        self._fetch = fetch
        self._next: str | None = None
        self._in_flight_updates: list[dict[str, ReportView | None]] = []
        """Of each page that is on its way: changes of single reports that came meanwhile, None of one that has gone."""

    def __contains__(self, report_id: object) -> bool:
        return any(report.id == report_id for report in self.reports)

    def get(self, report_id: str) -> ReportView | None:
        """A loaded report."""
        return next((report for report in self.reports if report.id == report_id), None)

    async def refresh(self) -> None:
        """Loads the newest page; what is loaded already stays when the pages still meet, and is replaced otherwise."""
        before = {report.id: report for report in self.reports}
        page, heard = await self._page(None)
        newest = page.reports
        known = {report.id for report in newest}
        older = [report for report in self.reports if report.id not in known]
        meets = any(report.id in known for report in self.reports)
        if self.is_loaded and meets and page.next is not None:
            last = _order(newest[-1])
            # What is missing between the newest and the oldest of this page has gone meanwhile.
            self.reports = newest + [report for report in older if _order(report) < last]
        else:
            self.reports, self._next = newest, page.next
            self.is_complete = page.next is None
        self.is_loaded = True
        self._apply_pending(heard)
        after = {report.id: report for report in self.reports}
        self.changes.notify({each for each in before.keys() | after.keys() if before.get(each) != after.get(each)})

    async def more(self) -> None:
        """Loads the next older page, when there is one."""
        if self.is_complete:
            return
        page, heard = await self._page(self._next)
        known = {report.id for report in self.reports}
        added = [report for report in page.reports if report.id not in known]
        self.reports.extend(added)
        self._next = page.next
        self.is_complete = page.next is None
        self.is_loaded = True
        self._apply_pending(heard)
        self.changes.notify({report.id for report in added} | heard.keys())

    def upsert(self, report: ReportView) -> bool:
        """Takes in a report that a live event brought; True when it is new here."""
        was_there = report.id in self
        self._set(report.id, report)
        is_there = report.id in self
        if is_there:
            self.changes.notify({report.id})
        return is_there and not was_there

    def remove(self, report_id: str) -> ReportView | None:
        """Takes out a report that is gone; the answer is what it was."""
        gone = self.get(report_id)
        self._set(report_id, None)
        if gone is not None:
            self.changes.notify({report_id})
        return gone

    def _set(self, report_id: str, report: ReportView | None) -> None:
        """Puts a report where it belongs, or takes it out; one that is older than all that is loaded waits for its
        page.
        """
        for heard in self._in_flight_updates:
            heard[report_id] = report
        others = [known for known in self.reports if known.id != report_id]
        was_there = len(others) < len(self.reports)
        self.reports = others
        if report is None:
            return
        place = next((place for place, known in enumerate(others) if _order(known) < _order(report)), len(others))
        if place < len(others) or was_there or self.is_complete:
            others.insert(place, report)

    def mark_opened(self, report_id: str) -> None:
        """The person has opened it here; the caller has already told the server."""
        report = self.get(report_id)
        if report is not None and report.unread:
            self.upsert(replace(report, unread=False))

    @property
    def unread(self) -> int:
        """How many of the loaded reports are unread and can still be opened."""
        return sum(1 for report in self.reports if report.unread and report.state == AVAILABLE)

    async def _page(self, before: str | None) -> tuple[ReportPage, Mapping[str, ReportView | None]]:
        """A page, and what was heard while it was on its way: what the page says of these may be older than that."""
        query = {"box": self.name, "limit": str(PAGE)} | ({"before": before} if before else {})
        heard: dict[str, ReportView | None] = {}
        self._in_flight_updates.append(heard)
        try:
            page = read(ReportPage, await self._fetch(f"/v1/reports?{urlencode(query)}"))
        finally:
            self._in_flight_updates = [other for other in self._in_flight_updates if other is not heard]
        return page, heard

    def _apply_pending(self, heard: Mapping[str, ReportView | None]) -> None:
        for report_id, report in heard.items():
            self._set(report_id, report)


def _order(report: ReportView) -> tuple[str, str]:
    return (report.available_at or report.created_at, report.id)


def matches(report: ReportView, words: str, facts: Iterable[str] = ()) -> bool:
    """Whether every word of a filter occurs in what the row says; `facts` are the patient's, where this session
    knows them (`Patients.searched`).
    """
    sender = report.sender
    said = [*facts, t(f"region.{report.region}"), report.state, sender.name, sender.email, sender.institution or ""]
    for person in report.recipients:
        said += [person.name, person.email]
    text = " ".join(said).casefold()
    return all(word in text for word in words.casefold().split())


def sender_of(report: ReportView) -> str:
    """Name and address of the sender in one line: the address tells apart people who go by the same name."""
    sender = report.sender
    return person_in_words(Author(sender.name, sender.email))


def is_urgent(report: ReportView, now: datetime) -> bool:
    """Whether little time is left and nobody has collected it."""
    if report.state != AVAILABLE or report.collected_at is not None:
        return False
    return parse_datetime(report.expires_at) - now < SOON


def opened_by(report: ReportView) -> list[Addressee]:
    """The recipients who have opened it."""
    return [person for person in report.recipients if person.opened_at]
