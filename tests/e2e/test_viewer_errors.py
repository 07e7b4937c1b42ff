"""A report that does not open: each reason is said in words, with what it means and a button that helps; nothing is shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.session import WATCH, Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile, MadeReport, made_report, repacked
from playwright.sync_api import Browser, expect

from picsafe_protocol.contracts.errors import InternalError, LogUnavailable, NotPermitted, TokenRefused
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.report import Report
from picsafe_protocol.format.strict_zip import build

FILES = [MadeFile("image/jpeg", drawn_photo(400, 300, "olive"), caption="Never seen")]
SECRETS = ("Edda Lindqvist", "MRN 00412", "Never seen")


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    return clinic.send(sender, [reader], FILES)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    yield window
    window.nothing_was_refused()


def says(visit: Visit, *words: str) -> None:
    """The trouble names all of this, nothing of the patient is in the page, and the inbox is one click away."""
    for word in words:
        expect(visit.trouble).to_contain_text(word, timeout=15_000)
    visit.shows_nothing_of(*SECRETS)
    assert visit.live_urls() == 0
    expect(visit.trouble.get_by_role("button", name="Back to the inbox")).to_be_visible()


def go(visit: Visit, report_id: str) -> None:
    visit.page.evaluate("(hash) => { location.hash = hash; }", f"#/report/{report_id}")


# From the cloud


def test_a_report_that_does_not_exist(visit: Visit) -> None:
    go(visit, "a" * 26)
    says(visit, "This does not exist", "Nothing was opened")


def test_somebody_elses_report(visit: Visit, clinic: Clinic, sender: Person) -> None:
    other = clinic.person("Dr Other", "other@clinic.example")
    go(visit, clinic.send(sender, [other], FILES).header.report_id)
    says(visit, "This does not exist, or you do not have access to it")


def test_a_withdrawn_report(visit: Visit, clinic: Clinic, sender: Person, reader: Person) -> None:
    gone = clinic.send(sender, [reader], FILES).header.report_id
    clinic.withdraw(sender, gone)
    go(visit, gone)
    says(visit, f"{sender.name} withdrew this report on", "Nobody can open it any more")


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        (
            "/release",
            LogUnavailable(),
            ("The access log cannot be written, so no key is released", "safe where it is"),
        ),
        ("/release", NotPermitted("Not for you any more."), ("You are not allowed to do this.", "Nothing was opened")),
        ("/release", InternalError(), ("Something went wrong on the server", "safe where it is")),
        ("/v1/packages/", TokenRefused(), ("does not accept this token", "Nothing was opened")),
    ],
    ids=["no log, no key", "not permitted", "key server fails", "grant refused twice"],
)
def test_what_the_servers_refuse(
    visit: Visit, clinic: Clinic, report: MadeReport, where: str, error: InternalError, words: tuple[str, ...]
) -> None:
    clinic.network.refusals[where] = (error.status, error.to_problem())
    go(visit, report.header.report_id)
    says(visit, *words)


def test_a_key_server_that_is_down_is_named_and_trying_again_helps(
    visit: Visit, clinic: Clinic, report: MadeReport
) -> None:
    clinic.network.refusals["/release"] = (503, {})
    go(visit, report.header.report_id)
    says(visit, "The server is not available", "safe where it is stored")
    clinic.network.refusals.clear()
    visit.trouble.get_by_role("button", name="Try again").click()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_a_grant_that_is_refused_once_is_replaced(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    granted = len(clinic.network.asked("/grants"))
    clinic.network.refuse_once["/v1/packages/"] = (401, TokenRefused().to_problem())
    visit.open_report(report.header.report_id)
    assert len(clinic.network.asked("/grants")) == granted + 2


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-300] + bytes([data[-300] ^ 1]) + data[-299:],
        lambda data: b"\xff\xd8" + data[2:],
        lambda data: data[:150] + b"x" + data[151:],
    ],
    ids=["a byte changed", "something else", "the header changed"],
)
def test_a_package_changed_on_the_way_is_held_against_nobody_and_can_be_tried_again(
    visit: Visit, clinic: Clinic, report: MadeReport, change: Callable[[bytes], bytes]
) -> None:
    """Found before a byte of it is looked into, and not held against the report or its sender."""
    released = len(clinic.network.asked("/release"))
    clinic.network.changes["/v1/packages/"] = lambda data: change(data) if len(data) > 1000 else data
    go(visit, report.header.report_id)
    says(visit, "What arrived is not what was sent", "This says nothing about the report itself")
    assert len(clinic.network.asked("/release")) == released
    says(visit, "something between you and the cloud may have changed it")
    expect(visit.trouble.get_by_role("button", name="Write to")).to_have_count(0)
    clinic.network.changes.clear()
    visit.trouble.get_by_role("button", name="Try again").click()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_a_recipient_and_the_cloud_cannot_swap_a_report_for_another_recipient(
    visit: Visit, clinic: Clinic, report: MadeReport
) -> None:
    """The forgery is encrypted with the report's own key, which every recipient has, and of the same length."""
    path = report.report.media[0].path
    files = {**report.files, path: flipped(report.files[path], 100)}
    media = tuple(
        replace(each, sha256=hashlib.sha256(files[each.path]).hexdigest()) if each.path == path else each
        for each in report.report.media
    )
    forgery = repacked(report, build_payload(replace(report.report, media=media), files)).package
    assert len(forgery) == len(report.package)
    clinic.network.changes["/v1/packages/"] = lambda data: forgery if len(data) > 1000 else data
    go(visit, report.header.report_id)
    says(visit, "What arrived is not what was sent")
    visit.shows_nothing_of("MRN 00412")


