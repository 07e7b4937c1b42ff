"""Account screen: profile, password, active sessions, sign-out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client.api import account
from picsafe_client.i18n.catalogue import LANGUAGES
from picsafe_client.i18n.error_messages import sentence
from picsafe_client.i18n.texts import ago, country, moment, t
from picsafe_client.interop import js_object
from picsafe_client.routing.router import address
from picsafe_client.screens.account.security_log import SecurityList
from picsafe_client.screens.screen import Screen
from picsafe_client.session.models import Person
from picsafe_client.ui import dialogs, dom, forms, letter_keys, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.api.accounts import SessionView
from picsafe_protocol.contracts.errors import InvalidRequest, PicSafeError, WrongPassword
from picsafe_protocol.contracts.limits import NAME_CHARACTERS, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN


class AccountScreen(Screen):
    """Four panels: you, password, devices, security; and what concerns this page."""

    title = "account.title"
    waits_for = "account.loading"

    async def show(self, params: Mapping[str, str]) -> None:
        me = self.app.require_me()
        self.devices = dom.el("ul", {"class": "devices", "aria-busy": True}, dom.el("li", {"class": "device-skeleton"}))
        self.you = dom.el("div", {"class": "stack"})
        self.security = SecurityList(self)
        dom.append(
            self.root,
            dom.el("h1", None, t("account.title")),
            section("account.you", self.you),
            section("account.password", self._password_form()),
            section("account.devices", dom.el("p", {"class": "soft"}, t("account.devices_text")), self.devices),
            section("account.security", dom.el("p", {"class": "soft"}, t("account.security_text")), self.security.node),
            section("keys.title", letter_keys.switch()),
            section("account.more", self._this_page(me)),
        )
        self._show_you(me)
        is_back, self.app.session_state.is_language_chosen = self.app.session_state.is_language_chosen, False
        if is_back:
            dom.by_id("account-language").focus()
        for fill in (self._show_devices, self.security.show):
            await fill()
            if is_back:  # what stands above it has grown
                dom.document().activeElement.scrollIntoView(js_object({"block": "nearest"}))

    # -- you

    def _show_you(self, me: Person) -> None:
        facts = dom.el("dl", {"class": "facts"})

        def fact(key: str, value: dom.Child) -> None:
            dom.append(facts, dom.el("dt", None, t(key)), dom.el("dd", None, value))

        fact("account.name", me.name)
        fact("account.email", me.email)
        if me.institution is not None:
            fact("account.institution", me.institution.name)
            fact("account.role", t(f"role.{me.role or 'none'}"))
        fact("account.country", country(me.country))
        fact("account.region", t("account.region_cloud", adjective=t(f"region_adjective.{me.region}")))
        edit = dom.button(t("account.edit_name"), lambda _event: self._edit_name(me), icon_name="edit")
        dom.replace_children(self.you, facts, dom.el("div", {"class": "button-row"}, edit))

    def _edit_name(self, me: Person) -> None:
        name = forms.text_field(
            "name",
            t("account.name"),
            me.name,
            hint=t("account.name_hint"),
            autocomplete="name",
            maxlength=NAME_CHARACTERS,
        )

        async def save(_event: Any) -> None:
            if not name.value:
                name.set_error(t("account.name_missing"))
                name.focus()
                return
            try:
                renamed = await account.rename(self.app.api, name.value)
            except InvalidRequest as error:
                name.set_error(sentence(error))
                return
            dom.announce(t("account.name_saved"))
            self._show_you(self.app.refresh_me(renamed))

        form = dom.el("form", {"class": "form"}, name.node)
        save_button = dom.el("button", {"type": "submit", "class": "button button-primary"}, t("account.save_name"))
        stop = dom.button(t("action.cancel"), lambda _event: self._show_you(me))
        dom.append(form, dom.el("div", {"class": "button-row"}, save_button, stop))
        dom.on(form, "submit", with_progress(save_button, save, place=form))
        self._replace_you(form, name)

    def _replace_you(self, form: dom.Node, name: forms.Field) -> None:
        dom.replace_children(self.you, form)
        name.focus()

    # -- password

    def _password_form(self) -> dom.Node:
        current = forms.text_field(
            "current-password",
            t("account.password_current"),
            kind="password",
            autocomplete="current-password",
            maxlength=PASSWORD_CHARACTERS_MAX,
        )
        new = new_password_field(t("account.password_new"))
        change = dom.el("button", {"type": "submit", "class": "button"}, t("account.password_change"))
        done = dom.el("div")
        who = dom.el(
            "input", {"type": "email", "autocomplete": "username", "value": self.app.require_me().email, "hidden": True}
        )
        form = dom.el("form", {"class": "form", "novalidate": True}, who, current.node, new.node)
        dom.append(form, dom.el("div", {"class": "button-row"}, change))

        async def save(_event: Any) -> None:
            dom.replace_children(done)
            if not _acceptable(current, new):
                return
            try:
                await account.change_password(self.app.api, current.control.value, new.control.value)
            except WrongPassword:
                current.set_error(t("account.password_wrong"))
                current.control.select()
                return
            except InvalidRequest as error:
                new.set_error(sentence(error))
                new.focus()
                return
            current.value = new.value = ""
            dom.append(done, notices.notice("good", t("account.password_changed"), t("account.password_changed_text")))
            await self._show_devices()

        dom.on(form, "submit", with_progress(change, save, place=form))
        return dom.el("div", {"class": "stack"}, form, done)

    # -- devices

    async def _show_devices(self) -> None:
        listed = await account.sessions(self.app.api)
        sessions = sorted(listed, key=lambda each: not each.current)
        self.devices.removeAttribute("aria-busy")
        dom.replace_children(self.devices, *[self._device(each) for each in sessions])
        others = [each for each in sessions if not each.current]
        if len(others) > 1:
            everything = dom.button(t("account.sign_out_others"), lambda _event: self._end(others))
            dom.append(self.devices, dom.el("li", None, everything))

    def _device(self, session: SessionView) -> dom.Node:
        name = session.device or t("account.unknown_device")
        last = t("account.last_used", ago=ago(session.last_used_at, self.app.clock.now()))
        since = t("account.signed_in", moment=moment(session.created_at))
        title = dom.el("span", {"class": "device-name"}, name)
        row = dom.el(
            "li",
            {"class": "device"},
            dom.icon("device"),
            dom.el(
                "span", {"class": "device-words"}, title, dom.el("span", {"class": "soft small"}, f"{since}, {last}")
            ),
        )
        if session.current:
            dom.append(row, dom.el("span", {"class": "chip chip-good"}, t("account.this_device")))
        else:
            dom.append(
                row,
                dom.button(
                    t("account.sign_out"),
                    lambda _event: self._end([session]),
                    aria_label=t("account.sign_out_device", device=name),
                ),
            )
        return row

    async def _sign_out_everywhere(self, _event: Any) -> None:
        label = t("account.sign_out_everywhere")
        if await dialogs.confirm(label, t("account.sign_out_everywhere_text"), label, danger=True):
            await account.end_all_sessions(self.app.api)
            self.app.sign_out()

    async def _end(self, sessions: list[SessionView]) -> None:
        try:
            for session in sessions:
                await account.end_session(self.app.api, session.id)
        except PicSafeError as error:
            self.app.show_problem(
                error,
                means=t("account.not_signed_out"),
                actions=[(t("action.retry"), lambda _event: self._end(sessions))],
            )
            return
        finally:
            await self._show_devices()
        one = t("account.device_signed_out", device=sessions[0].device or t("account.unknown_device"))
        dom.announce(one if len(sessions) == 1 else t("account.others_signed_out"))

    # -- this page

    def _this_page(self, me: Person) -> dom.Node:
        row = dom.el(
            "div",
            {"class": "button-row"},
            dom.button(t("account.lock_now"), self.app.lock, icon_name="lock"),
            dom.button(t("account.sign_out_here"), self.app.sign_out, icon_name="leave"),
            dom.button(t("account.sign_out_everywhere"), self._sign_out_everywhere),
        )
        if me.is_administrator:
            link = dom.el("a", {"class": "button", "href": address("institution")}, dom.icon("institution"))
            dom.append(link, t("account.manage"))
            dom.append(row, link)
        locks = dom.el("p", None, t("account.locks", count=me.idle_minutes))
        notice = dom.el("p", {"class": "soft small"}, _libheif_notice())
        return dom.el("div", {"class": "stack"}, locks, self._language().node, row, notice)

    def _language(self) -> forms.Field:
        """Ward computers are shared by people who do not all read the browser's language."""
        shell = self.app.shell
        names = {code: each.name for code, each in LANGUAGES.items()}
        choices = {"": t("account.language_auto", name=names[shell.browser_language()])} | names
        hint = t("account.language_hint")
        field = forms.choice_field(
            "account-language", t("account.language"), choices, shell.language_choice(), hint=hint
        )
        for option in field.control.querySelectorAll("option[value]"):
            if option.value:
                option.lang = option.value

        def chosen(_event: Any) -> None:
            code = field.value
            self.app.session_state.is_language_chosen = True
            dom.defer(lambda: self.app.set_language(code))

        dom.on(field.control, "change", chosen)
        return field


