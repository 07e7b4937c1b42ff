"""Two reports side by side: each says whose it is, patients are not mistaken, and both are gone when one is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.engines import FIREFOX, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Locator, Route, expect

from picsafe_protocol.format.report import Patient

BROKEN_HEIC = b"\0\0\0\x18ftypheic" + bytes(200)


@pytest.fixture(scope="module")
def reports(clinic: Clinic, sender: Person, reader: Person) -> dict[str, MadeReport]:
    def photos(*sizes: int) -> list[MadeFile]:
        return [MadeFile("image/jpeg", drawn_photo(size, 300, "olive")) for size in sizes]

    heic = MadeFile("image/heic", BROKEN_HEIC)
    other = Patient("Nils Åkesson", "1981-02-03", "MRN 00777")
    return {
        "first": clinic.send(sender, [reader], photos(400, 410)),
        "later": clinic.send(sender, [reader], [*photos(500, 510), heic], captured_at="2026-11-29T09:00:00+10:00"),
        "another's": clinic.send(sender, [reader], photos(600), patient=other),
        "nobody's": clinic.send(sender, [reader], photos(700), patient=Patient()),
    }


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, reports: dict[str, MadeReport]) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(reports["first"].header.report_id)
    yield window
    window.nothing_was_refused()


def put_beside(visit: Visit, report: MadeReport) -> Locator:
    """Opens a report beside the one that is open, by its row; the pane in which it is."""
    visit.press("b")
    visit.page.locator(f"dialog .choice[data-id='{report.header.report_id}']").click()
    beside = visit.page.locator(".pane").nth(1)
    expect(beside.locator(".pane-picture[alt]:not([alt=''])")).to_be_visible()
    return beside


def widths(visit: Visit) -> list[int]:
    return [int(each.evaluate("node => node.naturalWidth")) for each in visit.photo.all()]


def test_each_pane_says_whose_and_when(visit: Visit, reports: dict[str, MadeReport]) -> None:
    put_beside(visit, reports["later"])
    captions = visit.page.locator(".pane-caption")
    expect(captions).to_have_count(2)
    expect(captions.nth(0)).to_contain_text("Edda Lindqvist")
    expect(captions.nth(0)).to_contain_text("22 Nov 2026")
    expect(captions.nth(1)).to_contain_text("Edda Lindqvist")
    expect(captions.nth(1)).to_contain_text("28 Nov 2026")
    expect(visit.page.locator(".stage-warning")).to_have_count(0)
    assert widths(visit) == [400, 500]


@pytest.mark.parametrize(
    ("which", "kind", "words"),
    [
        ("another's", "danger", ["not the same patient", "Edda Lindqvist, 31 Jan 1970", "Nils Åkesson, 3 Feb 1981"]),
        ("nobody's", "amber", ["not certain", "Patient not named"]),
    ],
)
def test_patients_that_differ_are_not_mistaken(
    visit: Visit, reports: dict[str, MadeReport], which: str, kind: str, words: list[str]
) -> None:
    put_beside(visit, reports[which])
    warning = visit.page.locator(f".stage-warning .notice-{kind}")
    for each in words:
        expect(warning).to_contain_text(each)


def test_keys_act_on_the_active_pane_and_saving_only_on_this_report(
    visit: Visit, reports: dict[str, MadeReport]
) -> None:
    beside = put_beside(visit, reports["later"])
    visit.press("ArrowRight")
    expect(visit.photo.first).to_have_js_property("naturalWidth", 410)
    beside.click(position={"x": 30, "y": 200})
    visit.press("ArrowRight")
    expect(visit.photo.nth(1)).to_have_js_property("naturalWidth", 510)
    assert widths(visit) == [410, 510]
    expect(visit.page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    visit.press("s", "p", "Control+c")
    expect(visit.page.locator("dialog")).to_have_count(0)
    visit.page.locator(".thumb").first.click()
    expect(visit.photo.first).to_have_js_property("naturalWidth", 400)
    assert widths(visit) == [400, 510]
    expect(visit.page.get_by_role("button", name="Save", exact=True)).to_be_enabled()


def test_a_file_of_the_other_report_that_cannot_be_shown_is_saved_from_there(
    visit: Visit, reports: dict[str, MadeReport]
) -> None:
    beside = put_beside(visit, reports["later"])
    beside.click(position={"x": 30, "y": 200})
    visit.press("End")
    with download(visit.page) as saved:
        beside.get_by_role("button", name="Save this file").click()
    assert (saved.name, saved.content) == ("2026-11-22_left-forearm_3.heic", BROKEN_HEIC)


def test_opening_it_is_logged_as_any_opening(visit: Visit, clinic: Clinic, reports: dict[str, MadeReport]) -> None:
    clinic.network.seen.clear()
    put_beside(visit, reports["later"])
    (release,) = clinic.network.asked("/release")
    assert release[1] == f"/keys/v1/keys/{reports['later'].header.key_id}/release"
    opened = f"/users/v1/reports/{reports['later'].header.report_id}/opened"
    expect(visit.page.locator(".pane-caption")).to_have_count(2)
    visit.page.wait_for_load_state("networkidle")
    assert [path for _, path, _ in clinic.network.asked("/opened")] == [opened]


def test_one_report_again(visit: Visit, reports: dict[str, MadeReport]) -> None:
    before = visit.live_urls()
    put_beside(visit, reports["another's"])
    visit.press("b")
    expect(visit.page.locator(".pane")).to_have_count(1)
    expect(visit.page.locator(".pane-caption, .stage-warning")).to_have_count(0)
    assert visit.live_urls() == before
    visit.press("c")
    expect(visit.page.locator(".pane")).to_have_count(2)


def test_a_comparison_replaced_by_another_report_leaves_no_button_pressed(
    visit: Visit, reports: dict[str, MadeReport]
) -> None:
    compare = visit.page.locator(".tool-compare")
    visit.press("c")
    expect(compare).to_have_attribute("aria-pressed", "true")
    put_beside(visit, reports["later"])
    expect(compare).to_be_hidden()
    visit.press("b")
    expect(visit.page.locator(".pane")).to_have_count(1)
    expect(compare).to_be_visible()
    expect(compare).to_have_attribute("aria-pressed", "false")


def test_locking_drops_both(visit: Visit, reports: dict[str, MadeReport]) -> None:
    put_beside(visit, reports["another's"])
    visit.press("l")
    expect(visit.page.locator("#password")).to_be_visible()
    visit.shows_nothing_of("Edda Lindqvist", "Nils Åkesson", "MRN 00777", "1981")
    assert visit.live_urls() == 0
    visit.enter_password()
    visit.sees_medium()


def test_what_cannot_be_opened_leaves_the_first_as_it_was(
    visit: Visit, clinic: Clinic, reports: dict[str, MadeReport]
) -> None:
    clinic.network.refuse_once["/release"] = (503, {"code": "log_unavailable"})
    visit.press("b")
    visit.page.locator("dialog .choice").first.click()
    expect(visit.page.locator("#banner .notice")).to_contain_text("The access log cannot be written")
    expect(visit.page.locator(".pane")).to_have_count(1)
    visit.is_at(1, 2)


def test_reports_of_the_same_patient_come_first(visit: Visit, reports: dict[str, MadeReport]) -> None:
    for which in ("another's", "later", "first"):
        visit.to_inbox()
        visit.open_report(reports[which].header.report_id)
    visit.press("b")
    choices = visit.page.locator("dialog .choice-title")
    expect(choices.first).to_have_text("Edda Lindqvist")
    assert choices.all_inner_texts()[0:2] == ["Edda Lindqvist", "Nils Åkesson"]


@not_in(FIREFOX, "of several windows one has the focus, and as it is driven here no other can be given it")
def test_a_list_that_comes_while_somebody_chooses_by_keyboard_leaves_them_where_they_are(
    visit: Visit, reports: dict[str, MadeReport]
) -> None:
    held: list[Route] = []
    visit.page.route("**/v1/reports?box=sent*", lambda route: held.append(route))
    visit.page.reload()
    expect(visit.page.locator(".pane-picture[alt]:not([alt=''])")).to_be_visible()
    visit.press("b")
    row = visit.page.locator(f"dialog .choice[data-id='{reports['later'].header.report_id}']")
    row.focus()
    row.evaluate("node => node.classList.add('of-before')")
    expect(row).to_be_focused()
    held.pop().continue_()
    expect(visit.page.locator(".of-before")).to_have_count(0)
    expect(row).to_be_focused()
    visit.press("Enter")
    expect(visit.page.locator(".pane").nth(1)).to_be_visible()
    visit.page.unroute_all()
