"""The main job from end to end: sent in one browser, it arrives in another, is looked at, saved, kept track of, and ends."""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from e2e.conftest import Enter
from e2e.test_viewer_files_from_disk import DROP
from harness.browser.send_page import SendScreen, recording
from harness.browser.session import READY, Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import Parcel, cleaned, opened
from harness.photos import drawn_photo, noisy_photo
from playwright.sync_api import Request, expect

from picsafe_protocol.contracts.tokens import Role

SERVICE_WORKERS = "allow"

CONTENTS = {
    "IMG_2041.jpg": noisy_photo(900, 600, 3),
    "IMG_2042.png": drawn_photo(640, 480, "olive", "PNG"),
    "dictation.wav": recording(400_000),
}


@pytest.fixture(scope="module")
def institution(clinic: Clinic) -> str:
    return clinic.institution("Harbour Clinic")


@pytest.fixture(scope="module")
def sender(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example", "AU", institution)


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    return clinic.person("Dr Jon Keller", "jon.keller@ward.example", "DE")


@pytest.fixture(scope="module")
def chief(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Clare Doyle", "clare.doyle@clinic.example", "AU", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files on the sender's disk."""
    folder = tmp_path_factory.mktemp("phone")
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in CONTENTS]


@pytest.fixture(scope="module")
def sending(enter: Enter, sender: Person) -> SendScreen:
    return SendScreen(enter(sender, timezone_id="Australia/Sydney"))


@pytest.fixture(scope="module")
def reading(enter: Enter, reader: Person, sending: SendScreen) -> Visit:
    """The ward computer, its inbox open and still empty."""
    visit = enter(reader)
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(visit.page.locator(".row")).to_have_count(0)
    visit.page.evaluate("() => { globalThis.neverReloaded = true; }")
    return visit


@pytest.fixture(scope="module")
def report_id(sending: SendScreen, reading: Visit, reader: Person, originals: list[Path]) -> str:
    """A report that was sent from one window while the other stood open."""
    sending.begin().choose(*originals)
    sending.describe([reader], patient="Edda Lindqvist", record_number="MRN 00412", body_site="Forearm")
    sending.send()
    sending.has_arrived()
    link = reading.page.locator("a.row-link")
    expect(link).to_have_count(1)
    return str(link.get_attribute("href")).removeprefix("#/report/")


@pytest.fixture(scope="module")
def parcel(clinic: Clinic, reader: Person, report_id: str) -> Parcel:
    """The same report, fetched and decrypted outside of any browser."""
    return opened(clinic, reader, report_id)


@pytest.fixture
def report(reading: Visit, report_id: str) -> Iterator[Visit]:
    """The report, open on the ward computer."""
    reading.to_inbox()
    reading.open_report(report_id)
    yield reading
    reading.nothing_was_refused()


def test_it_is_in_the_open_inbox_without_a_reload(reading: Visit, sender: Person, report_id: str) -> None:
    row = reading.page.locator(".row", has=reading.row(report_id))
    for words in (sender.name, "Harbour Clinic", "Australia", "7 days left"):
        expect(row).to_contain_text(words)
    expect(row).to_have_class(re.compile("row-unread"))
    assert reading.page.evaluate("() => globalThis.neverReloaded") is True
    reading.shows_nothing_of("Edda", "MRN 00412", "Forearm")


def test_arrow_keys_go_through_everything_that_was_sent(report: Visit) -> None:
    expect(report.title).to_have_text("Edda Lindqvist")
    assert report.photo.evaluate("node => [node.naturalWidth, node.naturalHeight]") == [900, 600]
    report.press("ArrowRight")
    report.is_at(2, 3)
    expect(report.photo).to_have_js_property("naturalWidth", 640)
    report.press("ArrowRight")
    report.is_at(3, 3)
    expect(report.page.locator("audio.pane-player, .pane-player audio").first).to_have_js_property("error", None)
    report.press("ArrowLeft")
    report.is_at(2, 3)


def test_a_saved_file_is_what_was_prepared_byte_for_byte(report: Visit, originals: list[Path], parcel: Parcel) -> None:
    for number, (kind, original) in enumerate(zip(("JPEG photo", "PNG photo", "WAVE"), originals, strict=True), 1):
        report.is_at(number, 3)
        report.sees_medium()
        name, content = report.saved("This ")
        assert content == cleaned(original) == parcel.files[number - 1], kind
        assert name.endswith(f"_forearm_{number}{original.suffix}")
        report.press("ArrowRight")


def test_the_encrypted_package_opens_again_from_disk_picked_and_dropped(
    report: Visit, clinic: Clinic, parcel: Parcel
) -> None:
    name, package = report.saved("The encrypted file")
    assert name.endswith(".picsafe")
    assert package == parcel.package
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    for way in ("picked", "dropped"):
        report.to_inbox()
        report.page.on("request", note)
        if way == "picked":
            report.open_file(name, package)
        else:
            report.page.evaluate(DROP, base64.b64encode(package).decode())
        report.sees_medium()
        expect(report.title).to_have_text("Edda Lindqvist")
        report.page.remove_listener("request", note)
        assert report.saved("This JPEG photo")[1] == parcel.files[0]
    uploads = [each.url for each in asked if each.method != "GET" and "/cloud/" in each.url]
    assert not uploads


def test_its_sender_sees_who_opened_it_when_and_with_what_result(
    sending: SendScreen, report: Visit, report_id: str, reader: Person
) -> None:
    expect(sending.page.locator(".send-people li")).to_contain_text(
        re.compile(r"Dr Jon KellerOpened \d+ \w+ 20\d\d, \d")
    )
    sending.go("sent")
    row = sending.page.locator("#main-content .row").first
    row.locator("summary").click()
    expect(row.locator(".people li")).to_contain_text(reader.name)
    released = row.locator("tbody tr").filter(has_text="Opened").first
    expect(released).to_contain_text(reader.name)
    expect(released).to_contain_text(re.compile(r"\d+ \w+ 20\d\d, \d\d:\d\d"))


def test_the_administrator_sees_it_in_the_access_log(
    enter: Enter, chief: Person, report: Visit, report_id: str
) -> None:
    visit = enter(chief)
    visit.page.evaluate("() => { location.hash = '#/institution/log'; }")
    rows = visit.page.locator("tbody tr").filter(has=visit.page.locator(f"[title='{report_id}']"))
    expect(rows.filter(has_text="Opened").first).to_contain_text("Dr Jon Keller")
    expect(rows.filter(has_text="Key created")).to_contain_text("Dr Ruth Abara")
    visit.nothing_was_refused()


def test_signing_out_drops_everything(report: Visit, report_id: str) -> None:
    report.page.click("#sign-out-button")
    expect(report.page.locator("#password")).to_be_visible()
    assert report.live_urls() == 0
    report.shows_nothing_of("Edda", "MRN 00412", "Forearm", "blob:")
    stored = report.page.evaluate(
        """async () => JSON.stringify([
            { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), await caches.keys(),
        ])"""
    )
    assert "Edda" not in stored
    report.page.go_back()
    expect(report.page.locator("#password")).to_be_visible()
    report.shows_nothing_of("Edda", "MRN 00412")


# Its time is over: last, because the clock does not go back


def test_after_seven_days_ciphertext_and_key_are_gone_and_opening_says_so(
    clinic: Clinic, reading: Visit, sending: SendScreen, report_id: str, parcel: Parcel
) -> None:
    data = clinic.settings.data
    assert _stored(data, report_id)
    assert _wrapped_key(data, report_id)
    clinic.clock.move(timedelta(days=7, minutes=5))
    clinic.sweep()
    assert not _stored(data, report_id)
    assert _wrapped_key(data, report_id) is None

    reading.sign_in()
    expect(reading.page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(reading.page.locator(f"a[href='#/report/{report_id}']")).to_have_count(0)
    reading.page.evaluate("(id) => { location.hash = `#/report/${id}`; }", report_id)
    expect(reading.trouble).to_contain_text("This report has expired and has been deleted")
    reading.to_inbox()
    reading.open_file("kept.picsafe", parcel.package)
    expect(reading.trouble).to_contain_text("The key of this report has been destroyed")
    reading.shows_nothing_of("Edda", "MRN 00412")

    sending.page.reload()
    sending.visit.enter_password()
    sending.go("sent")
    expect(sending.page.locator("#main-content .row").first).to_contain_text("Opened", timeout=READY)
    reading.nothing_was_refused()


def _stored(data: Path, report_id: str) -> list[Path]:
    """The files of the clouds that hold anything of a report."""
    return [path for path in data.joinpath("cloud").rglob(f"*{report_id}*") if path.is_file()]


def _wrapped_key(data: Path, report_id: str) -> bytes | None:
    """What the key server still has of its key."""
    with sqlite3.connect(data / "keys" / "keys.sqlite") as database:
        (wrapped,) = database.execute("select wrapped from report_keys where report_id = ?", (report_id,)).fetchone()
    database.close()
    return bytes(wrapped) if wrapped is not None else None
