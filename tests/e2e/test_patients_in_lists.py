"""Whose reports the lists show: read on demand, kept until the lock, searched, and never taken for opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen, file
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Locator, Route, expect
from sample_messages import numbered, report_row

from picsafe_protocol.format.label import Label
from picsafe_protocol.format.report import Patient

PHOTO = drawn_photo(640, 480, "firebrick")
FILES = [MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), width=640, height=480)]
SMITHS = [Patient("John Smith", "1961-04-17", "MRN 00771"), Patient("John Smith", "1984-10-02", "MRN 51204")]
FACTS = ("John Smith", "MRN 00771", "MRN 51204", "17 Apr 1961")


@pytest.fixture
def sender(clinic: Clinic, request: pytest.FixtureRequest) -> Person:
    return clinic.person("Dr Ruth Abara", f"ruth.{abs(hash(request.node.name))}@clinic.example", "AU")


@pytest.fixture
def reader(clinic: Clinic, request: pytest.FixtureRequest) -> Person:
    return clinic.person("Dr Jon Keller", f"jon.{abs(hash(request.node.name))}@clinic.example", "GB")


@pytest.fixture
def visit(clinic: Clinic, enter: Enter, reader: Person) -> Iterator[Visit]:
    visit = enter(reader)
    clinic.network.seen.clear()
    yield visit
    visit.nothing_was_refused()
    visit.page.context.close()


@pytest.fixture
def smiths(clinic: Clinic, sender: Person, reader: Person, visit: Visit) -> list[MadeReport]:
    """Reports of two people of one name, in the open inbox."""
    made = [clinic.send(sender, [reader], FILES, patient=patient) for patient in SMITHS]
    for each in made:
        expect(visit.row(each.header.report_id)).to_be_visible()
    return made


def row(visit: Visit, made: MadeReport) -> Locator:
    return visit.page.locator(f".row[data-id='{made.header.report_id}']")


def patient_in(visit: Visit, made: MadeReport) -> Locator:
    return row(visit, made).locator(".row-patient")


def show(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Show patients").click()


def test_two_people_of_one_name_are_told_apart_before_anything_is_opened(
    clinic: Clinic, visit: Visit, smiths: list[MadeReport], sender: Person
) -> None:
    for made in smiths:
        expect(patient_in(visit, made)).to_have_text("Patient not read")
    visit.shows_nothing_of(*FACTS)
    button = visit.page.get_by_role("button", name="Show patients")
    button.focus()
    visit.page.keyboard.press("Enter")
    first, second = (patient_in(visit, made) for made in smiths)
    expect(first).to_contain_text("John Smith17 Apr 1961MRN 00771")
    expect(first).to_contain_text("Forearm, left · 22 Nov 2026 · 1 photo · Superficial burn, day 2.")
    expect(second).to_contain_text("John Smith2 Oct 1984MRN 51204")
    expect(button).to_have_count(0)
    expect(visit.page.locator(".row-link").first).to_be_focused()
    expect(visit.page.locator("#announcer")).to_have_text("The patients of 2 reports are shown.")
    assert len(clinic.network.asked("/v1/reports/labels")) == len(clinic.network.asked("/v1/labels/release")) == 1
    assert not clinic.network.asked("/opened")
    assert not [each for each in clinic.network.asked("/release") if "/keys/v1/keys/" in each[1]]
    for made in smiths:
        expect(row(visit, made)).to_have_class(re.compile("row-unread"))
    with clinic.client_of(sender) as http:
        for sent in http.get("/users/v1/reports?box=sent").json()["reports"]:
            assert sent["recipients"][0]["opened_at"] is None


def test_a_lock_forgets_patients_and_they_are_read_again_after_it(
    clinic: Clinic, visit: Visit, smiths: list[MadeReport]
) -> None:
    show(visit)
    expect(patient_in(visit, smiths[0])).to_contain_text("MRN 00771")
    visit.press("l")
    expect(visit.page.locator("#sign-in-title")).to_have_text("Locked")
    visit.shows_nothing_of(*FACTS)
    visit.enter_password()
    for made, patient in zip(smiths, SMITHS, strict=True):
        expect(patient_in(visit, made)).to_contain_text(patient.record_number)
    assert len(clinic.network.asked("/v1/labels/release")) == 2


def test_a_report_that_arrives_meanwhile_names_its_patient(
    clinic: Clinic, visit: Visit, smiths: list[MadeReport], sender: Person, reader: Person
) -> None:
    show(visit)
    expect(patient_in(visit, smiths[0])).to_contain_text("MRN 00771")
    made = clinic.send(sender, [reader], FILES, patient=Patient("Nils Åkesson"))
    expect(patient_in(visit, made)).to_contain_text("Nils Åkesson")


def test_a_search_says_what_it_could_not_look_at_and_offers_to_read_it(visit: Visit, smiths: list[MadeReport]) -> None:
    search = visit.page.get_by_role("searchbox")
    search.fill("51204")
    nothing = visit.page.locator(".nothing")
    expect(nothing).to_contain_text("“51204” was not found, but the patients of 2 reports are not read.")
    expect(visit.page.locator("body")).not_to_contain_text("No report matches")
    nothing.get_by_role("button", name="Read the patients of 2 reports").click()
    expect(row(visit, smiths[1])).to_be_visible()
    expect(row(visit, smiths[0])).to_have_count(0)
    for words, count in (("smith", 2), ("17/04/1961", 1), ("2 Oct 1984", 1), ("forearm left", 2), ("ruth", 2)):
        search.fill(words)
        expect(visit.page.locator(".row")).to_have_count(count)
    search.fill("nobody of this name")
    expect(nothing).to_contain_text("No report matches “nobody of this name”.")


def test_a_report_that_says_something_else_than_its_label_warns_and_replaces_it(
    clinic: Clinic, visit: Visit, sender: Person, reader: Person
) -> None:
    label = Label(SMITHS[0], "2026-11-22T10:15:00+10:00", 1, 0, 0)
    made = clinic.send(sender, [reader], FILES, label=label, patient=SMITHS[1])
    show(visit)
    expect(patient_in(visit, made)).to_contain_text("MRN 00771")
    visit.open_report(made.header.report_id)
    warning = visit.page.locator(".report-said.notice-danger")
    expect(warning).to_contain_text("The list said something else about this report")
    expect(warning).to_contain_text("John Smith, 17 Apr 1961, MRN 00771")
    expect(visit.facts).to_contain_text("MRN 51204")
    visit.to_inbox()
    expect(patient_in(visit, made)).to_contain_text("MRN 51204")
    expect(patient_in(visit, made)).not_to_contain_text("MRN 00771")


def test_a_report_with_only_a_number_is_titled_by_the_number(
    clinic: Clinic, visit: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES, patient=Patient(record_number="943 476 5919"))
    show(visit)
    expect(patient_in(visit, made).locator(".row-patient-name")).to_have_text("943 476 5919")
    visit.open_report(made.header.report_id)
    expect(visit.title).to_have_text("943 476 5919")


def test_a_label_that_agrees_causes_no_warning(visit: Visit, smiths: list[MadeReport]) -> None:
    show(visit)
    expect(patient_in(visit, smiths[0])).to_contain_text("MRN 00771")
    visit.open_report(smiths[0].header.report_id)
    visit.sees_medium()
    expect(visit.page.locator(".report-said.notice-danger")).to_have_count(0)


def test_attack_the_user_server_swaps_the_labels_of_two_reports(
    clinic: Clinic, visit: Visit, smiths: list[MadeReport]
) -> None:
    one, other = (made.header.report_id.encode() for made in smiths)

    def swapped(body: bytes) -> bytes:
        return body.replace(one, b"-").replace(other, one).replace(b"-", other)

    clinic.network.changes["/v1/reports/labels"] = swapped
    try:
        show(visit)
        failed = visit.page.locator(".patients-failed")
        expect(failed).to_contain_text("The patients of 2 reports could not be read.")
        visit.shows_nothing_of(*FACTS)
    finally:
        clinic.network.changes.clear()
    visit.page.locator(".patients").get_by_role("button", name="Try again").click()
    expect(patient_in(visit, smiths[1])).to_contain_text("MRN 51204")
    expect(failed).to_have_count(0)


def test_a_key_server_that_is_away_is_named_and_can_be_tried_again(
    clinic: Clinic, visit: Visit, smiths: list[MadeReport]
) -> None:
    clinic.network.refuse_once["/v1/labels/release"] = (503, {"code": "log_unavailable", "status": 503})
    show(visit)
    expect(visit.page.locator(".patients-failed")).to_contain_text("The patients of 2 reports could not be read.")
    expect(patient_in(visit, smiths[0])).to_have_text("Patient not read")
    visit.page.locator(".patients").get_by_role("button", name="Try again").click()
    expect(patient_in(visit, smiths[0])).to_contain_text("MRN 00771")
    expect(visit.page.locator(".patients")).to_be_hidden()


def test_reports_of_an_earlier_release_say_that_they_have_to_be_opened(
    clinic: Clinic, visit: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES, is_labelled=False)
    expect(patient_in(visit, made)).to_have_text("Patient not read")
    expect(visit.page.locator(".patients")).to_have_text("1 older report names its patient once opened.")
    visit.page.get_by_role("searchbox").fill("somebody")
    expect(visit.page.locator(".nothing")).to_contain_text("but the patient of 1 report is not read.")
    expect(visit.page.locator(".nothing").get_by_role("button")).to_have_count(1)
    assert not clinic.network.asked("/v1/labels/release")


def test_what_was_sent_in_this_session_names_its_patient_without_asking(
    clinic: Clinic, visit: Visit, sender: Person
) -> None:
    screen = SendScreen(visit).begin()
    screen.choose(file("wound.jpg", PHOTO, "image/jpeg"))
    screen.describe([sender], patient="Edda Lindqvist", record_number="MRN 00412")
    screen.send()
    screen.has_arrived(where="British")
    screen.go("sent")
    expect(visit.page.locator(".row-patient")).to_contain_text("Edda Lindqvist")
    expect(visit.page.locator(".row-patient")).to_contain_text("MRN 00412")
    assert not clinic.network.asked("/labels")
    visit.press("l")
    visit.shows_nothing_of("Edda Lindqvist", "MRN 00412")
    visit.enter_password()
    expect(visit.page.locator(".row-patient")).to_have_text("Patient not read")
    show(visit)
    expect(visit.page.locator(".row-patient")).to_contain_text("MRN 00412")


def test_the_senders_log_has_it_as_what_it_is(clinic: Clinic, enter: Enter, sender: Person, reader: Person) -> None:
    made = clinic.send(sender, [reader], FILES)
    reading = enter(reader)
    show(reading)
    expect(patient_in(reading, made)).to_contain_text("MRN 00412")
    visit = enter(sender)
    visit.page.goto(f"{clinic.url}/#/sent")
    sent = row(visit, made)
    expect(sent).to_contain_text("Not opened yet")
    sent.locator("summary").click()
    expect(sent.locator("tbody tr").nth(1)).to_contain_text("Patient shown in a list")
    expect(sent.locator("tbody")).not_to_contain_text("Opened")


def test_a_thousand_rows_cost_one_round_trip_for_what_is_in_view(clinic: Clinic, visit: Visit) -> None:
    made = datetime.now(UTC).isoformat()
    over = (datetime.now(UTC) + timedelta(days=6)).isoformat()
    facts = {"created_at": made, "available_at": made, "expires_at": over, "labelled": True}
    everything = [
        report_row(id=numbered(number), keyserver_url=f"{clinic.url}/keys", **facts) for number in range(1000)
    ]

    def answer(route: Route) -> None:
        query = re.search(r"before=(\d+)", route.request.url)
        start = int(query[1]) if query else 0
        following = str(start + 100) if start < 900 else None
        route.fulfill(json={"reports": everything[start : start + 100], "next": following})

    asked: list[str] = []

    def nothing(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"keys": [], "refused": []})

    visit.page.route("**/users/v1/reports?*", answer)
    visit.page.route("**/users/v1/reports/labels", lambda route: route.fulfill(json={"labels": []}))
    visit.page.route("**/keys/v1/labels/release", nothing)
    visit.page.reload()
    expect(visit.page.locator(".row").first).to_be_visible(timeout=30_000)
    show(visit)
    expect(visit.page.locator(".patients-failed")).to_be_visible()
    read = re.search(r"patients of (\d+) reports", visit.page.inner_text(".patients-failed"))
    assert read is not None
    assert 12 <= int(read[1]) <= 100, "what is in view and near it"
    assert len(asked) == 1
    while "More than" in visit.page.inner_text(".list-count"):
        visit.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        visit.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(visit.page.locator(".list-count")).to_have_text("1000 reports")
    before = 0
    while before != len(asked):  # what came into view last is read a moment later
        before = len(asked)
        visit.page.wait_for_timeout(300)
    assert 1 < before <= 20, "at most one for each fifty rows"
    visit.page.evaluate("() => scrollTo(0, 0)")
    expect(visit.page.locator(f".row[data-id='{numbered(0)}']")).to_be_in_viewport()
    visit.page.wait_for_timeout(300)
    assert len(asked) == before, "what was asked for is not asked for again"
    visit.page.unroute_all()


def test_rows_with_patients_fit_every_width(visit: Visit, smiths: list[MadeReport]) -> None:
    show(visit)
    expect(patient_in(visit, smiths[0])).to_contain_text("MRN 00771")
    for width in (360, 390, 768, 1000, 1280):
        visit.page.set_viewport_size({"width": width, "height": 800})
        for part in (".row-patient-name", ".row-patient-number"):
            for each in visit.page.locator(part).all():
                assert each.evaluate("node => node.scrollWidth <= node.clientWidth + 1"), (width, part)
        assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), width
