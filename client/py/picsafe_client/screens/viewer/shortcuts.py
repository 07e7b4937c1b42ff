"""Keyboard shortcuts of the report screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from picsafe_client.ui import dom
from picsafe_client.ui.letter_keys import is_wanted

Actions: TypeAlias = Mapping[str, Callable[[], None]]

KEYS: Final = {
    "ArrowLeft": "previous",
    "ArrowUp": "previous",
    "ArrowRight": "next",
    "ArrowDown": "next",
    "Home": "first",
    "End": "last",
    "+": "zoom_in",
    "=": "zoom_in",
    "-": "zoom_out",
    "0": "fit",
    "r": "rotate",
    "c": "compare",
    "b": "beside",
    "f": "full_screen",
    "j": "next_report",
    "k": "previous_report",
    "i": "facts",
    "s": "save",
    "p": "print",
    "d": "done",
    "e": "filed",
    "?": "help",
    " ": "play",
    "Escape": "escape",
}
"""The key to the name of the action; letters are small ones."""

PANS: Final = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, -1), "ArrowDown": (0, 1)}
"""With Shift: which way an enlarged photo is looked at."""

OF_PLAYERS: Final = frozenset({"ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", " ", "f"})
"""Keys that belong to a video or sound that has the focus."""
OF_SCROLLING: Final = frozenset({"ArrowUp", "ArrowDown", "Home", "End"})
"""Keys that belong to the facts when they have the focus."""


def action_for(event: Any) -> str | tuple[int, int] | None:
    """The name of the action that a key asks for, a way to pan, or None when the key is not ours."""
    if dom.document().querySelector("dialog[open]"):
        return None
    if _copies(event):
        return "copy"
    key = str(event.key)
    if dom.is_typing(event) or not is_wanted(key):
        return None
    name = key if len(key) > 1 else key.lower()
    if _belongs_elsewhere(event.target, name):
        return None
    if event.shiftKey and name in PANS:
        return PANS[name]
    return KEYS.get(name)


def _copies(event: Any) -> bool:
    """Ctrl+C, or the same on a Mac: the photo, unless text is selected or somebody types."""
    if str(event.key).lower() != "c" or event.altKey or event.shiftKey or not (event.ctrlKey or event.metaKey):
        return False
    if event.target.closest and event.target.closest("input, textarea, [contenteditable]"):
        return False
    return not str(dom.window().getSelection().toString())


def _belongs_elsewhere(target: Any, name: str) -> bool:
    closest = getattr(target, "closest", None)
    if closest is None:
        return False
    if name in OF_PLAYERS and closest("audio, video"):
        return True
    if name in OF_SCROLLING and closest(".facts-panel"):
        return True
    return name == " " and bool(closest("button, a, summary, input"))
