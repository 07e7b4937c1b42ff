"""Reading one report after another: next and previous, back to the row, back after a lock, and what is taken away meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

from picsafe_protocol.format.report import Patient

PHOTOS = [drawn_photo(1200, 900, colour) for colour in ("firebrick", "olive", "steelblue")]
FILES = [MadeFile("image/jpeg", photo, small_picture(photo), width=1200, height=900) for photo in PHOTOS]
SMITHS = (Patient("John Smith", "1961-04-17", "MRN 00771"), Patient("John Smith", "1984-10-02", "MRN 51204"))
NUMBERED = Patient("", None, "943 476 5919")


@pytest.fixture(scope="module")
def reports(clinic: Clinic, sender: Person, reader: Person) -> list[MadeReport]:
    """In the order of the list: the newest first."""
    made = [clinic.send(sender, [reader], FILES, patient=patient) for patient in (*SMITHS, NUMBERED)]
    return made[::-1]


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, reports: list[MadeReport]) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, reports: list[MadeReport]) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(reports[0].header.report_id)
    yield window
    window.nothing_was_refused()


def shows(visit: Visit, report: MadeReport) -> None:
    visit.sees_medium()
    assert visit.page.url.endswith(report.header.report_id)


def patient(visit: Visit) -> str:
    return visit.page.locator(".toolbar-heading").inner_text()


def test_one_step_leads_to_the_next_report_and_two_of_one_name_are_told_apart(
    visit: Visit, reports: list[MadeReport]
) -> None:
    place = visit.page.locator(".report-place")
    expect(place).to_have_text("1 of 3")
    expect(visit.title).to_have_text("943 476 5919")
    visit.press("j")
    expect(place).to_have_text("2 of 3")
    shows(visit, reports[1])
    assert "2 Oct 1984" in patient(visit)
    assert "MRN 51204" in patient(visit)
    visit.page.get_by_role("button", name="Next report").click()
    expect(place).to_have_text("3 of 3")
    shows(visit, reports[2])
    assert "17 Apr 1961" in patient(visit)
    expect(visit.page.get_by_role("button", name="Next report")).to_be_focused()
    expect(visit.page.get_by_role("button", name="Next report")).to_have_attribute("aria-disabled", "true")
    visit.press("j")
    expect(place).to_have_text("3 of 3")
    visit.press("k")
    shows(visit, reports[1])


def test_back_leads_to_the_row_of_the_report_seen_last(visit: Visit, reports: list[MadeReport]) -> None:
    visit.press("j")
    shows(visit, reports[1])
    visit.press("Escape")
    expect(visit.row(reports[1].header.report_id)).to_be_focused()


def test_the_next_report_is_fetched_but_its_key_is_not_asked_for(
    visit: Visit, clinic: Clinic, reports: list[MadeReport]
) -> None:
    following = reports[1].header.report_id
    while not (fetched := len(clinic.network.asked(f"/v1/packages/{following}"))):
        visit.page.wait_for_timeout(50)
    released = len(clinic.network.asked("/release"))
    visit.press("j")
    shows(visit, reports[1])
    assert len(clinic.network.asked(f"/v1/packages/{following}")) == fetched, "nothing was fetched twice"
    assert len(clinic.network.asked("/release")) == released + 1, "the key came when it was opened"


def test_escape_leaves_the_innermost_mode_first(visit: Visit, reports: list[MadeReport]) -> None:
    visit.press("c", "+")
    expect(visit.page.locator(".pane")).to_have_count(2)
    visit.press("Escape")
    expect(visit.page.locator(".pane")).to_have_count(1)
    visit.press("0", "+", "+")
    assert visit.scale() > 1.5
    visit.press("Escape")
    assert visit.scale() == 1
    visit.press("Escape")
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_after_a_lock_the_same_photo_zoom_rotation_and_comparison_are_back(
    visit: Visit, clinic: Clinic, reports: list[MadeReport]
) -> None:
    visit.press("ArrowRight")
    visit.is_at(2, 3)
    expect(visit.photo.and_(visit.page.locator("[alt='Photo 2 of 3']"))).to_be_visible()
    visit.press("r", "+", "+")
    zoom, turn = visit.scale(), visit.turn()
    assert zoom > 1.5
    assert turn == 90
    released = len(clinic.network.asked("/release"))
    visit.press("l")
    visit.shows_nothing_of("943 476 5919", "blob:")
    visit.enter_password()
    visit.sees_medium()
    visit.is_at(2, 3)
    assert visit.scale() == pytest.approx(zoom, rel=0.01)
    assert visit.turn() == turn
    assert len(clinic.network.asked("/release")) == released + 1, "the key is asked for again, and that is logged"
    visit.press("0", "c")
    expect(visit.page.locator(".pane")).to_have_count(2)
    visit.press("l")
    visit.enter_password()
    visit.sees_medium()
    expect(visit.page.locator(".pane")).to_have_count(2)
    expect(visit.page.locator(".pane").nth(1)).to_have_attribute("aria-label", "Photo 3 of 3")


def test_after_a_lock_the_report_beside_it_is_back(visit: Visit, reports: list[MadeReport]) -> None:
    visit.press("b")
    visit.page.locator(f".choice[data-id='{reports[1].header.report_id}']").click()
    expect(visit.page.locator(".pane-caption")).to_have_count(2)
    expect(visit.page.locator(".pane-caption").nth(1)).to_contain_text("MRN 51204")
    visit.press("l")
    visit.shows_nothing_of("MRN 51204")
    visit.enter_password()
    expect(visit.page.locator(".pane-caption").nth(1)).to_contain_text("MRN 51204")
    visit.press("b")


def test_single_letters_can_be_switched_off(visit: Visit, reports: list[MadeReport]) -> None:
    visit.press("?")
    visit.page.get_by_label("Single-letter shortcuts").uncheck()
    visit.press("Escape")
    place = visit.page.locator(".report-place")
    before = place.inner_text()
    visit.press("j", "l", "s")
    expect(visit.page.locator("dialog")).to_have_count(0)
    expect(place).to_have_text(before)
    visit.press("ArrowRight")
    visit.is_at(2, 3)
    visit.page.evaluate("() => { location.hash = '#/account'; }")
    visit.page.get_by_label("Single-letter shortcuts").check()
    visit.to_inbox()
    visit.open_report(reports[0].header.report_id)
    visit.press("j")
    expect(place).not_to_have_text(before)


def test_the_record_number_is_copied_by_one_click(visit: Visit) -> None:
    copy = visit.page.get_by_role("button", name="Copy hospital or NHS number 943 476 5919")
    copy.click()
    expect(visit.page.locator("#announcer")).to_contain_text("umber")


@pytest.mark.parametrize("width", [360, 800, 1024, 1280, 1920])
def test_the_patient_is_in_sight_at_every_width(visit: Visit, reports: list[MadeReport], width: int) -> None:
    visit.press("j")
    shows(visit, reports[1])
    visit.page.set_viewport_size({"width": width, "height": 700})
    for fact in ("John Smith", "2 Oct 1984", "MRN 51204"):
        place = visit.page.locator(".toolbar-heading").get_by_text(fact)
        box = place.bounding_box()
        assert box, fact
        assert box["x"] >= 0, fact
        assert box["x"] + box["width"] <= width, fact
    expect(visit.page.locator(".toolbar-about")).to_be_visible()
    visit.page.set_viewport_size({"width": 1280, "height": 720})


def test_in_a_low_window_the_bars_leave_the_photo_its_place(visit: Visit) -> None:
    """A ward computer at 200 %: 640 by 360 CSS pixels."""
    visit.page.set_viewport_size({"width": 640, "height": 360})
    stage = visit.page.locator(".stage").bounding_box()
    assert stage
    assert stage["height"] > 360 * 0.75
    visit.page.get_by_role("button", name="More").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Lock this page").click()
    expect(visit.page.locator("#sign-in-title")).to_have_text("Locked")
    visit.page.set_viewport_size({"width": 1280, "height": 720})
    visit.enter_password()


def test_a_withdrawn_report_closes_where_it_is_open_and_its_row_says_so(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES, patient=SMITHS[0])
    visit.to_inbox()
    visit.open_report(made.header.report_id)
    clinic.withdraw(sender, made.header.report_id)
    expect(visit.trouble).to_contain_text(f"{sender.name} withdrew this report on")
    visit.shows_nothing_of("MRN 00771", "blob:")
    assert visit.live_urls() == 0
    visit.press("Escape")
    row = visit.row(made.header.report_id)
    expect(row).to_contain_text(f"Withdrawn by {sender.name}")
    visit.page.reload()
    expect(row).to_contain_text(f"Withdrawn by {sender.name}", timeout=30_000)
