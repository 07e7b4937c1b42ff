"""The last seconds before the page locks, counted down where everybody sees them."""

from __future__ import annotations

from typing import Final

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom

PLACE: Final = "idle"
SPOKEN: Final = frozenset({30, 10})
"""Seconds that are read out, after the first ones."""


def show(seconds: int | None) -> None:
    """Shows how many are left; None takes it away. Any key, touch or movement does that too."""
    place = dom.by_id(PLACE)
    is_new = bool(place.hidden)
    place.hidden = seconds is None
    if seconds is None:
        dom.replace_children(place)
        return
    words = t("idle.locks", count=seconds)
    if is_new:
        stay = dom.button(t("idle.stay"), lambda _event: None, kind="primary")  # touching it is enough
        text = dom.el("p", {"class": "idle-words number"})
        dom.append(place, dom.icon("clock"), text, stay)
    place.querySelector(".idle-words").textContent = words
    if is_new or seconds in SPOKEN:
        dom.announce(words, urgent=True)
