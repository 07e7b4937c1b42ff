"""Opening a report from the inbox and looking at it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.engines import FIREFOX, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

PHOTOS = [drawn_photo(1200, 900, colour) for colour in ("firebrick", "olive", "steelblue")]
FITS = """(pane) => {
  const room = pane.getBoundingClientRect(), photo = pane.querySelector(".pane-picture").getBoundingClientRect();
  return photo.left >= room.left - 1 && photo.right <= room.right + 1 && photo.top >= room.top - 1 && photo.bottom <= room.bottom + 1;
}"""
BROKEN_HEIC = b"\0\0\0\x18ftypheic" + bytes(200)
FILES = [
    *(
        MadeFile("image/jpeg", photo, small_picture(photo), caption=caption, width=1200, height=900)
        for photo, caption in zip(PHOTOS, ("Overview", "", "Edge"), strict=True)
    ),
    MadeFile("image/heic", BROKEN_HEIC),
]


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    return clinic.send(sender, [reader], FILES, signature=drawn_photo(300, 100, "white", "PNG"))


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, report: MadeReport) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(report.header.report_id)
    yield window
    window.nothing_was_refused()


def test_the_photo_and_its_facts_are_there(visit: Visit) -> None:
    expect(visit.title).to_have_text("Edda Lindqvist")
    assert visit.photo.evaluate("node => [node.naturalWidth, node.naturalHeight]") == [1200, 900]
    for fact in ("31 Jan 1970", "MRN 00412", "Dr Ruth Abara", "Forearm, left", "Superficial burn, day 2.", "Overview"):
        expect(visit.facts).to_contain_text(fact)
    for words in ("Given by the patient, in writing.", "Treatmentallowed", "Researchnot allowed"):
        expect(visit.facts).to_contain_text(words)


def test_every_thumbnail_comes(visit: Visit) -> None:
    expect(visit.page.locator(".thumb-picture")).to_have_count(3)


def test_keys_go_from_one_to_the_next(visit: Visit) -> None:
    for key, number in (
        ("ArrowRight", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", 4),
        ("ArrowRight", 4),
        ("Home", 1),
        ("ArrowLeft", 1),
    ):
        visit.press(key)
        visit.is_at(number, 4)


def test_a_click_on_a_thumbnail_shows_its_photo(visit: Visit) -> None:
    visit.page.locator(".thumb").nth(2).click()
    visit.is_at(3, 4)
    expect(visit.photo).to_have_attribute("alt", "Photo 3 of 4, Edge")


def test_keys_zoom_turn_and_fit(visit: Visit) -> None:
    visit.press("+", "+")
    assert visit.scale() == pytest.approx(1.96, abs=0.01)
    visit.press("-")
    assert visit.scale() == pytest.approx(1.4, abs=0.01)
    visit.press("0")
    assert visit.scale() == 1
    visit.press("r")
    assert visit.turn() == 90


def test_the_turn_of_a_photo_is_remembered_while_the_report_is_open(visit: Visit) -> None:
    visit.press("r", "ArrowRight")
    visit.is_at(2, 4)
    visit.sees_medium()
    assert visit.turn() == 0
    visit.press("ArrowLeft")
    visit.is_at(1, 4)
    visit.sees_medium()
    assert visit.turn() == 90


def test_wheel_and_mouse_zoom_and_drag(visit: Visit) -> None:
    visit.page.mouse.move(500, 450)
    visit.page.mouse.wheel(0, -400)
    expect(visit.page.locator(".pane-enlarged")).to_be_visible()
    before = visit.photo.evaluate("node => node.style.transform")
    visit.page.mouse.down()
    visit.page.mouse.move(450, 430)
    visit.page.mouse.up()
    assert visit.photo.evaluate("node => node.style.transform") != before


@not_in(FIREFOX, "WebDriver BiDi clicks one by one: two clicks never become a double click")
def test_a_double_click_goes_closer_and_back(visit: Visit) -> None:
    visit.page.mouse.dblclick(500, 450)
    expect(visit.page.locator(".pane-enlarged")).to_be_visible()
    visit.page.mouse.dblclick(500, 450)
    expect(visit.page.locator(".pane-enlarged")).to_have_count(0)
    assert visit.scale() == 1


def test_two_photos_side_by_side_each_with_its_own_view(visit: Visit) -> None:
    visit.press("c")
    expect(visit.page.locator(".pane")).to_have_count(2)
    expect(visit.page.locator(".thumb-other")).to_have_attribute("aria-label", "Photo 2 of 4")
    expect(visit.page.locator(".pane-picture[alt]:not([alt=''])")).to_have_count(2)
    for pane in visit.page.locator(".pane").all():
        assert pane.evaluate(FITS), "both are fitted into the room that is left for each"
    visit.press("+")
    scales = visit.page.locator(".pane-picture").evaluate_all(
        "nodes => nodes.map(node => node.style.transform.match(/scale\\((.*)\\)/)[1])"
    )
    assert len(set(scales)) == 2
    visit.page.locator(".pane").nth(1).click()
    visit.press("ArrowRight")
    visit.is_at(3, 4)
    visit.press("c")
    expect(visit.page.locator(".pane")).to_have_count(1)
    visit.is_at(3, 4)


def test_the_facts_fold_and_the_keys_are_listed(visit: Visit) -> None:
    visit.press("i")
    expect(visit.facts).to_be_hidden()
    visit.press("i")
    expect(visit.facts).to_be_visible()
    visit.press("?")
    expect(visit.page.locator("dialog .keys")).to_contain_text("Previous and next file")
    visit.press("Escape")
    expect(visit.page.locator("dialog")).to_have_count(0)
    expect(visit.title).to_be_visible()


def test_a_photo_that_this_browser_cannot_show_is_said_to_be_complete_and_can_be_saved(visit: Visit) -> None:
    visit.press("End")
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text("This browser cannot show this HEIC photo.")
    expect(message).to_contain_text("complete: every byte is what the sender encrypted")
    with download(visit.page) as saved:
        message.get_by_role("button", name="Save this file").click()
    assert (saved.name, saved.content) == ("2026-11-22_left-forearm_4.heic", BROKEN_HEIC)


def test_the_signature_is_fetched_when_it_is_asked_for(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Show the signature").click()
    expect(visit.page.locator(".facts-signature")).to_be_visible()


# Saving


def test_one_file_is_saved_byte_for_byte(visit: Visit) -> None:
    visit.press("ArrowRight")
    visit.is_at(2, 4)
    assert visit.saved("This JPEG photo") == ("2026-11-22_left-forearm_2.jpg", PHOTOS[1])


def test_the_patient_is_in_the_name_only_when_asked(visit: Visit) -> None:
    name, content = visit.saved("This JPEG photo", with_patient=True)
    assert name == "2026-11-22_edda-lindqvist_left-forearm_1.jpg"
    assert content == PHOTOS[0]


def test_all_files_are_saved_as_a_zip(visit: Visit, report: MadeReport) -> None:
    name, content = visit.saved("All 4 files")
    assert name == "2026-11-22_left-forearm.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert [archive.read(f"2026-11-22_left-forearm_{number}.jpg") for number in (1, 2, 3)] == PHOTOS
        assert archive.read("2026-11-22_left-forearm_4.heic") == BROKEN_HEIC
        assert archive.read("consent/001.png") == report.files["consent/001.png"]
        assert archive.read("report.json") == report.report.to_bytes()
        assert json.loads(archive.read("sender.json"))["report_id"] == report.header.report_id
        assert len(archive.namelist()) == 7


def test_some_of_the_files_are_saved_as_a_zip(visit: Visit) -> None:
    visit.press("ArrowRight", "s")
    visit.page.check("#save-with-patient")
    visit.page.get_by_role("button", name="Some of the files").click()
    dialogue = visit.page.get_by_role("dialog", name="Which files?")
    expect(dialogue.get_by_label("Photo 2 of 4")).to_be_checked()
    dialogue.get_by_label("Photo 2 of 4").uncheck()
    expect(dialogue.get_by_role("button", name="Save 0 files as a zip")).to_be_disabled()
    dialogue.get_by_label("Photo 1 of 4").check()
    dialogue.get_by_label("Photo 3 of 4").check()
    with download(visit.page) as saved_file:
        dialogue.get_by_role("button", name="Save 2 files as a zip").click()
    assert saved_file.name == "2026-11-22_edda-lindqvist_left-forearm_2-of-4.zip"
    with zipfile.ZipFile(io.BytesIO(saved_file.content)) as archive:
        assert archive.testzip() is None
        saved = [f"2026-11-22_edda-lindqvist_left-forearm_{number}.jpg" for number in (1, 3)]
        assert archive.namelist() == [*saved, "consent/001.png", "report.json", "sender.json"]
        assert [archive.read(each) for each in saved] == [PHOTOS[0], PHOTOS[2]]


def test_only_the_last_saved_file_is_announced(visit: Visit) -> None:
    for _ in range(3):
        visit.saved("This JPEG photo")
    expect(visit.page.locator(".report-said")).to_have_count(1)


def test_the_encrypted_package_is_saved_as_it_came(visit: Visit, report: MadeReport) -> None:
    name, content = visit.saved("The encrypted file")
    assert name == f"2026-11-22_{report.header.report_id[:8]}.picsafe"
    assert content == report.package


# Printing


def test_one_photo_is_printed_with_its_facts(visit: Visit) -> None:
    visit.press("p")
    visit.page.get_by_role("button", name="This photo").click()
    expect(visit.page.locator("dialog")).to_have_count(0)
    printed = _printed(visit)
    assert printed["photos"] == [1200]
    for fact in ("Edda Lindqvist", "31 Jan 1970", "MRN 00412", "Forearm, left", "Overview", "Confidential"):
        assert fact in printed["text"]


def test_all_photos_are_printed_and_those_that_cannot_be_are_named(visit: Visit) -> None:
    visit.press("p")
    visit.page.get_by_role("button", name="All 4 photos").click()
    assert _printed(visit)["photos"] == [1200, 1200, 1200]
    expect(visit.page.locator("#banner")).to_contain_text("1 photo was not printed")
    expect(visit.page.locator("#print-sheet")).to_have_count(0)


def test_the_whole_report_is_printed_with_a_page_of_facts_first(visit: Visit) -> None:
    visit.press("p")
    visit.page.get_by_role("button", name="The whole report").click()
    printed = _printed(visit)
    assert printed["photos"] == [1200, 1200, 1200]
    first = printed["text"].partition("Photo 1 of 4, Overview")[0]
    for fact in ("Edda Lindqvist", "31 Jan 1970", "MRN 00412", "Forearm, left", "No sign of infection", "Treatment"):
        assert fact in first
    assert "Photo 4 of 4, HEIC photo" in printed["text"], "what cannot be printed is at least named"
    assert "Show the signature" not in printed["text"]
    expect(visit.page.locator("#print-sheet")).to_have_count(0)


def _printed(visit: Visit) -> dict[str, Any]:
    visit.page.locator("body").evaluate(
        "() => new Promise((resolve) => { const look = () => (printed.length ? resolve() : requestAnimationFrame(look)); look(); })"
    )
    printed: list[dict[str, Any]] = visit.page.evaluate("() => printed.splice(0)")
    return printed[-1]


# Coming, going, and what stays behind


def test_the_inbox_knows_the_patient_for_this_session_and_the_report_as_read(visit: Visit, report: MadeReport) -> None:
    visit.press("Escape")
    row = visit.row(report.header.report_id)
    expect(row.locator(".row-patient-name")).to_have_text("Edda Lindqvist")
    expect(row.locator(".row-dot")).not_to_contain_text("New")
    visit.page.reload()
    expect(row).to_be_visible(timeout=30_000)
    expect(row.locator(".row-patient")).to_have_text("Patient not read")


def test_a_closed_report_leaves_nothing_behind(visit: Visit) -> None:
    visit.press("ArrowRight", "c")
    assert visit.live_urls() > 3
    visit.press("Escape", "Escape")
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert visit.live_urls() == 0
    visit.shows_nothing_of("No sign of infection", "Overview")


@pytest.mark.parametrize("way", ["key", "button", "signing out"])
def test_lock_and_sign_out_drop_everything_at_once(visit: Visit, way: str) -> None:
    if way == "key":
        visit.press("l")
    else:
        visit.page.click("#lock-button" if way == "button" else "#sign-out-button")
    expect(visit.page.locator("#password")).to_be_visible()
    assert visit.live_urls() == 0
    visit.shows_nothing_of("Edda Lindqvist", "MRN 00412", "Superficial burn", "blob:")


def test_a_dialogue_about_a_patient_does_not_outlive_a_lock(visit: Visit) -> None:
    visit.press("s")
    visit.page.check("#save-with-patient")
    visit.page.evaluate("() => document.getElementById('lock-button').click()")
    expect(visit.page.locator("#password")).to_be_visible()
    visit.shows_nothing_of("edda-lindqvist")


def test_a_lock_while_a_report_is_being_opened_stops_it(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    visit.to_inbox()
    clinic.network.slow = 3
    visit.row(report.header.report_id).click()
    expect(visit.page.get_by_role("heading", name="Report")).to_be_visible()
    visit.press("l")
    expect(visit.page.locator("#password")).to_be_visible()
    clinic.network.slow = 0
    visit.shows_nothing_of("Edda Lindqvist", "blob:")
    visit.enter_password()
    visit.sees_medium()


def test_after_a_lock_the_same_report_comes_back(visit: Visit) -> None:
    visit.press("l")
    visit.enter_password()
    visit.sees_medium()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_back_never_brings_a_closed_report_back(visit: Visit, clinic: Clinic) -> None:
    visit.press("Escape")
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    released = len(clinic.network.asked("/release"))
    visit.page.go_back()
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    visit.shows_nothing_of("No sign of infection")
    assert len(clinic.network.asked("/release")) == released


def test_back_from_another_site_does_not_bring_it_back_either(visit: Visit, clinic: Clinic) -> None:
    released = len(clinic.network.asked("/release"))
    visit.page.goto("about:blank")
    visit.page.go_back()
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible(timeout=30_000)
    assert len(clinic.network.asked("/release")) == released


def test_reloading_opens_it_again(visit: Visit) -> None:
    visit.page.reload()
    expect(visit.title).to_have_text("Edda Lindqvist", timeout=30_000)


def test_a_link_to_a_report_survives_signing_in(visit: Visit, report: MadeReport) -> None:
    visit.page.goto("about:blank")
    visit.page.context.clear_cookies()
    visit.sign_in(at=f"#/report/{report.header.report_id}")
    visit.sees_medium()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_the_sender_sees_who_opened_it(enter: Enter, visit: Visit, sender: Person, report: MadeReport) -> None:
    seen = enter(sender)
    seen.page.goto(f"{seen.clinic.url}/#/report/{report.header.report_id}")
    seen.sees_medium()
    expect(seen.facts.locator(".readers")).to_contain_text("Dr Jon Keller")
    expect(seen.facts.locator(".readers")).to_contain_text("opened")
