"""The inbox: one row per report. Whose report it is shows once its label, or the report itself, has been opened."""

from __future__ import annotations

from typing import Any

from picsafe_client.i18n.texts import moment, remaining, size, t
from picsafe_client.routing.router import address
from picsafe_client.screens.mailbox.report_list import ReportListScreen, age, set_time
from picsafe_client.session import mailbox
from picsafe_client.session.list_options import is_unread
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView

STATES = {"expired": "inbox.expired", "withdrawn": "inbox.withdrawn", "draft": "inbox.sending"}


class InboxScreen(ReportListScreen):
    """What others have sent."""

    title = "inbox.title"
    box_name = "inbox"
    filter_hint = "inbox.filter_hint"

    def build_header(self) -> dom.Node:
        picker = self._picker()
        return dom.el(
            "div",
            {"class": "screen-head"},
            dom.el("h1", None, t("inbox.title")),
            dom.el(
                "div",
                {"class": "button-row"},
                picker,
                dom.button(t("inbox.open_file"), lambda _event: picker.click(), icon_name="open"),
                dom.el(
                    "a",
                    {"class": "button button-primary inbox-send", "href": address("send")},
                    dom.icon("camera"),
                    dom.el("span", None, t("inbox.send")),
                ),
            ),
        )

    def _picker(self) -> dom.Node:
        picker = dom.el(
            "input",
            {
                "type": "file",
                "hidden": True,
                "accept": ".picsafe",
                "id": "file-picker",
                "aria-label": t("inbox.open_file"),
            },
        )

        def picked(_event: Any) -> None:
            if picker.files.length:
                self.app.open_file(picker.files.item(0))

        dom.on(picker, "change", picked)
        return picker

    def build_empty_state(self) -> dom.Node:
        return dom.el(
            "div",
            {"class": "nothing"},
            dom.icon("inbox"),
            dom.el("h2", None, t("inbox.empty_title")),
            dom.el("p", None, t("inbox.empty_text")),
            dom.el("p", {"class": "soft"}, t("inbox.empty_steps")),
            dom.el("a", {"class": "button button-primary", "href": address("send")}, t("inbox.send_first")),
        )

    def build_columns(self) -> dom.Node:
        names = ("patient", "from", "size", "kept", "time")
        titles = [
            dom.el("span", {"class": f"row-column-{name}", "aria-hidden": True}, t(f"inbox.column_{name}"))
            for name in names
        ]
        return dom.el(
            "div", {"class": "row-columns"}, dom.el("label", {"class": "row-tick"}, self.selection.all), *titles
        )

    def build_row(self, report: ReportView) -> dom.Node:
        row = dom.by_id("report-row").content.firstElementChild.cloneNode(True)
        part = row.querySelector
        part("a").href = address("report", report.id)
        row.prepend(self.selection.tick_for(report, self._name(report)))
        if is_unread(report, self.app.patients):
            row.classList.add("row-unread")
            part(".row-dot span").textContent = t("inbox.unread")
        if report.state != mailbox.AVAILABLE:
            row.classList.add("row-over")
        part(".row-name").textContent = report.sender.name
        part(".row-address").textContent = report.sender.email
        part(".row-institution").textContent = report.sender.institution or ""
        row.classList.toggle("row-done", report.done_at is not None)
        part(".row-size").textContent = size(report.size) if report.size else ""
        part(".row-region").textContent = t(f"region.{report.region}")
        return row

    def _name(self, report: ReportView) -> str:
        """A row in words: the patient where that is known, and the sender."""
        patient = self.app.patients.name(report.id)
        return ", ".join(each for each in (patient, mailbox.sender_of(report)) if each)

    def refresh_row(self, row: dom.Node, report: ReportView) -> None:
        set_time(row.querySelector(".row-time"), report.available_at or report.created_at, age(self, report))
        dom.replace_children(row.querySelector(".row-kept"), kept(report, self.app.clock.now()))


def kept(report: ReportView, now: Any) -> dom.Node:
    """How long a report stays: plain, amber when it is nearly over and nobody has collected it, or why it is gone."""
    if report.state in STATES:
        return dom.el("span", {"class": "chip"}, t(STATES[report.state]))
    left = remaining(report.expires_at, now)
    title = t("inbox.kept_until", moment=moment(report.expires_at))
    if not mailbox.is_urgent(report, now):
        return dom.el("span", {"class": "row-left", "title": title}, left)
    return dom.el(
        "span",
        {"class": "chip chip-amber", "title": f"{title}. {t('inbox.urgent', left=left)}"},
        dom.icon("clock"),
        dom.el("span", {"aria-hidden": True}, left),
        dom.el("span", {"class": "for-ears"}, t("inbox.urgent", left=left)),
    )
