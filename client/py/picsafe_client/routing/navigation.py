"""Navigation: opens the screen for an address, and cleans up the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from picsafe_client.app_frame import Frame
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.routing.page import Page, PageFactory
from picsafe_client.routing.router import PATTERNS, Route, address, parse
from picsafe_client.session.shell_bridge import Shell
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.errors import NotSignedIn


class Host(Protocol):
    """What navigation needs of the app."""

    shell: Shell
    frame: Frame

    @property
    def is_signed_in(self) -> bool: ...

    @property
    def unread(self) -> int:
        """How many reports of the inbox are unread."""
        ...

    def show_problem(
        self, error: BaseException, *, means: str | None = None, actions: Sequence[notices.Action] = ()
    ) -> None:
        """Show an error at the top of the page."""
        ...


class Navigation:
    """`screen` is the one that is shown, None while nobody may see one; `route` is where it is."""

    def __init__(self, app: Host, make_page: PageFactory) -> None:
        self.screen: Page | None = None
        self.route = Route("")
        self._app = app
        self._make_page = make_page
        self._shell = app.shell
        self._showing: asyncio.Task[None] | None = None
        self._shown_address = ""

    def go(self, target: str, *, replace: bool = False) -> None:
        """To the screen at the address `target`. With `replace`, "back" skips the screen that is left."""
        if replace:
            self._shell.replace_address(target)
            self.navigate()
        else:
            self._shell.set_address(target)

    def navigate(self, _event: Any = None, *, force: bool = False) -> None:
        """Shows what the address says; asks before something unsaved is lost, unless `force`."""
        route = parse(self._shell.address())
        if self.screen is not None and self.screen.unsaved and not force:
            target = self._shell.address()
            self._shell.push_address(self._shown_address)
            dom.start_task(self._ask_to_leave(target))
        elif route.is_public or self._app.is_signed_in:
            self._show(route)
        elif self.route.is_public:
            self.leave()
            self.route = route
            self._shell.ask_anyone()

    def leave(self) -> None:
        """Takes the screen off the page; its plaintext first, and the rest even when that fails."""
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None
        screen, self.screen = self.screen, None
        if screen is not None:
            for step in (screen.drop_plaintext, screen.leave, screen.release):
                try:
                    step()
                except Exception as error:  # noqa: BLE001 nothing may keep the rest from being dropped
                    dom.report_error(error)
        dialogs.close_all()
        for place in ("main-content", "banner", "waiting"):
            dom.replace_children(dom.by_id(place))

    def paint_title(self) -> None:
        """The document's title, with the number of unread reports."""
        title = self.screen.title if self.screen is not None else ""
        self._app.frame.title(title, self._app.unread)

    async def _ask_to_leave(self, target: str) -> None:
        if await dialogs.confirm(
            t("leave.title"), t("leave.text"), t("action.leave"), danger=True, cancel=t("action.stay")
        ):
            self._shell.replace_address(target)
            self.navigate(force=True)

    def _show(self, route: Route) -> None:
        self.leave()
        self.route, self._shown_address = route, self._shell.address()
        self._shell.state("signed-in" if self._app.is_signed_in else "public")
        content = dom.by_id("main-content")
        if route.screen not in PATTERNS:
            self._app.frame.set_active_route("", "page")
            dom.append(content, _no_such_page())
        else:
            screen = self.screen = self._make_page(route.screen, self._app)
            screen.root = dom.el("div", {"class": f"screen screen-{screen.layout} {route.screen}-screen"})
            dom.append(content, screen.root)
            self._app.frame.set_active_route(route.screen, screen.layout)
            dom.window().scrollTo(0, 0)
            self._showing = dom.start_task(self._render(screen, route))
        self.paint_title()

    async def _render(self, screen: Page, route: Route) -> None:
        retry = (t("action.retry"), lambda _event: self.navigate(force=True))
        try:
            await _shown(screen, route)
        except NotSignedIn:
            raise
        except Cancelled:
            if screen.waits_for:
                stopped = notices.notice("plain", t("wait.stopped"), t("wait.stopped_text"), actions=[retry])
                dom.append(dom.by_id("banner"), stopped)
        except Exception as error:  # noqa: BLE001 whatever a screen meets, the person can try it again
            self._app.show_problem(error, means=t("error.nothing_lost"), actions=[retry])
        heading = screen.root.querySelector("h1")
        if heading and screen is self.screen and dom.document().activeElement.isSameNode(dom.document().body):
            heading.setAttribute("tabindex", "-1")
            heading.focus(js_object({"preventScroll": True}))


async def _shown(screen: Page, route: Route) -> None:
    if not screen.waits_for:
        await screen.show(route.params)
        return
    async with ProgressIndicator(t(screen.waits_for)) as wait:
        await cancellable(wait, screen.show(route.params))


def _no_such_page() -> dom.Node:
    return dom.el(
        "div",
        {"class": "screen screen-page"},
        dom.el("h1", None, t("error.not_found_title")),
        dom.el("p", None, t("error.not_found_text")),
        dom.el("a", {"href": address("inbox"), "class": "button button-primary"}, t("action.back_to_inbox")),
    )
