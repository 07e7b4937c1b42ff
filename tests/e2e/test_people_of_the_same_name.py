"""Two people go by the same display name, which anybody can choose: their addresses tell them apart wherever a name is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

PHOTO = drawn_photo(640, 480, "firebrick")
FILES = [MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), width=640, height=480)]
LONG = "ruth.margarethe.abara-featherstonehaugh@burns-unit.northside-hospital.example"


@pytest.fixture(scope="module")
def senders(clinic: Clinic) -> list[Person]:
    northside = clinic.institution("Northside Burns Clinic of the Royal Infirmary")
    return [
        clinic.person("Dr Ruth Abara", LONG, "AU", northside),
        clinic.person("Dr Ruth Abara", "ruth@clinic-northside.example", "AU"),
    ]


@pytest.fixture(scope="module")
def readers(clinic: Clinic) -> list[Person]:
    return [clinic.person("Dr Jon Keller", f"jon@{place}.example", "GB") for place in ("same", "other")]


@pytest.fixture(scope="module")
def window(enter: Enter, readers: list[Person]) -> Visit:
    return enter(readers[0])


@pytest.fixture(scope="module")
def reports(clinic: Clinic, window: Visit, senders: list[Person], readers: list[Person]) -> list[MadeReport]:
    """Sent while the inbox is open. What was announced is seen by the first test only."""
    window.to_inbox()
    return [clinic.send(sender, readers, FILES) for sender in senders]


@pytest.fixture
def visit(window: Visit, reports: list[MadeReport]) -> Iterator[Visit]:
    window.page.set_viewport_size({"width": 1280, "height": 800})
    window.to_inbox()
    yield window
    window.nothing_was_refused()


def test_in_what_is_announced(clinic: Clinic, visit: Visit, senders: list[Person], readers: list[Person]) -> None:
    for sender in senders:
        made = clinic.send(sender, readers, FILES)
        expect(visit.row(made.header.report_id)).to_be_visible()
        expect(visit.page.locator("#announcer")).to_have_text(f"New report from Dr Ruth Abara, {sender.email}")
        clinic.withdraw(sender, made.header.report_id)
        expect(visit.page.locator("#announcer")).to_contain_text(f"from Dr Ruth Abara, {sender.email}")


@pytest.mark.parametrize("width", [360, 390, 800, 1280])
def test_in_the_inbox_where_the_address_is_shown_whole(
    visit: Visit, reports: list[MadeReport], senders: list[Person], width: int
) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    for made, sender in zip(reports, senders, strict=True):
        address = visit.row(made.header.report_id).locator(".row-address")
        expect(address).to_have_text(sender.email)
        assert address.evaluate("""node => {
            const [own, row] = [node.getBoundingClientRect(), node.closest(".row-who").getBoundingClientRect()];
            return own.left >= row.left && own.right <= row.right + 1 && own.bottom <= row.bottom + 1
                && node.scrollWidth <= node.clientWidth + 1;
        }""")
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_in_the_choice_of_a_report_to_compare(
    visit: Visit, reports: list[MadeReport], senders: list[Person], readers: list[Person]
) -> None:
    visit.open_report(reports[0].header.report_id)
    expect(visit.facts.locator(".readers")).to_contain_text(readers[0].email)
    expect(visit.facts.locator(".readers")).to_contain_text(readers[1].email)
    visit.press("b")
    choice = visit.page.locator(f"dialog .choice[data-id='{reports[1].header.report_id}']")
    expect(choice).to_contain_text(f"From Dr Ruth Abara, {senders[1].email}")
    visit.press("Escape")


def test_in_the_list_of_those_who_opened_it(
    enter: Enter, visit: Visit, reports: list[MadeReport], senders: list[Person], readers: list[Person]
) -> None:
    visit.open_report(reports[0].header.report_id)
    own = enter(senders[0])
    own.page.goto(f"{own.clinic.url}/#/report/{reports[0].header.report_id}")
    own.sees_medium()
    expect(own.facts.locator(".readers")).to_contain_text(readers[0].email)
    own.page.goto(f"{own.clinic.url}/#/sent")
    own.page.locator(".row summary").last.click()
    expect(own.page.locator(".row-log")).to_contain_text(readers[0].email)
