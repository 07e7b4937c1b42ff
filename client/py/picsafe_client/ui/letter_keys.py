"""Shortcuts of a single character, which the person can switch off for this browser."""

from __future__ import annotations

from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom, preferences


def is_wanted(key: str) -> bool:
    """Whether a key may act: all but single characters always may. Space works players, as anywhere else."""
    return len(key) > 1 or key == " " or not preferences.stored(preferences.NO_LETTER_KEYS)


def switch() -> dom.Node:
    """The tick that switches them."""
    tick = dom.el(
        "input",
        {"type": "checkbox", "id": "letter-keys", "checked": not preferences.stored(preferences.NO_LETTER_KEYS)},
    )

    def changed(_event: Any) -> None:
        preferences.store(preferences.NO_LETTER_KEYS, not tick.checked)

    dom.on(tick, "change", changed)
    return dom.el(
        "div",
        {"class": "tick"},
        tick,
        dom.el("label", {"for": "letter-keys"}, t("keys.letters")),
        dom.el("p", {"class": "field-hint"}, t("keys.letters_hint")),
    )
