"""Whose report a row is: patient, birth date and record number; then body site, date taken, media and notes."""

from __future__ import annotations

from picsafe_client.i18n.texts import date, moment, t
from picsafe_client.session import mailbox
from picsafe_client.session.patients import Patients, patient_facts, patient_title, site_words
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.format.label import Label


def fill(row: dom.Node, report: ReportView, patients: Patients) -> None:
    """Fills the row's `.row-patient` with what is known."""
    cell, label = row.querySelector(".row-patient"), patients.of(report.id)
    marks = _marks(report)
    if label is not None:
        dom.replace_children(cell, *_known(label), marks)
    elif report.state == "withdrawn" and report.withdrawn_at is not None:
        dom.replace_children(
            cell, dom.el("span", {"class": "row-unread-patient"}, _withdrawn(report, report.withdrawn_at))
        )
    elif report.state == mailbox.AVAILABLE:
        dom.replace_children(cell, dom.el("span", {"class": "row-unread-patient"}, t("patients.not_read")), marks)
    else:
        dom.replace_children(cell, marks)
    row.classList.toggle("row-unnamed", label is None)


def _marks(report: ReportView) -> dom.Node | None:
    """Done, and who filed it in the record and when."""
    words = [t("list.is_done")] if report.done_at is not None else []
    words += [t("list.filed_by", name=each.name, moment=moment(each.at)) for each in report.filed]
    if report.collected_at is not None:
        words.append(t("list.collected", moment=moment(report.collected_at)))
    if not words:
        return None
    return dom.el("span", {"class": "row-marks"}, dom.icon("check"), dom.el("span", None, " · ".join(words)))


def _withdrawn(report: ReportView, withdrawn_at: str) -> str:
    when = moment(withdrawn_at)
    if report.box == "sent":
        return t("sent.withdrawn_at", moment=when)
    return t("inbox.withdrawn_by", name=report.sender.name, moment=when)


def _known(label: Label) -> list[dom.Child]:
    patient = label.patient
    about = [site_words(label.body_site, label.laterality), date(label.captured_at), _media(label), label.notes]
    return [
        dom.el(
            "span",
            {"class": "row-patient-line"},
            dom.el("span", {"class": "row-patient-name"}, patient_title(patient)),
            *[dom.el("span", {"class": "row-patient-number"}, each) for each in patient_facts(patient)],
        ),
        dom.el("span", {"class": "row-patient-about"}, " · ".join(part for part in about if part)),
    ]


def _media(label: Label) -> str:
    counts = {"photos": label.photos, "videos": label.videos, "recordings": label.recordings}
    return ", ".join(t(f"patients.{kind}", count=count) for kind, count in counts.items() if count)
