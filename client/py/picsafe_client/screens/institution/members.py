"""The institution's members: roles, new invitations, disabling, removing."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from picsafe_client.api import institution
from picsafe_client.i18n import texts
from picsafe_client.i18n.texts import t
from picsafe_client.screens.institution.invitations import ask_for_member, chosen_role, role_choice, show_link
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.api.institutions import Member
from picsafe_protocol.contracts.api.requests import MemberChange
from picsafe_protocol.contracts.errors import ChangedMeanwhile, NotFound, PicSafeError

T = TypeVar("T")


async def show_members(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    await _Members(screen, place).load()


class _Members:
    def __init__(self, screen: Screen, place: dom.Node) -> None:
        self.screen = screen
        self.api = screen.app.api
        self.place = place
        self.members: list[Member] = []
        self.next: str | None = None
        self.rows = dom.el("tbody")
        self.count = dom.el("p", {"class": "soft small", "role": "status"})
        self.filter = dom.el(
            "input",
            {
                "class": "input filter-input",
                "type": "search",
                "aria-label": t("members.filter"),
                "placeholder": t("members.filter_hint"),
                "autocomplete": "off",
            },
        )
        self.more = dom.button(t("members.more"), lambda _event: self.load(self.next))
        dom.on(self.filter, "input", lambda _event: self.list_them())

    async def load(self, after: str | None = None) -> None:
        page = await institution.members(self.api, after)
        self.members = (self.members if after else []) + page.members
        self.next = page.next
        if not self.rows.isConnected:
            self.build()
        self.list_them()

    def build(self) -> None:
        names = ("name", "role", "state", "country", "actions")
        head = dom.el("tr", None, *[dom.el("th", {"scope": "col"}, t(f"members.{name}")) for name in names])
        table = dom.el("table", {"class": "table table-stack"}, dom.el("thead", None, head), self.rows)
        add = dom.button(
            t("members.add"), lambda _event: ask_for_member(self.screen, self.load), kind="primary", icon_name="plus"
        )
        dom.replace_children(
            self.place,
            dom.el(
                "div",
                {"class": "filter filter-with-button"},
                dom.icon("search"),
                self.filter,
                self.count,
                add,
            ),
            dom.el("div", {"class": "panel panel-table"}, table),
            self.more,
        )

    def list_them(self) -> None:
        words = str(self.filter.value).casefold().split()
        shown = [each for each in self.members if all(word in f"{each.name} {each.email}".casefold() for word in words)]
        dom.replace_children(self.rows, *[self.row(each) for each in shown])
        self.count.textContent = t("members.count", count=len(shown))
        self.more.hidden = self.next is None

    def row(self, member: Member) -> dom.Node:
        is_me = member.id == self.screen.app.require_me().id
        state = state_of(member)
        name = dom.el("td", None, dom.el("span", {"class": "table-name strong"}, member.name))
        if is_me:
            name.firstElementChild.append(" ", dom.el("span", {"class": "chip"}, t("members.you")))
        dom.append(name, dom.el("span", {"class": "soft small"}, member.email))
        chip = {"active": "chip chip-good", "disabled": "chip chip-danger"}.get(state, "chip")
        return dom.el(
            "tr",
            None,
            name,
            dom.el("td", None, t(f"role.{member.role}")),
            dom.el("td", None, dom.el("span", {"class": chip}, t(f"members.{state}"))),
            dom.el("td", None, texts.country(member.country)),
            dom.el("td", None, dom.el("div", {"class": "button-row"}, *([] if is_me else self.actions(member)))),
        )

    def actions(self, member: Member) -> list[dom.Node]:
        name = member.name
        if state_of(member) == "disabled":
            enable = dom.button(
                t("members.enable"),
                lambda _event: self.change(member, MemberChange(disabled=False)),
                kind="quiet",
                aria_label=t("members.enable_named", name=name),
            )
            remove = dom.button(
                t("members.remove"),
                lambda _event: self.remove(member),
                kind="quiet",
                aria_label=t("members.remove_named", name=name),
            )
            return [enable, remove]
        invited = state_of(member) == "invited"
        again = dom.button(
            t("members.resend" if invited else "members.reset"),
            lambda _event: self.resend(member) if invited else self.reset(member),
            kind="quiet",
            aria_label=t("members.resend_to" if invited else "members.reset_of", name=name),
        )
        role = dom.button(
            t("members.change_role"),
            lambda _event: self.change_role(member),
            kind="quiet",
            aria_label=t("members.change_role_of", name=name),
        )
        disable = dom.button(
            t("members.disable"),
            lambda _event: self.disable(member),
            kind="quiet",
            aria_label=t("members.disable_named", name=name),
        )
        return [again, role, disable]

    async def change(self, member: Member, wanted: MemberChange) -> None:
        await self.as_listed(institution.change_member(self.api, member, wanted))
        try:
            await self.load()
        finally:
            dom.announce(t("members.changed", name=member.name))

    async def as_listed(self, work: Awaitable[T]) -> T:
        """Does something to a member that is refused when they are no longer as they are listed; then the list is
        loaded again, so that the next decision is made by what is true.
        """
        try:
            return await work
        except (ChangedMeanwhile, NotFound):
            await self.load()
            raise

    def change_role(self, member: Member) -> None:
        """Asks for the role in a dialogue: one key pressed by mistake changes nothing."""
        role = role_choice(member.role)
        problem = dom.el("div")
        form = dom.el("form", {"class": "form", "id": "change-role", "novalidate": True}, problem, role)
        go = dom.el(
            "button",
            {"type": "submit", "form": "change-role", "class": "button button-primary"},
            t("members.change_role"),
        )

        async def change(_event: Any) -> None:
            dom.replace_children(problem)
            wanted = chosen_role(role)
            try:
                if wanted != member.role:
                    await self.as_listed(institution.change_member(self.api, member, MemberChange(role=wanted)))
                    await self.load()
            except PicSafeError as error:
                dom.append(problem, notices.error_notice(error, means=t("institution.unchanged")))
                return
            dialogs.close(asked)
            dom.announce(t("members.role_changed", name=member.name, role=t(f"role.{wanted}")))

        dom.on(form, "submit", with_progress(go, change, place=form))
        stop = dom.button(t("action.cancel"), lambda _event: dialogs.close(asked))
        asked = dialogs.show(t("members.role_of", name=member.name), form, actions=(go, stop))

    async def disable(self, member: Member) -> None:
        title = t("members.disable_title", name=member.name)
        if await dialogs.confirm(title, t("members.disable_text"), t("members.disable"), danger=True):
            await self.change(member, MemberChange(disabled=True))

    async def remove(self, member: Member) -> None:
        title = t("members.remove_title", name=member.name)
        waiting = (await institution.waiting_for(self.api, member)).unopened
        about = [dom.el("p", {"class": "strong"}, t("members.remove_waiting", count=waiting))] if waiting else []
        if await dialogs.confirm(title, t("members.remove_text"), t("members.remove"), danger=True, about=about):
            await self.as_listed(institution.remove_member(self.api, member))
            try:
                await self.load()
            finally:
                dom.announce(t("members.removed", name=member.name))

    async def reset(self, member: Member) -> None:
        title = t("members.reset_title", name=member.name)
        if await dialogs.confirm(title, t("members.reset_text"), t("members.reset"), danger=True):
            await self.resend(member)

    async def resend(self, member: Member) -> None:
        show_link(self.screen, await self.as_listed(institution.invite_again(self.api, member)))


def state_of(member: Member) -> str:
    """active, invited (no password yet) or disabled."""
    if member.disabled:
        return "disabled"
    return "invited" if member.invited else "active"
