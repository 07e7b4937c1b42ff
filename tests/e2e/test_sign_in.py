"""Signing in: before Python is there, when things go wrong, back to where one was, and out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from e2e.conftest import Enter
from harness.browser.session import READY, WATCH
from harness.clinic import PASSWORD, Clinic, Person
from playwright.sync_api import Browser, Page, Request, Route, expect

from picsafe_protocol.contracts.limits import SESSION_IDLE_HOURS
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.runtime.addresses import origin_of

NO_ANSWER = """() => {
  const ask = fetch;
  globalThis.fetch = (url, options) => globalThis.answered ? ask(url, options) : new Promise((_, fail) =>
    options.signal.addEventListener("abort", () => fail(options.signal.reason)));
}"""
"""A server that takes its time: requests hang until they are aborted."""
PAGE_HEIGHT = "() => document.documentElement.scrollHeight"
WAITING = "() => picsafe.boot.state === 'waiting'"
"""Whether Python has yet to begin."""

Window = Callable[[], Page]


@pytest.fixture(scope="module")
def person(clinic: Clinic) -> Person:
    return clinic.person("Dr Hannah Whitfield", "hannah@hospital.example")


@pytest.fixture
def window(browser: Browser, clinic: Clinic) -> Iterator[Window]:
    """Makes windows of one browser profile: they share its cookies."""
    profile = browser.new_context(locale="en-GB")
    profile.add_init_script(WATCH)
    yield profile.new_page
    profile.close()


@pytest.fixture
def page(window: Window) -> Page:
    return window()


def fill_in(page: Page, person: Person, password: str = PASSWORD) -> None:
    page.fill("#email", person.email)
    page.fill("#password", password)


def sign_in(page: Page, person: Person, password: str = PASSWORD) -> None:
    fill_in(page, person, password)
    page.keyboard.press("Enter")


def is_in(page: Page, heading: str = "Inbox") -> None:
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=READY)


def has_loaded(page: Page) -> None:
    expect(page.locator("html[data-python=ready]")).to_be_attached(timeout=READY)


def is_out(page: Page, heading: str) -> None:
    expect(page.locator("#sign-in-title")).to_have_text(heading)
    expect(page.locator("#sign-in-title")).to_be_visible()
    expect(page.locator("#frame")).to_be_hidden()


def test_it_works_and_says_so_while_python_is_still_loading(clinic: Clinic, page: Page, person: Person) -> None:
    held: list[Route] = []
    page.route(re.compile(r"\.wasm"), lambda route: held.append(route))
    page.goto(clinic.url)
    expect(page.locator("#boot-text")).to_have_text("The viewer is still loading. You can already sign in.")
    sign_in(page, person)
    expect(page.locator("html[data-state=signed-in]:not([data-python])")).to_be_attached()
    expect(page.locator(".skeleton-rows")).to_be_visible()
    for route in held:
        route.continue_()
    is_in(page)


def test_what_is_typed_while_python_loads_is_still_there_when_it_has(
    clinic: Clinic, page: Page, person: Person
) -> None:
    page.goto(clinic.url)
    fill_in(page, person)
    has_loaded(page)
    assert page.input_value("#email") == person.email
    assert page.input_value("#password") == PASSWORD
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.press("Enter")
    is_in(page)


@pytest.fixture
def unwatched(browser: Browser, clinic: Clinic) -> Iterator[Page]:
    """The page as it is before anybody has come to it; everything that it fetches is there.

    Its clock can be put forward, and also runs on.
    """
    profile = browser.new_context(locale="en-GB")
    page = profile.new_page()
    page.clock.install()
    with page.expect_request_finished(_is_of("wasm")), page.expect_request_finished(_is_of("bin")):
        page.goto(clinic.url)
    assert page.evaluate(WAITING)
    yield page
    profile.close()


def _is_of(kind: str) -> Callable[[Request], bool]:
    return lambda request: request.url.endswith(f".{kind}")


def test_python_begins_when_somebody_comes(unwatched: Page) -> None:
    unwatched.mouse.move(200, 200)
    has_loaded(unwatched)


def test_python_begins_at_the_first_key(unwatched: Page) -> None:
    unwatched.keyboard.press("Tab")
    has_loaded(unwatched)


def test_python_is_ready_for_late_callers(unwatched: Page) -> None:
    unwatched.clock.fast_forward(5_000)
    assert unwatched.evaluate(WAITING)
    unwatched.clock.fast_forward(15_000)
    has_loaded(unwatched)


@pytest.mark.parametrize(
    ("email", "password", "field", "sentence"),
    [
        ("", "", "email", "Enter your email address."),
        ("", PASSWORD, "email", "Enter your email address."),
        ("hannah", PASSWORD, "email", "Enter an email address like name@clinic.org."),
        ("hannah@hospital.example", "", "password", "Enter your password."),
    ],
)
def test_what_is_missing_is_said_where_it_is_missing(
    clinic: Clinic, page: Page, email: str, password: str, field: str, sentence: str
) -> None:
    page.goto(clinic.url)
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("#sign-in-button")
    expect(page.locator(f"#{field}-error")).to_have_text(sentence)
    expect(page.locator(f"#{field}")).to_be_focused()
    assert not [each for each in clinic.network.asked("/sessions") if each[0] == "POST"]


def test_a_wrong_password_is_said_and_what_was_typed_stays(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(clinic.url)
    sign_in(page, person, "battery staple horse")
    expect(page.locator("#sign-in-problem")).to_contain_text("The email address or the password is wrong.")
    assert page.input_value("#email") == person.email
    assert page.input_value("#password") == "battery staple horse"


def test_without_a_connection_nothing_typed_is_lost(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(clinic.url)
    has_loaded(page)
    page.context.set_offline(True)
    sign_in(page, person)
    expect(page.locator("#sign-in-problem")).to_contain_text("The server cannot be reached.")
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    is_in(page)


def test_a_wait_of_more_than_a_second_says_so_and_can_be_cancelled(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(clinic.url)
    has_loaded(page)
    page.evaluate(NO_ANSWER)
    sign_in(page, person)
    expect(page.locator("#sign-in-wait")).to_contain_text("Waiting for the server…")
    page.click("#sign-in-cancel")
    expect(page.locator("#sign-in-wait")).to_be_hidden()
    page.evaluate("() => { globalThis.answered = true; }")
    page.click("#sign-in-button")
    is_in(page)


def test_when_python_cannot_start_the_page_says_so(clinic: Clinic, page: Page, person: Person) -> None:
    page.route(re.compile(r"\.wasm"), lambda route: route.abort())
    page.goto(clinic.url)
    expect(page.locator("#boot-text")).to_contain_text("The viewer could not be started.", timeout=READY)
    sign_in(page, person)
    expect(page.locator("#boot-failure")).to_contain_text("No patient data was affected.")
    page.unroute_all()
    page.click("#reload-button")
    is_in(page)


def test_a_deep_link_survives_signing_in(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(f"{clinic.url}/#/account")
    sign_in(page, person)
    is_in(page, "Account")


def test_who_is_signed_in_stays_so_on_reload(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(clinic.url)
    sign_in(page, person)
    is_in(page)
    page.reload()
    is_in(page)


def test_a_session_that_ends_asks_again_and_comes_back_to_the_same_screen(
    clinic: Clinic, page: Page, person: Person
) -> None:
    page.goto(clinic.url)
    sign_in(page, person)
    is_in(page)
    # Named by its address: the inbox, which asks for news all the time, may have taken the links away already.
    clinic.clock.move(timedelta(hours=SESSION_IDLE_HOURS, minutes=1))
    page.evaluate("location.hash = '#/account'")
    is_out(page, "Please sign in again")
    assert page.input_value("#email") == person.email
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    is_in(page, "Account")


def test_signing_out_in_one_tab_signs_out_all_of_them(clinic: Clinic, window: Window, person: Person) -> None:
    one, other = window(), window()
    one.goto(f"{clinic.url}/#/account")
    sign_in(one, person)
    is_in(one, "Account")
    other.goto(clinic.url)
    is_in(other)
    other.click("#sign-out-button")
    is_out(other, "You are signed out")
    is_out(one, "You are signed out")
    assert one.url.endswith("#/inbox"), "the next person must not be led to what this one looked at"
    assert one.input_value("#email") == ""
    assert answer_to_cookies(clinic, other) == 401


def test_signing_in_in_one_tab_signs_in_the_others(clinic: Clinic, window: Window, person: Person) -> None:
    one, other = window(), window()
    one.goto(clinic.url)
    other.goto(clinic.url)
    sign_in(one, person)
    is_in(one)
    is_in(other)


def test_signing_out_without_a_connection_is_made_good_later(clinic: Clinic, page: Page, person: Person) -> None:
    page.goto(clinic.url)
    sign_in(page, person)
    is_in(page)
    page.route("**/users/v1/sessions/current", lambda route: route.abort())
    page.click("#sign-out-button")
    is_out(page, "You are signed out")
    expect(page.locator("#sign-in-problem")).to_contain_text("the server could not be reached")
    assert answer_to_cookies(clinic, page) == 200
    page.reload()
    expect(page.locator("#sign-in-problem")).to_contain_text("The server cannot be reached.")
    page.unroute_all()
    with page.expect_response("**/users/v1/me"):
        page.click("#sign-in-retry")
    expect(page.locator("#email")).to_be_visible()
    assert answer_to_cookies(clinic, page) == 401


def test_an_invitation_lets_its_holder_choose_a_password_once(clinic: Clinic, page: Page) -> None:
    institution = clinic.institution("Royal Teaching Hospital")
    chief = clinic.person("Ada Chief", "ada@hospital.example", "AU", institution, Role.ADMINISTRATOR)
    with clinic.client_of(chief) as http:
        member = {"email": "new@hospital.example", "name": "Nia New", "country": "NZ", "role": "member"}
        token = http.post("/users/v1/institution/members", json=member).json()["invitation_token"]
    link = f"{clinic.url}/#/invitation/{token}"

    page.goto(link)
    facts = page.locator(".invitation .facts")
    for words in ("Nia New, new@hospital.example", "Royal Teaching Hospital", "Ada Chief, ada@hospital.example"):
        expect(facts).to_contain_text(words)
    field = page.get_by_label("New password")
    field.fill("too short")
    page.get_by_role("button", name="Set password").click()
    expect(page.locator("#new-password-error")).to_have_text("Use at least 12 characters.")
    field.fill("five quiet green wooden boats")
    page.get_by_role("button", name="Set password").click()
    is_in(page, "Your password is set")
    page.get_by_role("button", name="Go to sign in").click()
    page.fill("#email", "new@hospital.example")
    page.fill("#password", "five quiet green wooden boats")
    page.keyboard.press("Enter")
    is_in(page)

    page.goto(link)
    expect(page.locator(".invitation .notice")).to_contain_text("This invitation has already been used.")
    expect(page.locator(".invitation .notice")).to_contain_text("Your account is unchanged.")


def test_signing_in_and_looking_around_breaks_no_rule_and_asks_nobody_else(clinic: Clinic, enter: Enter) -> None:
    institution = clinic.institution("Harbour Clinic")
    visit = enter(clinic.person("Otto Onlooker", "otto@harbour.example", "DE", institution, Role.ADMINISTRATOR))
    asked: set[str] = set()
    visit.page.on("request", lambda request: asked.add(origin_of(request.url)))
    for name in ("Sent", "Send", "Institution", "Account", "Inbox"):
        visit.page.get_by_role("link", name=name, exact=True).first.click()
        expect(visit.page.locator("#main-content h1")).to_be_visible()
    visit.nothing_was_refused()
    assert visit.console == []
    assert asked <= {clinic.url}
    assert visit.page.evaluate("() => picsafe.boot.snapshot"), "Python started the slow way"


def answer_to_cookies(clinic: Clinic, page: Page) -> int:
    """How the user server answers to this browser's cookies."""
    return page.context.request.get(f"{clinic.url}/users/v1/me").status


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_moves_under_a_finger_when_python_is_there(clinic: Clinic, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    held: list[Route] = []
    page.route(re.compile(r"\.wasm"), lambda route: held.append(route))
    page.goto(clinic.url)
    page.mouse.move(5, 5)
    expect(page.locator("#boot-text")).to_contain_text("still loading")
    before = page.locator("#sign-in-button").bounding_box(), page.evaluate(PAGE_HEIGHT)
    for route in held:
        route.continue_()
    has_loaded(page)
    assert (page.locator("#sign-in-button").bounding_box(), page.evaluate(PAGE_HEIGHT)) == before
