"""What goes wrong between a sender's files and the cloud: each is said as it is, nothing is lost, and nothing half-sent is seen."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from e2e.conftest import Enter
from harness.browser.send_page import ARRIVAL, SendScreen, file, recording
from harness.browser.session import READY, WATCH, Visit
from harness.clinic import PASSWORD, Clinic, Person
from harness.delivered_reports import inbox, newest
from harness.photos import drawn_photo
from harness.small_upload_parts import FIRST_PART_ARRIVED, PART, small_parts
from playwright.sync_api import Browser, expect

from picsafe_protocol.contracts.limits import GRANT_RENEWAL_SECONDS, MEDIA_COUNT, MEDIA_FILE_BYTES

JPEG = drawn_photo(320, 240, "firebrick")
PHOTO = file("IMG_2041.jpg", JPEG)
LATER = "(passed) => { const now = performance.now.bind(performance); performance.now = () => now() + passed; }"
"""By the page's monotonic clock so many milliseconds pass at once."""
FULL = (507, {"code": "storage_full", "detail": "There is no room left to store this."})


@pytest.fixture(scope="module", autouse=True)
def parts_are_small() -> Iterator[None]:
    with small_parts():
        yield


@pytest.fixture(scope="module")
def window(enter: Enter, sender: Person) -> Visit:
    return enter(sender)


