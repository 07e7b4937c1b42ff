"""A `.picsafe` file from this computer opens the same way as a report from the inbox, and nothing of it is sent anywhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport, repacked
from playwright.sync_api import Request, expect

from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.report import Patient

PHOTOS = [drawn_photo(800, 600, colour) for colour in ("olive", "navy")]

DROP = """(content) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "from-a-stick.picsafe"));
  for (const name of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def report(clinic: Clinic, reader: Person) -> MadeReport:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    return clinic.send(sender, [reader], [MadeFile("image/jpeg", photo, small_picture(photo)) for photo in PHOTOS])


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    yield window
    window.nothing_was_refused()


def test_a_picked_file_opens_and_only_its_key_is_asked_for(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    sent: list[Request] = []

    def note(request: Request) -> None:
        sent.append(request)

    visit.page.on("request", note)
    visit.open_file("2026.picsafe", report.package)
    visit.sees_medium()
    expect(visit.title).to_have_text("Edda Lindqvist")
    visit.press("ArrowRight")
    visit.is_at(2, 2)
    visit.sees_medium()
    visit.page.remove_listener("request", note)
    asked = [request for request in sent if not request.url.startswith("blob:")]
    paths = [(request.method, request.url.removeprefix(clinic.url).partition("?")[0]) for request in asked]
    release = ("POST", f"/keys/v1/keys/{report.header.key_id}/release")
    opened = ("POST", f"/users/v1/reports/{report.header.report_id}/opened")  # it is the one that was sent
    changing = [each for each in paths if each[0] != "GET" and each != opened]
    assert changing in ([release], [("POST", "/users/v1/tokens"), release])
    assert not [path for _, path in paths if path.startswith("/cloud")]
    for request in asked:
        body = request.post_data_buffer or b""
        assert len(body) < 200
        assert not any(secret in body for secret in (b"Edda", b"forearm", b"2026.picsafe", report.package[200:216]))


def test_a_file_dropped_on_the_page_opens(visit: Visit, report: MadeReport) -> None:
    visit.page.evaluate(DROP, base64.b64encode(report.package).decode())
    visit.sees_medium()
    expect(visit.title).to_have_text("Edda Lindqvist")


def test_another_file_dropped_on_an_open_one_takes_its_place(visit: Visit, report: MadeReport) -> None:
    visit.open_file("one.picsafe", report.package)
    visit.sees_medium()
    urls = visit.live_urls()
    visit.page.evaluate(DROP, base64.b64encode(b"not a package").decode())
    expect(visit.trouble).to_contain_text("This is not a PicSafe file")
    assert urls > 0
    assert visit.live_urls() == 0


def test_the_package_saved_again_is_the_file(visit: Visit, report: MadeReport) -> None:
    visit.open_file("one.picsafe", report.package)
    visit.sees_medium()
    _, content = visit.saved("The encrypted file")
    assert content == report.package


def test_after_a_lock_the_file_is_opened_again(visit: Visit, report: MadeReport) -> None:
    visit.open_file("one.picsafe", report.package)
    visit.sees_medium()
    visit.press("l")
    expect(visit.page.locator("#password")).to_be_visible()
    visit.shows_nothing_of("Edda Lindqvist")
    visit.enter_password()
    visit.sees_medium()


def test_a_closed_file_is_forgotten(visit: Visit, report: MadeReport) -> None:
    visit.open_file("one.picsafe", report.package)
    visit.sees_medium()
    visit.press("Escape")
    expect(visit.page.get_by_role("heading", name="Inbox")).to_be_visible()
    visit.page.evaluate("() => { location.hash = '#/file'; }")
    expect(visit.page.get_by_role("button", name="Choose a file")).to_be_visible()
    visit.shows_nothing_of("MRN 00412")


def test_a_file_that_nothing_confirms_names_no_sender_and_no_patient_in_the_lists(
    visit: Visit, clinic: Clinic, reader: Person
) -> None:
    """What another recipient may have made: the key's holder is named as that, and the inbox keeps what it knew."""
    sender = clinic.person("Dr Ida Falk", "ida.falk@clinic.example")
    made = clinic.send(sender, [reader], [MadeFile("image/jpeg", PHOTOS[0], small_picture(PHOTOS[0]))])
    report_id = made.header.report_id
    payload = build_payload(replace(made.report, patient=Patient("Somebody Else")), made.files)
    clinic.network.refusals[f"/v1/reports/{report_id}"] = (404, {"code": "not_found"})
    try:
        visit.open_file("forged.picsafe", repacked(made, payload).package)
        visit.sees_medium()
    finally:
        clinic.network.refusals.clear()
    expect(visit.facts).to_contain_text("Key created for")
    expect(visit.facts).to_contain_text("Nobody has confirmed that this file is theirs.")
    expect(visit.facts).not_to_contain_text("Sent by")
    visit.to_inbox()
    row = visit.page.locator(f".row[data-id='{report_id}']")
    expect(row.locator(".row-patient")).to_have_text("Patient not read")
    visit.open_file("forged.picsafe", repacked(made, payload).package)
    expect(visit.trouble).to_contain_text("not the report that was sent")
    visit.shows_nothing_of("Somebody Else")
