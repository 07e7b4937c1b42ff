"""The institution screen for administrators: rules, members, service accounts, access log, changes, each at its own
address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.routing.router import address
from picsafe_client.screens.institution.access_log import show_log
from picsafe_client.screens.institution.audit_log import show_changes
from picsafe_client.screens.institution.members import show_members
from picsafe_client.screens.institution.policy import show_rules
from picsafe_client.screens.institution.service_accounts import show_machines
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom

Section: TypeAlias = Callable[[Screen, dom.Node], Awaitable[None]]
"""Fills an element with one section, on behalf of the screen."""

SECTIONS: Final[Mapping[str, Section]] = {
    "rules": show_rules,
    "members": show_members,
    "machines": show_machines,
    "log": show_log,
    "changes": show_changes,
}


class InstitutionScreen(Screen):
    """A line of sections, and the chosen one below it."""

    title = "institution.title"
    layout = "wide"
    waits_for = "institution.loading"

    async def show(self, params: Mapping[str, str]) -> None:
        me = self.app.require_me()
        if not me.is_administrator or me.institution is None:
            dom.append(
                self.root,
                dom.el("h1", None, t("institution.not_yours")),
                dom.el("p", None, t("institution.not_yours_text")),
                dom.el("a", {"href": address("inbox"), "class": "button button-primary"}, t("action.back_to_inbox")),
            )
            return
        chosen = params.get("section") or "rules"
        links = [
            dom.el(
                "a",
                {"href": address("institution", name), "aria-current": "page" if name == chosen else None},
                t(f"institution.{name}"),
            )
            for name in SECTIONS
        ]
        place = dom.el("div", {"class": "institution-section"}, dom.el("div", {"class": "section-skeleton"}))
        dom.append(
            self.root,
            dom.el("h1", None, me.institution.name),
            dom.el("nav", {"class": "sections", "aria-label": t("institution.sections")}, *links),
            place,
        )
        current = self.root.querySelector(".sections [aria-current]")
        if current:
            current.scrollIntoView(js_object({"block": "nearest", "inline": "center"}))
        section = SECTIONS.get(chosen)
        if section is None:
            self.app.go(address("institution"), replace=True)
            return
        await section(self, place)
