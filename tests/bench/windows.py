"""A running clinic and a real browser for the benchmarks of the viewer: the server, the page and the people of the end-to-end tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import memory
from harness.browser.page_driver import ARGUMENTS, CHROMIUM
from harness.browser.session import Visit
from harness.clinic import ROOT, Clinic, Person, running_clinic
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, sync_playwright

_WINDOW: Any = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}
_CONTROLLED = """() => navigator.serviceWorker.controller !== null ||
  new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken)).then(() => true)"""


@contextmanager
def running() -> Iterator[tuple[Clinic, BrowserType]]:
    """A clinic with nobody in it yet, serving the client that this tree builds, and the Chromium to visit it with."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clinic = stack.enter_context(running_clinic(folder))
        yield clinic, stack.enter_context(sync_playwright()).chromium


@contextmanager
def opened(chromium: BrowserType, *more: str) -> Iterator[Browser]:
    """A browser of its own, with further arguments."""
    browser = chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
    try:
        yield browser
    finally:
        browser.close()


def people(clinic: Clinic) -> tuple[Person, Person]:
    """Who sends and who reads."""
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    return sender, clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB")


@contextmanager
def kept_profile(chromium: BrowserType, *more: str) -> Iterator[tuple[BrowserContext, Path]]:
    """A browser with a profile on the disk, as people have: what pages store is in files, not in memory; and that folder."""
    with tempfile.TemporaryDirectory() as folder:
        context = chromium.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=[*ARGUMENTS, *more], **_WINDOW
        )
        try:
            yield context, Path(folder)
        finally:
            context.close()


def signed_in(clinic: Clinic, browser: Browser, person: Person, script: str | None = None) -> Visit:
    """A window in the inbox; `script` runs before anything else in every page."""
    profile = browser.new_context(**_WINDOW)
    if script is not None:
        profile.add_init_script(script)
    return entered(clinic, profile.new_page(), person)


def entered(clinic: Clinic, page: Page, person: Person) -> Visit:
    """A page in the inbox, its service worker at work."""
    visit = Visit(clinic, page, person)
    visit.sign_in()
    page.evaluate(_CONTROLLED)
    page.wait_for_load_state("networkidle")
    return visit


def settled(page: Page) -> None:
    """Lets the page's memory be tidied up; the browser needs the argument `memory.COLLECTS`."""
    page.evaluate(memory.TIDY)
