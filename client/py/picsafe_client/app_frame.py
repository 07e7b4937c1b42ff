"""The frame around the screens, as index.html has it: navigation, title, who is signed in, connection, dropping files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.session.models import Person
from picsafe_client.ui import dom

PARENTS: Final = {"report": "inbox", "file": "inbox"}
"""Screens that light up another screen's entry in the navigation."""
MOST_COUNTED: Final = 99
OFFLINE_AFTER: Final = 3000
"""Milliseconds without the live stream before the page says so: a server that restarts is back sooner."""
STOPS: Final = ", ".join(f"{name}:focus-visible" for name in ("a", "button", "input", "select", "summary", "textarea"))
"""What the Tab key stops at and is never larger than the window."""


class Frame:
    """Knows the elements; decides nothing."""

    def __init__(self) -> None:
        self._offline_soon: dom.Dispose | None = None

    def set_user(self, me: Person) -> None:
        """Says who is signed in, and shows administrators their entry in the navigation."""
        dom.by_id("account-name").textContent = me.name
        for link in dom.document().querySelectorAll("[data-administrators]"):
            link.hidden = not me.is_administrator

    def set_active_route(self, screen: str, layout: str) -> None:
        """Marks where in the navigation the person is, and makes room as the screen wants it."""
        here = PARENTS.get(screen, screen)
        for link in dom.document().querySelectorAll("[data-screen]"):
            dom.assign(link, "aria-current", "page" if str(link.dataset.screen) == here else None)
        dom.document().body.dataset.layout = layout

    def title(self, key: str, unread: int) -> None:
        """The title of the document, and the number of unread reports beside the inbox."""
        count = str(unread) if unread <= MOST_COUNTED else f"{MOST_COUNTED}+"
        badge = dom.by_id("unread-count")
        badge.hidden = not unread
        badge.textContent = count
        badge.setAttribute("aria-label", t("frame.unread", count=unread))
        words = t(key) if key else ""
        if key == "inbox.title" and unread:
            words = t("inbox.title_unread", count=count)
        dom.document().title = t("frame.page_title", screen=words) if words else t("frame.product")

    def set_online(self, yes: bool) -> None:
        """Says when the connection has been gone for a while."""
        if yes:
            if self._offline_soon is not None:
                self._offline_soon()
                self._offline_soon = None
            dom.by_id("offline").hidden = True
        elif self._offline_soon is None:  # counted from the first failure, not from the latest try
            self._offline_soon = dom.set_timeout(lambda: setattr(dom.by_id("offline"), "hidden", False), OFFLINE_AFTER)

    def keep_focus_in_sight(self) -> None:
        """What the keyboard has come to does not stay under the bars: WebKit forgets `scroll-padding` on the way there."""

        def came(event: Any) -> None:
            if event.target.matches(STOPS):
                stop = event.target
                dom.defer(lambda: stop.scrollIntoView(js_object({"block": "nearest"})))  # after WebKit's own try

        dom.on(dom.document(), "focusin", came)

    def listen_for_files(self, takes: Callable[[Any], None], may: Callable[[], bool]) -> None:
        """Lets the whole page be a target for files, while `may` says so; a screen that takes them itself goes first."""
        target = dom.by_id("drop-target")

        def over(event: Any) -> None:
            if event.defaultPrevented or not may() or not _has_files(event):
                return
            event.preventDefault()
            event.dataTransfer.dropEffect = "copy"
            target.hidden = False

        def gone(event: Any) -> None:
            if not event.relatedTarget:  # left the window, not just an element
                target.hidden = True

        def dropped(event: Any) -> None:
            target.hidden = True
            if event.defaultPrevented or not _has_files(event):
                return
            event.preventDefault()  # or the browser would leave the page for the file
            if may() and event.dataTransfer.files.length:
                takes(event.dataTransfer.files.item(0))

        window = dom.window()
        for event in ("dragenter", "dragover"):
            dom.on(window, event, over)
        dom.on(window, "dragleave", gone)
        dom.on(window, "drop", dropped)


def _has_files(event: Any) -> bool:
    return bool(event.dataTransfer) and "Files" in [str(kind) for kind in event.dataTransfer.types]
