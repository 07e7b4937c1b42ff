"""Modal dialogs: native ones, so the browser handles focus, Escape and the backdrop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom


def show(title: str, *content: dom.Child, actions: tuple[dom.Node, ...] = (), wide: bool = False) -> dom.Node:
    """Opens a dialogue; `close(dialogue)` or Escape ends it. Without `actions` it has a "Close" button."""
    name = "dialogue-title"
    dialogue = dom.el("dialog", {"class": "dialogue dialogue-wide" if wide else "dialogue", "aria-labelledby": name})
    row = dom.el("div", {"class": "button-row"})
    dom.append(row, *(actions or (dom.button(t("action.close"), lambda _event: close(dialogue)),)))
    dom.append(dialogue, dom.el("h2", {"id": name}, title), *content, row)
    dom.append(dom.by_id("dialogues"), dialogue)
    dom.on(dialogue, "close", lambda _event: dom.defer(lambda: _closed(dialogue)))  # other listeners come first
    dialogue.showModal()
    dialogue.scrollTop = 0  # also where the focus is at the end of a tall one, which stays in sight
    return dialogue


def _closed(dialogue: dom.Node) -> None:
    dom.remove(dialogue)
    screen = dom.document().querySelector("#main-content .screen")
    if screen:
        dom.restore_focus(screen)  # the button that asked may be gone


def close(dialogue: dom.Node) -> None:
    """Ends a dialogue; it leaves the page."""
    dialogue.close()


def close_all() -> None:
    """Ends every dialogue at once: on lock, sign-out and navigation nothing may stay above the page."""
    for dialogue in dom.by_id("dialogues").querySelectorAll("dialog"):
        close(dialogue)


async def confirm(
    title: str, text: str, label: str, *, danger: bool = False, cancel: str = "", about: Sequence[dom.Node] = ()
) -> bool:
    """Asks; True when the person chose the button `label`. Escape and "Cancel" are False. `about` stands first."""
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def answer(chosen: bool) -> None:
        if not answered.done():
            answered.set_result(chosen)
        close(dialogue)

    def closed(_event: Any) -> None:
        if not answered.done():
            answered.set_result(False)

    stay = dom.button(cancel or t("action.cancel"), lambda _event: answer(False), autofocus=danger)
    go = dom.button(label, lambda _event: answer(True), kind="danger" if danger else "primary", autofocus=not danger)
    dialogue = show(title, *about, dom.el("p", None, text), actions=(go, stay))
    dom.on(dialogue, "close", closed)
    try:
        return await answered
    finally:
        if dialogue.isConnected and dialogue.open:
            close(dialogue)
