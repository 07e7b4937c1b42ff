"""The lock: nothing of a patient stays in the page, the session is over, and the same person comes back to where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import PASSWORD, Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Browser, expect

from picsafe_protocol.contracts.tokens import Role

PHOTO = drawn_photo(640, 480, "olive")
FILES = [MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), width=640, height=480)]
PATIENT = "Edda Lindqvist"


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    institution = clinic.institution("Royal Teaching Hospital")
    return clinic.person("Dr Jon Keller", "jon@clinic.example", "GB", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    return clinic.send(sender, [reader], FILES)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, report: MadeReport) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(report.header.report_id)
    yield window
    window.nothing_was_refused()


def is_locked(visit: Visit) -> None:
    expect(visit.page.locator("#sign-in-title")).to_have_text("Locked")
    expect(visit.page.locator("#frame")).to_be_hidden()
    expect(visit.page.locator("#main-content > *")).to_have_count(0)
    visit.shows_nothing_of(PATIENT)
    assert visit.live_urls() == 0


def answer_to_cookies(visit: Visit) -> int:
    return visit.page.context.request.get(f"{visit.clinic.url}/users/v1/me").status


def test_the_countdown_lies_above_the_tabs_of_a_phone(visit: Visit) -> None:
    page, wide = visit.page, visit.page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(
        "() => { const idle = document.getElementById('idle'); idle.hidden = false; idle.textContent = '59'; }"
    )
    try:
        countdown, tabs = page.locator("#idle").bounding_box(), page.locator(".navigation").bounding_box()
        assert countdown is not None
        assert tabs is not None
        assert countdown["y"] + countdown["height"] <= tabs["y"]
    finally:
        page.evaluate(
            "() => { const idle = document.getElementById('idle'); idle.hidden = true; idle.textContent = ''; }"
        )
        page.set_viewport_size(wide)  # type: ignore[arg-type]


def test_the_key_locks_at_once_and_ends_the_session(visit: Visit, report: MadeReport) -> None:
    visit.press("l")
    is_locked(visit)
    expect(visit.page.locator("#password")).to_be_focused()
    assert visit.page.title() == "Locked – My PicSafe"
    with visit.page.expect_response("**/users/v1/me"):
        visit.page.reload()
    assert answer_to_cookies(visit) == 401
    visit.enter_password()
    visit.sees_medium()
    assert visit.page.url.endswith(report.header.report_id)


def test_what_is_kept_for_later_never_keeps_the_report(visit: Visit) -> None:
    """A fault while the view is remembered, in the middle of locking."""
    visit.python("from picsafe_client.screens.viewer import report_view\nreport_view.ReportViewState = None")
    visit.press("l")
    is_locked(visit)
    visit.errors.clear()
    visit.page.reload()
    visit.enter_password()
    visit.sees_medium()


def test_the_same_person_comes_back_to_the_same_report(visit: Visit, report: MadeReport) -> None:
    visit.page.click("#lock-button")
    is_locked(visit)
    visit.page.keyboard.type(PASSWORD)
    visit.press("Enter")
    visit.sees_medium()
    expect(visit.title).to_have_text(PATIENT)
    assert visit.page.url.endswith(report.header.report_id)


def test_a_wrong_password_does_not_unlock(visit: Visit) -> None:
    visit.press("l")
    visit.page.keyboard.type("not the password at all")
    visit.press("Enter")
    expect(visit.page.locator("#sign-in-problem")).to_contain_text("The email address or the password is wrong.")
    is_locked(visit)


def test_somebody_else_comes_to_their_own_inbox(visit: Visit, sender: Person) -> None:
    visit.press("l")
    visit.page.get_by_role("button", name="Sign in as someone else").click()
    visit.page.fill("#email", sender.email)
    visit.page.fill("#password", PASSWORD)
    visit.press("Enter")
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert visit.page.url.endswith("#/inbox")
    expect(visit.page.locator("#account-name")).to_have_text(sender.name)
    visit.shows_nothing_of(PATIENT)
    visit.page.click("#sign-out-button")
    expect(visit.page.locator("#sign-in-title")).to_have_text("You are signed out")


def test_the_back_button_brings_nothing_back_while_locked(visit: Visit) -> None:
    visit.press("l")
    is_locked(visit)
    visit.page.go_back()
    is_locked(visit)


def test_the_other_tab_locks_too(visit: Visit, clinic: Clinic, reader: Person) -> None:
    other = Visit(clinic, visit.page.context.new_page(), reader)
    other.page.goto(f"{clinic.url}/#/account")
    expect(other.page.get_by_role("heading", name="Account")).to_be_visible(timeout=30_000)
    other.press("l")
    expect(other.page.locator("#sign-in-title")).to_have_text("Locked")
    is_locked(visit)
    other.page.close()


def test_a_lock_without_a_connection_still_asks_for_the_password_after_a_reload(visit: Visit) -> None:
    visit.page.route("**/users/v1/sessions/current", lambda route: route.abort())
    visit.press("l")
    is_locked(visit)
    visit.page.reload()
    expect(visit.page.locator("#sign-in-problem")).to_contain_text("The server cannot be reached.")
    expect(visit.page.locator("#frame")).to_be_hidden()
    visit.page.unroute_all()
    with visit.page.expect_response("**/users/v1/me"):
        visit.page.click("#sign-in-retry")
    assert answer_to_cookies(visit) == 401


def test_the_key_is_a_letter_where_somebody_types(visit: Visit) -> None:
    visit.to_inbox()
    visit.page.locator(".filter-input").focus()
    visit.page.keyboard.type("l")
    expect(visit.page.locator(".filter-input")).to_have_value("l")
    visit.page.fill(".filter-input", "")


def test_it_locks_automatically_after_the_minutes_of_the_institution(
    clinic: Clinic, browser: Browser, reader: Person, report: MadeReport
) -> None:
    with clinic.client_of(reader) as http:
        assert http.patch("/users/v1/institution", json={"idle_lock_minutes": 3}).status_code == 200
    profile = browser.new_context()
    page = profile.new_page()
    page.clock.install()
    visit = Visit(clinic, page, reader)
    visit.sign_in(at="#/account")
    expect(page.get_by_text(re.compile("after 3 minutes without activity"))).to_be_visible()
    page.clock.fast_forward("02:50")
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    page.mouse.move(200, 200)
    page.mouse.move(220, 220)
    page.clock.fast_forward("02:50")
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    page.clock.fast_forward("00:20")
    expect(page.locator("#sign-in-title")).to_have_text("Locked")
    profile.close()
