"""The administration record of the institution, newest first."""

from __future__ import annotations

from typing import Final

from picsafe_client.api import institution
from picsafe_client.i18n.texts import has_text, join_words, moment, t
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.institutions import ActView

PAGE: Final = 50


async def show_changes(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    await _Changes(screen, place).show()


class _Changes:
    def __init__(self, screen: Screen, place: dom.Node) -> None:
        self.api = screen.app.api
        self.place = place
        self.before: int | None = None
        self.rows = dom.el("tbody")
        self.more = dom.el("div", {"class": "list-end"})
        self.waiting = dom.el("div")

    async def show(self) -> None:
        await self.page()
        names = ("time", "who", "what")
        head = dom.el("tr", None, *[dom.el("th", {"scope": "col"}, t(f"changes.{name}")) for name in names])
        table = dom.el("table", {"class": "table table-stack"}, dom.el("thead", None, head), self.rows)
        shown = (
            dom.el("div", {"class": "panel panel-table"}, table)
            if self.rows.firstElementChild
            else dom.el("p", None, t("changes.empty"))
        )
        dom.replace_children(
            self.place, dom.el("p", {"class": "soft"}, t("changes.text")), shown, self.waiting, self.more
        )

    async def page(self) -> None:
        """Adds the next page below."""
        async with ProgressIndicator(t("changes.loading"), self.waiting) as wait:
            answer = await institution.administration_record(self.api, self.before, PAGE, signal=wait.signal)
        dom.append(self.rows, *[_row(change) for change in answer.changes])
        self.before = answer.next
        button = dom.button(t("changes.more"), lambda _event: self.page()) if self.before is not None else None
        dom.replace_children(self.more, button)


def _row(change: ActView) -> dom.Node:
    return dom.el(
        "tr",
        None,
        dom.el("td", {"class": "number"}, moment(change.at)),
        dom.el("td", None, who_words(change)),
        dom.el("td", None, what_words(change)),
    )


def who_words(change: ActView) -> str:
    """Who did it. A person who sets a password with an invitation is known by the invitation only."""
    if change.act == "password_reset_used" and change.after:
        return t("changes.invited_by", name=change.after)
    who = change.who
    if who is None:
        return t("changes.operator")
    return t("changes.person", name=who.name, email=who.email) if who.email else who.name


def what_words(change: ActView) -> str:
    """What was done, and to whom."""
    key = f"changes.{change.act}"
    if not has_text(key):
        return t("changes.other")
    whom = change.whom.name if change.whom else ""
    return t(key, whom=whom, before=_value(change, change.before), after=_value(change, change.after))


def _value(change: ActView, value: str | None) -> str:
    value = value or ""
    if change.act in {"member_added", "role_changed"}:
        return t(f"role.{value}") if has_text(f"role.{value}") else value
    if change.act == "members_may_open_changed":
        return t(f"rules.open_{value}") if has_text(f"rules.open_{value}") else value
    if change.act == "labels_changed":
        return t(f"rules.labels_{value}") if has_text(f"rules.labels_{value}") else value
    if change.act == "key_server_changed":
        return value or t("changes.key_server_own")
    if change.act == "key_servers_changed":
        return join_words(value.splitlines()) or t("changes.key_servers_none")
    return value
