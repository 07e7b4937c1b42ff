"""The outbox: what was sent goes on after a reload, a closed page and a killed browser, and its sender sees how."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from e2e.conftest import Enter
from e2e.test_drafts_survive import kill, own_browser
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.send_page import SendScreen, file, recording
from harness.browser.session import READY, Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import inbox, newest
from harness.photos import drawn_photo
from harness.small_upload_parts import FIRST_PART_ARRIVED, PART, small_parts
from playwright.sync_api import Page, Playwright, expect

PHOTO = file("IMG_2041.jpg", drawn_photo(1200, 900, "firebrick"))
SOUND = recording(2 * PART + PART // 2)
KEPT = "It is encrypted and kept in this browser."
WAITS = """() => new Promise((resolve) => {
  const request = indexedDB.open("picsafe-sealed");
  request.onsuccess = () => {
    const stores = request.result.transaction(["packages", "drafts"]);
    const counts = ["packages", "drafts"].map((name) => stores.objectStore(name).count());
    stores.oncomplete = () => { request.result.close(); resolve(counts.map(({ result }) => result)); };
  };
})"""


@pytest.fixture(scope="module", autouse=True)
def parts_are_small() -> Iterator[None]:
    with small_parts():
        yield


@pytest.fixture
def screen(enter: Enter, sender: Person) -> Iterator[SendScreen]:
    visit = enter(sender)
    yield SendScreen(visit).begin()
    visit.nothing_was_refused()
    visit.page.context.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "operation.wav"
    path.write_bytes(SOUND)
    return path


@contextmanager
def on_its_way(screen: SendScreen, reader: Person, large: Path) -> Iterator[None]:
    """Within the block one part of three has arrived, the browser keeps the report, and the next part is held."""
    screen.choose(large)
    screen.describe([reader], patient="Edda Lindqvist")
    with screen.visit.clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        expect(screen.progress).to_contain_text(KEPT)
        yield


def arrives(clinic: Clinic, reader: Person, count: int) -> None:
    until = time.monotonic() + 40
    while len(inbox(clinic, reader)) < count:
        assert time.monotonic() < until, "it has not arrived"
        time.sleep(0.1)
    assert len(inbox(clinic, reader)) == count


def nothing_waits(page: Page) -> None:
    until = time.monotonic() + 10
    while (there := page.evaluate(WAITS)) != [0, 0]:
        assert time.monotonic() < until, f"packages and drafts that are still there: {there}"
        page.wait_for_timeout(100)


def test_a_reload_in_the_middle_goes_on_and_shows_it_above_what_was_sent(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    page, before = screen.page, len(inbox(clinic, reader))
    with on_its_way(screen, reader, large):
        page.reload()
        expect(page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
        expect(page.locator("#outbox-chip")).to_contain_text("1 report on its way")
        expect(page.locator("#drafts > *")).to_have_count(0)  # it is no draft any more
        wide = page.viewport_size
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator("#outbox-chip .outbox-count")).to_be_visible()  # there is no room for the words
        page.set_viewport_size(wide)  # type: ignore[arg-type]
        page.locator("#outbox-chip").click()
        expect(page.locator(".outbox")).to_contain_text("To Dr Jon Keller")
        expect(page.locator(".outbox")).to_contain_text("Uploading, encrypted")
    screen.was_delivered()
    arrives(clinic, reader, before + 1)
    assert newest(clinic, reader).files == [SOUND]
    expect(page.locator("#outbox-chip")).to_be_hidden()
    nothing_waits(page)


def test_after_signing_out_and_a_reload_it_goes_on_at_the_sign_in_page(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    page, before = screen.page, len(inbox(clinic, reader))
    with on_its_way(screen, reader, large):
        page.click("#sign-out-button")
        expect(page.locator("#sign-in-title")).to_have_text("You are signed out")
        page.reload()
        expect(page.locator("#outbox-status")).to_contain_text(
            "1 encrypted report is still being delivered", timeout=READY
        )
        screen.visit.shows_nothing_of("Edda", "Keller", "operation")
    arrives(clinic, reader, before + 1)
    expect(page.locator("#outbox-status")).to_be_hidden()
    nothing_waits(page)


def test_several_are_on_their_way_and_one_is_stopped(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    page, before = screen.page, len(inbox(clinic, reader))
    with on_its_way(screen, reader, large):
        screen.button("Send another report").click()
        expect(screen.progress).to_have_count(0)
        screen.choose(PHOTO)
        screen.describe([reader], patient="Second Patient")
        with clinic.held("/parts/0"):
            screen.send()
            expect(screen.progress).to_contain_text(KEPT)
            expect(page.locator("#outbox-chip")).to_contain_text("2 reports on their way")
            screen.go("sent")
            rows = page.locator(".outbox-row")
            expect(rows).to_have_count(2)
            rows.first.get_by_role("button", name="Stop").click()
            page.locator("dialog").get_by_role("button", name="Stop").click()
            expect(rows).to_have_count(1)
        screen.was_delivered()
    arrives(clinic, reader, before + 1)
    assert newest(clinic, reader).report.patient.name == "Second Patient"
    # What was stopped is not lost.
    expect(page.locator("#drafts .notice")).to_contain_text(re.compile("You have a draft of 1 sound"))


def test_without_a_network_it_waits_and_goes_on_its_own(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    page, before = screen.page, len(inbox(clinic, reader))
    page.route("**/parts/1", lambda route: route.abort())
    screen.choose(large)
    screen.describe([reader], patient="Edda Lindqvist")
    screen.send()
    expect(screen.progress).to_contain_text("No connection.")
    page.click("#lock-button")
    expect(page.locator("#outbox-status")).to_contain_text("1 encrypted report is still being delivered")
    page.unroute("**/parts/1")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    arrives(clinic, reader, before + 1)


@not_in(FIREFOX, "the process to kill is Chromium's")
@not_in(WEBKIT, "the process to kill is Chromium's")
def test_a_killed_browser_goes_on_before_anybody_signs_in(
    playwright: Playwright, clinic: Clinic, sender: Person, reader: Person, large: Path, tmp_path: Path
) -> None:
    before = len(inbox(clinic, reader))
    with own_browser(playwright, tmp_path / "profile") as (page, process):
        visit = Visit(clinic, page, sender)
        visit.sign_in()
        with on_its_way(SendScreen(visit).begin(), reader, large):
            kill(process)
    with own_browser(playwright, tmp_path / "profile") as (page, process):
        page.goto(clinic.url)
        arrives(clinic, reader, before + 1)
        assert newest(clinic, reader).files == [SOUND]
        nothing_waits(page)
        kill(process)


def test_what_its_sender_ended_everywhere_does_not_go_on(
    screen: SendScreen, clinic: Clinic, sender: Person, reader: Person, large: Path
) -> None:
    page, before = screen.page, len(inbox(clinic, reader))
    with on_its_way(screen, reader, large), clinic.client_of(sender) as http:
        assert http.delete("/users/v1/sessions").status_code == 204
        page.reload()
        expect(page.locator("html[data-python=ready]")).to_be_attached(timeout=READY)
    page.wait_for_timeout(2_000)
    assert len(inbox(clinic, reader)) == before
    screen.visit.enter_password()
    expect(page.locator("#drafts .notice")).to_contain_text(re.compile("You have a draft of 1 sound"))