SCANNER = "<html><title>Your download is being scanned</title>Please wait.</html>"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 200, "body": SCANNER, "content_type": "text/html"}, "What arrived is not the part of the report"),
        ({"status": 403, "body": SCANNER, "content_type": "text/html"}, "answered in its place"),
        (
            {"status": 511, "body": SCANNER, "content_type": "text/html"},
            "A guest network may require you to sign in first",
        ),
    ],
    ids=["a virus scanner", "a proxy", "a guest network"],
)
def test_what_answers_in_place_of_the_cloud_is_named_and_trying_again_helps(
    visit: Visit, report: MadeReport, answer: dict[str, Any], words: str
) -> None:
    visit.page.route("**/v1/packages/**", lambda route: route.fulfill(**answer))
    try:
        go(visit, report.header.report_id)
        says(visit, words)
    finally:
        visit.page.unroute("**/v1/packages/**")
    visit.trouble.get_by_role("button", name="Try again").click()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_a_proxy_that_takes_ranges_and_lengths_away_keeps_no_report_away(visit: Visit, report: MadeReport) -> None:
    def whole(route: Any) -> None:
        route.fulfill(status=200, body=report.package, content_type="text/plain")

    package = f"**/v1/packages/{report.header.report_id}"  # the checksums of its pieces have another address
    visit.page.route(package, whole)
    try:
        visit.open_report(report.header.report_id)
    finally:
        visit.page.unroute(package)


def test_the_page_of_a_guest_network_in_place_of_an_answer_is_named(visit: Visit, report: MadeReport) -> None:
    page = {"status": 200, "body": "<form>Room number</form>", "content_type": "text/html"}
    visit.page.route("**/release", lambda route: route.fulfill(**page))
    try:
        go(visit, report.header.report_id)
        says(visit, "Something between this computer and PicSafe answered in its place", "sign in first")
    finally:
        visit.page.unroute("**/release")


def test_a_cloud_that_answers_with_another_report(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person, report: MadeReport
) -> None:
    other = clinic.send(sender, [reader], FILES)
    assert len(other.package) == len(report.package)
    released = len(clinic.network.asked("/release"))
    clinic.network.changes["/v1/packages/"] = lambda data: other.package if len(data) > 1000 else data
    go(visit, report.header.report_id)
    says(visit, "What arrived is not what was sent")
    assert len(clinic.network.asked("/release")) == released


def test_opening_can_be_cancelled(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    clinic.network.slow = 20
    visit.row(report.header.report_id).click()
    visit.page.get_by_role("button", name="Cancel").click()
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    visit.shows_nothing_of("No sign of infection")


# From a file. Its key server is the clinic's own, unless the test is about another.


@pytest.fixture(scope="module")
def honest(report: MadeReport) -> MadeReport:
    return report


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_changed_photo(made: MadeReport) -> bytes:
    """What a sender could make who describes another photo than the one that is there."""
    path = made.report.media[0].path
    contents = {**made.files, path: flipped(made.files[path], 100)}
    members = [
        ("report.json", made.report.to_bytes()),
        *((file.path, contents[file.path]) for file in made.report.files()),
    ]
    return repacked(made, build(members)).package


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda made: b"", "This is not a PicSafe file"),
        (lambda made: made.files["media/001.jpg"], "This is not a PicSafe file"),
        (lambda made: made.package[: len(made.package) // 2], "This is not a PicSafe file"),
        (lambda made: made.package[:-1], "This is not a PicSafe file"),
        (lambda made: made.package + b"\0", "This is not a PicSafe file"),
        (lambda made: flipped(made.package, len(made.package) - 400), "not the report that was sent"),
        (lambda made: replace_in_header(made, b'"version":1', b'"version":9'), "newer PicSafe"),
        (lambda made: repacked(made, build_payload(*other_report(made))).package, "not the report that was sent"),
        (lambda made: repacked(made, b"no zip").package, "not the report that was sent"),
    ],
    ids=[
        "nothing", "a photo", "half", "the last byte missing", "a byte too many", "a byte changed",
        "version 9", "another report inside", "no zip inside",
    ],
)  # fmt: skip
def test_a_false_file(visit: Visit, honest: MadeReport, damage: Callable[[MadeReport], bytes], words: str) -> None:
    visit.open_file("report.picsafe", damage(honest))
    says(visit, words)
    expect(visit.trouble.get_by_role("button", name="Choose a file")).to_be_visible()


