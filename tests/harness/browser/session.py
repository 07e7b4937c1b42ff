"""One browser window in which somebody uses My PicSafe, and what can be seen of it from outside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from harness.browser.downloads import download
from harness.clinic import PASSWORD, Clinic, Person

WATCH = """
(() => {
  globalThis.violations = [];
  // Somebody is there, for whom Python begins at once.
  document.addEventListener("DOMContentLoaded", () => dispatchEvent(new Event("pointermove")));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    violations.push(`${violatedDirective} ${blockedURI} ${sample}`));
  // Object URLs that have been made and not been revoked.
  globalThis.liveUrls = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    liveUrls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    liveUrls.delete(url);
    revokeObjectURL.call(URL, url);
  };
  globalThis.printed = [];
  globalThis.print = () => {
    const sheet = document.getElementById("print-sheet");
    printed.push({
      text: sheet?.innerText ?? sheet?.textContent ?? "",
      photos: [...(sheet?.querySelectorAll("img") ?? [])].map(({ naturalWidth }) => naturalWidth),
    });
    dispatchEvent(new Event("afterprint"));
  };
})();
"""

PYTHON = """async (source) => {
  const link = document.querySelector('link[rel=modulepreload][href*="/pyodide-loader."]');
  const python = await (await import(link.href)).start();
  await python.runPythonAsync(source, { globals: python.toPy({ __name__: "test" }) });
}"""

READY = 30_000
"""Milliseconds for Python to start on a busy machine."""

BROKEN_OFF = "A ServiceWorker intercepted the request and encountered an unexpected error"
"""What Firefox says when its own player has enough of a film for now and breaks off a request."""


@dataclass
class Visit:
    """A window. `console` and `errors` are what the page said meanwhile."""

    clinic: Clinic
    page: Page
    person: Person
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def hear(message: ConsoleMessage) -> None:
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.console.append(message.text)

        self.page.on("console", hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    # -- the way in

    def sign_in(self, *, at: str = "") -> None:
        """Opens the page and signs in; returns when the app runs."""
        self.page.goto(f"{self.clinic.url}/{at}")
        self.enter_password()

    def enter_password(self) -> None:
        """Fills in the form that is there."""
        self.page.locator("#email").clear()  # over BiDi, filling in a field for an address adds to what is there
        self.page.fill("#email", self.person.email)
        self.page.fill("#password", PASSWORD)
        self.page.click("#sign-in-button")
        expect(self.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)

    def to_inbox(self) -> None:
        """Leaves whatever is shown, and signs in again where a test has signed out."""
        if self.page.locator("html[data-state=signed-out]").count():
            self.enter_password()
        self.page.evaluate("() => { location.hash = '#/inbox'; }")
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def open_report(self, report_id: str) -> None:
        """Clicks on the report in the inbox and waits for its first photo, video or sound."""
        self.row(report_id).click()
        self.sees_medium()

    def row(self, report_id: str) -> Locator:
        """The report in the inbox."""
        return self.page.locator(f"a.row-link[href='#/report/{report_id}']")

    def open_file(self, name: str, content: bytes) -> None:
        """Picks a file from this computer, from the inbox."""
        file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.set_input_files("#file-picker", files=file)

    # -- the report

    def sees_medium(self) -> None:
        """The medium is there: not its small picture, the real one."""
        expect(self.page.locator(".pane-picture[alt]:not([alt='']), .pane-player, .pane-message").first).to_be_visible()

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def photo(self) -> Locator:
        """The photo on the stage."""
        return self.page.locator(".pane-picture")

    @property
    def title(self) -> Locator:
        """Whose report it is."""
        return self.page.locator(".toolbar-title")

    @property
    def facts(self) -> Locator:
        """The panel of facts."""
        return self.page.locator(".facts-panel")

    @property
    def trouble(self) -> Locator:
        """What is said instead of the report."""
        return self.page.locator(".report-trouble .notice")

    def is_at(self, number: int, count: int) -> None:
        """The medium with this number is shown and marked."""
        kinds = r"(Photo|Video|Recording)"
        current = self.page.locator(".thumb[aria-current=true]")
        expect(current).to_have_attribute("aria-label", re.compile(rf"^{kinds} {number} of {count}\b"))

    def scale(self) -> float:
        """How much the photo on the stage is enlarged beyond being fitted."""
        transform: str = self.photo.first.evaluate("node => node.style.transform")
        found = re.search(r"scale\(([0-9.]+)\)", transform)
        assert found, transform
        return float(found[1])

    def turn(self) -> int:
        """By how many degrees the photo on the stage is turned."""
        transform: str = self.photo.first.evaluate("node => node.style.transform")
        found = re.search(r"rotate\(([0-9]+)deg\)", transform)
        assert found, transform
        return int(found[1])

    def saved(self, choice: str, *, with_patient: bool = False) -> tuple[str, bytes]:
        """Saves by the dialogue: the name and the content of the download."""
        self.press("s")
        if with_patient:
            self.page.check("#save-with-patient")
        with download(self.page) as saved:
            self.page.locator(".choice", has_text=choice).first.click()
        return saved.name, saved.content

    def python(self, source: str) -> None:
        """Runs Python inside the page."""
        self.page.evaluate(PYTHON, source)

    # -- what must not be

    def live_urls(self) -> int:
        """How many object URLs lead to something."""
        return int(self.page.evaluate("() => liveUrls.size"))

    def shows_nothing_of(self, *words: str) -> None:
        """None of these words is anywhere in the document, its title included."""
        document: str = self.page.evaluate("() => document.documentElement.outerHTML")
        for word in words:
            assert word not in document, f"“{word}” is still in the page"

    def nothing_was_refused(self) -> None:
        """The page broke no rule of its policy and met no error that it did not expect."""
        assert self.page.evaluate("() => violations") == []
        assert [each for each in self.errors if BROKEN_OFF not in each] == []
