"""The key servers of an institution: which of the permitted ones it allows, and where the keys of new reports are
made.
"""

from __future__ import annotations

from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.screens.account.screen import section
from picsafe_client.screens.institution.edited_policy import EditedPolicy
from picsafe_client.ui import dialogs, dom, forms, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.api.requests import InstitutionChange
from picsafe_protocol.contracts.errors import ChangedMeanwhile, PicSafeError


def key_servers(policy: EditedPolicy) -> dom.Node:
    """The section."""
    rules = policy.rules
    text = dom.el("p", {"class": "soft"}, t("rules.key_servers_text"))
    operator = dom.el("p", {"class": "soft"}, t("rules.key_servers_operator"))
    own, *others = rules.permitted_key_servers
    lost = rules.key_server not in rules.permitted_key_servers
    if not others and not lost:
        only = dom.el("p", None, t("rules.key_servers_none", url=own))
        return section("rules.key_servers", text, only, operator)
    form = _Form(policy).node
    if lost:
        warning = notices.notice(
            "danger", t("rules.key_server_lost", url=rules.key_server), t("rules.key_server_lost_text")
        )
        return section("rules.key_servers", text, warning, form, operator)
    return section("rules.key_servers", text, form, operator)


class _Form:
    def __init__(self, policy: EditedPolicy) -> None:
        self.policy = policy
        rules = policy.rules
        self.own, *others = rules.permitted_key_servers
        self.before = rules.key_servers
        self.place = forms.choice_field(
            "key-server",
            t("rules.key_server"),
            [(self.own, t("rules.key_server_own", url=self.own)), *((url, url) for url in others)],
            rules.key_server,
            hint=t("rules.key_server_hint"),
        )
        self.ticks: dict[str, dom.Node] = {}
        legend = dom.el("legend", {"class": "field-label"}, t("rules.key_servers_allowed"))
        group = dom.el("fieldset", {"class": "field", "id": "key-servers"}, legend)
        for number, url in enumerate(others):
            node, self.ticks[url] = forms.checkbox(f"key-servers-{number}", url, url in self.before)
            dom.append(group, node)
        save = dom.el("button", {"type": "submit", "class": "button"}, t("rules.key_servers_save"))
        self.done = dom.el("div")
        row = dom.el("div", {"class": "button-row"}, save)
        self.allow_chosen()
        self.node = dom.el("form", {"class": "form", "novalidate": True}, group, self.place.node, self.done, row)
        dom.on(self.place.control, "change", lambda _event: self.allow_chosen())
        dom.on(self.node, "submit", with_progress(save, self.save, place=self.node))

    def allow_chosen(self) -> None:
        """Members must be able to ask where their keys are: choosing a server allows it."""
        for url, tick in self.ticks.items():
            tick.disabled = url == self.place.value
            tick.checked = tick.checked or tick.disabled

    async def save(self, _event: Any) -> None:
        self.allow_chosen()
        dom.replace_children(self.done)
        wanted = [url for url, tick in self.ticks.items() if tick.checked]
        taken = [url for url in self.before if url not in wanted]
        if taken and not await self._sure(taken):
            return
        try:
            change = InstitutionChange(key_servers=wanted, key_server=self.place.value)
            changed = await self.policy.change(change)
        except ChangedMeanwhile:
            raise  # both forms show the policy as it is now; the banner says so
        except PicSafeError as error:
            dom.append(self.done, notices.error_notice(error, means=t("institution.unchanged")))
            return
        self.before = changed.key_servers
        text = t("rules.key_servers_saved_text", url=changed.key_server)
        dom.append(self.done, notices.notice("good", t("rules.key_servers_saved"), text))

    async def _sure(self, taken: list[str]) -> bool:
        return await dialogs.confirm(
            t("rules.key_server_remove_title", count=len(taken)),
            t("rules.key_server_remove_text", url=", ".join(taken)),
            t("rules.key_server_remove"),
            danger=True,
        )
