"""The built client in a real Chromium, for the tests that need one. Everything here is asynchronous, as the tests are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from harness.browser.client_server import Site, serve
from harness.browser.page_driver import ARGUMENTS, CHROMIUM, ClientPage, opened
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for the built page is marked, so that `make check` can leave it out."""
    for item in items:
        if "built_client" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"  # one loop for the session, in which the browser lives


@pytest.fixture(scope="session")
def built_client() -> Path:
    """The folder of the built client, up to date."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    return ROOT / "build" / "client"


@pytest.fixture
def site(built_client: Path) -> Iterator[Site]:
    """The built client on a server of its own, which a test may change."""
    with serve(built_client) as running:
        yield running


@pytest.fixture(scope="session")
async def chromium(anyio_backend: str) -> AsyncIterator[Browser]:
    """A running Chromium."""
    if not Path(CHROMIUM).is_file():
        pytest.skip(f"there is no Chromium: looked for {CHROMIUM}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def client_page(chromium: Browser, site: Site) -> AsyncIterator[ClientPage]:
    """A page of the client in which Python runs."""
    async with opened(chromium, site.url) as page:
        outcome = await page.boot()
        assert outcome["state"] == "ready", outcome
        yield page
