"""A delivered report: where it is stored, until when, and who has opened it."""

from __future__ import annotations

from collections.abc import Callable

from picsafe_client.i18n.texts import moment, t
from picsafe_client.routing.router import address
from picsafe_client.sending.outbox import delivered_words
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.api.reports import Addressee, ReportView


class DoneView:
    """`node` goes on the page; `update` takes the server's newer descriptions of the same report."""

    def __init__(self, report: ReportView, another: Callable[[], None]) -> None:
        self._people = dom.el("ul", {"class": "send-people"})
        more = dom.button(t("send.another"), lambda _event: dom.defer(another), icon_name="camera")
        sent = dom.el("a", {"class": "button", "href": address("sent")}, t("send.to_sent"))
        self.node = dom.el(
            "div",
            {"class": "stack"},
            dom.el("h1", {"tabindex": "-1"}, t("send.done_title")),
            notices.notice("good", delivered_words(report)),
            dom.el("h2", None, t("send.done_recipients")),
            dom.el("div", {"class": "panel panel-padded"}, self._people),
            dom.el("div", {"class": "button-row"}, more, sent),
        )
        self.update(report)

    def update(self, report: ReportView) -> None:
        """Shows who has opened it."""
        dom.replace_children(self._people, *[_person(each) for each in report.recipients])


def _person(person: Addressee) -> dom.Node:
    opened = person.opened_at
    if opened:
        chip = dom.el("span", {"class": "chip chip-good"}, dom.icon("check"))
        dom.append(chip, t("send.opened_at", moment=moment(opened)))
    else:
        chip = dom.el("span", {"class": "chip"}, t("send.not_opened"))
    return dom.el("li", None, dom.el("span", {"class": "send-person"}, person.name), chip)
