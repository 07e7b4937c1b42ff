"""The browsers that the end-to-end tests are run in, and how a test says that one of them cannot do its part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CHROMIUM, FIREFOX, WEBKIT = "chromium", "firefox", "webkit"

ENGINES = (CHROMIUM, FIREFOX, WEBKIT)

PREFERENCES = {
    "dom.serviceWorkers.idle_timeout": 2_000,  # milliseconds until a service worker stops; otherwise half a minute
    "media.cache_readahead_limit": 10,  # seconds of a film that are fetched ahead; otherwise a minute, often all of it
    "media.cache_resume_threshold": 5,
}
"""Of every Firefox here."""

NOT_NEEDED = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls,"
    "HttpsUpgrades,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,"
    "BlockOriginHeaderModificationOnRedirect,AvoidCorsURLLoaderRestartOnRedirect,Translate,AutoDeElevate,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,"
    "PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)
"""Features of Chromium that tests do without: those that Playwright names, since only the last list counts, and pages of
the browser's own window, which each new window would load in a process of its own (0.75 s of processor time).
"""

FOR_SHORT_VISITS = "--js-flags=--liftoff-only"
"""For Chromium in tests, whose windows live for seconds: WebAssembly is not compiled a second time for speed, which takes a
third of a window's processor time. Benchmarks do without.
"""

PROGRAMS: dict[str, dict[str, Any]] = {
    CHROMIUM: {
        "executable_path": "/usr/bin/chromium",
        "args": ["--no-sandbox", "--disable-background-networking", f"--disable-features={NOT_NEEDED}"],
    },
    # Any Firefox, not only Playwright's own, over WebDriver BiDi.
    FIREFOX: {"executable_path": "/usr/bin/firefox-esr", "channel": "moz-firefox", "firefox_user_prefs": PREFERENCES},
    # Speaks WebDriver BiDi through `harness.browser.webkit`, and that Playwright offers as a channel of Firefox.
    WEBKIT: {"executable_path": str(Path(__file__).parent / "webkit" / "launch.sh"), "channel": "moz-firefox"},
}
"""How Playwright starts the browsers that it drives."""

LOOKS: list[tuple[str, str, dict[str, Any]]] = [
    ("color_scheme", "dark", {"layout.css.prefers-color-scheme.content-override": 0}),
    # A theme of high contrast: without one, what is marked would have the colours of an ordinary desktop.
    (
        "forced_colors",
        "active",
        {"browser.display.document_color_use": 2, "ui.highlight": "#00137f", "ui.highlighttext": "#ffffff"},
    ),
]
"""What WebDriver BiDi cannot ask of a window is a preference of all Firefox: the option of `new_context`, its value, and the preferences."""


def preferences(engine: str, context: dict[str, Any]) -> dict[str, Any]:
    """With which preferences a browser of its own is needed for a window that looks like this; none when any will do."""
    if engine != FIREFOX:
        return {}
    needed = [each for option, wanted, each in LOOKS if context.get(option) == wanted]
    return {name: value for each in (PREFERENCES, *needed) for name, value in each.items()} if needed else {}


def not_in(engine: str, because: str) -> pytest.MarkDecorator:
    """Marks a test that this engine, or the way in which it is driven here, cannot run. The reason is printed with `-rs`."""
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}")
    return pytest.mark.not_in(engine, because)


def refusal(node: pytest.Item) -> str | None:
    """Why the engine that a test is about to be run in does not run it; `None` when it does."""
    chosen = getattr(node, "callspec", None)
    engine = str(chosen.params.get("browser_name")) if chosen else ""
    return next((str(mark.args[1]) for mark in node.iter_markers("not_in") if mark.args[0] == engine), None)
