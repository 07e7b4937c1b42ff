"""The lists of reports: what a row says, live arrival, filter, thousands of rows, files, and what one has sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Locator, Route, expect
from sample_messages import numbered, report_row

PHOTO = drawn_photo(640, 480, "firebrick")
FILES = [MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), width=640, height=480)]
PATIENT = "Edda Lindqvist"
MANY = 3000


@pytest.fixture(scope="module")
def sender(clinic: Clinic) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth@clinic.example", "AU", clinic.institution("Northside Burns Clinic"))


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    return clinic.person("Dr Jon Keller", "jon@clinic.example", "GB")


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def inbox(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    yield window
    window.nothing_was_refused()


def row(visit: Visit, made: MadeReport) -> Locator:
    return visit.page.locator(f".row[data-id='{made.header.report_id}']")


def test_an_empty_inbox_says_how_to_begin(clinic: Clinic, enter: Enter) -> None:
    visit = enter(clinic.person("Newcomer", "newcomer@clinic.example"))
    expect(visit.page.get_by_role("heading", name="No reports yet")).to_be_visible()
    expect(visit.page.locator(".button-primary:visible")).to_have_count(1)
    visit.page.get_by_role("link", name="Send your first report").click()
    expect(visit.page).to_have_url(re.compile("#/send$"))


def test_a_report_arrives_without_a_reload(clinic: Clinic, inbox: Visit, sender: Person, reader: Person) -> None:
    made = clinic.send(sender, [reader], FILES)
    arrived = row(inbox, made)
    expect(arrived).to_be_visible()
    expect(arrived).to_have_class(re.compile("row-unread"))
    expect(arrived).to_contain_text("Dr Ruth Abara")
    expect(arrived).to_contain_text("Northside Burns Clinic")
    expect(arrived).to_contain_text("Australia")
    expect(arrived).to_contain_text(re.compile(r"7 days left"))
    expect(arrived.locator("time")).to_have_attribute("title", re.compile(r"^\d+ \w+ 20\d\d, \d\d:\d\d$"))
    expect(inbox.page.locator("#announcer")).to_have_text("New report from Dr Ruth Abara, ruth@clinic.example")
    expect(inbox.page).to_have_title(re.compile(r"^Inbox \(\d+\) – My PicSafe$"))


@pytest.mark.parametrize("width", [360, 390, 768, 1000, 1280])
def test_where_a_report_lies_is_shown_whole_at_every_width(
    clinic: Clinic, inbox: Visit, reader: Person, width: int
) -> None:
    if not inbox.page.locator(".row-region", has_text="United Kingdom").count():
        clinic.send(clinic.person("Professor Eleanor Featherstonehaugh", "ef@clinic.example", "GB"), [reader], FILES)
    inbox.page.set_viewport_size({"width": width, "height": 800})
    region = inbox.page.locator(".row-region", has_text="United Kingdom").first
    expect(region).to_be_visible()
    assert region.evaluate("node => node.scrollWidth <= node.clientWidth"), "cut off"
    assert inbox.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
    inbox.page.set_viewport_size({"width": 1280, "height": 800})


def test_a_row_holds_the_patients_name_only_once_the_report_was_opened_and_only_until_the_lock(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES)
    expect(row(inbox, made)).to_be_visible()
    inbox.shows_nothing_of(PATIENT)
    inbox.open_report(made.header.report_id)
    inbox.to_inbox()
    expect(row(inbox, made)).to_contain_text(PATIENT)
    expect(row(inbox, made)).not_to_have_class(re.compile("row-unread"))
    inbox.press("l")
    expect(inbox.page.locator("#sign-in-title")).to_have_text("Locked")
    inbox.shows_nothing_of(PATIENT)
    inbox.enter_password()
    expect(row(inbox, made)).to_be_visible()
    inbox.shows_nothing_of(PATIENT)


def test_a_report_that_is_withdrawn_says_so_in_the_open_inbox(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES)
    expect(row(inbox, made)).to_be_visible()
    clinic.withdraw(sender, made.header.report_id)
    expect(row(inbox, made)).to_contain_text(f"Withdrawn by {sender.name}, ")
    expect(row(inbox, made)).to_have_class(re.compile("row-over"))
    expect(row(inbox, made).get_by_text("Patient not read")).to_have_count(0)


def test_a_row_that_changes_under_a_finger_still_gets_the_click(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES)
    there = row(inbox, made)
    expect(there).to_have_class(re.compile("row-unread"))
    unread = inbox.page.locator("#unread-count")
    before = int(unread.inner_text())
    there.evaluate("node => (window.pressed = node)")
    there.hover()
    inbox.page.mouse.down()
    with clinic.client_of(reader) as elsewhere:
        elsewhere.post(f"/users/v1/reports/{made.header.report_id}/opened").raise_for_status()
    expect(unread).to_have_text(str(before - 1))
    assert inbox.page.evaluate("() => pressed.isConnected")
    inbox.page.mouse.up()
    inbox.sees_medium()


def test_two_tabs_share_one_stream_and_both_show_a_report(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    other = Visit(clinic, inbox.page.context.new_page(), reader)
    other.page.goto(clinic.url)
    expect(other.page.get_by_role("heading", name="Inbox")).to_be_visible(timeout=30_000)
    made = clinic.send(sender, [reader], FILES)
    expect(row(inbox, made)).to_be_visible()
    expect(row(other, made)).to_be_visible()
    assert len(clinic.network.asked("/v1/events")) <= 1
    other.page.close()


def test_the_filter_looks_at_sender_institution_and_region(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    other = clinic.person("Prof. Søren Lindqvist", f"soren{len(clinic.network.seen)}@clinic.example", "DE")
    made = clinic.send(other, [reader], FILES)
    expect(row(inbox, made)).to_be_visible()
    inbox.press("/")
    expect(inbox.page.locator(".filter-input")).to_be_focused()
    inbox.page.keyboard.type("søren germany")
    expect(inbox.page.locator(".row")).to_have_count(1)
    inbox.page.fill(".filter-input", "nobody of this name")
    expect(inbox.page.locator(".nothing")).to_contain_text("“nobody of this name” was not found, but")
    inbox.page.get_by_role("button", name="Show all reports").click()
    expect(row(inbox, made)).to_be_visible()


def test_the_list_is_walked_with_the_arrow_keys(clinic: Clinic, inbox: Visit, sender: Person, reader: Person) -> None:
    for _ in range(2):
        expect(row(inbox, clinic.send(sender, [reader], FILES))).to_be_visible()
    links = inbox.page.locator(".row-link")
    links.first.focus()
    inbox.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    inbox.press("ArrowUp")
    expect(links.first).to_be_focused()
    inbox.press("Enter")
    expect(inbox.page).to_have_url(re.compile("#/report/"))


def test_a_list_that_cannot_be_loaded_says_so_and_tries_again(clinic: Clinic, inbox: Visit) -> None:
    problem = {"code": "service", "detail": "The database is away.", "advice": "Wait a moment."}
    inbox.page.get_by_role("link", name="Account", exact=True).click()
    clinic.network.refusals["/v1/reports"] = (503, problem)
    inbox.page.get_by_role("link", name="Inbox").click()
    notice = inbox.page.locator("#banner .notice")
    expect(notice).to_contain_text("A PicSafe server cannot answer at the moment.")
    expect(notice).to_contain_text("No patient data left this computer.")
    clinic.network.refusals.clear()
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)


def test_an_unreachable_server_is_reported(inbox: Visit) -> None:
    inbox.page.get_by_role("link", name="Account", exact=True).click()
    inbox.page.route("**/users/v1/reports?*", lambda route: route.abort())
    inbox.page.get_by_role("link", name="Inbox").click()
    notice = inbox.page.locator("#banner .notice")
    expect(notice).to_contain_text("The server cannot be reached.")
    inbox.page.unroute_all()
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)


def test_a_list_that_takes_long_says_so_and_can_be_cancelled(inbox: Visit) -> None:
    inbox.page.get_by_role("link", name="Account", exact=True).click()
    held: list[Route] = []
    inbox.page.route("**/users/v1/reports?*", lambda route: held.append(route))
    inbox.page.get_by_role("link", name="Inbox").click()
    wait = inbox.page.locator("#waiting .wait")
    expect(wait).to_contain_text("Fetching the list of reports…")
    wait.get_by_role("button", name="Cancel").click()
    notice = inbox.page.locator("#banner .notice")
    expect(notice).to_contain_text("Stopped.")
    for route in held:
        route.continue_()
    inbox.page.unroute_all()
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)
    expect(inbox.page.locator(".row").first).to_be_visible()


def test_what_is_nearly_over_and_was_not_collected_turns_amber(clinic: Clinic, enter: Enter, sender: Person) -> None:
    late = clinic.person("Lena Late", "lena@clinic.example")
    made = clinic.send(sender, [late], FILES)
    clinic.clock.move(timedelta(days=6, hours=4))
    try:
        visit = enter(late)
        chip = row(visit, made).locator(".chip-amber")
        expect(chip).to_contain_text(re.compile(r"^(19|20) h left"))
        expect(chip).to_contain_text("not collected yet")
        clinic.clock.move(timedelta(days=1))
        visit.page.reload()
        visit.enter_password()
        expect(visit.page.get_by_role("heading", name="No reports yet")).to_be_visible()
    finally:
        clinic.clock.move(-timedelta(days=7, hours=4))


def test_a_file_from_this_computer_is_opened_wherever_it_is_dropped(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], FILES)
    inbox.page.get_by_role("link", name="Account", exact=True).click()
    expect(inbox.page.get_by_role("heading", name="Account")).to_be_visible()
    before = len(clinic.network.asked("/cloud/"))
    drag(inbox, "dragenter", made.package)
    expect(inbox.page.locator("#drop-target")).to_be_visible()
    drag(inbox, "drop", made.package)
    expect(inbox.page.locator("#drop-target")).to_be_hidden()
    inbox.sees_medium()
    expect(inbox.title).to_have_text(PATIENT)
    assert len(clinic.network.asked("/cloud/")) == before, "a file from this computer needs no cloud"


def drag(visit: Visit, event: str, content: bytes) -> None:
    visit.page.evaluate(
        """([event, content]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(content)], "report.picsafe"));
          document.body.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [event, list(content)],
    )


