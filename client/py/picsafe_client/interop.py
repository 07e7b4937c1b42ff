"""Access to the browser's objects, which are looked up when needed, never at import time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Node: TypeAlias = Any
"""A JavaScript object: an element, an event, a typed array. Only the browser knows more."""


def document() -> Node:
    """The browser's document, looked up when needed."""
    import js

    return js.document


def window() -> Node:
    """The browser's window, looked up when needed."""
    import js

    return js.window


def js_object(values: Mapping[str, Any]) -> Node:
    """A plain JavaScript object of `values`, as browser functions want their options."""
    import js
    from pyodide.ffi import to_js

    return to_js(dict(values), dict_converter=js.Object.fromEntries)
