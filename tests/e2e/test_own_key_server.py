"""An institution with a key server of its own, on another origin than the page: chosen on the screen, used by real browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen, file
from harness.browser.session import Visit
from harness.clinic import Clinic, Person, free_port, running_clinic
from harness.delivered_reports import inbox
from harness.photos import drawn_photo
from playwright.sync_api import expect

from picsafe_protocol.contracts.tokens import Role

PHOTO = file("IMG_2041.jpg", drawn_photo(1200, 900, "firebrick"))
STRANGER = "https://keys.stranger.example/keys"


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Of PicSafe, and of the institution's key server."""
    return free_port(), free_port()


@pytest.fixture(scope="module")
def clinic(built_client: None, ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A PicSafe whose operator permits the institution's key server."""
    permitted = (f"http://localhost:{ports[1]}/keys",)
    folder = tmp_path_factory.mktemp("clinic")
    with running_clinic(folder, port=ports[0], allowed_key_servers=permitted) as running:
        yield running


@pytest.fixture(scope="module")
def house(clinic: Clinic, ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The institution's own key server: the same program in its key role, with a database and a log of its own."""
    folder: Path = tmp_path_factory.mktemp("house")
    settings = {"roles": ("keys",), "users_url": clinic.url + "/users", "client_origins": (clinic.url,)}
    with running_clinic(folder, port=ports[1], **settings) as running:
        yield running


@pytest.fixture(scope="module")
def institution(clinic: Clinic) -> str:
    return clinic.institution("Royal Hospital")


@pytest.fixture(scope="module")
def chief(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Clare Doyle", "clare@royal.example", "AU", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    return clinic.person("Dr Jon Keller", "jon@practice.example", "DE")


@pytest.fixture(scope="module")
def window(enter: Enter, chief: Person) -> Visit:
    return enter(chief)


def rules(visit: Visit) -> None:
    visit.to_inbox()
    visit.page.get_by_role("link", name="Institution").click()
    expect(visit.page.get_by_role("button", name="Save key servers")).to_be_visible()


def test_a_server_that_the_operator_did_not_permit_is_neither_offered_nor_taken(
    clinic: Clinic, chief: Person, window: Visit, house: Clinic
) -> None:
    rules(window)
    choices = window.page.get_by_label("Keys of new reports are created at").locator("option")
    expect(choices).to_have_text([f"PicSafe's own ({clinic.url}/keys)", house.url + "/keys"])
    expect(window.page.locator("#main-content")).to_contain_text("Ask the operator of this PicSafe to permit it.")
    # A page that is older than the operator's list, or one that was tampered with.
    choices.nth(1).evaluate("(option, url) => { option.value = url; }", STRANGER)
    window.page.get_by_label("Keys of new reports are created at").select_option(STRANGER)
    window.page.get_by_role("button", name="Save key servers").click()
    refusal = window.page.locator("form .notice-danger")
    expect(refusal).to_contain_text("The operator of this PicSafe does not permit this key server.")
    expect(refusal).to_contain_text("or ask the operator to permit it.")
    expect(refusal).to_contain_text("Nothing was changed.")
    with clinic.client_of(chief) as http:
        assert http.get("/users/v1/institution").json()["key_server"] == clinic.url + "/keys"
    # Nor would a browser have spoken to it: its policy knows the operator's list alone.
    failed = window.page.evaluate("url => fetch(url + '/v1/checkpoint').then(() => '', String)", STRANGER)
    assert failed.startswith("TypeError")  # what a request that does not get through is
    assert any(STRANGER in each for each in window.page.evaluate("() => violations"))
    window.page.evaluate("() => { violations.length = 0; }")
    window.errors.clear()  # where Firefox says it too


def test_a_report_is_sent_opened_and_taken_back_with_its_key_in_the_house(
    clinic: Clinic, window: Visit, house: Clinic, chief: Person, reader: Person, enter: Enter
) -> None:
    rules(window)
    window.page.get_by_label("Keys of new reports are created at").select_option(house.url + "/keys")
    expect(window.page.get_by_label(house.url + "/keys", exact=True)).to_be_checked()
    window.page.get_by_role("button", name="Save key servers").click()
    expect(window.page.locator("form .notice-good")).to_contain_text("The key servers were saved.")

    screen = SendScreen(window).begin()
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    screen.has_arrived()
    report_id = inbox(clinic, reader)[0]
    assert house.network.asked("/keys/v1/keys")
    assert clinic.network.asked("/keys/v1/keys") == []

    away = enter(reader)
    away.page.get_by_role("button", name="Show patients").click()
    expect(away.row(report_id)).to_contain_text("Edda Lindqvist")
    assert house.network.asked("/keys/v1/labels/release")
    away.open_report(report_id)
    expect(away.facts).to_contain_text("Edda Lindqvist")
    away.nothing_was_refused()
    assert clinic.network.asked("/keys/") == []

    rules(window)
    of_the_house = [re.compile("Opened"), re.compile("Patient shown in a list")]
    rows = window.page.locator("tbody tr", has_text=reader.name)
    with (
        window.page.expect_response(re.compile(re.escape(clinic.url) + r"/keys/v1/log\b")),
        clinic.held("/keys/v1/log"),
    ):
        window.page.get_by_role("navigation", name="Sections").get_by_role("link", name="Access log").click()
        window.page.get_by_label("Key server").select_option(house.url + "/keys")
        window.page.get_by_role("button", name="Show", exact=True).click()
        expect(rows).to_have_text(of_the_house)
    window.page.wait_for_timeout(300)  # what was asked for first arrives last
    expect(rows).to_have_text(of_the_house)

    clinic.withdraw(chief, report_id)
    assert house.network.asked(f"/keys/v1/reports/{report_id}/revoke")
    away.to_inbox()
    expect(away.row(report_id)).to_contain_text(f"Withdrawn by {chief.name}")
    window.nothing_was_refused()


def test_only_picsafe_s_pages_may_ask_it(clinic: Clinic, house: Clinic) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for origin, allowed in ((clinic.url, clinic.url), ("https://evil.example", None)):
        answer = httpx.options(f"{house.url}/keys/v1/keys", headers={"Origin": origin, **asked})
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_when_the_house_is_away_the_page_says_so_and_nothing_is_sent(
    window: Visit, house: Clinic, reader: Person
) -> None:
    screen = SendScreen(window).begin()
    screen.choose(PHOTO)
    screen.describe([reader])
    house.stop()
    try:
        screen.send()
        expect(screen.failure).to_contain_text("The server cannot be reached", timeout=60_000)
        expect(screen.failure).to_contain_text("Nobody has received anything")
    finally:
        house.start()
