"""The page, as Python sees it: making elements, listening to them, and letting go of both.

Nothing here sets HTML from text: elements are created and their text is set, which is what the page's
Content-Security-Policy and Trusted Types demand and what makes a name with angle brackets harmless.
Nothing touches the browser at import time, because the modules are imported when the memory snapshot is built.

Handlers: `on` keeps the JavaScript proxy of a Python function alive for as long as the element is on the page.
`clear` and `remove` release those of everything they take away; `off` (what `on` returns) releases one by hand, which
listeners on the window and the document need (`Screen.on` does it for screens).
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from itertools import count
from typing import Any, Final, TypeAlias

Node: TypeAlias = Any
"""A JavaScript object: an element, an event, a typed array. Only the browser knows more."""

Child: TypeAlias = Any
"""What an element may hold: text, another element, or None for nothing."""

Handler: TypeAlias = Callable[[Any], Awaitable[None] | None]
"""Called with the event; may be a coroutine function. What it raises reaches the error banner."""

Off: TypeAlias = Callable[[], None]

SVG: Final = "http://www.w3.org/2000/svg"
MARK: Final = "data-handlers"

_numbers = count(1)
_handlers: dict[str, list[Off]] = {}
_tasks: set[asyncio.Task[Any]] = set()
_report_error: Callable[[BaseException], None] | None = None
_announcing: Off | None = None


def document() -> Node:
    """The browser's document, looked up when needed."""
    import js

    return js.document


def window() -> Node:
    """The browser's window, looked up when needed."""
    import js

    return js.window


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
    on(node, "click", busy(node, handler))
    return node


def icon_button(label: str, icon_name: str, handler: Handler, **attributes: Any) -> Node:
    """A square button that shows only its icon; `label` is its accessible name and its tooltip."""
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    node = el(
        "button",
        {"type": "button", "class": "button button-icon", "aria-label": label, "title": label, **named},
        icon(icon_name),
    )
    on(node, "click", busy(node, handler))
    return node


def busy(node: Node, handler: Handler) -> Handler:
    """`handler`, deaf to further calls while its coroutine is at work; meanwhile `node` says that it is busy.

    The call itself stays within the event, so that the handler may prevent its default or open a file picker.
    """
    at_work = False

    async def finish(work: Awaitable[None]) -> None:
        nonlocal at_work
        node.setAttribute("aria-busy", "true")
        try:
            await work
        finally:
            at_work = False
            node.removeAttribute("aria-busy")

    def run(event: Any) -> Awaitable[None] | None:
        nonlocal at_work
        if at_work:
            return None
        result = handler(event)
        if not inspect.isawaitable(result):
            return None
        at_work = True
        return finish(result)

    return run


def on(node: Node, event: str, handler: Handler, *, passive: bool | None = None, capture: bool = False) -> Off:
    """Calls `handler(event)` whenever `event` happens on `node`; returns the function that stops it."""
    from pyodide.ffi import create_proxy, to_js

    proxy = create_proxy(_guarded(handler))
    options: dict[str, bool] = {"capture": capture}
    if passive is not None:
        options["passive"] = passive
    import js

    node.addEventListener(event, proxy, to_js(options, dict_converter=js.Object.fromEntries))
    live = True

    def off() -> None:
        nonlocal live
        if live:
            live = False
            node.removeEventListener(event, proxy, capture)
            soon(proxy.destroy)  # not now: this may be the handler that is running

    if getattr(node, "setAttribute", None):
        mark = node.getAttribute(MARK)
        if not mark:
            mark = str(next(_numbers))
            node.setAttribute(MARK, mark)
        _handlers.setdefault(str(mark), []).append(off)
    return off


def when_seen(node: Node, handler: Callable[[bool], None], *, margin: str = "0px") -> Off:
    """Calls `handler(True)` when `node` comes within `margin` of the visible part of the page, `handler(False)` when it leaves."""
    import js
    from pyodide.ffi import create_proxy

    def seen(entries: Any, _observer: Any) -> None:
        try:
            handler(bool(entries[len(entries) - 1].isIntersecting))
        except Exception as error:  # noqa: BLE001 every failure of a handler belongs in the banner
            report_error(error)

    proxy = create_proxy(seen)
    observer = js.IntersectionObserver.new(proxy, options({"rootMargin": margin}))
    observer.observe(node)

    def off() -> None:
        observer.disconnect()
        proxy.destroy()

    return off


def once_later(handler: Callable[[], None], milliseconds: int) -> Off:
    """Calls `handler` once after a while; the returned function calls it off. What it raises reaches the banner."""

    def run() -> None:
        try:
            handler()
        except Exception as error:  # noqa: BLE001 every failure of a timer belongs in the banner
            report_error(error)

    timer = asyncio.get_event_loop().call_later(milliseconds / 1000, run)
    return timer.cancel


def soon(handler: Callable[[], None]) -> None:
    """Calls `handler` after what is going on now."""
    once_later(handler, 0)


def _guarded(handler: Handler) -> Callable[[Any], None]:
    def call(event: Any = None) -> None:
        try:
            result = handler(event)
            if inspect.iscoroutine(result):
                spawn(result)
        except Exception as error:  # noqa: BLE001 every failure of a handler belongs in the banner
            report_error(error)

    return call


def spawn(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Runs a coroutine beside what is going on. What it raises reaches the error banner; cancelling it is no error.

    It begins at once and runs to its first wait, as a JavaScript async function does: so a coroutine that handles an
    event can still prevent its default, and open a file picker, before it first awaits.
    """
    task = _started(work)
    _tasks.add(task)
    task.add_done_callback(_finished)
    return task


def _started(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


def _finished(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        report_error(error)


def on_error(report: Callable[[BaseException], None]) -> None:
    """Names the function that shows errors of handlers and spawned work; the app sets it once at start."""
    global _report_error
    _report_error = report


def report_error(error: BaseException) -> None:
    """Shows an error where the person sees it. Before the app has started it is raised, so that nothing is silent."""
    if _report_error is None:
        raise error
    _report_error(error)


def release(node: Node) -> None:
    """Stops every handler on `node` and on everything within it."""
    mark = node.getAttribute(MARK) if getattr(node, "getAttribute", None) else None
    marks = [mark] if mark else []
    marks.extend(inner.getAttribute(MARK) for inner in node.querySelectorAll(f"[{MARK}]"))
    for each in marks:
        for off in _handlers.pop(str(each), []):
            off()


def clear(node: Node, *children: Child) -> None:
    """Empties `node`, releasing handlers, then adds `children`."""
    for off in [off for inner in node.querySelectorAll(f"[{MARK}]") for off in _taken(inner)]:
        off()
    node.replaceChildren()
    append(node, *children)


def _taken(node: Node) -> list[Off]:
    return _handlers.pop(str(node.getAttribute(MARK)), [])


def remove(node: Node) -> None:
    """Takes `node` off the page, releasing handlers."""
    release(node)
    node.remove()


def handler_count() -> int:
    """How many handlers are alive on elements: tests watch that it does not grow from visit to visit."""
    return sum(len(each) for each in _handlers.values())


def announce(text: str, *, urgent: bool = False) -> None:
    """Says `text` to screen readers, without moving anything on the screen."""
    global _announcing
    hush()
    region = by_id("announcer-urgent" if urgent else "announcer")
    _announcing = once_later(lambda: setattr(region, "textContent", text), 50)


def hush() -> None:
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


def options(values: Mapping[str, Any]) -> Node:
    """A plain JavaScript object of `values`, as browser functions want their options."""
    import js
    from pyodide.ffi import to_js

    return to_js(dict(values), dict_converter=js.Object.fromEntries)
