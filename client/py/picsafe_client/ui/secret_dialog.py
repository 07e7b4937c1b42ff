"""A dialog that shows a secret once, with a button that copies it; the secret is dropped when the dialog closes."""

from __future__ import annotations

from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dialogs, dom


def show_once(title: str, text: str, label: str, secret: str, also: tuple[dom.Node, ...] = ()) -> None:
    """Opens the dialogue. `text` says that it will not be shown again; `also` are other ways to pass it on."""
    value = dom.el("input", {"class": "input mono", "readonly": True, "id": "secret", "autocomplete": "off"})
    value.value = secret
    copied = dom.el("span", {"class": "soft small", "role": "status"})

    async def copy(_event: Any) -> None:
        import js

        value.select()
        await js.navigator.clipboard.writeText(secret)
        copied.textContent = t("action.copied")

    done = dom.button(t("action.done"), lambda _event: dialogs.close(shown))
    shown = dialogs.show(
        title,
        dom.el("p", None, text),
        dom.el("div", {"class": "field"}, dom.el("label", {"for": "secret", "class": "field-label"}, label), value),
        actions=(dom.button(t("action.copy"), copy, kind="primary", icon_name="copy"), *also, done, copied),
        wide=True,
    )
    value.select()
