"""How this browser likes the page: switches that say nothing about anybody, kept in its storage where it has one."""

from __future__ import annotations

from picsafe_client.ui import dom

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
