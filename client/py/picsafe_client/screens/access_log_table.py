"""The access log as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from picsafe_client.i18n.error_messages import error_code_message
from picsafe_client.i18n.texts import moment, t
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.keys import LogEntry

CHIPS: Final = {"released": "chip chip-good", "refused": "chip chip-danger", "restored": "chip chip-danger"}


def table(entries: Sequence[LogEntry], on_report: Callable[[str], Any] | None = None) -> dom.Node:
    """The entries for people. With `on_report` each names its report, by a button that calls it with the identifier."""
    if not entries:
        return dom.el("p", {"class": "soft"}, t("log.empty"))
    names = ["log.time", "log.event", "log.who", "log.from"] + (["log.report"] if on_report else [])
    head = dom.el("tr", None, *[dom.el("th", {"scope": "col"}, t(name)) for name in names])
    body = dom.el("tbody", None, *[row(entry, on_report) for entry in entries])
    return dom.el(
        "div",
        {"class": "table-scroll", "tabindex": "0", "role": "region", "aria-label": t("sent.log")},
        dom.el("table", {"class": "table table-stack"}, dom.el("thead", None, head), body),
    )


def row(entry: LogEntry, on_report: Callable[[str], Any] | None = None) -> dom.Node:
    """One entry as a row of the table."""
    event = entry.event
    what = dom.el("td", None, dom.el("span", {"class": CHIPS.get(event, "chip")}, t(f"log.{event}")))
    reason = entry.reason or error_code_message(entry.result_code or "")
    if reason:
        dom.append(what, dom.el("span", {"class": "soft small table-note"}, reason))
    line = dom.el(
        "tr",
        None,
        dom.el("td", {"class": "number"}, moment(entry.time)),
        what,
        dom.el("td", None, *_who(entry)),
        dom.el("td", {"class": "number"}, entry.address or ""),
    )
    if on_report:
        dom.append(line, dom.el("td", {"class": "mono"}, _report(entry.report_id, on_report)))
    return line


def _report(report_id: str | None, on_report: Callable[[str], Any]) -> dom.Node | None:
    if not report_id:
        return None
    short = report_id[:8]
    words = t("access.only_report", report=short)
    node = dom.el("button", {"type": "button", "class": "link mono", "title": report_id, "aria-label": words}, short)
    dom.on(node, "click", dom.single_flight(node, lambda _event: on_report(report_id)))
    return node


def _who(entry: LogEntry) -> list[dom.Child]:
    who = entry.who
    if who is None:
        if entry.event == "destroyed":
            return [t("log.system")]
        when = entry.erased_at
        return [t("log.erased_person"), dom.el("span", {"class": "soft small"}, moment(when)) if when else None]
    places = [part for part in (who.email, who.institution) if part]
    return [
        dom.el("span", {"class": "table-name"}, who.name),
        *[dom.el("span", {"class": "soft small table-place"}, part) for part in places],
    ]