def replace_in_header(made: MadeReport, old: bytes, new: bytes) -> bytes:
    header = made.header.to_bytes()
    assert old in header
    return build([("package.json", header.replace(old, new)), ("package.encrypted", bytes(200))])


def other_report(made: MadeReport) -> tuple[Report, dict[str, bytes]]:
    return replace(made.report, report_id="b" * 26), made.files


def test_a_file_of_an_unknown_key_server_opens_nothing_and_asks_nobody(visit: Visit, clinic: Clinic) -> None:
    foreign = made_report(FILES, keyserver_url="https://keys.elsewhere.example")
    before = len(clinic.network.seen)
    visit.open_file("report.picsafe", foreign.package)
    says(visit, "not one that your institution trusts", "was not contacted")
    paths = [path for _, path, _ in clinic.network.seen[before:]]
    assert not [path for path in paths if "token" in path or "release" in path or path.startswith("/cloud")]


def test_a_photo_that_is_not_the_one_described_is_not_shown(visit: Visit, clinic: Clinic, honest: MadeReport) -> None:
    clinic.network.refusals[f"/v1/reports/{honest.header.report_id}"] = (404, {"code": "not_found"})  # no digest of it
    try:
        visit.open_file("report.picsafe", with_changed_photo(honest))
        visit.sees_medium()
    finally:
        clinic.network.refusals.clear()
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text("not the one that the sender described")
    expect(message).to_contain_text("This file is not shown.")
    assert visit.photo.count() == 0
    assert visit.live_urls() == 0


# Clocks of ward computers


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_report_opens_in_a_browser_whose_clock_is_an_hour_off(
    browser: Browser, clinic: Clinic, sender: Person, reader: Person, wrong: timedelta
) -> None:
    made = clinic.send(sender, [reader], FILES)
    profile = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    profile.add_init_script(WATCH)
    visit = Visit(clinic, profile.new_page(), reader)
    visit.page.clock.set_system_time(datetime.now(UTC) + wrong)
    visit.sign_in()
    off = visit.page.evaluate("() => Date.now()") / 1000 - datetime.now(UTC).timestamp()
    assert abs(off - wrong.total_seconds()) < 600, "the browser's clock is right, so nothing is tried here"
    row = visit.page.locator(f".row[data-id='{made.header.report_id}']")
    # By the servers' clock: "1 h ago", "in the future" or "7 days" too many would be this computer's.
    expect(row.locator(".row-time")).to_have_text(re.compile(r"^(just now|\d+ min ago)$"))
    expect(row.locator(".row-kept")).to_have_text(re.compile(r"^[67] days left$"))
    visit.open_report(made.header.report_id)
    expect(visit.facts).to_contain_text("Edda Lindqvist")
    with clinic.client_of(sender) as http:
        (mine,) = [
            each
            for each in http.get("/users/v1/reports?box=sent").json()["reports"]
            if each["id"] == made.header.report_id
        ]
    assert abs(datetime.fromisoformat(mine["recipients"][0]["opened_at"]) - datetime.now(UTC)) < timedelta(minutes=10)
    visit.nothing_was_refused()
    profile.close()


# The time is over: last in this module, because its clock does not go back


def test_an_expired_report(clinic: Clinic, visit: Visit, sender: Person, reader: Person, report: MadeReport) -> None:
    clinic.clock.move(timedelta(days=7, minutes=5))
    visit.page.reload()
    visit.enter_password()
    go(visit, report.header.report_id)
    says(visit, "This report has expired", "Nobody can open it any more")
    visit.trouble.get_by_role("button", name="Back to the inbox").click()
    visit.open_file("report.picsafe", report.package)
    says(visit, "key of this report has been destroyed")
