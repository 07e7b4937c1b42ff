"""The base class of screens.

A new instance of its class is made for every visit and thrown away afterwards, so nothing that it holds outlives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, ClassVar

from picsafe_client.app import App
from picsafe_client.routing.page import Layout
from picsafe_client.ui import dom


class Screen:
    """One page of the app. The app calls `show` once, later `leave` once; `drop_plaintext` may come at any time
    between.

    * `root` is an empty element that is already on the page when `show` begins: fill it.
    * Listen with `on` and start work with `spawn`: both end by themselves when the screen is left.
    * `layout`: "page" is a readable column, "wide" uses the width, "stage" fills the window below the header.
    """

    title: ClassVar[str] = ""
    """The catalogue key of the document's title."""
    layout: ClassVar[Layout] = "page"

    waits_for: ClassVar[str] = ""
    """The catalogue key of what `show` waits for: then the app explains the wait. Empty when the screen does it
    itself.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.root: dom.Node = None
        self._offs: list[dom.Dispose] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def show(self, params: Mapping[str, str]) -> None:
        """Fills `root`. Errors that it raises are shown by the app with a button to try again."""

    def leave(self) -> None:
        """The person leaves the screen: stop, and release everything. `drop_plaintext` has been called before."""

    def drop_plaintext(self) -> None:
        """At once and without waiting: revoke object URLs, empty the stage, forget keys and patient facts.

        Called on lock, sign-out, the end of the session, leaving, and when the page is hidden for good. After a lock
        the app shows the same route in a new instance once the person has unlocked.
        """

    @property
    def unsaved(self) -> bool:
        """Whether leaving would lose what the person has entered: then the app asks first."""
        return False

    @property
    def would_be_lost(self) -> bool:
        """Whether a lock would lose what the person has entered: then a lock by hand asks first."""
        return False

    def on(self, node: dom.Node, event: str, handler: dom.Handler, *, passive: bool | None = None) -> dom.Dispose:
        """Listens until the screen is left: for the window, the document and whatever outlives `root`."""
        off = dom.on(node, event, handler, passive=passive)
        self._offs.append(off)
        return off

    def on_release(self, off: dom.Dispose) -> None:
        """Calls `off` when the screen is left: for anything else that must be released."""
        self._offs.append(off)

    def start_task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a coroutine that is cancelled when the screen is left; its errors reach the banner."""
        task = dom.start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def release(self) -> None:
        """Ends what `on` and `spawn` began. The app calls it after `leave`."""
        for off in self._offs:
            off()
        self._offs.clear()
        for task in list(self._tasks):
            task.cancel()
