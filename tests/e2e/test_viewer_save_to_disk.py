"""Where the browser can write to a file that the person names, large files go straight to the disk while they come."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.engines import WEBKIT, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import noisy_photo
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

pytestmark = not_in(
    WEBKIT, "it has no private files here, with which these tests play the dialogue that it does not have either"
)

PHOTOS = [noisy_photo(1000, 800, seed) for seed in range(3)]
LARGE = [MadeFile("video/mp4", bytes(range(256)) * 24_000)]

# The dialogue of the system, played by the browser's private files: same handles, same writing, nobody to click.
PICKER = """async () => {
  const folder = await navigator.storage.getDirectory();
  globalThis.asked = [];
  globalThis.showSaveFilePicker = async ({ suggestedName }) => {
    asked.push(suggestedName);
    if (globalThis.refuse) throw new DOMException("the person closed the dialogue", "AbortError");
    const handle = await folder.getFileHandle(suggestedName, { create: true });
    handle.remove ??= () => folder.removeEntry(suggestedName); // Firefox has neither that nor the dialogue
    return handle;
  };
}"""
CONTENT = """async (name) => {
  try {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle(name)).getFile();
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return text;
  } catch (error) {
    return error.name;
  }
}"""
FORGET = """async (name) => {
  const folder = await navigator.storage.getDirectory();
  await folder.removeEntry(name).catch(() => {});
}"""
GONE = "NotFoundError"


@pytest.fixture(scope="module")
def report(clinic: Clinic, reader: Person) -> MadeReport:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    files = [MadeFile("image/jpeg", photo, width=1000, height=800) for photo in PHOTOS]
    return clinic.send(sender, [reader], [*files, *LARGE])


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    window = enter(reader)
    window.page.evaluate(PICKER)
    window.python("from picsafe_client.reports import save_targets as targets; targets.DISK_WRITE_MIN_BYTES = 0")
    return window


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(report.header.report_id)
    window.page.evaluate("() => { asked.length = 0; globalThis.refuse = false; }")
    yield window
    window.nothing_was_refused()


def content(visit: Visit, name: str) -> bytes:
    text: str = visit.page.evaluate(CONTENT, name)
    return text.encode("latin-1")


def save(visit: Visit, choice: str) -> None:
    visit.press("s")
    visit.page.locator(".choice", has_text=choice).click()


def test_the_zip_is_written_with_its_checksums_in_their_places(visit: Visit) -> None:
    save(visit, "All 4 files")
    expect(visit.page.locator(".report-said")).to_contain_text("Saved as 2026-11-22_left-forearm.zip")
    with zipfile.ZipFile(io.BytesIO(content(visit, "2026-11-22_left-forearm.zip"))) as archive:
        assert archive.testzip() is None
        assert [archive.read(f"2026-11-22_left-forearm_{number}.jpg") for number in (1, 2, 3)] == PHOTOS
        assert archive.read("2026-11-22_left-forearm_4.mp4") == LARGE[0].content


def test_the_package_is_written_as_it_came(visit: Visit, report: MadeReport) -> None:
    save(visit, "The encrypted file")
    expect(visit.page.locator(".report-said").last).to_contain_text(".picsafe")
    (name,) = visit.page.evaluate("() => asked")
    assert content(visit, name) == report.package


def test_closing_the_dialogue_is_no_error(visit: Visit) -> None:
    visit.page.evaluate("() => { globalThis.refuse = true; }")
    save(visit, "This JPEG photo")
    visit.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 0))")
    expect(visit.page.locator("dialog")).to_have_count(0)
    assert visit.page.evaluate("() => asked") == ["2026-11-22_left-forearm_1.jpg"]
    expect(visit.page.locator("#banner")).to_be_empty()
    assert content(visit, "2026-11-22_left-forearm_1.jpg").decode() == GONE


def test_what_is_cancelled_leaves_no_file(visit: Visit, clinic: Clinic) -> None:
    visit.page.wait_for_load_state("networkidle")
    clinic.network.slow = 0.5
    visit.press("End")
    save(visit, "This MP4 video")
    visit.page.locator(".report-wait").get_by_role("button", name="Cancel").click()
    expect(visit.page.locator(".report-wait .wait")).to_have_count(0)
    assert content(visit, "2026-11-22_left-forearm_4.mp4").decode() == GONE


@pytest.mark.parametrize("was_there", [False, True], ids=["new name", "an older file"])
def test_what_turns_out_false_leaves_everything_as_it_was(visit: Visit, clinic: Clinic, was_there: bool) -> None:
    name = "2026-11-22_left-forearm.zip"
    visit.page.evaluate(FORGET, name)
    if was_there:
        save(visit, "All 4 files")
        expect(visit.page.locator(".report-said").last).to_be_visible()
    before = content(visit, name)
    visit.page.wait_for_load_state("networkidle")
    clinic.network.changes["/v1/packages/"] = lambda data: bytes(len(data))
    save(visit, "All 4 files")
    expect(visit.page.locator("#banner .notice")).to_contain_text("What arrived is not what was sent")
    assert content(visit, name) == before
    assert (before == GONE.encode()) is not was_there
