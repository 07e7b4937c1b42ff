"""Drafts: what is in the sending form survives a lock, a reload and a killed browser, for its sender and for nobody else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.engines import CHROMIUM, FIREFOX, PROGRAMS, WEBKIT, not_in
from harness.browser.send_page import SendScreen, file
from harness.browser.session import READY, WATCH, Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import newest
from harness.photos import drawn_photo
from playwright.sync_api import Dialog, Page, Playwright, expect

PATIENT, NUMBER, NOTES = "Edda Lindqvist", "MRN 00412", "Superficial burn on day two"
NAME = "IMG_2041_edda.jpg"
PHOTO = file(NAME, drawn_photo(1200, 900, "firebrick"))
SECOND = file("IMG_2042.jpg", drawn_photo(900, 1200, "olive"))
KEPT = re.compile(r"A draft is kept on this computer, encrypted, until .* Only you can open it\.")
FOUND = re.compile(r"You have a draft of 2 photos from \d?\d:\d\d")
SESSION_WRITTEN = 4_000
"""Milliseconds after which Chromium has written down what its windows hold, fields of forms included."""
NO_DATABASE = """
const { open } = IDBFactory.prototype;
IDBFactory.prototype.open = function (name, ...rest) {
  if (name === "picsafe-sealed") throw new DOMException("", "SecurityError");
  return open.call(this, name, ...rest);
};
"""
READS_FAIL = """() => {
  const { get } = IDBObjectStore.prototype;
  let reads = 0;
  IDBObjectStore.prototype.get = function (key) {
    if (this.name !== "drafts" || ++reads === 1) return get.call(this, key);
    document.documentElement.dataset.failedReads = String(reads);
    throw new DOMException("the disk is away", "UnknownError");
  };
}"""
"""The draft is still found; reading its form then fails, until the page is loaded again."""
STORED = """() => new Promise((resolve) => {
  const request = indexedDB.open("picsafe-sealed");
  request.onupgradeneeded = () => request.transaction.abort();
  request.onerror = () => resolve([0, 0]);
  request.onsuccess = () => {
    const stores = request.result.transaction(["drafts", "pieces"]);
    const [drafts, pieces] = ["drafts", "pieces"].map((name) => stores.objectStore(name).count());
    stores.oncomplete = () => { request.result.close(); resolve([drafts.result, pieces.result]); };
  };
})"""


@pytest.fixture(scope="module")
def sender(clinic: Clinic) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")


@pytest.fixture
def screen(enter: Enter, sender: Person) -> Iterator[SendScreen]:
    """An empty form in a window of its own, whose browser has no drafts."""
    visit = enter(sender)
    yield SendScreen(visit).begin()
    visit.nothing_was_refused()
    visit.page.context.close()


def fill(screen: SendScreen, reader: Person) -> None:
    screen.choose(PHOTO, SECOND)
    screen.describe([reader], patient=PATIENT, record_number=NUMBER, notes=NOTES)
    screen.page.get_by_label("Side").select_option("left")
    screen.page.get_by_label("How consent was given").select_option("verbal")
    screen.page.get_by_label("Teaching").check()
    is_kept(screen.page)


def is_kept(page: Page) -> None:
    expect(page.locator(".draft-line")).to_contain_text(KEPT)


def nothing_is_kept(page: Page) -> None:
    """The database is empty, soon."""
    until = time.monotonic() + 10
    while (there := page.evaluate(STORED)) != [0, 0]:
        assert time.monotonic() < until, f"drafts and pieces that are still there: {there}"
        page.wait_for_timeout(100)


def found(page: Page) -> Any:
    return page.locator("#drafts .notice").filter(has_text=FOUND)


def goes_on(screen: SendScreen) -> None:
    """The draft is offered and continued; everything is as it was."""
    page = screen.page
    found(page).get_by_role("button", name="Continue").click()
    screen.has(2)
    expect(page.locator(".tray-name")).to_have_text([NAME, "IMG_2042.jpg"])
    expect(page.locator("#send-patient-name")).to_have_value(PATIENT)
    expect(page.locator("#send-record-number")).to_have_value(NUMBER)
    expect(page.locator("#send-notes")).to_have_value(NOTES)
    expect(page.get_by_label("Side")).to_have_value("left")
    expect(page.get_by_label("How consent was given")).to_have_value("verbal")
    expect(page.get_by_label("Teaching")).to_be_checked()
    expect(page.locator(".chip-person")).to_have_count(1)
    expect(found(page)).to_have_count(0)


def test_a_draft_that_cannot_be_read_once_is_not_deleted(screen: SendScreen, reader: Person) -> None:
    """The browser's database fails while the draft is opened after a sign-in."""
    fill(screen, reader)
    page = screen.page
    screen.visit.press("Escape")
    page.click("#lock-button")
    expect(page.locator("#password")).to_be_visible()
    page.evaluate(READS_FAIL)
    screen.visit.enter_password()
    expect(page.locator("html[data-failed-reads]")).to_be_visible()
    expect(found(page)).to_have_count(0)
    page.reload()
    expect(found(page)).to_be_visible(timeout=READY)
    goes_on(screen)


