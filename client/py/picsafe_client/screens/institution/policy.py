"""The institution's rules: its name, retention, lock, who may open, labels; below them its key servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from picsafe_client.api import institution
from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.screens.account.screen import section
from picsafe_client.screens.institution.edited_policy import EditedPolicy
from picsafe_client.screens.institution.key_servers import key_servers
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom, forms, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.api.requests import InstitutionChange
from picsafe_protocol.contracts.errors import ChangedMeanwhile, PicSafeError
from picsafe_protocol.contracts.limits import IDLE_LOCK_MINUTES, REPORT_DAYS


async def show_rules(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    policy = EditedPolicy(screen, await institution.policy(screen.app.api), lambda: show_rules(screen, place))
    dom.replace_children(place, section("institution.rules", _form(policy)), key_servers(policy))


def _form(policy: EditedPolicy) -> dom.Node:
    rules = policy.rules
    name = forms.text_field("institution-name", t("rules.name"), rules.name, hint=t("rules.name_operator"))
    name.control.readOnly = True
    retention = _numbers("retention", "rules.retention", "rules.days", REPORT_DAYS, rules.retention_days)
    idle = _numbers("idle", "rules.idle", "rules.minutes", IDLE_LOCK_MINUTES, rules.idle_lock_minutes)
    may_open = _choices("may-open", "rules.open", ("recipients", "members"), rules.members_may_open)
    labels = _choices("labels", "rules.labels", ("sealed", "none"), rules.labels)
    save_button = dom.el("button", {"type": "submit", "class": "button button-primary"}, t("rules.save"))
    done = dom.el("div")
    fields = (name.node, retention.node, idle.node, may_open, labels, done)
    form = dom.el("form", {"class": "form", "novalidate": True}, *fields)
    dom.append(form, dom.el("div", {"class": "button-row"}, save_button))

    async def save(_event: Any) -> None:
        dom.replace_children(done)
        wanted = InstitutionChange(
            retention_days=int(retention.value),
            idle_lock_minutes=int(idle.value),
            members_may_open="members" if forms.selected_value(may_open) == "members" else "recipients",
            labels="sealed" if forms.selected_value(labels) == "sealed" else "none",
        )
        try:
            await policy.change(wanted)
        except ChangedMeanwhile:
            raise  # both forms show the policy as it is now; the banner says so
        except PicSafeError as error:
            dom.append(done, notices.error_notice(error, means=t("institution.unchanged")))
            return
        dom.append(done, notices.notice("good", t("rules.saved"), t("rules.saved_text")))
        save_button.scrollIntoView(js_object({"block": "nearest"}))  # the notice has pushed it down

    dom.on(form, "submit", with_progress(save_button, save, place=form))
    return form


def _choices(name: str, key: str, choices: Sequence[str], value: str) -> dom.Node:
    words = {choice: t(f"{key}_{choice}") for choice in choices}
    return forms.radios(name, t(key), words, value, hint=t(f"{key}_hint"))


def _numbers(name: str, key: str, unit: str, most: int, value: int) -> forms.Field:
    choices = {str(number): t(unit, count=number) for number in range(1, most + 1)}
    field = forms.choice_field(name, t(key), choices, str(value), hint=t(f"{key}_hint"))
    field.control.classList.add("input-narrow")
    return field
