"""Sent reports: who has opened each, the access log of its key, and withdrawal."""

from __future__ import annotations

from typing import Any

from picsafe_client.api import access_log, reports
from picsafe_client.i18n.texts import join_words, moment, size, t
from picsafe_client.routing.router import address
from picsafe_client.screens import access_log_table
from picsafe_client.screens.mailbox.inbox import kept
from picsafe_client.screens.mailbox.outbox_panel import OutboxPanel
from picsafe_client.screens.mailbox.report_list import ReportListScreen, age, set_time
from picsafe_client.screens.patient_line import patient_line
from picsafe_client.session import mailbox
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView

NAMES_SHOWN = 2


class SentScreen(ReportListScreen):
    """Each row unfolds."""

    title = "sent.title"
    box_name = "sent"
    filter_hint = "sent.filter_hint"

    def build_header(self) -> dom.Node:
        outbox = OutboxPanel(self.app)
        self.on_release(outbox.dispose)
        return dom.el("div", {"class": "stack"}, self._head(), outbox.node)

    def _head(self) -> dom.Node:
        return dom.el(
            "div",
            {"class": "screen-head"},
            dom.el("h1", None, t("sent.title")),
            dom.el(
                "a",
                {"class": "button button-primary inbox-send", "href": address("send")},
                dom.icon("camera"),
                dom.el("span", None, t("inbox.send")),
            ),
        )

    def build_empty_state(self) -> dom.Node:
        return dom.el(
            "div",
            {"class": "nothing"},
            dom.icon("sent"),
            dom.el("h2", None, t("sent.empty_title")),
            dom.el("p", None, t("sent.empty_text")),
            dom.el("a", {"class": "button button-primary", "href": address("send")}, t("inbox.send_first")),
        )

    def build_columns(self) -> dom.Node:
        return dom.el("div", {"class": "row-columns", "hidden": True})

    def build_row(self, report: ReportView) -> dom.Node:
        opened, everyone = len(mailbox.opened_by(report)), len(report.recipients)
        chip = dom.el("span", {"class": "chip chip-good" if opened else "chip"}, opened_words(opened, everyone))
        if opened:
            chip.prepend(dom.icon("check"))
        summary = dom.el(
            "summary",
            {"class": "row-link"},
            dom.el("span", {"class": "row-fold"}, dom.icon("down")),
            dom.el("span", {"class": "row-patient"}),
            dom.el("span", {"class": "row-who"}, dom.el("span", {"class": "row-name"}, to_words(report))),
            dom.el("span", {"class": "row-opened"}, chip),
            dom.el("span", {"class": "row-size"}, size(report.size) if report.size else ""),
            dom.el("span", {"class": "row-region"}, t(f"region.{report.region}")),
            dom.el("span", {"class": "row-kept"}),
            dom.el("time", {"class": "row-time"}),
        )
        body = dom.el("div", {"class": "row-details"})
        details = dom.el("details", None, summary, body)
        kind = "row" if report.state == mailbox.AVAILABLE else "row row-over"
        row = dom.el("div", {"class": kind, "role": "listitem"}, details)

        def unfolded(_event: Any) -> None:
            if details.open and not body.hasChildNodes():
                self._fill_details(body, report)

        dom.on(details, "toggle", unfolded)
        return row

    def refresh_row(self, row: dom.Node, report: ReportView) -> None:
        set_time(row.querySelector(".row-time"), report.available_at or report.created_at, age(self, report))
        dom.replace_children(row.querySelector(".row-kept"), kept(report, self.app.clock.now()))

    def _fill_details(self, body: dom.Node, report: ReportView) -> None:
        people = dom.el("ul", {"class": "people"})
        for person in report.recipients:
            opened = person.opened_at
            words = t("sent.recipient_opened", moment=moment(opened)) if opened else t("sent.recipient_not")
            dom.append(
                people,
                dom.el(
                    "li",
                    None,
                    dom.el("span", {"class": "people-name"}, person.name),
                    dom.el("span", {"class": "soft small"}, person.email),
                    dom.el("span", {"class": "chip chip-good" if opened else "chip"}, words),
                ),
            )
        dom.append(body, dom.el("h2", {"class": "row-heading"}, t("sent.recipients")), people)
        log = dom.el("div", {"class": "row-log"})
        dom.append(
            body,
            dom.el("h2", {"class": "row-heading"}, t("sent.log")),
            dom.el("p", {"class": "soft small"}, t("sent.log_hint")),
            log,
        )
        self.start_task(self._fill_log(log, report))
        if report.state != mailbox.AVAILABLE:
            return
        dom.append(
            body,
            dom.el(
                "div",
                {"class": "button-row"},
                dom.el("a", {"class": "button", "href": address("report", report.id)}, t("sent.open")),
                dom.button(t("sent.withdraw"), lambda _event: self._withdraw(report), kind="quiet", icon_name="undo"),
                dom.el("span", {"class": "soft small"}, t("sent.until", moment=moment(report.expires_at))),
            ),
        )

    async def _fill_log(self, place: dom.Node, report: ReportView) -> None:
        try:
            async with ProgressIndicator(t("log.loading"), place) as wait:
                entries = await access_log.of_report(self.app.api, report.keyserver_url, report.id, signal=wait.signal)
        except access_log.NOT_SHOWN as error:

            async def again(_event: Any) -> None:
                dom.replace_children(place)
                await self._fill_log(place, report)

            dom.replace_children(
                place, notices.error_notice(error, means=t("log.unreachable"), actions=[(t("action.retry"), again)])
            )
            return
        dom.replace_children(place, access_log_table.table(entries))

    async def _withdraw(self, report: ReportView) -> None:
        label = self.app.patients.of(report.id)
        about = [dom.el("p", None, to_words(report))] if label is None else [patient_line(label.patient)]
        sure = await dialogs.confirm(
            t("sent.withdraw_title"), t("sent.withdraw_text"), t("sent.withdraw"), danger=True, about=about
        )
        if not sure:
            return
        try:
            async with ProgressIndicator(t("sent.withdrawing")) as wait:
                await reports.withdraw(self.app.api, report.id, signal=wait.signal)
        except access_log.NOT_SHOWN as error:
            self.app.show_problem(
                error,
                means=t("sent.withdraw_failed"),
                actions=[(t("action.retry"), lambda _event: self._withdraw(report))],
            )
            return
        dom.announce(t("sent.withdrawn"))
        await self.box.refresh()


def to_words(report: ReportView) -> str:
    """To whom, in one line: two names, and how many more."""
    names = [person.name for person in report.recipients]
    if len(names) <= NAMES_SHOWN + 1:
        return t("sent.to", names=join_words(names))
    return t("sent.to_more", names=t("list.comma").join(names[:NAMES_SHOWN]), count=len(names) - NAMES_SHOWN)


def opened_words(opened: int, everyone: int) -> str:
    """How many have opened it."""
    if not opened:
        return t("sent.not_opened")
    return t("sent.opened_all" if opened == everyone else "sent.opened", opened=opened, count=everyone)
