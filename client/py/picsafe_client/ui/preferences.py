"""How this browser likes the page: switches that say nothing about anybody, kept in its storage where it has one."""

from __future__ import annotations

from typing import Final

from picsafe_client.ui import dom

NO_LETTER_KEYS: Final = "no-letter-keys"
"""Single letters do nothing: people who dictate, or whose hands shake, press them by accident (WCAG 2.1.4)."""

_PREFIX = "picsafe."


def stored(name: str) -> bool:
    """Whether a switch is on; off where the browser keeps nothing."""
    from pyodide.ffi import JsException

    try:
        return bool(dom.window().localStorage.getItem(_PREFIX + name))
    except JsException:
        return name in _here


def store(name: str, on: bool) -> None:
    """Keeps a switch, at least until the page is left."""
    from pyodide.ffi import JsException

    (_here.add if on else _here.discard)(name)
    try:
        storage = dom.window().localStorage
        if on:
            storage.setItem(_PREFIX + name, "1")
        else:
            storage.removeItem(_PREFIX + name)
    except JsException:
        return


_here: set[str] = set()