@pytest.fixture
def screen(window: Visit, clinic: Clinic) -> Iterator[SendScreen]:
    """An empty form; afterwards nothing may have broken the page's policy."""
    yield SendScreen(window).begin()
    window.page.context.set_offline(False)
    window.nothing_was_refused()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three parts of an upload, on this machine's disk."""
    path = tmp_path / "operation.wav"
    path.write_bytes(recording(2 * PART + PART // 2))
    return path


@contextmanager
def under_way(screen: SendScreen, reader: Person, large: Path, *, patient: str = "Edda Lindqvist") -> Iterator[None]:
    """Within the block one part of three has arrived and the next is held; afterwards it goes on."""
    screen.choose(large)
    screen.describe([reader], patient=patient)
    with screen.visit.clinic.held("/parts/1"):
        screen.send()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        yield


def arrives(clinic: Clinic, reader: Person, count: int) -> None:
    """The reader's inbox has so many reports, soon."""
    until = time.monotonic() + 30
    while len(inbox(clinic, reader)) < count:
        assert time.monotonic() < until, "it has not arrived"
        time.sleep(0.1)
    assert len(inbox(clinic, reader)) == count


def parts_sent(clinic: Clinic) -> str:
    """The numbers of the parts that reached the cloud, in order."""
    return "".join(path[-1] for method, path, _ in clinic.network.asked("/parts/") if method == "PUT")


# Files


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.jpg", b"", "empty.jpg is empty."),
        (
            "letter.docx",
            b"PK\3\4" + bytes(400),
            "letter.docx is a zip archive or an office document, which PicSafe does not support.",
        ),
        (
            "scan.pdf",
            b"%PDF-1.7\n" + bytes(400),
            "scan.pdf is a PDF document, which PicSafe does not support.",
        ),
        (
            "study.dcm",
            bytes(128) + b"DICM" + bytes(400),
            "study.dcm is a DICOM file, which PicSafe does not support.",
        ),
        (
            "camera.cr3",
            b"\0\0\0\x18ftypcrx " + bytes(400),
            "camera.cr3 is a camera raw picture, which PicSafe does not support.",
        ),
        (
            "noise.jpg",
            bytes(range(256)) * 4,
            "noise.jpg is not a kind of file that PicSafe supports, or it is damaged.",
        ),
        ("half.jpg", JPEG[: len(JPEG) // 20], "half.jpg is damaged or incomplete."),
        ("../../etc/passwd", b"root:x:0:0", "passwd is not a kind of file that PicSafe supports, or it is damaged."),
        ("nul\0byte.jpg", b"", " is empty."),
        ("<img src=x onerror=alert(1)>.jpg", b"", "is empty."),
    ],
    ids=lambda value: value if isinstance(value, str) and "\0" not in value and len(value) < 20 else "",
)
def test_a_file_that_cannot_be_sent_is_named_and_the_others_go_on(
    screen: SendScreen, name: str, content: bytes, words: str
) -> None:
    screen.choose(file(name, content), PHOTO, ready=1)
    expect(screen.problems).to_have_count(1)
    expect(screen.problems).to_contain_text(words)
    expect(screen.problems).to_contain_text("nothing was sent")
    expect(screen.page.locator(".tray-name")).to_have_text(["IMG_2041.jpg"])
    screen.problems.get_by_role("button", name="Dismiss this message").click()
    expect(screen.problems).to_have_count(0)


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/evil.jpg", "a\0b.jpg", "con.jpg ", "\u202egpj.exe.jpg", "x" * 300 + ".jpg"]
)
def test_the_name_of_a_file_goes_nowhere(screen: SendScreen, clinic: Clinic, reader: Person, name: str) -> None:
    screen.choose(file(name, JPEG))
    screen.describe([reader])
    screen.send()
    screen.has_arrived()
    parcel = newest(clinic, reader)
    assert set(parcel.members) == {"thumbnails/001.jpg", "media/001.jpg"}
    assert not any(piece in parcel.report.to_bytes() for piece in (b"evil", b"cron", b"gpj", b"xxxx"))


@pytest.mark.long
def test_ten_thousand_files_are_too_many_and_the_page_says_so_at_once(screen: SendScreen) -> None:
    hand_over = """(content) => {
        const data = new DataTransfer();
        for (let number = 0; number < 10000; number++)
            data.items.add(new File([new Uint8Array(content)], `IMG_${number}.jpg`, { type: "image/jpeg" }));
        document.querySelector("#send-files").files = data.files;
        document.querySelector("#send-files").dispatchEvent(new Event("change", { bubbles: true }));
    }"""
    screen.page.evaluate(hand_over, list(drawn_photo(16, 12, "olive")))
    expect(screen.limit).to_have_text(
        "A report holds 500 files at most; 9500 of those that you chose are not in the list. Send them in a second report."
    )
    screen.page.fill("#send-patient-name", "Typed meanwhile")
    expect(screen.page.locator("#send-patient-name")).to_have_value("Typed meanwhile")
    expect(screen.page.locator(".tray-row")).to_have_count(MEDIA_COUNT)
    screen.page.get_by_role("button", name="Remove IMG_499.jpg").click()
    screen.has(MEDIA_COUNT - 1, within=4 * ARRIVAL)
    screen.choose(PHOTO, PHOTO, ready=MEDIA_COUNT)
    expect(screen.limit).to_contain_text("1 of those")


def test_many_files_that_cannot_be_sent_are_one_message(screen: SendScreen) -> None:
    screen.choose(*[file(f"letter{number:02}.docx", b"PK\3\4") for number in range(40)], ready=0)
    expect(screen.problems).to_have_count(5)
    expect(screen.problems.last).to_contain_text("36 more files cannot be sent.")
    expect(screen.problems.last).to_contain_text("letter04.docx")
    expect(screen.problems.last).to_contain_text("and 26 others")


def sparse(path: Path, size: int) -> Path:
    """A recording of `size` bytes, of which the disk holds almost nothing."""
    head = bytearray(recording(4)[:44])
    head[4:8], head[40:44] = (size - 8).to_bytes(4, "little"), (size - 44).to_bytes(4, "little")
    path.write_bytes(head)
    os.truncate(path, size)
    return path


def test_a_file_that_is_too_large_is_refused_before_it_is_read(screen: SendScreen, tmp_path: Path) -> None:
    screen.choose(sparse(tmp_path / "week.wav", MEDIA_FILE_BYTES + 2), ready=0)
    expect(screen.problems).to_contain_text("week.wav is too large to send.")
    expect(screen.problems).to_contain_text("A file has 4.3 GB at most. Nothing was sent.")


def test_a_file_can_be_taken_away_while_it_is_still_being_prepared(screen: SendScreen, tmp_path: Path) -> None:
    screen.files_input.set_input_files(str(sparse(tmp_path / "hour.wav", 3_000_000_000)))
    expect(screen.page.locator(".tray-percent")).to_have_text(re.compile(r"\d+ %"))
    screen.page.get_by_role("button", name="Remove hour.wav").click()
    screen.has(0)
    expect(screen.problems).to_have_count(0)


def test_a_file_that_changes_on_the_disk_is_named_and_nothing_is_sent(
    screen: SendScreen, clinic: Clinic, reader: Person, tmp_path: Path
) -> None:
    path = tmp_path / "changing.jpg"
    path.write_bytes(JPEG)
    other = tmp_path / "other.jpg"
    other.write_bytes(JPEG)
    screen.choose(path, other)
    screen.describe([reader])
    path.write_bytes(drawn_photo(320, 240, "navy") + b"another")
    screen.send()
    # Some browsers no longer read a file that is another one now; others give what is there, which is not what was shown.
    said = r"changing\.jpg(: It can no longer be read from this device| changed while it was being encrypted)\."
    expect(screen.failure).to_contain_text(re.compile(said))
    expect(screen.failure).to_contain_text("Nobody has received anything.")
    assert not clinic.network.asked("/uploads/")
    screen.button("Change something").click()
    screen.page.get_by_role("button", name="Remove changing.jpg").click()
    screen.send()
    screen.has_arrived()
    assert len(newest(clinic, reader).files) == 1


def test_a_file_that_is_gone_before_it_is_read_is_named(screen: SendScreen, tmp_path: Path) -> None:
    path = tmp_path / "gone.jpg"
    path.write_bytes(JPEG)
    screen.files_input.evaluate(
        "node => node.addEventListener('change', (event) => event.stopImmediatePropagation(), { capture: true, once: true })"
    )
    screen.files_input.set_input_files(str(path))
    path.unlink()
    screen.files_input.evaluate("node => node.dispatchEvent(new Event('change', { bubbles: true }))")
    expect(screen.problems).to_contain_text("gone.jpg")
    expect(screen.problems).to_contain_text("nothing was sent")


# The network


def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(
    screen: SendScreen, clinic: Clinic, reader: Person
) -> None:
    screen.choose(PHOTO)
    screen.describe([reader], patient="Sent Later")
    screen.check()
    screen.page.context.set_offline(True)
    screen.send_button.click()
    # It waits a while for the network before it gives up.
    expect(screen.failure).to_contain_text("The server cannot be reached", timeout=40_000)
    expect(screen.failure).to_contain_text("Nobody has received anything.")
    screen.page.context.set_offline(False)
    screen.button("Try again").click()
    screen.send_button.click()
    screen.has_arrived()
    assert newest(clinic, reader).report.patient.name == "Sent Later"


def test_a_connection_that_breaks_in_the_middle_is_waited_for(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    with under_way(screen, reader, large):
        screen.page.context.set_offline(True)
    expect(screen.progress).to_contain_text("No connection. Sending continues as soon as the network is back.")
    sent_before = parts_sent(clinic)
    screen.page.context.set_offline(False)
    screen.has_arrived()
    assert sent_before in {"0", "01"}
    assert parts_sent(clinic) in {"012", "0112"}, "nothing that had arrived went again"
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_a_server_that_restarts_is_waited_for(screen: SendScreen, clinic: Clinic, reader: Person, large: Path) -> None:
    with under_way(screen, reader, large):

        def meanwhile() -> None:
            expect(screen.progress).to_contain_text("No connection.")

        clinic.restart(meanwhile)
        clinic.network.gates.clear()
    screen.has_arrived()
    assert parts_sent(clinic) == "0112"
    assert newest(clinic, reader).files == [large.read_bytes()]


@pytest.mark.parametrize(
    ("status", "code"), [(503, "service"), (500, "unexpected"), (502, "no such code"), (429, "too_many_requests")]
)
def test_a_server_in_trouble_is_asked_again(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path, status: int, code: str
) -> None:
    clinic.network.refusals["/parts/2"] = (status, {"code": code, "detail": "Not now."})
    with under_way(screen, reader, large):
        pass
    expect(screen.progress).to_contain_text(
        "The server cannot accept it at the moment. Sending is tried again automatically."
    )
    clinic.network.refusals.clear()
    screen.has_arrived()
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_a_full_server_says_so_and_what_arrived_is_kept_until_one_tries_again(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    before = len(inbox(clinic, reader))
    clinic.network.refusals["/parts/1"] = FULL
    screen.choose(large)
    screen.describe([reader])
    screen.send()
    expect(screen.failure).to_contain_text("There is no room left to store this.")
    expect(screen.failure).to_contain_text("Nobody has received anything yet. What has arrived is kept.")
    assert len(inbox(clinic, reader)) == before
    clinic.network.refusals.clear()
    screen.button("Try again").click()
    screen.has_arrived()
    assert parts_sent(clinic) == "0112"
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_a_full_server_can_be_given_up(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    before = len(inbox(clinic, reader))
    clinic.network.refusals["/parts/"] = FULL
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    expect(screen.failure).to_contain_text("There is no room left")
    screen.stop()
    expect(screen.page.locator("#banner")).to_contain_text("Stopped. Nobody has received anything.")
    assert len(inbox(clinic, reader)) == before


def test_a_key_server_that_is_down_keeps_everything_here(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    clinic.network.refusals["/keys/v1/keys"] = (
        503,
        {"code": "log_unavailable", "detail": "The access log cannot be written, so no key is released."},
    )
    screen.choose(PHOTO)
    screen.describe([reader], patient="Sent Later")
    screen.send()
    expect(screen.page.locator("#send-progress")).to_contain_text(
        "The server cannot accept it at the moment", timeout=60_000
    )
    expect(screen.failure).to_contain_text("The access log cannot be written, so no key is released.", timeout=120_000)
    expect(screen.failure).to_contain_text("Nobody has received anything.")
    assert not clinic.network.asked("/uploads/")
    clinic.network.refusals.clear()
    screen.button("Try again").click()
    expect(screen.summary).to_contain_text("Sent Later")
    screen.send_button.click()
    screen.has_arrived()


@pytest.mark.parametrize("where", ["**/users/v1/reports", "**/keys/v1/keys"])
def test_a_database_that_is_away_for_seconds_is_waited_for(screen: SendScreen, reader: Person, where: str) -> None:
    away = {"status": 503, "content_type": "application/problem+json", "body": '{"code": "service", "status": 503}'}
    screen.page.route(where, lambda route: route.fulfill(**away), times=2)
    screen.choose(PHOTO)
    screen.describe([reader], patient="Sent In The End")
    screen.send()
    screen.has_arrived()


def test_an_upload_that_the_cloud_has_lost_is_begun_again(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    clinic.network.refuse_once["/parts/2"] = (
        404,
        {"code": "not_found", "detail": "There is no such upload (any more)."},
    )
    with under_way(screen, reader, large):
        pass
    screen.has_arrived()
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_what_does_not_arrive_as_it_was_is_not_seen_by_anybody(
    screen: SendScreen, clinic: Clinic, reader: Person
) -> None:
    before = len(inbox(clinic, reader))
    clinic.network.refuse_once["/complete"] = (
        409,
        {"code": "upload_mismatch", "detail": "What arrived is not what was sent."},
    )
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    expect(screen.failure).to_contain_text("What arrived is not what was sent.")
    expect(screen.failure).to_contain_text("Nobody has received anything.")
    assert len(inbox(clinic, reader)) == before
    screen.button("Try again").click()
    screen.send_button.click()
    screen.has_arrived()


def test_a_report_that_was_withdrawn_elsewhere_meanwhile_ends(
    screen: SendScreen, clinic: Clinic, sender: Person, reader: Person, large: Path
) -> None:
    with under_way(screen, reader, large):
        report_id = clinic.network.asked("/parts/")[0][1].split("/")[-3]
        clinic.withdraw(sender, report_id)
    expect(screen.page.get_by_role("heading", name="Not sent")).to_be_visible(timeout=READY)
    expect(screen.failure).to_contain_text("Nobody has received anything.")


# Tabs, locks and people


def test_two_tabs_send_at_once(screen: SendScreen, clinic: Clinic, reader: Person, large: Path) -> None:
    before = len(inbox(clinic, reader))
    page = screen.page.context.new_page()
    page.goto(clinic.url)
    other = SendScreen(Visit(clinic, page, screen.visit.person))
    expect(page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    other.begin()
    other.choose(PHOTO)
    other.describe([reader], patient="Other Tab")
    with under_way(screen, reader, large, patient="First Tab"):
        other.send()
        other.has_arrived()
    screen.has_arrived()
    other.visit.nothing_was_refused()
    page.close()
    assert len(inbox(clinic, reader)) == before + 2


def test_a_lock_in_the_middle_lets_the_ciphertext_go_on_and_hides_everything_else(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    with under_way(screen, reader, large, patient="Locked Away"):
        screen.page.click("#lock-button")
        expect(screen.page.locator("#password")).to_be_visible()
        screen.visit.shows_nothing_of("Locked Away", "operation.wav")
        assert screen.visit.live_urls() == 0
        before = inbox(clinic, reader)
        expect(screen.page.locator("#outbox-status")).to_contain_text("1 encrypted report is still being delivered")
    arrives(clinic, reader, len(before) + 1)
    assert newest(clinic, reader).files == [large.read_bytes()], "nobody had to come back for it"
    screen.visit.enter_password()
    screen.was_delivered()


def test_a_lock_while_it_is_still_being_encrypted_ends_it(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    before = len(inbox(clinic, reader))
    screen.choose(PHOTO)
    screen.describe([reader], patient="Locked Away")
    screen.check()
    with clinic.held("/keys/v1/keys"):
        screen.send_button.click()
        expect(screen.progress).to_contain_text("Encrypting on this device")
        screen.page.click("#lock-button")
        expect(screen.page.locator("#password")).to_be_visible()
    screen.visit.enter_password()
    expect(screen.files_input).to_be_attached()
    expect(screen.page.locator("#send-patient-name")).to_have_value("")
    assert len(inbox(clinic, reader)) == before
    assert not clinic.network.asked("/uploads/")


def test_signing_out_in_the_middle_lets_it_go_on(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    before = len(inbox(clinic, reader))
    with under_way(screen, reader, large):
        screen.page.click("#sign-out-button")
        expect(screen.page.locator("#password")).to_be_visible()
    arrives(clinic, reader, before + 1)
    screen.visit.enter_password()
    screen.was_delivered()


def test_somebody_else_who_signs_in_after_a_lock_sees_nothing_of_it(
    enter: Enter, clinic: Clinic, sender: Person, reader: Person, large: Path
) -> None:
    visit = enter(sender)
    other = clinic.person("Dr Eve Stone", "eve.stone@clinic.example")
    screen = SendScreen(visit).begin()
    before = len(inbox(clinic, reader))
    with under_way(screen, reader, large):
        screen.page.click("#lock-button")
        screen.page.locator("#someone-else").click()
        screen.page.fill("#email", other.email)
        screen.page.fill("#password", PASSWORD)
        screen.page.click("#sign-in-button")
        expect(screen.page.get_by_role("heading", name="Inbox")).to_be_visible()
        expect(screen.page.locator("#outbox-chip")).to_be_hidden()
        screen.page.evaluate("() => { location.hash = '#/sent'; }")
        expect(screen.page.locator(".sent-screen")).to_be_visible()
        expect(screen.page.locator(".outbox")).to_be_hidden()
        expect(screen.page.locator("#drafts > *")).to_have_count(0)
    arrives(clinic, reader, before + 1)
    expect(screen.page.locator("#banner > *")).to_have_count(0)
    visit.nothing_was_refused()


# Clocks


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_browser_whose_clock_is_an_hour_off_writes_the_right_times(
    browser: Browser, clinic: Clinic, sender: Person, reader: Person, wrong: timedelta
) -> None:
    profile = browser.new_context(locale="en-GB", service_workers="block")
    profile.add_init_script(WATCH)
    visit = Visit(clinic, profile.new_page(), sender)
    visit.page.clock.set_system_time(datetime.now(UTC) + wrong)
    visit.sign_in()
    screen = SendScreen(visit).begin()
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    screen.has_arrived()
    report = newest(clinic, reader).report
    for text in (report.created_at, report.captured_at):
        assert abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(minutes=10), text
    visit.nothing_was_refused()
    profile.close()


@pytest.fixture
def grant_grows_old(screen: SendScreen) -> Callable[[], None]:
    """Call it when the second part is on its way: the page's grant is then older than `GRANT_RENEWAL_SECONDS`, but no server refuses it."""

    def later() -> None:
        network = screen.visit.clinic.network
        while not network.asked("/parts/1"):
            screen.page.wait_for_timeout(20)
        network.seen.clear()
        screen.page.evaluate(LATER, (GRANT_RENEWAL_SECONDS + 1) * 1000)

    return later


def test_an_old_grant_is_renewed_before_it_is_refused(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path, grant_grows_old: Callable[[], None]
) -> None:
    with under_way(screen, reader, large):
        grant_grows_old()
    screen.has_arrived()
    paths = [path for _, path, _ in clinic.network.seen]
    renewed = [index for index, path in enumerate(paths) if path.endswith("/outbox/grant")]
    assert len(renewed) == 1, "once for all that was left"
    assert renewed[0] < min(index for index, path in enumerate(paths) if "/parts/" in path)
    assert parts_sent(clinic) == "2", "no part was refused"
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_behind_a_locked_page_an_upload_goes_on_when_its_grant_is_old(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path, grant_grows_old: Callable[[], None]
) -> None:
    before = len(inbox(clinic, reader))
    with under_way(screen, reader, large, patient="Locked Away"):
        screen.page.click("#lock-button")
        expect(screen.page.locator("#password")).to_be_visible()
        grant_grows_old()
    arrives(clinic, reader, before + 1)
    assert [path for _, path, _ in clinic.network.asked("/outbox/")] == [
        "/users/v1/outbox/grant",
        "/users/v1/outbox/receipt",
    ]
    assert parts_sent(clinic) == "2", "what had arrived was kept"
    screen.visit.shows_nothing_of("Locked Away", "operation.wav")
    assert newest(clinic, reader).files == [large.read_bytes()]
    screen.visit.enter_password()
    screen.was_delivered()


# Moved clocks: last, since the sessions of this module end by them


def test_a_grant_that_has_run_out_is_replaced(screen: SendScreen, clinic: Clinic, reader: Person, large: Path) -> None:
    with under_way(screen, reader, large):
        clinic.clock.move(timedelta(hours=1, minutes=5))
    screen.has_arrived()
    assert len(clinic.network.asked("/outbox/grant")) >= 1
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_a_lid_that_was_closed_overnight_goes_on_without_a_password(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    before = len(inbox(clinic, reader))
    with under_way(screen, reader, large):
        clinic.clock.move(timedelta(hours=13))
    screen.page.wait_for_timeout(3_000)
    screen.visit.enter_password() if screen.page.locator("#password").is_visible() else None
    expect(
        screen.page.locator("#main-content .notice-good").or_(screen.page.locator("#banner .notice-good"))
    ).to_be_visible(timeout=READY)
    assert len(inbox(clinic, reader)) == before + 1
    assert newest(clinic, reader).files == [large.read_bytes()]


def test_an_upload_deleted_by_the_cloud_after_a_day_is_made_again_when_its_sender_is_back(
    screen: SendScreen, clinic: Clinic, reader: Person, large: Path
) -> None:
    before = len(inbox(clinic, reader))
    with under_way(screen, reader, large):
        clinic.clock.move(timedelta(hours=25))
        clinic.sweep()
    expect(screen.page.locator("#password")).to_be_visible()
    assert len(inbox(clinic, reader)) == before
    screen.visit.enter_password()
    screen.was_delivered()
    assert newest(clinic, reader).files == [large.read_bytes()]
