"""Who has opened a report: for its sender from the key server's access log. Others see the recipients and their own
opening.
"""

from __future__ import annotations

from picsafe_client.api import access_log
from picsafe_client.app import App
from picsafe_client.i18n.error_messages import error_message
from picsafe_client.i18n.texts import moment, t
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import PicSafeError


async def show(app: App, row: ReportView, keyserver_url: str, place: dom.Node) -> None:
    """Fills `place`. `row` is what the user server says of the report."""
    by_sender = row.box == "sent"
    dom.replace_children(place, dom.el("h2", None, t("report.readers" if by_sender else "report.recipients")))
    place.hidden = False
    if by_sender:
        await _from_log(app, row, keyserver_url, place)
    else:
        _from_row(row, place)
    if row.expires_at:
        kept = t("report.kept_until", moment=moment(row.expires_at))
        dom.append(place, dom.el("p", {"class": "soft small"}, kept))


def _from_row(row: ReportView, place: dom.Node) -> None:
    rows = dom.el("ul", {"class": "readers"})
    for person in row.recipients:
        opened = person.opened_at
        words = t("report.reader_opened", moment=moment(opened)) if opened else ""
        dom.append(rows, _reader(person.name, person.email, words))
    dom.append(place, rows)


async def _from_log(app: App, row: ReportView, keyserver_url: str, place: dom.Node) -> None:
    try:
        entries = await access_log.of_report(app.api, keyserver_url, row.id)
    except PicSafeError as error:
        # The pictures are there; only this part of the facts is missing, and says so.
        dom.append(place, dom.el("p", {"class": "soft small"}, t("log.unreachable"), " ", error_message(error)[0]))
        return
    rows = dom.el("ul", {"class": "readers"})
    for entry in reversed([entry for entry in entries if entry.event in ("released", "refused")]):
        who = entry.who
        name = who.name if who and who.name else t("log.erased_person")
        words = t(f"report.log_{entry.event}", moment=moment(entry.time))
        dom.append(rows, _reader(name, who.email if who else "", words, (who.institution or "") if who else ""))
    dom.append(place, rows if rows.childElementCount else dom.el("p", {"class": "soft"}, t("report.reader_nobody")))


def _reader(name: str, email: str, words: str, institution: str = "") -> dom.Node:
    return dom.el(
        "li",
        {"class": "reader"},
        dom.el("span", {"class": "reader-name"}, name),
        dom.el("span", {"class": "soft small reader-address"}, email) if email else None,
        dom.el("span", {"class": "soft small"}, institution) if institution else None,
        dom.el("span", {"class": "soft small number"}, words) if words else None,
    )
