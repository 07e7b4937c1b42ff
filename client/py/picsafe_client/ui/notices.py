"""Error notices: the only way in which the page reports that something went wrong.

What happened, what it means for the patient data, what to do next, and a button that does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from picsafe_client.i18n.error_messages import error_message
from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom
from picsafe_protocol.contracts.errors import PicSafeError

Action: TypeAlias = tuple[str, dom.Handler]
"""The label of a button, and what it does."""


def error_notice(
    error: BaseException,
    *,
    means: str | None = None,
    case: str = "",
    actions: Sequence[Action] = (),
    on_dismiss: dom.Handler | None = None,
) -> dom.Node:
    """A notice about `error`, to be put where it belongs on a screen; `App.show_problem` puts it at the top.

    `means` says what it means for the patient data ("Nothing was sent."); the first of `actions` is the emphasised one.
    `case` chooses more precise words (`i18n.error_messages.error_message`).
    """
    if isinstance(error, PicSafeError):
        what, advice = error_message(error, case)
    else:
        what, advice = t("error.unforeseen"), t("error.unforeseen_advice")
    return notice("danger", what, means, advice, actions=actions, on_dismiss=on_dismiss)


def notice(
    kind: str,
    title: str,
    *paragraphs: str | None,
    actions: Sequence[Action] = (),
    on_dismiss: dom.Handler | None = None,
) -> dom.Node:
    """A framed message; `kind` is "danger", "amber", "good" or "plain". Dangers are read out at once."""
    node = dom.el(
        "div",
        {"class": f"notice notice-{kind}", "role": "alert" if kind == "danger" else "status"},
        dom.icon({"danger": "alert", "amber": "clock", "good": "check"}.get(kind, "info")),
    )
    body = dom.el("div", {"class": "notice-body"}, dom.el("p", {"class": "notice-title"}, title))
    for paragraph in paragraphs:
        if paragraph:
            dom.append(body, dom.el("p", None, paragraph))
    if actions:
        row = dom.el("div", {"class": "button-row"})
        for label, handler in actions:
            dom.append(row, dom.button(label, handler))
        dom.append(body, row)
    dom.append(node, body)
    if on_dismiss is not None:
        dom.append(node, dom.icon_button(t("action.dismiss"), "close", on_dismiss))
    return node