def _libheif_notice() -> dom.Node:
    """Leads to the licence of libheif and to its source, as that licence asks."""
    where = dom.document().querySelector("link[rel=license]").href
    return dom.el("a", {"href": where, "target": "_blank", "rel": "noopener"}, t("account.libheif"))


def section(key: str, *children: dom.Child) -> dom.Node:
    """A titled panel; its heading names it for screen readers."""
    identifier = key.replace(".", "-")
    return dom.el(
        "section",
        {"class": "panel panel-padded section", "aria-labelledby": identifier},
        dom.el("h2", {"id": identifier}, t(key)),
        *children,
    )


def new_password_field(label: str) -> forms.Field:
    """Where a new password is typed; `check_new_password` looks at it."""
    return forms.text_field(
        "new-password",
        label,
        kind="password",
        hint=t("account.password_hint", count=PASSWORD_CHARACTERS_MIN),
        autocomplete="new-password",
        maxlength=PASSWORD_CHARACTERS_MAX,
    )


def check_new_password(field: forms.Field) -> bool:
    """Whether it is long enough; says so at the field when it is not."""
    if len(str(field.control.value)) < PASSWORD_CHARACTERS_MIN:
        field.set_error(t("account.password_short", count=PASSWORD_CHARACTERS_MIN))
        field.focus()
        return False
    field.clear_error()
    return True


def _acceptable(current: forms.Field, new: forms.Field) -> bool:
    current.clear_error()
    new.clear_error()
    if not current.control.value:
        current.set_error(t("account.password_current_missing"))
        current.focus()
        return False
    if new.control.value == current.control.value:
        new.set_error(t("account.password_same"))
        new.focus()
        return False
    return check_new_password(new)