def test_a_draft_survives_a_lock_and_is_sent(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    page = screen.page
    fill(screen, reader)
    page.click("#lock-button")
    expect(page.locator("#sign-in-title")).to_have_text("Locked")
    screen.visit.shows_nothing_of(PATIENT, NUMBER, NAME)
    assert screen.visit.live_urls() == 0
    screen.visit.enter_password()
    goes_on(screen)
    is_kept(page)
    screen.check()
    expect(screen.summary).to_contain_text("Each file that is sent looks the same as the original.")
    screen.send_button.click()
    screen.has_arrived()
    report = newest(clinic, reader).report
    assert (report.patient.name, report.notes, len(report.media)) == (PATIENT, NOTES, 2)
    nothing_is_kept(page)


def test_a_draft_survives_a_reload_and_is_discarded(screen: SendScreen, reader: Person) -> None:
    page = screen.page
    fill(screen, reader)
    page.reload()
    expect(page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    expect(found(page)).to_be_visible()
    screen.visit.shows_nothing_of(PATIENT, NUMBER, NAME)
    found(page).get_by_role("button", name="Discard").click()
    page.locator("dialog").get_by_role("button", name="Discard").click()
    expect(found(page)).to_have_count(0)
    nothing_is_kept(page)


def test_another_person_sees_no_sign_of_it(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    page, visit = screen.page, screen.visit
    fill(screen, reader)
    asked: list[str] = []
    page.locator("#sign-out-button").click()
    expect(page.locator("#sign-in-title")).to_have_text("You are signed out")
    page.on("request", lambda request: asked.append(request.url) if "sealed-drafts/secrets" in request.url else None)
    other = Visit(clinic, page, reader)
    other.enter_password()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.locator("nav").get_by_role("link", name="Send").click()
    expect(page.locator(".send-form")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("#drafts > *")).to_have_count(0)
    visit.shows_nothing_of(PATIENT, NUMBER, NAME)
    assert asked, "the server was asked, and gave nothing"
    page.locator("#sign-out-button").click()
    visit.enter_password()
    expect(found(page)).to_be_visible()


def test_until_it_is_kept_a_lock_asks_first(screen: SendScreen, clinic: Clinic) -> None:
    page = screen.page
    with clinic.held("/v1/sealed-drafts"):
        screen.describe([], patient=PATIENT)
        page.locator("#lock-button").click()
        expect(page.locator("dialog")).to_contain_text("Lock this page?")
        page.get_by_role("button", name="Stay here").click()
        page.locator("#sign-out-button").click()
        expect(page.locator("dialog")).to_contain_text("Sign out?")
        page.get_by_role("button", name="Stay here").click()
        expect(page.locator("#send-patient-name")).to_have_value(PATIENT)
    is_kept(page)
    page.locator("#lock-button").click()
    expect(page.locator("#sign-in-title")).to_have_text("Locked")


def test_a_browser_without_a_database_says_so_before_anything_relies_on_it(
    enter: Enter, clinic: Clinic, sender: Person, reader: Person
) -> None:
    asked: list[str] = []

    def stays(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    visit = enter(sender)
    page = visit.page
    page.add_init_script(NO_DATABASE)
    page.reload()
    expect(page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    screen = SendScreen(visit).begin()
    expect(page.locator(".draft-line")).to_contain_text("This browser keeps no drafts.")
    screen.choose(PHOTO)
    page.locator("#lock-button").click()
    expect(page.locator("dialog")).to_contain_text("Lock this page?")
    page.get_by_role("button", name="Lock and lose it").click()
    expect(page.locator("#sign-in-title")).to_have_text("Locked")
    visit.enter_password()
    screen.begin()
    screen.choose(PHOTO)
    screen.describe([reader], patient=PATIENT)
    with clinic.held("/parts/0"):
        screen.send()
        expect(screen.progress).to_contain_text("Keep My PicSafe open until this has arrived")
        page.once("dialog", stays)
        page.close(run_before_unload=True)
        page.wait_for_timeout(1_000)
        assert asked == ["beforeunload"], "a page that is closed would lose it"
    screen.has_arrived()
    visit.nothing_was_refused()
    page.context.close()


# A browser of its own, which can be killed


@contextmanager
def own_browser(playwright: Playwright, profile: Path) -> Iterator[tuple[Page, subprocess.Popen[bytes]]]:
    """Chromium with this folder for its profile, and the process to kill."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    command = [PROGRAMS[CHROMIUM]["executable_path"], *PROGRAMS[CHROMIUM]["args"], "--headless=new", "--no-first-run"]
    command += [f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not (port_file.is_file() and port_file.read_text().strip()):
            assert time.monotonic() < until, "Chromium does not start"
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/version") as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        browser = playwright.chromium.connect_over_cdp(address)
        context = browser.contexts[0]
        context.add_init_script(WATCH)
        yield context.new_page(), process
        browser.close()
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the system does when it runs out of memory: nothing is tidied up."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def holds(folder: Path, *sought: bytes) -> list[tuple[str, bytes]]:
    """Files below `folder` that hold one of these."""
    hits = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            hits += [(str(path.relative_to(folder)), each) for each in sought if each in content]
    return hits


@not_in(FIREFOX, "the process to kill is Chromium's")
@not_in(WEBKIT, "the process to kill is Chromium's")
def test_a_draft_survives_a_killed_browser_and_the_disk_shows_nothing(
    playwright: Playwright, clinic: Clinic, sender: Person, reader: Person, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    photo = PHOTO["buffer"]  # type: ignore[index]
    pieces = [photo[at : at + 48] for at in range(64, len(photo) - 48, len(photo) // 7)]
    words = [each.encode(code) for each in (PATIENT, NUMBER, NOTES, NAME) for code in ("utf-8", "utf-16-le")]
    with own_browser(playwright, profile) as (page, process):
        visit = Visit(clinic, page, sender)
        visit.sign_in()
        screen = SendScreen(visit).begin()
        fill(screen, reader)
        page.wait_for_timeout(SESSION_WRITTEN)
        kill(process)
    assert (profile / "Default" / "IndexedDB").is_dir()
    assert holds(profile, "picsafe-sealed".encode("utf-16-be")), "the database is on the disk"
    assert holds(profile, *pieces, *words, sender.id.encode()) == []
    with own_browser(playwright, profile) as (page, _process):
        visit = Visit(clinic, page, sender)
        visit.sign_in()
        expect(found(page)).to_be_visible(timeout=READY)
        goes_on(SendScreen(visit))
        kill(_process)
    assert holds(profile, *pieces, *words) == [], "also after it was opened again"
