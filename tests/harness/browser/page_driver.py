"""Drives a page of the built client: how its start went, what its policy refused, and Python code run inside it.

Scripts are given to Playwright as functions, never as strings for the page to evaluate: its policy forbids that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page

from harness.browser import engines

CHROMIUM: str = engines.PROGRAMS[engines.CHROMIUM]["executable_path"]
ARGUMENTS: list[str] = engines.PROGRAMS[engines.CHROMIUM]["args"]

_WATCH = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, sample }) =>
  violations.push({ violatedDirective, blockedURI, sourceFile, sample }));
// Somebody is there, for whom Python begins at once.
document.addEventListener("DOMContentLoaded", () => dispatchEvent(new Event("pointermove")));
globalThis.booted = new Promise((resolve) => {
  const end = (state) => ({ detail }) => resolve({
    state, reason: detail?.reason?.message ?? null, snapshot: picsafe.boot.snapshot, milliseconds: performance.now(),
  });
  document.addEventListener("picsafe:ready", end("ready"));
  document.addEventListener("picsafe:boot-failed", end("failed"));
});
"""

_PYTHON = """async ([source, values]) => {
  const link = document.querySelector('link[rel=modulepreload][href*="/pyodide-loader."]');
  const python = await (await import(link.href)).start();
  const globals = python.toPy({ ...values, __name__: "test" });
  const result = await python.runPythonAsync(source, { globals });
  return result?.toJs ? result.toJs({ dict_converter: Object.fromEntries }) : result;
}"""


@dataclass
class ClientPage:
    """A page and what it said."""

    page: Page
    url: str
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def boot(self) -> dict[str, Any]:
        """Opens the client and waits for the end of its start: `state`, `reason`, `snapshot` and `milliseconds`."""
        await self.page.goto(self.url)
        outcome: dict[str, Any] = await self.page.evaluate("() => booted")
        return outcome

    async def violations(self) -> list[dict[str, str]]:
        """What the Content-Security-Policy refused so far."""
        found: list[dict[str, str]] = await self.page.evaluate("() => violations")
        return found

    async def python(self, source: str, /, **values: Any) -> Any:
        """Runs Python in the page with `values` among its globals; the value of the last line, as JSON can hold it."""
        return await self.page.evaluate(_PYTHON, [source, values])


@asynccontextmanager
async def opened(browser: Browser, url: str, **context: Any) -> AsyncIterator[ClientPage]:
    """A page in a profile of its own (`context`: see Playwright's `new_context`); not yet navigated.

    Without a service worker, which would fetch every file of the release for itself, unless `context` says otherwise.
    """
    profile = await browser.new_context(**{"service_workers": "block", **context})
    try:
        page = await profile.new_page()
        await page.add_init_script(_WATCH)
        client = ClientPage(page, url)

        def hear(message: ConsoleMessage) -> None:
            client.console.append(f"{message.type}: {message.text}")

        page.on("console", hear)
        page.on("pageerror", lambda error: client.errors.append(str(error)))
        yield client
    finally:
        await profile.close()
