"""Accepting an invitation: the holder of the link sets the account's password. This does not sign anybody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client.api import account
from picsafe_client.i18n.error_messages import sentence
from picsafe_client.i18n.texts import t
from picsafe_client.routing.router import address
from picsafe_client.screens.account.screen import check_new_password, new_password_field
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom, notices
from picsafe_client.ui.button_actions import with_progress
from picsafe_protocol.contracts.errors import InvalidRequest, PicSafeError, TokenRefused


class InvitationScreen(Screen):
    """One field. The token is in the link's hash, which no server and no log ever sees."""

    title = "invitation.title"

    async def show(self, params: Mapping[str, str]) -> None:
        token = params["token"]
        password = new_password_field(t("invitation.password"))
        accept = dom.el(
            "button", {"type": "submit", "class": "button button-primary button-whole"}, t("invitation.accept")
        )
        form = dom.el("form", {"class": "form", "novalidate": True}, password.node, accept)
        problem = dom.el("div")
        card = dom.el(
            "div",
            {"class": "invitation panel panel-padded"},
            dom.el("h1", None, t("invitation.title")),
            dom.el("p", {"class": "soft"}, t("invitation.text")),
            problem,
            form,
        )
        dom.append(self.root, card)

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
                case = f"invitation_{error.reason}" if isinstance(error, TokenRefused) else ""
                dom.append(problem, notices.error_notice(error, means=t("invitation.invalid_means"), case=case))
            else:
                password.value = ""
                self._done(card)

        dom.on(form, "submit", with_progress(accept, set_password, place=form))
        password.focus()

    def _done(self, card: dom.Node) -> None:
        # The used token has no business in the history.
        go = dom.button(
            t("invitation.sign_in"), lambda _event: self.app.go(address("inbox"), replace=True), kind="primary"
        )
        heading = dom.el("h1", {"tabindex": "-1"}, t("invitation.done"))
        dom.replace_children(card, heading, dom.el("p", None, t("invitation.done_text")), go)
        heading.focus()