def test_thousands_of_rows_keep_the_page_small(clinic: Clinic, enter: Enter) -> None:
    visit = enter(clinic.person("Dr Busy", "busy@clinic.example"))
    everything = [faked(number) for number in range(MANY)]

    def answer(route: Route) -> None:
        query = re.search(r"before=(\d+)", route.request.url)
        start = int(query[1]) if query else 0
        page = everything[start : start + 100]
        following = str(start + 100) if start + 100 < MANY else None
        route.fulfill(content_type="application/json", body=json.dumps({"reports": page, "next": following}))

    visit.page.route("**/users/v1/reports?*", answer)
    visit.page.reload()
    expect(visit.page.locator(".row").first).to_be_visible(timeout=30_000)
    while "More than" in visit.page.inner_text(".list-count"):
        visit.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        visit.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    visit.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    expect(visit.page.locator(f".row[data-id='{numbered(MANY - 1)}']")).to_be_in_viewport()
    assert visit.page.locator(".row").count() <= 150
    visit.page.fill(".filter-input", f"number {MANY - 7}")
    expect(visit.page.locator(".row")).to_have_count(1)
    visit.page.fill(".filter-input", "")
    visit.page.get_by_role("link", name="Account", exact=True).click()
    expect(visit.page.get_by_role("heading", name="Account")).to_be_visible()
    visit.page.get_by_role("link", name="Inbox").click()
    expect(visit.page.locator(".list-count")).to_have_text("3000 reports")
    visit.nothing_was_refused()


