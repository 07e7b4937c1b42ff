"""The page, as Python sees it: creates elements, listens to their events, and releases both.

Nothing here sets HTML from text: elements are created and their text is set, which is what the page's
Content-Security-Policy and Trusted Types demand and what makes a name with angle brackets harmless. Nothing touches the
browser at import time, because the modules are imported when the memory snapshot is built.

Handlers: `on` keeps the JavaScript proxy of a Python function alive for as long as the element is on the page.
`replace_children` and `remove` release those of everything they take away; `off` (what `on` returns) releases one by
hand, which listeners on the window and the document need (`Screen.on` does it for screens). How: `events.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from picsafe_client.interop import Node as Node
from picsafe_client.interop import document as document
from picsafe_client.interop import window as window
from picsafe_client.ui.events import Dispose as Dispose
from picsafe_client.ui.events import Handler as Handler
from picsafe_client.ui.events import defer as defer
from picsafe_client.ui.events import handler_count as handler_count
from picsafe_client.ui.events import on as on
from picsafe_client.ui.events import on_error as on_error
from picsafe_client.ui.events import on_visibility as on_visibility
from picsafe_client.ui.events import release as release
from picsafe_client.ui.events import release_within
from picsafe_client.ui.events import report_error as report_error
from picsafe_client.ui.events import set_timeout as set_timeout
from picsafe_client.ui.events import single_flight as single_flight
from picsafe_client.ui.events import start_task as start_task

Child: TypeAlias = Any
"""What an element may hold: text, another element, or None for nothing."""

SVG: Final = "http://www.w3.org/2000/svg"

HEADING_SCOPES: Final = "section, dialog, .screen"
"""What has a heading of its own."""

_announcing: Dispose | None = None


def by_id(identifier: str) -> Node:
    """The element of index.html with this id; `LookupError` when the page has none."""
    found = document().getElementById(identifier)
    if not found:
        raise LookupError(f"index.html has no element with the id {identifier}")
    return found


def el(tag: str, attributes: Mapping[str, Any] | None = None, *children: Child) -> Node:
    """A new element: ``el("p", {"class": "soft"}, "Sent by ", el("b", None, name))``.

    Attributes that are None or False are left out, True is an empty attribute; `aria-*` turn True and False into the
    words that ARIA wants. Inline styles and inline handlers are refused: the Content-Security-Policy forbids both.
    """
    node = document().createElement(tag)
    for name, value in (attributes or {}).items():
        assign(node, name, value)
    append(node, *children)
    return node


def assign(node: Node, name: str, value: Any) -> None:
    """Sets or removes one attribute, by the rules of `el`."""
    if name == "style" or name.startswith("on"):
        raise ValueError(f"{name}: use a class, and dom.on for handlers")
    if name.startswith("aria-") and isinstance(value, bool):
        node.setAttribute(name, "true" if value else "false")
    elif value is None or value is False:
        node.removeAttribute(name)
    else:
        node.setAttribute(name, "" if value is True else str(value))


def append(node: Node, *children: Child) -> None:
    """Adds text and elements at the end of `node`; None is skipped."""
    for child in children:
        if child is not None:
            node.append(child)


def icon(name: str, label: str | None = None) -> Node:
    """The drawing `icon-<name>` of the sprite in index.html. Without `label` it is hidden from screen readers."""
    page = document()
    drawing = page.createElementNS(SVG, "svg")
    drawing.setAttribute("class", "icon")
    drawing.setAttribute("focusable", "false")
    if label:
        drawing.setAttribute("role", "img")
        drawing.setAttribute("aria-label", label)
    else:
        drawing.setAttribute("aria-hidden", "true")
    use = page.createElementNS(SVG, "use")
    use.setAttribute("href", f"#icon-{name}")
    drawing.append(use)
    return drawing


def button(label: str, handler: Handler, *, kind: str = "", icon_name: str = "", **attributes: Any) -> Node:
    """A button with a text label. `kind` is "primary" (the one next thing to do), "danger", "quiet" or "" (plain)."""
    node = el(
        "button",
        {
            "type": "button",
            "class": f"button button-{kind}" if kind else "button",
            **{name.replace("_", "-"): value for name, value in attributes.items()},
        },
        icon(icon_name) if icon_name else None,
        el("span", {"class": "button-label"}, label),
    )
    on(node, "click", single_flight(node, handler))
    return node


def icon_button(label: str, icon_name: str, handler: Handler, **attributes: Any) -> Node:
    """A square button that shows only its icon; `label` is its accessible name and its tooltip."""
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    node = el(
        "button",
        {"type": "button", "class": "button button-icon", "aria-label": label, "title": label, **named},
        icon(icon_name),
    )
    on(node, "click", single_flight(node, handler))
    return node


def replace_children(node: Node, *children: Child) -> None:
    """Empties `node`, releasing handlers, then adds `children`."""
    had_focus = bool(node.querySelector(":focus"))
    release_within(node)
    node.replaceChildren()
    append(node, *children)
    if had_focus:
        restore_focus(node)


def remove(node: Node) -> None:
    """Takes `node` off the page, releasing handlers."""
    place = node.parentElement if node.matches(":focus, :focus-within") else None
    release(node)
    node.remove()
    if place:
        restore_focus(place)


def restore_focus(place: Node) -> None:
    """What had the focus is gone: move it to the nearest heading, so that keyboard users do not start from the top."""
    page = document()
    if page.querySelector(":focus"):
        return
    part = place.closest(HEADING_SCOPES)
    while part:
        heading = part.querySelector("h1, h2")
        if heading:
            heading.setAttribute("tabindex", "-1")
            heading.focus()
            return
        part = part.parentElement.closest(HEADING_SCOPES) if part.parentElement else None


def announce(text: str, *, urgent: bool = False) -> None:
    """Says `text` to screen readers, without moving anything on the screen."""
    global _announcing
    clear_announcements()
    region = by_id("announcer-urgent" if urgent else "announcer")
    _announcing = set_timeout(lambda: setattr(region, "textContent", text), 50)


def clear_announcements() -> None:
    """Takes back what was said and what is about to be: it may be of a patient."""
    global _announcing
    if _announcing is not None:
        _announcing()
        _announcing = None
    for name in ("announcer", "announcer-urgent"):
        by_id(name).textContent = ""


def is_typing(event: Node) -> bool:
    """Whether a key event belongs to a text field or carries a modifier, so that it is no shortcut of the page."""
    if event.ctrlKey or event.metaKey or event.altKey or event.isComposing:
        return True
    target = event.target
    if not target or not getattr(target, "closest", None):
        return False
    return bool(
        target.closest("input:not([type=button], [type=checkbox], [type=radio]), textarea, select, [contenteditable]")
    )
