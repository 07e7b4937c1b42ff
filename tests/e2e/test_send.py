"""Sending a report from the browser: the form, the last look, the way there, and what comes afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen, file, recording
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import inbox, newest
from harness.photos import drawn_photo
from harness.small_upload_parts import FIRST_PART_ARRIVED, PART, small_parts
from playwright.sync_api import expect

from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.consent import GiverRole, Method, Purpose
from picsafe_protocol.format.report import Laterality

PHOTO = file("IMG_2041.jpg", drawn_photo(1200, 900, "firebrick"))
NUMBERS = count(1)
SECOND = file("IMG_2042.jpg", drawn_photo(900, 1200, "olive"))
READER = re.compile(r"jon\.keller@clinic\.example|Dr Jon Keller")
"""By the name as soon as the address book has answered."""
PLACE = "(node) => node.getBoundingClientRect().y + scrollY"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three parts of an upload, on this machine's disk."""
    path = tmp_path_factory.mktemp("files") / "operation.wav"
    path.write_bytes(recording(2 * PART + PART // 2))
    return path


@pytest.fixture(scope="module", autouse=True)
def parts_are_small() -> Iterator[None]:
    with small_parts():
        yield


@pytest.fixture(scope="module")
def institution(clinic: Clinic) -> str:
    return clinic.institution("Harbour Clinic")


@pytest.fixture(scope="module")
def sender(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example", "AU", institution)


@pytest.fixture(scope="module")
def reader(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB", institution)


@pytest.fixture(scope="module")
def window(enter: Enter, sender: Person) -> Visit:
    """The sender's window, in Sydney."""
    return enter(sender, timezone_id="Australia/Sydney")


@pytest.fixture
def screen(window: Visit) -> Iterator[SendScreen]:
    """An empty form in it; afterwards nothing may have broken the page's policy."""
    yield SendScreen(window).begin()
    window.page.context.set_offline(False)
    window.nothing_was_refused()


# The form


def test_what_is_entered_is_what_arrives(screen: SendScreen, clinic: Clinic, sender: Person, reader: Person) -> None:
    page = screen.page
    screen.choose(PHOTO, SECOND)
    screen.describe(
        [reader],
        patient="Edda Lindqvist",
        birth_date="1970-01-31",
        record_number="MRN 00412",
        body_site="Forearm",
        captured_at="2026-11-20T10:15",
        notes="Superficial burn, day 2.\nNo sign of infection.",
    )
    page.get_by_label("Side").select_option("left")
    page.get_by_label("How consent was given").select_option("written")
    page.get_by_label("Who gave it").select_option("parent_or_guardian")
    page.get_by_label("Their name").fill("Olaf Lindqvist")
    page.get_by_label("Teaching").check()
    screen.check()
    for words in (
        READER,
        "Edda Lindqvist, born 31 Jan 1970, hospital or NHS number MRN 00412",
        "2 photos",
        "Forearm, left",
        "20 Nov 2026, 10:15",
        "Superficial burn, day 2.",
        "In writing, by Olaf Lindqvist (parent or guardian); for treatment and teaching",
    ):
        expect(screen.summary).to_contain_text(words)
    screen.send_button.click()
    screen.has_arrived()

    report = newest(clinic, reader).report
    assert (report.patient.name, report.patient.birth_date, report.patient.record_number) == (
        "Edda Lindqvist",
        "1970-01-31",
        "MRN 00412",
    )
    assert report.captured_at == "2026-11-20T10:15:00+11:00", "the time of the sender's own clock, with its offset"
    assert (report.body_site, report.laterality) == ("Forearm", Laterality.LEFT)
    assert report.notes == "Superficial burn, day 2.\nNo sign of infection."
    assert (report.author.name, report.author.email, report.author.institution) == (
        sender.name,
        sender.email,
        "Harbour Clinic",
    )
    (consent,) = report.consent
    assert (consent.method, consent.giver.role, consent.giver.name) == (
        Method.WRITTEN,
        GiverRole.PARENT_OR_GUARDIAN,
        "Olaf Lindqvist",
    )
    assert consent.purposes == {Purpose.TREATMENT, Purpose.EDUCATION}
    assert [(each.width, each.height) for each in report.media] == [(1200, 900), (900, 1200)]


def test_the_order_of_the_files_is_the_order_of_choosing(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(SECOND)
    screen.choose(PHOTO, file("note.wav", recording(50_000)), ready=3)
    screen.page.get_by_role("button", name="Remove IMG_2042.jpg").click()
    expect(screen.rows).to_have_count(2)
    screen.describe([reader])
    screen.send()
    screen.has_arrived()
    assert [(each.path, each.kind) for each in newest(clinic, reader).report.media] == [
        ("media/001.jpg", "photo"),
        ("media/002.wav", "audio"),
    ]


def test_a_named_publication_needs_its_name(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.page.get_by_label("How consent was given").select_option("verbal")
    screen.page.get_by_label("A named publication").check()
    screen.check()
    expect(screen.page.locator("#send-publication-error")).to_have_text(
        "Name the publication that consent was given for."
    )
    expect(screen.page.locator("#send-publication")).to_be_focused()
    screen.page.fill("#send-publication", "Case reports in burns, 2026")
    screen.send()
    screen.has_arrived()
    assert newest(clinic, reader).report.consent[0].publication == "Case reports in burns, 2026"


def test_the_form_asks_for_what_is_missing_one_thing_at_a_time(screen: SendScreen, reader: Person) -> None:
    page = screen.page
    screen.check()
    expect(screen.limit).to_have_text("Add at least one photo, video or sound.")
    screen.choose(PHOTO)
    expect(screen.limit).to_be_hidden()
    screen.check()
    expect(page.locator("#send-patient-name-error")).to_have_text(
        "Enter the patient's name, or a hospital or NHS number."
    )
    expect(page.locator("#send-patient-name")).to_be_focused()
    page.fill("#send-patient-name", "Edda Lindqvist")
    page.fill("#send-birth-date", "2999-01-01")
    screen.check()
    expect(page.locator("#send-birth-date-error")).to_have_text("A date of birth cannot be in the future.")
    page.fill("#send-birth-date", "")
    for time, words in (("", "Enter the day and time"), ("2999-01-01T00:00", "This is in the future.")):
        page.fill("#send-captured-at", time)
        screen.check()
        expect(page.locator("#send-captured-at-error")).to_contain_text(words)
    page.fill("#send-captured-at", "2026-11-20T10:15")
    screen.check()
    expect(page.locator("#send-recipient-error")).to_have_text("Add at least one recipient.")
    page.fill("#send-recipient", "not an address")
    screen.check()
    expect(page.locator("#send-recipient-error")).to_have_text("This does not look like an email address.")
    page.locator("#send-recipient").clear()
    page.fill("#send-recipient", reader.email)
    screen.check()
    expect(screen.summary).to_contain_text(READER)
    screen.button("Change something").click()
    expect(page.locator("#send-patient-name")).to_have_value("Edda Lindqvist")


def test_a_record_number_alone_says_who_the_patient_is(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(PHOTO)
    screen.describe([reader], patient="", record_number="MRN 00413")
    screen.send()
    screen.has_arrived()
    assert newest(clinic, reader).report.patient.record_number == "MRN 00413"


def test_pasted_control_characters_do_not_keep_a_report_from_going(
    screen: SendScreen, clinic: Clinic, reader: Person
) -> None:
    screen.choose(PHOTO)
    screen.describe([reader], patient="Edda\t Lind\x07qvist\u2028", notes="First.\x00\x1b[31m\nSecond.\x0b")
    screen.send()
    screen.has_arrived()
    report = newest(clinic, reader).report
    assert (report.patient.name, report.notes) == ("Edda Lindqvist", "First.[31m\nSecond.")


# Recipients


def test_colleagues_are_suggested_and_chosen_by_keys(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    page = screen.page
    screen.choose(PHOTO)
    screen.describe([])
    page.locator("#send-recipient").press_sequentially("kell")
    expect(page.locator(".suggestion")).to_contain_text("Dr Jon Keller")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".chip-person")).to_have_text("Dr Jon Keller")
    expect(page.locator(".suggestions")).to_be_hidden()
    screen.send()
    screen.has_arrived()
    expect(page.locator(".send-people li")).to_contain_text("Dr Jon KellerNot opened yet")


def test_a_recipient_is_added_once_and_can_be_taken_away(screen: SendScreen, reader: Person) -> None:
    chips = screen.page.locator(".chip-person")
    screen.describe([reader, reader.email.upper(), "other@clinic.example"])
    expect(chips).to_have_count(2)
    screen.page.get_by_role("button", name="Remove other@clinic.example").click()
    expect(chips).to_have_text([READER])


def test_a_report_to_oneself_is_there_on_ones_other_devices(screen: SendScreen, clinic: Clinic, sender: Person) -> None:
    screen.choose(PHOTO)
    screen.describe([])
    screen.button("Send it to myself, for my other devices").click()
    expect(screen.button("Send it to myself, for my other devices")).to_be_hidden()
    screen.send()
    screen.has_arrived()
    assert newest(clinic, sender).files[0] == PHOTO["buffer"]  # type: ignore[index]


def test_a_suggestion_that_is_clicked_twice_is_chosen_once_and_nothing_beneath_it(
    screen: SendScreen, reader: Person
) -> None:
    screen.describe(["other@clinic.example"])  # so that no new row of chips moves what lies below
    screen.page.fill("#send-recipient", reader.email)
    suggestion = screen.page.locator(".suggestion").first
    below, above = (
        screen.page.locator(each).bounding_box() for each in (".send-recipients > .button-quiet", ".suggestion")
    )
    assert below is not None
    assert above is not None
    y = below["y"] + below["height"] / 2 - above["y"]
    assert 0 < y < above["height"], "a suggestion lies above “send it to myself”"
    suggestion.click(position={"x": 20, "y": y})
    expect(suggestion).to_be_hidden()  # a person's second click comes a tenth of a second later
    screen.page.mouse.down(click_count=2)
    screen.page.mouse.up(click_count=2)
    expect(screen.page.locator(".chip-person")).to_have_text(["other@clinic.example", READER])
    expect(screen.button("Send it to myself, for my other devices")).to_be_visible()


def test_who_is_being_typed_stays_when_one_sends_it_to_oneself_as_well(
    screen: SendScreen, clinic: Clinic, sender: Person, reader: Person
) -> None:
    screen.choose(PHOTO)
    screen.page.fill("#send-patient-name", "Edda Lindqvist")
    myself = screen.button("Send it to myself, for my other devices")
    before = myself.evaluate(PLACE)
    screen.page.fill("#send-recipient", reader.email)
    expect(screen.page.locator(".suggestions")).to_be_visible()
    assert myself.evaluate(PLACE) == before
    myself.evaluate("node => node.click()")  # it is covered by then
    screen.page.locator("#send-patient-name").focus()
    expect(screen.page.locator(".suggestions")).to_be_hidden()
    screen.send()
    screen.has_arrived()
    for person in (sender, reader):
        assert newest(clinic, person).files[0] == PHOTO["buffer"]  # type: ignore[index]


def test_an_unknown_recipient_is_named_and_nothing_is_sent(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(PHOTO)
    screen.describe([reader, "nobody@nowhere.example"], patient="Unknown One")
    screen.check()
    expect(screen.page.locator("#send-recipient-error")).to_contain_text("Nobody with this address uses PicSafe.")
    expect(screen.page.locator(".chip-danger")).to_have_text("nobody@nowhere.example")
    assert not clinic.network.asked("/keys/v1"), "no key was asked for"
    assert not clinic.network.asked("/uploads/"), "nothing was uploaded"
    screen.page.get_by_role("button", name="Remove nobody@nowhere.example").click()
    screen.send()
    screen.has_arrived()
    assert newest(clinic, reader).report.patient.name == "Unknown One"


# Who else can open it


@pytest.fixture
def open_clinic(clinic: Clinic, institution: str) -> Iterator[httpx.Client]:
    """An institution that lets every member open what one of them received; HTTP as its administrator."""
    chief = clinic.person("Ada Chief", f"chief{next(NUMBERS)}@clinic.example", "GB", institution, Role.ADMINISTRATOR)
    with clinic.client_of(chief) as http:
        yield http
        http.patch("/users/v1/institution", json={"members_may_open": "recipients"})


def test_the_last_look_says_who_else_can_open_it(
    screen: SendScreen, clinic: Clinic, reader: Person, open_clinic: httpx.Client
) -> None:
    open_clinic.patch("/users/v1/institution", json={"members_may_open": "members"})
    made = open_clinic.post("/users/v1/institution/service-accounts", json={"name": "PACS"}).json()
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.check()
    expect(screen.summary).to_contain_text(re.compile(rf"({READER.pattern}) \(Harbour Clinic\)"))
    expect(screen.summary).to_contain_text("Every member of Harbour Clinic")
    expect(screen.summary).to_contain_text("The record system of Harbour Clinic")
    assert not clinic.network.asked("/keys/v1"), "nothing has been encrypted"
    open_clinic.delete(f"/users/v1/institution/service-accounts/{made['id']}")
    open_clinic.patch("/users/v1/institution", json={"members_may_open": "recipients"})
    screen.button("Change something").click()
    screen.check()
    expect(screen.summary).to_contain_text("Who else can open itNobody")
    screen.button("Change something").click()


def test_rules_that_change_after_the_last_look_stop_it_before_anything_is_encrypted(
    screen: SendScreen, clinic: Clinic, reader: Person, open_clinic: httpx.Client
) -> None:
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.check()
    expect(screen.summary).to_contain_text("Nobody")
    open_clinic.patch("/users/v1/institution", json={"members_may_open": "members"})
    screen.send_button.click()
    expect(screen.failure).to_contain_text("The list of people who can open this report has changed since you saw it.")
    assert not clinic.network.asked("/keys/v1"), "no key was asked for"
    screen.button("Try again").click()
    expect(screen.summary).to_contain_text("Every member of Harbour Clinic")
    screen.send_button.click()
    screen.has_arrived()


def test_who_else_is_asked_again_when_nobody_could_be_asked(
    screen: SendScreen, clinic: Clinic, reader: Person, open_clinic: httpx.Client
) -> None:
    open_clinic.patch("/users/v1/institution", json={"members_may_open": "members"})
    screen.choose(PHOTO)
    screen.describe([reader])
    clinic.network.refuse_once["/reports/readers"] = (503, {"code": "service", "title": "Away"})
    screen.check()
    expect(screen.summary).to_contain_text("It is checked again before anything is encrypted.")
    screen.send_button.click()
    expect(screen.failure).to_contain_text("The list of people who can open this report has changed since you saw it.")
    screen.button("Try again").click()
    expect(screen.summary).to_contain_text("Every member of Harbour Clinic")
    screen.send_button.click()
    screen.has_arrived()


# The way there


def test_two_clicks_on_send_send_once(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    before = len(inbox(clinic, reader))
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.check()
    screen.send_button.evaluate("button => { button.click(); button.click(); button.click(); }")
    screen.has_arrived()
    assert len(inbox(clinic, reader)) == before + 1
    assert (
        len(clinic.network.asked("/users/v1/reports"))
        == len([each for each in clinic.network.asked("/users/v1/reports") if each[0] != "POST"]) + 3
    ), "one last look, one report and one receipt"


def test_a_large_report_goes_in_parts_each_once(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    screen.choose(large)
    screen.describe([reader])
    with clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text("Uploading, encrypted")
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
    screen.has_arrived()
    assert [path[-1] for method, path, _ in clinic.network.asked("/parts/")] == ["0", "1", "2"]
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_pause_holds_it_at_once_and_going_on_sends_only_what_is_missing(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    screen.choose(large)
    screen.describe([reader])
    with clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        screen.button("Pause").click()
        expect(screen.progress).to_contain_text("Paused. What has arrived is kept.")
        expect(screen.button("Pause")).to_be_hidden()
    screen.button("Resume").click()
    screen.has_arrived()
    assert [path[-1] for method, path, _ in clinic.network.asked("/parts/")] == ["0", "1", "1", "2"]


def test_stopping_leaves_nothing_anywhere_and_the_form_as_it_was(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    before = len(inbox(clinic, reader))
    screen.choose(large)
    screen.describe([reader], patient="Not Sent")
    with clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        screen.stop()
        expect(screen.page.locator("#banner")).to_have_text(re.compile("Stopped. Nobody has received anything."))
    expect(screen.page.locator("#send-patient-name")).to_have_value("Not Sent")
    expect(screen.rows).to_have_count(1)
    assert clinic.network.seen[-1][:1] == ("DELETE",) or any(
        method == "DELETE" and "/users/v1/reports/" in path for method, path, _ in clinic.network.seen
    ), "the servers were told"
    assert len(inbox(clinic, reader)) == before


def test_a_report_that_arrives_while_one_is_asked_whether_to_stop_has_arrived(
    screen: SendScreen, clinic: Clinic, reader: Person
) -> None:
    screen.choose(PHOTO)
    screen.describe([reader])
    with clinic.held("/receipt"):
        screen.send()
        expect(screen.progress).to_contain_text(re.compile(r"([1-9]\d* kB) of \1"))
        screen.button("Stop").click()
        expect(screen.page.locator("dialog")).to_be_visible()
    screen.has_arrived()
    screen.page.locator("dialog").get_by_role("button", name="Stop").click()
    expect(screen.page.locator("dialog")).to_have_count(0)
    screen.has_arrived()
    assert newest(clinic, reader).report.patient.name == "Edda Lindqvist"


def test_it_goes_on_behind_other_screens_and_tells_there(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    screen.choose(large)
    screen.describe([reader])
    with clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        screen.page.locator("nav").get_by_role("link", name="Inbox").click()
        expect(screen.page.locator(".inbox-screen")).to_be_visible()
        screen.page.locator("nav").get_by_role("link", name="Send", exact=True).click()
        expect(screen.files_input).to_be_attached()  # another report can be made meanwhile
        screen.page.locator("#outbox-chip").click()
        expect(screen.page.locator(".outbox")).to_contain_text(FIRST_PART_ARRIVED)
    expect(screen.page.locator("#banner .notice-good")).to_contain_text("Sent to ")
    screen.page.locator("nav").get_by_role("link", name="Send", exact=True).click()
    expect(screen.files_input).to_be_attached()


def test_who_has_opened_it_is_seen_where_it_was_sent(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    screen.has_arrived()
    expect(screen.page.locator(".send-people li")).to_contain_text("Not opened yet")
    with clinic.client_of(reader) as http:
        http.post(f"/users/v1/reports/{inbox(clinic, reader)[0]}/opened")
    expect(screen.page.locator(".send-people li")).to_contain_text(re.compile(r"Opened \d+ \w+ \d+, \d+:\d+"))


# Leaving


def test_leaving_an_entered_form_asks_first_while_no_draft_is_kept(screen: SendScreen, clinic: Clinic) -> None:
    page = screen.page
    with clinic.held("/v1/sealed-drafts"):
        screen.describe([], patient="Half Entered")
        page.locator("nav").get_by_role("link", name="Inbox").click()
        expect(page.locator("dialog")).to_contain_text("Leave this page?")
        page.get_by_role("button", name="Stay here").click()
        expect(page.locator("#send-patient-name")).to_have_value("Half Entered")
        page.go_back()
        expect(page.locator("dialog")).to_contain_text("Leave this page?")
        page.get_by_role("button", name="Leave", exact=True).click()
        expect(page.locator(".inbox-screen")).to_be_visible()
    screen.visit.shows_nothing_of("Half Entered")


def test_a_form_that_is_left_is_offered_and_comes_back(screen: SendScreen) -> None:
    page = screen.page
    screen.describe([], patient="Half Entered")
    expect(page.locator(".draft-line")).to_contain_text("A draft is kept on this computer")
    page.locator("nav").get_by_role("link", name="Inbox").click()
    expect(page.locator(".inbox-screen")).to_be_visible()
    screen.visit.shows_nothing_of("Half Entered")
    page.locator("#drafts").get_by_role("button", name="Continue").first.click()
    expect(page.locator("#send-patient-name")).to_have_value("Half Entered")


def test_leaving_an_empty_form_asks_nothing(screen: SendScreen) -> None:
    screen.page.locator("nav").get_by_role("link", name="Inbox").click()
    expect(screen.page.locator(".inbox-screen")).to_be_visible()


def test_the_form_leaves_nothing_behind(screen: SendScreen) -> None:
    screen.choose(PHOTO, SECOND)
    screen.describe([], patient="Nobody Else", record_number="MRN 99871")
    assert screen.visit.live_urls() == 2
    screen.go("inbox")
    assert screen.visit.live_urls() == 0
    screen.visit.shows_nothing_of("Nobody Else", "MRN 99871", "IMG_2041")


# Dropping and pasting


def test_photos_are_dropped_and_pasted_into_the_form(screen: SendScreen) -> None:
    hand_over = """async ([kind, bytes, name]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
        const target = document.querySelector("#main-content");
        const event = kind === "paste"
            ? new ClipboardEvent("paste", { bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
        // Firefox fills a clipboard of its own with the text alone.
        if (kind === "paste") Object.defineProperty(event, "clipboardData", { value: data });
        target.dispatchEvent(event);
    }"""
    content = list(drawn_photo(40, 30, "navy"))
    screen.page.evaluate(hand_over, ["drop", content, "dropped.jpg"])
    screen.has(1)
    screen.page.evaluate(hand_over, ["paste", content, "pasted.jpg"])
    screen.has(2)
    expect(screen.page.locator(".tray-name")).to_have_text(["dropped.jpg", "pasted.jpg"])
    expect(screen.page.locator("#drop-target")).to_be_hidden()


def test_a_package_that_is_dropped_on_the_form_is_opened_after_asking(screen: SendScreen) -> None:
    screen.describe([], patient="Half Entered")
    screen.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(100)], "report.picsafe"));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(screen.page.locator("dialog")).to_contain_text("Leave this page?")
    screen.page.get_by_role("button", name="Stay here").click()
    expect(screen.page.locator("#send-patient-name")).to_have_value("Half Entered")
