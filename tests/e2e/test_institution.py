"""What administrators do with their institution, and that nobody else can."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.session import Visit
from harness.clinic import PASSWORD, Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile
from playwright.sync_api import Locator, Route, expect

from picsafe_protocol.contracts.tokens import Role

FILES = [MadeFile("image/jpeg", drawn_photo(320, 240, "steelblue"), width=320, height=240)]


@pytest.fixture(scope="module")
def institution(clinic: Clinic) -> str:
    return clinic.institution("Royal Teaching Hospital")


@pytest.fixture(scope="module")
def chief(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Ada Chief", "ada@hospital.example", "GB", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def member(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Tom Baker", "tom@hospital.example", "GB", institution, Role.MEMBER)


@pytest.fixture(scope="module")
def window(enter: Enter, chief: Person, member: Person) -> Visit:
    return enter(chief)


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    window.page.get_by_role("link", name="Institution").click()
    expect(window.page.get_by_role("heading", name="Royal Teaching Hospital")).to_be_visible()
    yield window
    window.nothing_was_refused()


def section(visit: Visit, name: str) -> None:
    visit.page.get_by_role("navigation", name="Sections").get_by_role("link", name=name).click()


def member_row(visit: Visit, name: str) -> Locator:
    return visit.page.locator("tbody tr", has_text=name)


def dialogue(visit: Visit) -> Locator:
    return visit.page.get_by_role("dialog")


def shown_once(visit: Visit) -> str:
    """The secret in the dialogue, which is then closed."""
    value = dialogue(visit).locator("#secret").input_value()
    dialogue(visit).get_by_role("button", name="Done").click()
    expect(dialogue(visit)).to_have_count(0)
    visit.shows_nothing_of(value)
    return value


def test_members_do_not_see_it(enter: Enter, clinic: Clinic, member: Person) -> None:
    visit = enter(member)
    expect(visit.page.get_by_role("link", name="Institution")).to_have_count(0)
    visit.page.goto(f"{clinic.url}/#/institution")
    expect(visit.page.get_by_role("heading", name="Only administrators can see this page")).to_be_visible()
    assert clinic.network.asked("/v1/institution") == []


def test_rules_are_changed_and_stay_changed(visit: Visit) -> None:
    visit.page.get_by_label("Reports are kept for").select_option("3 days")
    visit.page.get_by_label("Pages lock after").select_option("5 minutes")
    visit.page.get_by_label("Every member, when a member has sent or received it").check()
    visit.page.get_by_role("button", name="Save policies").click()
    expect(visit.page.locator("form .notice")).to_contain_text("The policies were saved.")
    section(visit, "Members")
    section(visit, "Policies")
    expect(visit.page.get_by_label("Reports are kept for")).to_have_value("3")
    expect(visit.page.get_by_label("Pages lock after")).to_have_value("5")
    expect(visit.page.get_by_label("Every member, when a member has sent or received it")).to_be_checked()


def test_without_further_key_servers_the_screen_says_whom_to_ask(visit: Visit, clinic: Clinic) -> None:
    own = visit.page.locator("#main-content")
    expect(own).to_contain_text(f"The only one is PicSafe's own, at {clinic.url}/keys.")
    expect(own).to_contain_text("Ask the operator of this PicSafe to permit it.")
    expect(visit.page.get_by_role("button", name="Save key servers")).to_have_count(0)


def test_a_member_is_invited_by_a_link_that_is_shown_once(clinic: Clinic, visit: Visit) -> None:
    section(visit, "Members")
    visit.page.get_by_role("button", name="Invite a member").click()
    form = dialogue(visit)
    form.get_by_role("button", name="Invite").click()
    expect(form.locator("#member-name-error")).to_have_text("Enter the name as colleagues know it.")
    form.get_by_label("Name").fill("Zoë Álvarez")
    form.get_by_label("Email address").fill("tom@hospital.example")
    form.get_by_label("Country").select_option("Portugal")
    form.get_by_role("button", name="Invite").click()
    expect(form.locator(".notice")).to_contain_text("This email address already has an account.")
    expect(form.get_by_label("Name")).to_have_value("Zoë Álvarez")
    form.get_by_label("Email address").clear()
    form.get_by_label("Email address").fill("zoe@hospital.example")
    form.get_by_role("button", name="Invite").click()
    expect(dialogue(visit).locator("#secret")).to_be_visible()
    mail = dialogue(visit).get_by_role("link", name="Write an email").get_attribute("href") or ""
    link = shown_once(visit)
    assert mail.startswith("mailto:zoe%40hospital.example?subject=")
    for words in ("Dear Zoë Álvarez", "Ada Chief (ada@hospital.example)", link):
        assert quote(words) in mail
    assert link.startswith(f"{clinic.url}/#/invitation/")
    expect(member_row(visit, "Zoë Álvarez")).to_contain_text("Invited")
    expect(member_row(visit, "Zoë Álvarez")).to_contain_text("Portugal")
    answer = httpx.post(
        f"{clinic.url}/users/v1/invitations", json={"token": link.rpartition("/")[2], "password": PASSWORD}
    )
    assert answer.status_code == 201
    section(visit, "Policies")
    section(visit, "Members")
    expect(member_row(visit, "Zoë Álvarez")).to_contain_text("Active")


def test_nobody_is_invited_outside_of_the_mail_domains(visit: Visit) -> None:
    section(visit, "Members")
    visit.page.get_by_role("button", name="Invite a member").click()
    form = dialogue(visit)
    expect(form).to_contain_text("Members have addresses at hospital.example.")
    form.get_by_label("Name").fill("Prof. Surgeon")
    form.get_by_label("Email address").fill("surgeon@royal-hospital.example")
    form.get_by_role("button", name="Invite").click()
    expect(form.locator(".notice")).to_contain_text("This address is outside the email domains of your institution.")
    expect(form.locator(".notice")).to_contain_text("ask the operator of PicSafe to approve another domain")
    form.get_by_role("button", name="Cancel").click()


def test_a_password_is_reset_and_the_change_is_listed_for_administrators(
    clinic: Clinic, visit: Visit, institution: str
) -> None:
    loser = clinic.person("Lea Loser", "lea@hospital.example", "GB", institution, Role.MEMBER)
    section(visit, "Members")
    member_row(visit, "Lea Loser").get_by_role("button", name="Reset the password of Lea Loser").click()
    expect(dialogue(visit)).to_contain_text("can only open reports that are sent from then on")
    with clinic.client_of(loser) as elsewhere:
        dialogue(visit).get_by_role("button", name="Reset password").click()
        expect(dialogue(visit).locator("#secret")).to_be_visible()
        assert elsewhere.get("/users/v1/me").status_code == 401
    link = shown_once(visit)
    body = {"token": link.rpartition("/")[2], "password": PASSWORD}
    assert httpx.post(f"{clinic.url}/users/v1/invitations", json=body).status_code == 201
    section(visit, "Changes")
    rows = visit.page.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("Invited by Ada Chief")
    expect(rows.nth(0)).to_contain_text("A new password was set for lea@hospital.example with the invitation")
    expect(rows.nth(1)).to_contain_text("Ada Chief")
    expect(rows.nth(1)).to_contain_text("Reset the password of lea@hospital.example")
    expect(rows.nth(2)).to_contain_text("The operator of PicSafe")
    expect(rows.nth(2)).to_contain_text("Added lea@hospital.example as Member")


def test_a_member_is_disabled_signed_out_and_enabled_again(clinic: Clinic, visit: Visit, institution: str) -> None:
    leaver = clinic.person("Lou Leaver", "lou@hospital.example", "GB", institution, Role.MEMBER)
    section(visit, "Members")
    row = member_row(visit, "Lou Leaver")
    row.get_by_role("button", name="Disable Lou Leaver").click()
    with clinic.client_of(leaver) as elsewhere:
        dialogue(visit).get_by_role("button", name="Disable").click()
        expect(row).to_contain_text("Disabled")
        assert elsewhere.get("/users/v1/me").status_code == 401
    row.get_by_role("button", name="Enable Lou Leaver").click()
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Disable Lou Leaver").click()
    dialogue(visit).get_by_role("button", name="Disable").click()
    row.get_by_role("button", name="Remove Lou Leaver").click()
    dialogue(visit).get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_the_last_administrator_stays_one(visit: Visit) -> None:
    section(visit, "Members")
    expect(member_row(visit, "Ada Chief")).to_contain_text("Administrator")
    expect(member_row(visit, "Ada Chief").get_by_role("button")).to_have_count(0)


def change_role(visit: Visit, name: str, role: str) -> None:
    member_row(visit, name).get_by_role("button", name=f"Change the role of {name}").click()
    dialogue(visit).get_by_label(f"{role}: ").check()
    dialogue(visit).get_by_role("button", name="Change role").click()


def test_a_member_becomes_an_administrator(visit: Visit) -> None:
    section(visit, "Members")
    for role in ("Administrator", "Member"):
        change_role(visit, "Tom Baker", role)
        expect(visit.page.locator("#announcer")).to_have_text(f"Tom Baker is now: {role}.")
        expect(member_row(visit, "Tom Baker")).to_contain_text(role)


def test_a_stale_list_changes_nothing_and_is_loaded_again(clinic: Clinic, visit: Visit, chief: Person) -> None:
    """A lost invitation is sent again; by then its owner has found it and set a password, which must survive."""
    section(visit, "Members")
    with clinic.client_of(chief) as http:
        wanted = {"email": "nia@hospital.example", "name": "Nia New", "country": "NZ", "role": "member"}
        token = http.post("/users/v1/institution/members", json=wanted).json()["invitation_token"]
    section(visit, "Policies")
    section(visit, "Members")
    resend = member_row(visit, "Nia New").get_by_role("button", name="Resend the invitation to Nia New")
    expect(resend).to_be_visible()
    body = {"token": token, "password": PASSWORD}
    assert httpx.post(f"{clinic.url}/users/v1/invitations", json=body).status_code == 201
    resend.click()
    expect(visit.page.locator("#banner .notice")).to_contain_text("This has been changed in the meantime.")
    expect(member_row(visit, "Nia New")).to_contain_text("Active")
    expect(member_row(visit, "Nia New").get_by_role("button", name="Reset the password of Nia New")).to_be_visible()
    expect(visit.page.get_by_role("dialog")).to_have_count(0)
    clinic.client_of(Person("", "nia@hospital.example", "Nia New")).close()


def test_a_policy_that_somebody_else_has_changed_is_shown_before_it_is_changed_again(
    clinic: Clinic, visit: Visit, chief: Person
) -> None:
    section(visit, "Policies")
    days = visit.page.get_by_label("Reports are kept for")
    expect(days).to_be_visible()  # the policy has been read
    with clinic.client_of(chief) as http:
        assert http.patch("/users/v1/institution", json={"retention_days": 2}).status_code == 200
    days.select_option("5")
    visit.page.get_by_role("button", name="Save policies").click()
    expect(visit.page.locator("#banner .notice")).to_contain_text("This has been changed in the meantime.")
    expect(days).to_have_value("2")
    days.select_option("7")
    visit.page.get_by_role("button", name="Save policies").click()
    expect(visit.page.locator("form .notice-good")).to_be_visible()


def test_the_token_of_a_service_account_is_shown_once_and_works_until_it_is_revoked(
    clinic: Clinic, visit: Visit
) -> None:
    section(visit, "Service accounts")
    visit.page.get_by_role("button", name="New service account").click()
    dialogue(visit).get_by_label("Name").fill("PACS bridge, basement server")
    visit.press("Enter")
    expect(dialogue(visit).locator("#secret")).to_be_visible()
    headers = {"Authorization": f"Bearer {shown_once(visit)}"}
    assert httpx.get(f"{clinic.url}/users/v1/me", headers=headers).json()["kind"] == "service"
    visit.page.get_by_role("button", name="Revoke PACS bridge, basement server").click()
    dialogue(visit).get_by_role("button", name="Revoke").click()
    expect(visit.page.get_by_text("There is no service account yet.")).to_be_visible()
    assert httpx.get(f"{clinic.url}/users/v1/me", headers=headers).status_code == 401


def test_the_access_log_is_filtered_and_exported(
    clinic: Clinic, visit: Visit, chief: Person, member: Person, enter: Enter
) -> None:
    made = clinic.send(chief, [member], FILES)
    reader = enter(member)
    reader.open_report(made.header.report_id)
    section(visit, "Access log")
    rows = visit.page.locator("tbody tr")
    expect(rows.filter(has_text="Opened").filter(has_text="Tom Baker")).to_have_count(1)
    expect(rows.filter(has_text="Key created").filter(has_text="Ada Chief")).not_to_have_count(0)

    visit.page.get_by_label("What").select_option("Opened")
    visit.page.get_by_label("Who").fill("tom@")
    report = visit.page.get_by_label("Report", exact=True)
    report.fill(f" {made.header.report_id[:8].upper()} ")  # as the table shows it, and somebody types it
    visit.page.get_by_role("button", name="Show", exact=True).click()
    expect(rows).to_have_count(1)

    with download(visit.page) as saved:
        visit.page.get_by_role("button", name="Export as CSV").click()
    assert re.fullmatch(r"picsafe-access-log-20\d\d-\d\d-\d\d\.csv", saved.name)
    entries = list(csv.DictReader(io.StringIO(saved.content.decode(), newline="")))
    assert [(each["event"], each["who_name"]) for each in entries] == [("released", "Tom Baker")]

    rows.get_by_role("button", name=f"{made.header.report_id[:8]}: show only this report").click()
    expect(rows).to_have_count(2)  # created and opened
    expect(report).to_have_value(made.header.report_id)
    expect(report).to_be_focused()

    visit.page.get_by_label("Who").fill("nobody")
    visit.press("Enter")
    expect(visit.page.get_by_text("Nothing has been recorded yet.")).to_be_visible()


def test_an_export_that_a_proxy_lets_drip_ends_and_can_be_cancelled(clinic: Clinic, visit: Visit) -> None:
    """A byte now and then: no single read takes long, so only a deadline for all of it helps."""
    section(visit, "Access log")
    expect(visit.page.get_by_role("button", name="Export as CSV")).to_be_visible()
    clinic.network.drips.add("/log.csv")
    try:
        visit.page.get_by_role("button", name="Export as CSV").click()
        visit.page.locator(".wait").get_by_role("button", name="Cancel").click()
        expect(visit.page.locator(".wait")).to_have_count(0)
        expect(visit.page.get_by_text("The server did not answer in time.")).to_have_count(0)
        visit.python("from picsafe_client.api import access_log; access_log.CSV_SECONDS = 1.5")
        visit.page.get_by_role("button", name="Export as CSV").click()
        expect(visit.page.get_by_text("The server did not answer in time.")).to_be_visible()
        expect(visit.page.locator(".wait")).to_have_count(0)
    finally:
        clinic.network.drips.clear()
    visit.python("from picsafe_client.api import access_log; access_log.CSV_SECONDS = 60")
    with download(visit.page) as saved:
        visit.page.get_by_role("button", name="Export as CSV").click()
    assert b"who_name" in saved.content


@pytest.mark.parametrize(
    ("section_name", "button", "fields", "arrival"),
    [
        ("Members", "Invite a member", {"Name": "Lena Late", "Email address": "lena@hospital.example"}, "members?"),
        ("Service accounts", "New service account", {"Name": "Late bridge"}, "service-accounts"),
    ],
)
def test_a_list_that_comes_late_is_rebuilt_before_somebody_goes_on(
    visit: Visit, section_name: str, button: str, fields: dict[str, str], arrival: str
) -> None:
    section(visit, section_name)
    visit.page.get_by_role("button", name=button).click()
    for label, value in fields.items():
        dialogue(visit).get_by_label(label).fill(value)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            held.append(route)
        else:
            route.continue_()

    listing = re.compile(f"/users/v1/institution/.*{re.escape(arrival)}")
    visit.page.route(listing, hold)
    visit.press("Enter")
    while not held:
        visit.page.wait_for_timeout(50)
    expect(visit.page.locator("#secret")).to_have_count(0)
    held[0].abort()
    expect(visit.page.locator("#secret")).to_be_visible()  # the list is lost, but not what is shown only once
    visit.page.unroute(listing)
    shown_once(visit)
