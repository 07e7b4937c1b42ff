"""The institution's members: inviting, roles, disabling, removing."""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.api import institution
from picsafe_client.i18n import texts
from picsafe_client.i18n.texts import join_words, t
from picsafe_client.routing.router import address
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dialogs, dom, forms, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_client.ui.secret_dialog import show_once
from picsafe_protocol.contracts.api.institutions import Member
from picsafe_protocol.contracts.api.requests import MemberChange, NewMember, PersonRole
from picsafe_protocol.contracts.errors import Conflict, PicSafeError
from picsafe_protocol.contracts.limits import EMAIL_CHARACTERS, NAME_CHARACTERS
from picsafe_protocol.contracts.regions import COUNTRIES

ROLES: Final[tuple[PersonRole, ...]] = ("member", "administrator")


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
        add = dom.button(t("members.add"), lambda _event: self.invite(), kind="primary", icon_name="plus")
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
            dom.el("td", None, self.role_choice(member)),
            dom.el("td", None, dom.el("span", {"class": chip}, t(f"members.{state}"))),
            dom.el("td", None, texts.country(member.country)),
            dom.el("td", None, dom.el("div", {"class": "button-row"}, *([] if is_me else self.actions(member)))),
        )

    def role_choice(self, member: Member) -> dom.Node:
        choice = dom.el("select", {"class": "input", "aria-label": t("members.role_of", name=member.name)})
        for role in ROLES:
            dom.append(choice, dom.el("option", {"value": role, "selected": role == member.role}, t(f"role.{role}")))

        async def change(_event: Any) -> None:
            nonlocal member
            wanted = _role(choice.value)
            try:
                changed = await institution.change_member(self.api, member.id, MemberChange(role=wanted))
            except PicSafeError:
                choice.value = member.role
                raise
            self.members = [changed if each.id == changed.id else each for each in self.members]
            member = changed
            dom.announce(t("members.role_changed", name=member.name, role=t(f"role.{wanted}")))

        dom.on(choice, "change", change)
        return choice

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
        again = dom.button(
            t("members.new_invitation"),
            lambda _event: self.invite_again(member),
            kind="quiet",
            aria_label=t("members.new_invitation_for", name=name),
        )
        disable = dom.button(
            t("members.disable"),
            lambda _event: self.disable(member),
            kind="quiet",
            aria_label=t("members.disable_named", name=name),
        )
        return [again, disable]

    async def change(self, member: Member, wanted: MemberChange) -> None:
        await institution.change_member(self.api, member.id, wanted)
        try:
            await self.load()
        finally:
            dom.announce(t("members.changed", name=member.name))

    async def disable(self, member: Member) -> None:
        title = t("members.disable_title", name=member.name)
        if await dialogs.confirm(title, t("members.disable_text"), t("members.disable"), danger=True):
            await self.change(member, MemberChange(disabled=True))

    async def remove(self, member: Member) -> None:
        title = t("members.remove_title", name=member.name)
        if await dialogs.confirm(title, t("members.remove_text"), t("members.remove"), danger=True):
            await institution.remove_member(self.api, member.id)
            try:
                await self.load()
            finally:
                dom.announce(t("members.removed", name=member.name))

    async def invite_again(self, member: Member) -> None:
        if state_of(member) == "active":
            title = t("members.reset_title", name=member.name)
            if not await dialogs.confirm(title, t("members.reset_text"), t("members.reset"), danger=True):
                return
        invited = await institution.invite_again(self.api, member.id)
        show_link(member.name, invited.invitation_token)

    async def invite(self) -> None:
        """Asks for the new member in a dialogue; nothing typed is lost when the server refuses it."""
        me = self.screen.app.require_me()
        domains = (await institution.policy(self.api)).domains
        at = t("members.email_domains", domains=join_words(domains)) if domains else t("members.email_no_domains")
        name = forms.text_field("member-name", t("members.name"), autocomplete="off", maxlength=NAME_CHARACTERS)
        email = forms.text_field(
            "member-email", t("members.email"), kind="email", hint=at, autocomplete="off", maxlength=EMAIL_CHARACTERS
        )
        countries = texts.in_order((code, texts.country(code)) for code in COUNTRIES)
        country = forms.choice_field(
            "member-country", t("members.country"), countries, me.country, hint=t("members.country_hint")
        )
        role = forms.radios("member-role", t("members.role"), {each: t(f"role.{each}") for each in ROLES}, "member")
        problem = dom.el("div")
        form = dom.el("form", {"class": "form", "id": "invite", "novalidate": True}, problem)
        dom.append(form, name.node, email.node, country.node, role)
        go = dom.el(
            "button", {"type": "submit", "form": "invite", "class": "button button-primary"}, t("members.invite")
        )

        async def send(_event: Any) -> None:
            dom.replace_children(problem)
            if not _filled_in(name, email):
                return
            wanted = NewMember(
                name=name.value, email=email.value, country=country.value, role=_role(forms.selected_value(role))
            )
            try:
                invited = await institution.add_member(self.api, wanted)
            except PicSafeError as error:
                case = "email" if isinstance(error, Conflict) else ""
                dom.append(problem, notices.error_notice(error, means=t("institution.unchanged"), case=case))
                return
            try:
                await self.load()  # first: nothing is rebuilt under the hands of somebody who goes on from the link
            finally:
                dialogs.close(asked)
                show_link(name.value, invited.invitation_token)

        dom.on(form, "submit", with_progress(go, send, place=form))
        stop = dom.button(t("action.cancel"), lambda _event: dialogs.close(asked))
        asked = dialogs.show(t("members.add"), form, actions=(go, stop))
        name.focus()


def _filled_in(name: forms.Field, email: forms.Field) -> bool:
    name.clear_error()
    email.clear_error()
    if "@" not in email.value:
        email.set_error(t("members.email_missing"))
        email.focus()
    if not name.value:
        name.set_error(t("members.name_missing"))
        name.focus()
    return bool(name.value) and "@" in email.value


def _role(chosen: object) -> PersonRole:
    return "administrator" if chosen == "administrator" else "member"


def state_of(member: Member) -> str:
    """active, invited (no password yet) or disabled."""
    if member.disabled:
        return "disabled"
    return "invited" if member.invited else "active"


def show_link(name: str, token: str) -> None:
    """The link that lets the invited person set a password, this once."""
    import js

    link = f"{js.location.origin}/{address('invitation', token)}"
    title = t("members.link_title", name=name)
    show_once(title, t("members.link_text", name=name), t("members.link"), link)