def faked(number: int) -> dict[str, Any]:
    when = (datetime.now(UTC) - timedelta(minutes=number)).isoformat()
    return report_row(
        id=numbered(number),
        sender={"id": "p", "name": f"Dr Number {number}", "email": "n@clinic.example", "institution": None},
        recipients=[],
        size=1_000_000,
        created_at=when,
        available_at=when,
        expires_at=(datetime.now(UTC) + timedelta(days=6)).isoformat(),
        unread=False,
    )


def test_the_sender_sees_who_opened_and_can_take_it_back(
    clinic: Clinic, enter: Enter, inbox: Visit, sender: Person, reader: Person
) -> None:
    colleague = clinic.person("Priya Raman", f"priya{len(clinic.network.seen)}@clinic.example")
    made = clinic.send(sender, [reader, colleague], FILES)
    visit = enter(sender)
    visit.page.get_by_role("link", name="Sent").click()
    sent = row(visit, made)
    expect(sent).to_contain_text("To Dr Jon Keller and Priya Raman")
    expect(sent).to_contain_text("Not opened yet")

    expect(row(inbox, made)).to_be_visible()
    inbox.open_report(made.header.report_id)
    expect(sent).to_contain_text("Opened by 1 of 2")

    sent.locator("summary").click()
    expect(sent.locator(".people li", has_text="Dr Jon Keller")).to_contain_text(re.compile(r"opened \d+ \w+ 20\d\d"))
    expect(sent.locator(".people li", has_text="Priya Raman")).to_contain_text("not opened yet")
    log = sent.locator("tbody tr")
    expect(log.filter(has_text="Opened")).to_contain_text("Dr Jon Keller")
    expect(log.filter(has_text="Key created")).to_contain_text("Dr Ruth Abara")

    sent.get_by_role("button", name="Withdraw").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(sent.locator(".row-kept")).not_to_have_text("Withdrawn")
    sent.get_by_role("button", name="Withdraw").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(sent.locator(".row-kept")).to_have_text("Withdrawn")
    visit.nothing_was_refused()
