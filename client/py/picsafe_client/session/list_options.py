"""What a list shows and in which order: filters and sorting, over the reports that are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from picsafe_client.i18n.texts import parse_datetime
from picsafe_client.session.mailbox import AVAILABLE, opened_by
from picsafe_client.session.patients import Patients, patient_title
from picsafe_protocol.contracts.api.reports import ReportView

Filter: TypeAlias = Literal["unread", "not_opened", "not_done", "not_filed", "expiring", "from_me"]
Sort: TypeAlias = Literal["newest", "oldest", "expiring", "patient"]

FILTERS: Final[dict[str, tuple[Filter, ...]]] = {
    "inbox": ("unread", "not_done", "not_filed", "expiring", "from_me"),
    "sent": ("not_opened", "not_filed", "expiring"),
}
SORTS: Final[tuple[Sort, ...]] = ("newest", "oldest", "expiring", "patient")
EXPIRING: Final = timedelta(hours=48)
"""A report is about to expire when less than this is left: long enough to find it on the day before."""


@dataclass(frozen=True)
class ListOptions:
    """The person's choice for one list. Every filter has to be met."""

    filters: frozenset[Filter] = frozenset()
    sort: Sort = "newest"

    def toggled(self, name: Filter) -> ListOptions:
        """With this filter on if it was off, and the reverse."""
        return replace(self, filters=self.filters ^ {name})

    @property
    def needs_all(self) -> bool:
        """Whether older reports may belong further up, so that all have to be loaded."""
        return self.sort != "newest"


@dataclass(frozen=True)
class Viewpoint:
    """Who looks at a list, when, and what this session knows of patients."""

    account_id: str
    now: datetime
    patients: Patients


def selected(reports: Sequence[ReportView], options: ListOptions, view: Viewpoint) -> list[ReportView]:
    """The reports that meet the filters, in the order of the sort. Reports whose patient is not known come last when
    sorted by patient.
    """
    found = [each for each in reports if all(_meets(each, name, view) for name in options.filters)]
    if options.sort == "oldest":
        found.reverse()
    elif options.sort == "expiring":
        found.sort(key=lambda each: (each.state != AVAILABLE, each.expires_at))
    elif options.sort == "patient":
        found.sort(key=lambda each: _patient_order(view.patients, each.id))
    return found


def is_filed(report: ReportView) -> bool:
    """Whether somebody filed it in the record, or a record system has collected it."""
    return bool(report.filed) or report.collected_at is not None


def is_unread(report: ReportView, patients: Patients) -> bool:
    """Whether the person has still to look at it: the server may not know yet that it was opened here."""
    was_opened = patients.is_opened(report.id)
    return report.unread and not was_opened and report.state == AVAILABLE and report.done_at is None


def _meets(report: ReportView, name: Filter, view: Viewpoint) -> bool:
    if name == "unread":
        return is_unread(report, view.patients)
    if name == "not_opened":
        return report.state == AVAILABLE and not opened_by(report)
    if name == "not_done":
        return report.done_at is None
    if name == "not_filed":
        return report.state == AVAILABLE and not is_filed(report)
    if name == "expiring":
        return report.state == AVAILABLE and parse_datetime(report.expires_at) - view.now < EXPIRING
    return report.sender.id == view.account_id


def _patient_order(patients: Patients, report_id: str) -> tuple[bool, str, str]:
    label = patients.of(report_id)
    if label is None:
        return (True, "", "")
    return (False, patient_title(label.patient).casefold(), label.patient.record_number)
