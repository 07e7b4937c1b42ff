"""The institution's rules: its name, retention, lock, who may open, and the key servers that it trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client import banner, dialogue, dom, fields
from picsafe_client.acting import acting
from picsafe_client.refusals import sentence
from picsafe_client.screens import Screen
from picsafe_client.screens.account import section
from picsafe_client.texts import t
from picsafe_protocol.errors import InvalidRequest, PicSafeError
from picsafe_protocol.limits import IDLE_LOCK_MINUTES, NAME_CHARACTERS, REPORT_DAYS

PATH = "/v1/institution"


async def show_rules(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    rules = await screen.app.api.users("GET", PATH)
    dom.clear(place, section("institution.rules", _form(screen, rules)), _key_servers(screen, rules))


def _form(screen: Screen, rules: Mapping[str, Any]) -> dom.Node:
    name = fields.text_field("institution-name", t("rules.name"), rules["name"], maxlength=NAME_CHARACTERS)
    retention = _numbers("retention", "rules.retention", "rules.days", REPORT_DAYS, rules["retention_days"])
    idle = _numbers("idle", "rules.idle", "rules.minutes", IDLE_LOCK_MINUTES, rules["idle_lock_minutes"])
    may_open = fields.radios(
        "may-open",
        t("rules.open"),
        {choice: t(f"rules.open_{choice}") for choice in ("recipients", "members")},
        rules["members_may_open"],
        hint=t("rules.open_hint"),
    )
    save_button = dom.el("button", {"type": "submit", "class": "button button-primary"}, t("rules.save"))
    done = dom.el("div")
    form = dom.el("form", {"class": "form", "novalidate": True}, name.node, retention.node, idle.node, may_open, done)
    dom.append(form, dom.el("div", {"class": "button-row"}, save_button))

    async def save(_event: Any) -> None:
        dom.clear(done)
        name.accept()
        if not name.value:
            name.refuse(t("rules.name_missing"))
            name.focus()
            return
        wanted = {
            "name": name.value,
            "retention_days": int(retention.value),
            "idle_lock_minutes": int(idle.value),
            "members_may_open": fields.chosen(may_open),
        }
        try:
            await screen.app.api.users("PATCH", PATH, wanted)
            screen.app.refresh_me(await screen.app.api.users("GET", "/v1/me"))
        except PicSafeError as error:
            dom.append(done, banner.problem(error, means=t("institution.unchanged")))
            return
        dom.append(done, banner.notice("good", t("rules.saved"), t("rules.saved_text")))

    dom.on(form, "submit", acting(save_button, save, place=form))
    return form


def _numbers(name: str, key: str, unit: str, most: int, value: int) -> fields.Field:
    choices = {str(number): t(unit, count=number) for number in range(1, most + 1)}
    field = fields.choice_field(name, t(key), choices, str(value), hint=t(f"{key}_hint"))
    field.control.classList.add("input-narrow")
    return field


def _key_servers(screen: Screen, rules: Mapping[str, Any]) -> dom.Node:
    urls: list[str] = list(rules["key_servers"])
    known = dom.el("ul", {"class": "devices"})
    url = fields.text_field(
        "key-server",
        t("rules.key_server"),
        kind="url",
        hint=t("rules.key_server_hint"),
        inputmode="url",
        spellcheck="false",
    )
    add = dom.el("button", {"type": "submit", "class": "button"}, t("rules.key_server_add"))
    form = dom.el("form", {"class": "form", "novalidate": True}, url.node, dom.el("div", {"class": "button-row"}, add))

    async def change(wanted: list[str]) -> None:
        answer = await screen.app.api.users("PATCH", PATH, {"key_servers": wanted})
        urls[:] = answer["key_servers"]
        list_them()

    async def remove(each: str) -> None:
        sure = await dialogue.confirm(
            t("rules.key_server_remove_title"),
            t("rules.key_server_remove_text", url=each),
            t("rules.key_server_remove"),
            danger=True,
        )
        if sure:
            await change([other for other in urls if other != each])

    def row(each: str) -> dom.Node:
        button = dom.button(
            t("rules.key_server_remove"),
            lambda _event: remove(each),
            aria_label=t("rules.key_server_remove_named", url=each),
        )
        words = dom.el("span", {"class": "device-words mono"}, each)
        return dom.el("li", {"class": "device"}, dom.icon("key"), words, button)

    def list_them() -> None:
        dom.clear(known, *[row(each) for each in urls])
        if not urls:
            dom.append(known, dom.el("li", {"class": "soft"}, t("rules.key_servers_none")))

    async def allow(_event: Any) -> None:
        url.accept()
        wanted = url.value.rstrip("/")
        if not wanted.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            url.refuse(t("rules.key_server_odd"))
        elif wanted in urls:
            url.refuse(t("rules.key_server_known"))
        else:
            try:
                await change([*urls, wanted])
            except InvalidRequest as error:
                url.refuse(sentence(error))
            else:
                url.value = ""
        url.focus()

    list_them()
    dom.on(form, "submit", acting(add, allow, place=form))
    return section("rules.key_servers", dom.el("p", {"class": "soft"}, t("rules.key_servers_text")), known, form)
