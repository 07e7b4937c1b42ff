"""The account: name, password, and where one is signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import PASSWORD, Clinic, Person
from playwright.sync_api import Locator, expect

from picsafe_protocol.contracts.tokens import Role

NEW_PASSWORD = "five quiet green wooden boats"


NUMBERS = count(1)


@pytest.fixture
def person(clinic: Clinic) -> Person:
    return clinic.person("Dr Hannah Whitfield", f"hannah{next(NUMBERS)}@hospital.example", "NZ")


@pytest.fixture
def phone(clinic: Clinic, person: Person) -> Iterator[httpx.Client]:
    """Where the same person is signed in as well."""
    with clinic.client_of(person) as client:
        yield client


@pytest.fixture
def account(enter: Enter, person: Person) -> Iterator[Visit]:
    visit = enter(person)
    visit.page.get_by_role("link", name="Account", exact=True).click()
    expect(visit.page.locator(".device").first).to_be_visible()
    yield visit
    visit.nothing_was_refused()
    visit.page.context.close()


def panel(visit: Visit, name: str) -> Locator:
    return visit.page.get_by_role("region", name=name)


def test_it_says_who_one_is_and_where_reports_are_stored(account: Visit, person: Person) -> None:
    you = panel(account, "You")
    expect(you).to_contain_text(person.email)
    expect(you).to_contain_text("New Zealand")
    expect(you).to_contain_text("the Australian cloud")


def test_who_reset_the_password_is_said_until_it_is_put_away(clinic: Clinic, enter: Enter) -> None:
    institution = clinic.institution("Royal Teaching Hospital")
    chief = clinic.person(
        "Clare Doyle", f"clare{next(NUMBERS)}@hospital.example", "IE", institution, Role.ADMINISTRATOR
    )
    ben = clinic.person("Ben Vogel", f"ben{next(NUMBERS)}@hospital.example", "DE", institution, Role.MEMBER)
    with clinic.client_of(chief) as http:
        token = http.post(f"/users/v1/institution/members/{ben.id}/invitation", json={}).json()["invitation_token"]
    httpx.post(f"{clinic.url}/users/v1/invitations", json={"token": token, "password": PASSWORD})
    visit = enter(ben)
    notice = visit.page.locator("#standing .notice")
    expect(notice).to_contain_text(
        re.compile(r"Your password was reset by Clare Doyle \(\S+@\S+, [^)]+\) on \d+ \w+ \d{4}, \d\d:\d\d\.")
    )
    expect(notice).to_contain_text("If you did not ask for this, somebody else may have used your account")
    expect(notice).to_contain_text("Ask their senders to send them again.")
    visit.page.get_by_role("link", name="Account", exact=True).click()
    expect(visit.page.locator(".device").first).to_be_visible()
    expect(notice).to_be_visible()
    visit.page.reload()
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="I have read this").click()
    expect(notice).to_have_count(0)
    visit.page.reload()
    expect(visit.page.locator(".device").first).to_be_visible()
    expect(notice).to_have_count(0)


def test_the_name_can_be_changed(account: Visit) -> None:
    you = panel(account, "You")
    you.get_by_role("button", name="Change name").click()
    expect(you.get_by_label("Name")).to_be_focused()
    you.get_by_label("Name").fill("  ")
    account.press("Enter")
    expect(you.locator(".field-error")).to_have_text("Enter your name as colleagues know it.")
    you.get_by_label("Name").fill("Prof. Hannah Whitfield")
    account.press("Enter")
    expect(you).to_contain_text("Prof. Hannah Whitfield")
    expect(account.page.locator("#account-name")).to_have_text("Prof. Hannah Whitfield")


def test_changing_ones_mind_about_the_name_changes_nothing(account: Visit) -> None:
    you = panel(account, "You")
    you.get_by_role("button", name="Change name").click()
    you.get_by_label("Name").fill("Somebody Else")
    you.get_by_role("button", name="Cancel").click()
    expect(you).to_contain_text("Dr Hannah Whitfield")


@pytest.mark.parametrize(
    ("current", "new", "sentence"),
    [
        ("", NEW_PASSWORD, "Enter the password that you use now."),
        (PASSWORD, "", "Use at least 12 characters."),
        (PASSWORD, "eleven char", "Use at least 12 characters."),
        (PASSWORD, PASSWORD, "Choose a password that differs from the current one."),
        ("not my password", NEW_PASSWORD, "This is not your current password."),
    ],
)
def test_a_password_that_cannot_be_is_refused_where_it_is(
    account: Visit, current: str, new: str, sentence: str
) -> None:
    form = panel(account, "Password")
    form.get_by_label("Current password").fill(current)
    form.get_by_label("New password").fill(new)
    account.press("Enter")
    expect(form.locator(".field-error:visible")).to_have_text(sentence)


def test_a_new_password_signs_out_the_other_devices(account: Visit, phone: httpx.Client) -> None:
    form = panel(account, "Password")
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_label("New password").fill(NEW_PASSWORD)
    account.press("Enter")
    expect(form.locator(".notice")).to_contain_text("Your password was changed.")
    assert phone.get("/users/v1/me").status_code == 401
    expect(panel(account, "Devices").locator(".device")).to_have_count(1)


def test_another_device_can_be_signed_out(account: Visit, phone: httpx.Client) -> None:
    account.page.reload()
    devices = panel(account, "Devices").locator(".device")
    expect(devices).to_have_count(2, timeout=30_000)
    expect(devices.first).to_contain_text("This device")
    devices.nth(1).get_by_role("button").click()
    expect(devices).to_have_count(1)
    assert phone.get("/users/v1/me").status_code == 401


def test_a_device_that_is_signed_out_elsewhere_closes_at_once(clinic: Clinic, account: Visit, person: Person) -> None:
    with clinic.client_of(person) as other:
        sessions = other.get("/users/v1/sessions").json()["sessions"]
        for session in sessions:
            if not session["current"]:
                assert other.delete(f"/users/v1/sessions/{session['id']}").status_code == 204
    expect(account.page.locator("#sign-in-title")).to_have_text("Please sign in again")
    expect(account.page.locator("#frame")).to_be_hidden()


def test_what_happened_to_the_account_is_listed_newest_first(clinic: Clinic, enter: Enter, person: Person) -> None:
    wrong = {"email": person.email, "password": "not my password", "transport": "token"}
    assert httpx.post(f"{clinic.url}/users/v1/sessions", json=wrong).status_code == 401
    visit = enter(person)
    visit.page.get_by_role("link", name="Account", exact=True).click()
    lines = panel(visit, "Security").get_by_role("listitem")
    expect(lines.first).to_contain_text("Signed in", timeout=30_000)
    expect(lines.nth(1)).to_contain_text("Sign-in refused: wrong password")
    expect(lines.nth(1)).to_contain_text("from the network 127.0.0.0/24")
