"""Python functions that the browser calls (event handlers, timers, observers), and background work.

A Python function reaches JavaScript as a proxy, which has to stay alive as long as it may be called and has to be
destroyed afterwards. `on` ties that to the element: `release` (which `dom.replace_children` and `dom.remove` call)
releases the handlers of everything that leaves the page. What a handler raises goes to one place, `report_error`.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any, Final, TypeAlias

from picsafe_client.interop import Node

Handler: TypeAlias = Callable[[Any], Awaitable[None] | None]
"""Called with the event; may be a coroutine function. What it raises reaches the error banner."""

Dispose: TypeAlias = Callable[[], None]
"""Stops what it came from; harmless when called again."""

HANDLER_ID_ATTRIBUTE: Final = "data-handlers"

_numbers = count(1)
_handlers: dict[str, list[Dispose]] = {}
_tasks: set[asyncio.Task[Any]] = set()
_report_error: Callable[[BaseException], None] | None = None


def on(node: Node, event: str, handler: Handler, *, passive: bool | None = None, capture: bool = False) -> Dispose:
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
            defer(proxy.destroy)  # not now: this may be the handler that is running

    if getattr(node, "setAttribute", None):
        mark = node.getAttribute(HANDLER_ID_ATTRIBUTE)
        if not mark:
            mark = str(next(_numbers))
            node.setAttribute(HANDLER_ID_ATTRIBUTE, mark)
        _handlers.setdefault(str(mark), []).append(off)
    return off


def single_flight(node: Node, handler: Handler) -> Handler:
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


def on_visibility(node: Node, handler: Callable[[bool], None], *, margin: str = "0px") -> Dispose:
    """Calls `handler(True)` when `node` comes within `margin` of the visible part of the page, `handler(False)` when it
    leaves.
    """
    import js
    from pyodide.ffi import create_proxy, to_js

    def seen(entries: Any, _observer: Any) -> None:
        try:
            handler(bool(entries[len(entries) - 1].isIntersecting))
        except Exception as error:  # noqa: BLE001 every failure of a handler belongs in the banner
            report_error(error)

    proxy = create_proxy(seen)
    settings = to_js({"rootMargin": margin}, dict_converter=js.Object.fromEntries)
    observer = js.IntersectionObserver.new(proxy, settings)
    observer.observe(node)

    def off() -> None:
        observer.disconnect()
        proxy.destroy()

    return off


def set_timeout(handler: Callable[[], None], milliseconds: int) -> Dispose:
    """Calls `handler` once after a while; the returned function calls it off. What it raises reaches the banner."""

    def run() -> None:
        try:
            handler()
        except Exception as error:  # noqa: BLE001 every failure of a timer belongs in the banner
            report_error(error)

    timer = asyncio.get_event_loop().call_later(milliseconds / 1000, run)
    return timer.cancel


def defer(handler: Callable[[], None]) -> None:
    """Calls `handler` after what is going on now."""
    set_timeout(handler, 0)


def _guarded(handler: Handler) -> Callable[[Any], None]:
    def call(event: Any = None) -> None:
        try:
            result = handler(event)
            if inspect.iscoroutine(result):
                start_task(result)
        except Exception as error:  # noqa: BLE001 every failure of a handler belongs in the banner
            report_error(error)

    return call


def start_task(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
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
    if getattr(node, "getAttribute", None) and node.getAttribute(HANDLER_ID_ATTRIBUTE):
        _stop(node)
    release_within(node)


def release_within(node: Node) -> None:
    """Stops every handler on what is within `node`."""
    for inner in node.querySelectorAll(f"[{HANDLER_ID_ATTRIBUTE}]"):
        _stop(inner)


def _stop(node: Node) -> None:
    for off in _handlers.pop(str(node.getAttribute(HANDLER_ID_ATTRIBUTE)), []):
        off()


def handler_count() -> int:
    """How many handlers are alive on elements: tests watch that it does not grow from visit to visit."""
    return sum(len(each) for each in _handlers.values())
