"""Browsers and a running clinic for the end-to-end tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.browser.downloads import FOLDER
from harness.browser.engines import CHROMIUM, FIREFOX, FOR_SHORT_VISITS, PROGRAMS, WEBKIT, preferences, refusal
from harness.browser.session import WATCH, Visit
from harness.clinic import ROOT, Clinic, Person, running_clinic
from playwright.sync_api import Browser, BrowserType, Playwright, expect

PATIENCE = {CHROMIUM: 10_000, FIREFOX: 10_000, WEBKIT: 20_000}
"""Milliseconds that a browser is granted for what is expected: three share two cores, and draw without a graphics card."""
LONGEST = 150
"""Seconds that a test may take: a script in the page that waits for an event which never comes has no time limit."""

Enter = Callable[..., Visit]

LEFT_OPEN = "ignore:.*was deleted before being closed:ResourceWarning"
"""A server that is stopped in the middle of a request leaves its connection to SQLite to the garbage collector, which finds
it during whatever test runs then. What the server leaves open while it runs, the tests of the server itself would tell."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a real browser. What that cannot run is skipped before it starts anything."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.filterwarnings(LEFT_OPEN))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LONGEST))
            if because := refusal(item):
                item.add_marker(pytest.mark.skip(because))


@pytest.fixture(scope="session")
def browser_type(playwright: Playwright, browser_name: str) -> BrowserType:
    """WebKitGTK speaks WebDriver BiDi through `harness.browser.webkit`, and that Playwright offers as a channel of Firefox."""
    expect.set_options(timeout=PATIENCE[browser_name])
    chosen: BrowserType = getattr(playwright, "firefox" if browser_name == WEBKIT else browser_name)
    return chosen


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], browser_name: str) -> dict[str, Any]:
    """The browser of the system: Playwright's own cannot be downloaded everywhere."""
    program = PROGRAMS[browser_name]
    if not Path(program["executable_path"]).is_file():
        pytest.skip(f"there is no {browser_name}: looked for {program['executable_path']}")
    if browser_name == CHROMIUM:
        program = {**program, "args": [*program["args"], FOR_SHORT_VISITS]}
    if browser_name == FIREFOX:
        FOLDER.mkdir(exist_ok=True)
        program = {**program, "downloads_path": FOLDER}
    return {**browser_type_launch_args, **program}


@pytest.fixture(scope="session", autouse=True)
def downloads() -> Iterator[None]:
    """Nothing that was downloaded outlives the tests."""
    yield
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def built_client() -> None:
    """The built client is up to date."""
    if "PICSAFE_CLIENT_FOLDER" not in os.environ:
        subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def clinic(built_client: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A running server with nobody in it yet, for all tests of a module."""
    with running_clinic(tmp_path_factory.mktemp("clinic")) as running:
        yield running


@pytest.fixture(scope="module")
def sender(clinic: Clinic) -> Person:
    """Somebody with an account who sends; modules that need another one have their own."""
    return clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    """Somebody in another region who receives."""
    return clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB")


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """Faults of the network in one test do not trouble the next."""
    yield
    if "clinic" in request.fixturenames:
        clinic: Clinic = request.getfixturevalue("clinic")
        clinic.network.__init__()  # type: ignore[misc]


@pytest.fixture(scope="module")
def looking(
    browser: Browser, browser_name: str, launch_browser: Callable[..., Browser]
) -> Iterator[Callable[[dict[str, Any]], Browser]]:
    """`looking(context)` is a browser whose windows can look like that: nearly always the one that there is."""
    others: dict[str, Browser] = {}

    def suited(context: dict[str, Any]) -> Browser:
        wanted = preferences(browser_name, context)
        if not wanted:
            return browser
        if str(wanted) not in others:
            others[str(wanted)] = launch_browser(firefox_user_prefs=wanted)
        return others[str(wanted)]

    yield suited
    for other in others.values():
        other.close()


@pytest.fixture(scope="module")
def enter(
    clinic: Clinic, looking: Callable[[dict[str, Any]], Browser], request: pytest.FixtureRequest
) -> Iterator[Enter]:
    """`enter(person)` is a browser window of their own in which they have signed in; it stays for the module's tests.

    Keyword arguments are those of Playwright's `new_context`. There is a service worker only in modules that say
    `SERVICE_WORKERS = "allow"`: in every new window it would fetch and check all files of the page again.
    """
    visits: list[Visit] = []
    usual: dict[str, Any] = {
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "service_workers": getattr(request.module, "SERVICE_WORKERS", "block"),
    }

    def signed_in(person: Person, **context: Any) -> Visit:
        profile = looking(context).new_context(**{**usual, **context})
        profile.add_init_script(WATCH)
        visit = Visit(clinic, profile.new_page(), person)
        visits.append(visit)
        visit.sign_in()
        return visit

    yield signed_in
    for visit in visits:
        visit.page.context.close()
