"""Inviting a member, and the link that an invitation is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from picsafe_client.api import institution
from picsafe_client.i18n import texts
from picsafe_client.i18n.texts import join_words, t
from picsafe_client.routing.router import address
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dialogs, dom, forms, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_client.ui.secret_dialog import show_once
from picsafe_protocol.contracts.api.institutions import InvitedMember
from picsafe_protocol.contracts.api.requests import NewMember, PersonRole
from picsafe_protocol.contracts.errors import Conflict, PicSafeError
from picsafe_protocol.contracts.limits import EMAIL_CHARACTERS, NAME_CHARACTERS
from picsafe_protocol.contracts.regions import COUNTRIES

ROLES: Final[tuple[PersonRole, ...]] = ("member", "administrator")


def role_choice(value: str) -> dom.Node:
    """What each role may do, to choose from; read it with `chosen_role`."""
    return forms.radios("member-role", t("members.role"), {each: t(f"members.role_{each}") for each in ROLES}, value)


def chosen_role(choice: dom.Node) -> PersonRole:
    """The role that is chosen."""
    return "administrator" if forms.selected_value(choice) == "administrator" else "member"


async def ask_for_member(screen: Screen, list_again: Callable[[], Awaitable[None]]) -> None:
    """Asks for the new member in a dialogue; nothing typed is lost when the server refuses it."""
    me, api = screen.app.require_me(), screen.app.api
    domains = (await institution.policy(api)).domains
    at = t("members.email_domains", domains=join_words(domains)) if domains else t("members.email_no_domains")
    name = forms.text_field("member-name", t("members.name"), autocomplete="off", maxlength=NAME_CHARACTERS)
    email = forms.text_field(
        "member-email", t("members.email"), kind="email", hint=at, autocomplete="off", maxlength=EMAIL_CHARACTERS
    )
    countries = texts.in_order((code, texts.country(code)) for code in COUNTRIES)
    country = forms.choice_field(
        "member-country", t("members.country"), countries, me.country, hint=t("members.country_hint")
    )
    role = role_choice("member")
    problem = dom.el("div")
    form = dom.el("form", {"class": "form", "id": "invite", "novalidate": True}, problem)
    dom.append(form, name.node, email.node, country.node, role)
    go = dom.el("button", {"type": "submit", "form": "invite", "class": "button button-primary"}, t("members.invite"))

    async def send(_event: Any) -> None:
        dom.replace_children(problem)
        if not _filled_in(name, email):
            return
        wanted = NewMember(name=name.value, email=email.value, country=country.value, role=chosen_role(role))
        try:
            invited = await institution.add_member(api, wanted)
        except PicSafeError as error:
            case = "email" if isinstance(error, Conflict) else ""
            dom.append(problem, notices.error_notice(error, means=t("institution.unchanged"), case=case))
            return
        try:
            await list_again()  # first: nothing is rebuilt under the hands of somebody who goes on from the link
        finally:
            dialogs.close(asked)
            show_link(screen, invited)

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


def show_link(screen: Screen, invited: InvitedMember) -> None:
    """The link that lets the invited person set a password, this once, and an email that is ready to be sent."""
    import js

    me = screen.app.require_me()
    link = f"{js.location.origin}/{address('invitation', invited.invitation_token)}"
    until = texts.date(invited.expires_at)
    house = me.institution.name if me.institution else ""
    subject = t("members.mail_subject", institution=house)
    body = t(
        "members.mail_body", name=invited.name, by=me.name, email=me.email, institution=house, until=until, link=link
    )
    mail = dom.el(
        "a",
        {"class": "button", "href": f"mailto:{quote(invited.email)}?subject={quote(subject)}&body={quote(body)}"},
        dom.icon("sent"),
        t("members.mail"),
    )
    show_once(
        t("members.link_title", name=invited.name),
        t("members.link_text", name=invited.name, until=until),
        t("members.link"),
        link,
        also=(mail,),
    )
