"""Service accounts: tokens for programs that collect an institution's reports."""

from __future__ import annotations

from typing import Any

from picsafe_client.api import institution
from picsafe_client.i18n.texts import ago, moment, t
from picsafe_client.screens.account.screen import section
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dialogs, dom, forms, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_client.ui.secret_dialog import show_once
from picsafe_protocol.contracts.api.institutions import ServiceView
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.contracts.limits import NAME_CHARACTERS


async def show_machines(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    known = dom.el("ul", {"class": "devices"})

    async def list_them() -> None:
        machines = await institution.service_accounts(screen.app.api)
        dom.replace_children(known, *[_row(screen, machine, list_them) for machine in machines])
        if not machines:
            dom.append(known, dom.el("li", {"class": "soft"}, t("machines.none")))

    await list_them()
    add = dom.button(t("machines.add"), lambda _event: _create(screen, list_them), kind="primary", icon_name="plus")
    dom.replace_children(
        place,
        section(
            "institution.machines",
            dom.el("p", {"class": "soft"}, t("machines.text_since")),
            known,
            dom.el("div", {"class": "button-row"}, add),
        ),
    )


def _row(screen: Screen, machine: ServiceView, list_again: Any) -> dom.Node:
    name = machine.name
    used = machine.last_used_at
    since = t("machines.created", moment=moment(machine.created_at))
    last = t("machines.used", ago=ago(used, screen.app.clock.now())) if used else t("machines.never_used")

    async def revoke(_event: Any) -> None:
        title = t("machines.revoke_title", name=name)
        if await dialogs.confirm(title, t("machines.revoke_text"), t("machines.revoke"), danger=True):
            await institution.revoke_service_account(screen.app.api, machine.id)
            try:
                await list_again()
            finally:
                dom.announce(t("machines.revoked", name=name))

    words = dom.el(
        "span",
        {"class": "device-words"},
        dom.el("span", {"class": "device-name"}, name),
        dom.el("span", {"class": "soft small"}, f"{since}, {last}"),
    )
    button = dom.button(t("machines.revoke"), revoke, aria_label=t("machines.revoke_named", name=name))
    return dom.el("li", {"class": "device"}, dom.icon("key"), words, button)


def _create(screen: Screen, list_again: Any) -> None:
    name = forms.text_field(
        "machine-name", t("machines.name"), hint=t("machines.name_hint"), autocomplete="off", maxlength=NAME_CHARACTERS
    )
    problem = dom.el("div")
    form = dom.el("form", {"class": "form", "id": "new-machine", "novalidate": True}, problem, name.node)
    go = dom.el(
        "button", {"type": "submit", "form": "new-machine", "class": "button button-primary"}, t("machines.create")
    )

    async def create(_event: Any) -> None:
        dom.replace_children(problem)
        name.clear_error()
        if not name.value:
            name.set_error(t("machines.name_missing"))
            name.focus()
            return
        try:
            made = await institution.make_service_account(screen.app.api, name.value)
        except PicSafeError as error:
            dom.append(problem, notices.error_notice(error, means=t("institution.unchanged")))
            return
        try:
            await list_again()  # first: nothing is rebuilt under the hands of somebody who goes on from the token
        finally:
            dialogs.close(asked)
            title = t("machines.token_title", name=name.value)
            show_once(title, t("machines.token_text"), t("machines.token"), made.token)

    dom.on(form, "submit", with_progress(go, create, place=form))
    stop = dom.button(t("action.cancel"), lambda _event: dialogs.close(asked))
    asked = dialogs.show(t("machines.add"), form, actions=(go, stop))
    name.focus()
