"""The access log as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from picsafe_client.i18n.error_messages import error_code_message
from picsafe_client.i18n.texts import moment, t
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.keys import LogEntry

CHIPS: Final = {"released": "chip chip-good", "refused": "chip chip-danger", "restored": "chip chip-danger"}


def table(entries: Sequence[LogEntry], *, with_report: bool = False) -> dom.Node:
    """The entries for people."""
    if not entries:
        return dom.el("p", {"class": "soft"}, t("log.empty"))
    names = ["log.time", "log.event", "log.who", "log.from"] + (["log.report"] if with_report else [])
    head = dom.el("tr", None, *[dom.el("th", {"scope": "col"}, t(name)) for name in names])
    body = dom.el("tbody", None, *[row(entry, with_report=with_report) for entry in entries])
    return dom.el(
        "div",
        {"class": "table-scroll", "tabindex": "0", "role": "region", "aria-label": t("sent.log")},
        dom.el("table", {"class": "table table-stack"}, dom.el("thead", None, head), body),
    )


def row(entry: LogEntry, *, with_report: bool = False) -> dom.Node:
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
    if with_report:
        report = entry.report_id or ""
        dom.append(line, dom.el("td", {"class": "mono", "title": report}, report[:8]))
    return line


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
