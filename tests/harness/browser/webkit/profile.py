"""A browser profile that is forgotten when it is closed: its pages share cookies, storage, languages and permissions."""

from __future__ import annotations

import itertools
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.browser.webkit import scripts
from harness.browser.webkit.network import Network
from harness.browser.webkit.page import Page
from harness.browser.webkit.session import Params, Session
from harness.browser.webkit.toolkit import GLib, WebKit2

NUMBERS = itertools.count(1)


class Profile:
    """What Playwright calls a browser context, and WebDriver BiDi a user context."""

    def __init__(self, session: Session, network: Network) -> None:
        self.id = f"profile-{next(NUMBERS)}"
        self.pages: dict[str, Page] = {}
        self.preloaded: dict[str, str] = {}
        self.size = (1280, 720)
        self.permitted: set[str] = set()
        self.downloads: Path | None = None
        self._session = session
        self.locale = "en-GB"
        self.timezone: str | None = None
        self._data = WebKit2.WebsiteDataManager.new_ephemeral()
        self._proxy = network.proxy(self._asking)
        through = WebKit2.NetworkProxySettings.new(f"http://127.0.0.1:{self._proxy.port}", None)
        self._data.set_network_proxy_settings(WebKit2.NetworkProxyMode.CUSTOM, through)

    @cached_property
    def _context(self) -> Any:
        """Made with the first page: the time zone cannot be changed afterwards."""
        context = WebKit2.WebContext(website_data_manager=self._data, time_zone_override=self.timezone)
        context.set_preferred_languages([self.locale])
        context.connect("download-started", self._download_started)
        return context

    def _asking(self) -> str | None:
        """The page that requests are put down to: the proxy cannot see which it is, so the one that acted last."""
        return max(self.pages.values(), key=lambda page: page.acted).id if self.pages else None

    def open(self) -> Page:
        """A new page."""
        page = Page(self._session, self._context, self.size, list(self.preloaded.values()))
        page.permitted = self.permitted
        self.pages[page.id] = page
        page.opened(self.id)
        return page

    def close(self, page_id: str) -> None:
        """Closes one of its pages."""
        self.pages.pop(page_id).close(self.id)

    def end(self) -> None:
        """Closes all of them, and the way to the network."""
        for page in list(self.pages):
            self.close(page)
        self._proxy.close()

    def set_offline(self, offline: bool) -> None:
        """Takes the network away, or gives it back, and tells the pages."""
        self._proxy.set_offline(offline)
        for page in self.pages.values():
            page.run(scripts.code(scripts.ONLINE, online=not offline), lambda _value, _fault: None)

    def preload(self, name: str, source: str | None) -> None:
        """Adds a script that runs before each document's own; without a source it is removed."""
        if source is None:
            self.preloaded.pop(name, None)
        else:
            self.preloaded[name] = source
        for page in self.pages.values():
            page.preload(list(self.preloaded.values()))

    # -- cookies

    @property
    def _cookies(self) -> Any:
        return self._data.get_cookie_manager()

    def cookies(self, done: Any) -> None:
        """Calls back with all cookies, as WebDriver BiDi describes them."""

        def got(manager: Any, result: Any) -> None:
            done([_described(each) for each in manager.get_all_cookies_finish(result)])

        self._cookies.get_all_cookies(None, got)

    def forget_cookies(self, done: Any) -> None:
        """Calls back when there are none."""

        def cleared(manager: Any, result: Any) -> None:
            manager.clear_finish(result)
            done()

        self._data.clear(WebKit2.WebsiteDataTypes.COOKIES, 0, None, cleared)

    # -- downloads

    def _download_started(self, _context: Any, download: Any) -> None:
        view = download.get_web_view()
        page = next((each for each in self.pages.values() if each.view == view), None)
        if page is None or self.downloads is None:
            download.cancel()
            return
        about: Params = {"context": page.id, "download": f"download-{next(NUMBERS)}", "navigation": None}
        folder = self.downloads
        failed = False

        def decide(_download: Any, suggested: str) -> bool:
            # GTK's file chooser would suggest the name with what a file system cannot bear replaced.
            download.set_allow_overwrite(True)
            download.set_destination(GLib.filename_to_uri(str(folder / suggested), None))
            url = download.get_request().get_uri()
            self._session.event(
                "browsingContext.downloadWillBegin", url=url, suggestedFilename=suggested, timestamp=0, **about
            )
            return True

        def fail(_download: Any, _error: Any) -> None:
            nonlocal failed
            failed = True

        def finished(_download: Any) -> None:
            status = "canceled" if failed else "complete"
            self._session.event("browsingContext.downloadEnd", status=status, timestamp=0, **about)

        download.connect("decide-destination", decide)
        download.connect("failed", fail)
        download.connect("finished", finished)


def _described(cookie: Any) -> Params:
    return {
        "name": cookie.get_name(),
        "value": {"type": "string", "value": cookie.get_value()},
        "domain": cookie.get_domain(),
        "path": cookie.get_path(),
        "httpOnly": cookie.get_http_only(),
        "secure": cookie.get_secure(),
        "sameSite": {0: "none", 1: "lax", 2: "strict"}[int(cookie.get_same_site_policy())],
        "size": len(cookie.get_name()) + len(cookie.get_value()),
    }
