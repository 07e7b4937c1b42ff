"""Copies a few words to the clipboard, because somebody pressed a button that says so."""

from __future__ import annotations


async def write(text: str) -> bool:
    """Whether the browser took it: it may have no clipboard for pages, or refuse."""
    import js
    from pyodide.ffi import JsException

    clipboard = getattr(js.navigator, "clipboard", None)
    if not clipboard:
        return False
    try:
        await clipboard.writeText(text)
    except JsException:
        return False
    return True
