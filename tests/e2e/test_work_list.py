"""The inbox as a work list: filters, order, compact rows, and what is done with several reports at once."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Locator, expect

from picsafe_protocol.contracts.errors import LogUnavailable
from picsafe_protocol.format.report import Patient

PHOTO = drawn_photo(640, 480, "olive")
FILES = [MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), width=640, height=480)]
NAMES = ["Lamb", "Kerr", "Jones", "Irving", "Hopper", "Greene", "Foster", "Evans", "Dumas", "Carver", "Brook", "Adams"]


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    return clinic.person("Dr Jon Keller", "jon@royal.example", "GB", clinic.institution("Royal Teaching Hospital"))


@pytest.fixture(scope="module")
def reports(clinic: Clinic, sender: Person, reader: Person) -> list[MadeReport]:
    """Twelve, in the order of the list: the newest first."""
    made = [
        clinic.send(sender, [reader], FILES, patient=Patient(name, "1970-01-31", f"MRN {number}"))
        for number, name in enumerate(NAMES, 10)
    ]
    return made[::-1]


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, reports: list[MadeReport]) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    yield window
    window.to_inbox()
    for pressed in window.page.locator(".filter-chip[aria-pressed=true]").all():
        pressed.click()
    window.page.locator(".list-sort").select_option("newest")
    window.nothing_was_refused()


def rows(visit: Visit) -> Locator:
    return visit.page.locator(".rows .row")


def chip(visit: Visit, name: str) -> Locator:
    return visit.page.get_by_role("button", name=name, exact=True)


def tick(visit: Visit, report: MadeReport) -> Locator:
    return visit.page.locator(f".row[data-id='{report.header.report_id}'] .row-tick input")


def test_unread_reports_are_gone_through_one_after_the_other(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[1].header.report_id)
    visit.press("Escape")
    chip(visit, "Unread").click()
    expect(rows(visit)).to_have_count(11)
    visit.open_report(reports[0].header.report_id)
    expect(visit.page.locator(".report-place")).to_have_text("1 of 11 unread")
    visit.press("j")
    visit.sees_medium()
    assert visit.page.url.endswith(reports[2].header.report_id)
    visit.press("Escape")
    expect(rows(visit)).to_have_count(9)
    expect(visit.page.locator(".list-count")).to_have_text("9 of 12 match")


def test_twelve_are_filed_in_four_steps_and_the_sender_sees_it(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person, reports: list[MadeReport]
) -> None:
    chip(visit, "Not filed").click()  # 1
    expect(rows(visit)).to_have_count(12)
    visit.page.get_by_label("Select all that are shown").check()  # 2
    expect(visit.page.locator(".selection-count")).to_have_text("12 selected")
    chip(visit, "Filed").click()  # 3
    expect(visit.page.get_by_text("No report is left with these filters.")).to_be_visible()
    expect(visit.page.locator(".selection-said")).to_contain_text("12 reports are marked as filed.")
    with clinic.client_of(sender) as http:
        sent = http.get("/users/v1/reports", params={"box": "sent"}).json()["reports"]
    assert [[each["name"] for each in row["filed"]] for row in sent] == [[reader.name]] * 12
    visit.page.get_by_role("button", name="Undo").click()
    expect(rows(visit)).to_have_count(12)
    chip(visit, "Not filed").click()
    expect(rows(visit).first).not_to_contain_text("Filed by")


def test_without_a_network_nothing_is_marked_and_the_selection_stays(
    visit: Visit, clinic: Clinic, reports: list[MadeReport]
) -> None:
    tick(visit, reports[3]).check()
    clinic.network.refusals["/v1/reports/marks"] = (503, {"code": "service", "detail": "Away.", "advice": "Wait."})
    chip(visit, "Done").dblclick()
    expect(visit.page.locator("#banner .notice")).to_contain_text("cannot answer at the moment")
    clinic.network.refusals.clear()
    expect(visit.page.locator(".selection-count")).to_have_text("1 selected")
    expect(visit.page.locator(f".row[data-id='{reports[3].header.report_id}'] .row-marks")).to_have_count(0)
    chip(visit, "Clear").click()
    expect(visit.page.locator(".selection-bar")).to_be_hidden()


def test_done_greys_the_row_and_a_colleague_does_not_see_it(visit: Visit, reports: list[MadeReport]) -> None:
    tick(visit, reports[3]).check()
    tick(visit, reports[4]).check()
    chip(visit, "Done").click()
    row = visit.page.locator(f".row[data-id='{reports[3].header.report_id}']")
    expect(row.locator(".row-marks")).to_have_text("Done")
    chip(visit, "Not done").click()
    expect(rows(visit)).to_have_count(10)
    visit.page.reload()
    expect(row.locator(".row-marks")).to_have_text("Done", timeout=30_000)


def test_the_report_itself_is_marked_and_the_list_knows(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[5].header.report_id)
    visit.press("e")
    filed = visit.page.get_by_role("button", name="Filed", exact=True)
    expect(filed).to_have_attribute("aria-pressed", "true")
    visit.press("d")
    expect(visit.page.get_by_role("button", name="Done", exact=True)).to_have_attribute("aria-pressed", "true")
    visit.press("Escape")
    row = visit.page.locator(f".row[data-id='{reports[5].header.report_id}']")
    expect(row.locator(".row-marks")).to_contain_text("Done · Filed by Dr Jon Keller, ")
    visit.open_report(reports[5].header.report_id)
    filed.click()
    expect(filed).to_have_attribute("aria-pressed", "false")


def test_after_saving_one_press_marks_the_report_as_filed(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[6].header.report_id)
    visit.saved("This JPEG photo")
    visit.page.get_by_role("button", name="Mark as filed").click()
    expect(visit.page.get_by_role("button", name="Filed", exact=True)).to_have_attribute("aria-pressed", "true")


def test_several_reports_are_saved_as_one_zip_and_then_filed(visit: Visit, reports: list[MadeReport]) -> None:
    for each in reports[7:10]:
        tick(visit, each).check()
    chip(visit, "Save").click()
    with download(visit.page) as saved:
        chip(visit, "Save as zip").click()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_3-reports\.zip", saved.name)
    with zipfile.ZipFile(io.BytesIO(saved.content)) as archive:
        assert archive.testzip() is None
        folders = {name.partition("/")[0] for name in archive.namelist()}
        assert folders == {f"2026-11-22_left-forearm_{each.header.report_id[:8]}" for each in reports[7:10]}
        first = f"2026-11-22_left-forearm_{reports[7].header.report_id[:8]}"
        assert archive.read(f"{first}/2026-11-22_left-forearm_1.jpg") == PHOTO
        assert json.loads(archive.read(f"{first}/report.json"))["report_id"] == reports[7].header.report_id
        assert archive.getinfo(f"{first}/2026-11-22_left-forearm_1.jpg").date_time[:3] == (2026, 11, 22)
    said = visit.page.locator(".selection-said")
    expect(said).to_contain_text("3 reports are saved as")
    said.get_by_role("button", name="Mark as filed").click()
    expect(said).to_contain_text("3 reports are marked as filed.")


def test_what_cannot_be_opened_is_left_out_of_the_zip_and_named(
    visit: Visit, clinic: Clinic, reports: list[MadeReport]
) -> None:
    for each in reports[7:9]:
        tick(visit, each).check()
    chip(visit, "Save").click()
    refused = f"/v1/keys/{reports[7].header.key_id}/release"
    clinic.network.refusals[refused] = LogUnavailable().status, LogUnavailable().to_problem()
    with download(visit.page) as saved:
        chip(visit, "Save as zip").click()
    clinic.network.refusals.clear()
    with zipfile.ZipFile(io.BytesIO(saved.content)) as archive:
        assert {name.partition("/")[0][-8:] for name in archive.namelist()} == {reports[8].header.report_id[:8]}
    expect(visit.page.locator("#banner")).to_contain_text("1 report could not be opened and is not in the zip.")


def test_a_lock_ends_saving_and_leaves_no_file(visit: Visit, clinic: Clinic, reports: list[MadeReport]) -> None:
    downloads: list[object] = []

    def came(download: object) -> None:
        downloads.append(download)

    visit.page.on("download", came)
    visit.page.get_by_label("Select all that are shown").check()
    chip(visit, "Save").click()
    clinic.network.slow = 1
    chip(visit, "Save as zip").click()
    expect(visit.page.locator("#waiting")).to_contain_text(re.compile("Saving report|Asking for the key"))
    visit.press("l")
    expect(visit.page.locator("#password")).to_be_visible()
    clinic.network.slow = 0
    visit.enter_password()
    expect(rows(visit)).to_have_count(12)
    assert downloads == []
    visit.page.remove_listener("download", came)


def test_a_patient_is_found_among_twelve_unread_in_two_steps(enter: Enter, clinic: Clinic, sender: Person) -> None:
    reader = clinic.person("Dr Noor Haddad", "noor@clinic.example")
    for number, name in enumerate(NAMES, 10):
        clinic.send(sender, [reader], FILES, patient=Patient(name, "1970-01-31", f"MRN {number}"))
    visit = enter(reader)
    visit.page.get_by_role("button", name="Show patients").click()  # 1
    visit.page.locator(".filter-input").fill("greene")  # 2
    expect(visit.page.locator(".row-patient-name")).to_have_text(["Greene"])
    expect(visit.page.locator(".row-patient-number").first).to_have_text("31 Jan 1970")


def test_the_order_is_chosen_and_a_patient_is_found_by_it(visit: Visit, reports: list[MadeReport]) -> None:
    ids = [each.header.report_id for each in reports]
    order = visit.page.locator(".list-sort")
    order.select_option("oldest")
    expect(rows(visit).first).to_have_attribute("data-id", ids[-1])
    visit.page.get_by_role("button", name="Show patients").click()
    expect(visit.page.locator(".row-patient-name")).to_have_count(12)
    order.select_option("patient")
    expect(visit.page.locator(".row-patient-name")).to_have_text(sorted(NAMES))
    visit.row(ids[0]).focus()
    visit.page.evaluate(
        "() => { const order = document.querySelector('.list-sort'); order.value = 'newest'; order.dispatchEvent(new Event('change')); }"
    )
    expect(visit.row(ids[0])).to_be_focused()
    order.select_option("patient")
    visit.page.locator(".filter-input").fill("carv")
    expect(rows(visit)).to_have_count(1)
    visit.page.locator(".filter-input").fill("")
    expect(rows(visit)).to_have_count(12)


def test_twelve_compact_rows_fit_an_ordinary_screen_and_stay_compact(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 1920, "height": 1080})
    compact = visit.page.get_by_role("button", name="Compact rows")
    compact.click()
    last = rows(visit).nth(11).bounding_box()
    assert last
    assert last["y"] + last["height"] < 1080
    visit.page.reload()
    expect(visit.page.locator(".rows-compact")).to_be_visible(timeout=30_000)
    compact.click()
    expect(visit.page.locator(".rows-compact")).to_have_count(0)
    visit.page.set_viewport_size({"width": 1280, "height": 720})
