"""Accepting an invitation: the holder of the link sets the account's password. This does not sign anybody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client.api import account
from picsafe_client.i18n import texts
from picsafe_client.i18n.error_messages import sentence
from picsafe_client.i18n.texts import t
from picsafe_client.routing.router import address
from picsafe_client.screens.account.screen import check_new_password, new_password_field
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.api.accounts import InvitationView
from picsafe_protocol.contracts.errors import InvalidRequest, PicSafeError, TokenRefused


class InvitationScreen(Screen):
    """One field. The token is in the link's hash, which no server and no log ever sees."""

    title = "invitation.title"

    async def show(self, params: Mapping[str, str]) -> None:
        token = params["token"]
        problem = dom.el("div")
        card = dom.el(
            "div", {"class": "invitation panel panel-padded"}, dom.el("h1", None, t("invitation.title")), problem
        )
        dom.append(self.root, card)
        try:
            found = await account.look_at_invitation(self.app.api, token)
        except PicSafeError as error:
            dom.append(problem, _refusal(error))
            if not isinstance(error, TokenRefused):
                dom.append(card, dom.button(t("action.retry"), lambda _event: self._again(params), kind="primary"))
            return
        password = new_password_field(t("invitation.password"))
        accept = dom.el(
            "button", {"type": "submit", "class": "button button-primary button-whole"}, t("invitation.accept")
        )
        form = dom.el("form", {"class": "form", "novalidate": True}, password.node, accept)
        dom.replace_children(card, *_facts(found), problem, form)

        async def set_password(_event: Any) -> None:
            dom.replace_children(problem)
            if not check_new_password(password):
                return
            try:
                await account.accept_invitation(self.app.api, token, password.control.value)
            except InvalidRequest as error:
                if error.field != "password":
                    dom.append(problem, notices.error_notice(error, means=t("invitation.invalid_means")))
                    return
                password.set_error(sentence(error))
                password.focus()
            except PicSafeError as error:
                dom.append(problem, _refusal(error))
            else:
                password.value = ""
                self._done(card)

        dom.on(form, "submit", with_progress(accept, set_password, place=form))
        password.focus()

    async def _again(self, params: Mapping[str, str]) -> None:
        dom.replace_children(self.root)
        await self.show(params)

    def _done(self, card: dom.Node) -> None:
        # The used token has no business in the history.
        go = dom.button(
            t("invitation.sign_in"), lambda _event: self.app.go(address("inbox"), replace=True), kind="primary"
        )
        heading = dom.el("h1", {"tabindex": "-1"}, t("invitation.done"))
        dom.replace_children(card, heading, dom.el("p", None, t("invitation.done_text")), go)
        heading.focus()


def _facts(found: InvitationView) -> list[dom.Node]:
    """Who invites whom, for what, and until when."""
    title = dom.el("h1", None, t("invitation.reset_title" if found.resets else "invitation.title"))
    by = t("invitation.by", name=found.by, email=found.by_email) if found.by else t("invitation.by_operator")
    rows = [
        ("invitation.for", f"{found.name}, {found.email}"),
        *([("invitation.institution", found.institution)] if found.institution else []),
        ("invitation.from", by),
        ("invitation.until", texts.moment(found.expires_at)),
    ]
    facts = dom.el("dl", {"class": "facts"})
    for key, value in rows:
        dom.append(facts, dom.el("dt", None, t(key)), dom.el("dd", None, value))
    text = t("invitation.reset_text" if found.resets else "invitation.text")
    return [title, facts, dom.el("p", {"class": "soft"}, text)]


def _refusal(error: PicSafeError) -> dom.Node:
    case = f"invitation_{error.reason}" if isinstance(error, TokenRefused) else ""
    return notices.error_notice(error, means=t("invitation.invalid_means"), case=case)
