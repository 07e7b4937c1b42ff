"""A photo copied to the clipboard: the same pixels, the same way up, and said what that means."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.engines import FIREFOX
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.report_factory import MadeFile, MadeReport
from PIL import Image, ImageOps
from playwright.sync_api import expect

BACK = """async () => {
  const [item] = globalThis.given ?? await navigator.clipboard.read();
  const bitmap = await createImageBitmap(await item.getType("image/png"));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const { data } = canvas.getContext("2d").getImageData(0, 0, bitmap.width, bitmap.height);
  return { types: item.types, size: [bitmap.width, bitmap.height], pixels: [...data] };
}"""
SIZE_BACK = """async () => {
  const [item] = globalThis.given ?? await navigator.clipboard.read();
  const made = await createImageBitmap(await item.getType("image/png"));
  return [made.width, made.height];
}"""
NOTE_WRITES = """() => {
  const { write } = Clipboard.prototype;
  Clipboard.prototype.write = async function (items) {
    await write.call(this, items);
    globalThis.given = items;
  };
}"""
"""Without a screen, Firefox takes a picture for its clipboard and forgets it: what it took is looked at instead."""
HOLD_WRITES = """() => {
  globalThis.promised = [];
  Clipboard.prototype.write = async ([item]) => {
    promised.push(item.getType("image/png").then((blob) => blob.size, (error) => error.name));
    await promised.at(-1);
    throw new DOMException("refused", "NotAllowedError");
  };
}"""
COPYING = 30_000
"""Milliseconds for a large photo to be compressed on a busy machine."""

ROUNDED = 8
"""Of 255: browsers and Pillow round differently when they unpack a JPEG."""


def picture(width: int, height: int, orientation: int = 1, kind: str = "PNG") -> bytes:
    """A picture of which no two corners are equal."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((200, 30, 40), (0, 0, width // 2, height // 2))
    image.paste((20, 90, 200), (width // 2, 0, width, height // 2))
    exif = image.getexif()
    exif[0x0112] = orientation
    written = io.BytesIO()
    image.save(written, kind, quality=95, subsampling=0, **({"exif": exif} if orientation != 1 else {}))
    return written.getvalue()


TURNED = picture(80, 60, orientation=6, kind="JPEG")
FILES = [
    MadeFile("image/jpeg", TURNED),
    MadeFile("image/jpeg", picture(7000, 5000, kind="JPEG"), width=7000, height=5000),
    MadeFile("audio/mp4", b"voice" * 200),
]


@pytest.fixture(scope="module")
def report(clinic: Clinic, reader: Person) -> MadeReport:
    return clinic.send(clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example"), [reader], FILES)


@pytest.fixture(scope="module")
def allowed(enter: Enter, reader: Person, browser_name: str) -> Visit:
    if browser_name == FIREFOX:  # has no such permissions: a click or a key is enough
        visit = enter(reader)
        visit.page.evaluate(NOTE_WRITES)
        return visit
    return enter(reader, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def visit(allowed: Visit, report: MadeReport) -> Iterator[Visit]:
    allowed.to_inbox()
    allowed.open_report(report.header.report_id)
    yield allowed
    allowed.nothing_was_refused()


@pytest.fixture
def refusing(enter: Enter, reader: Person, report: MadeReport) -> Visit:
    visit = enter(reader)
    visit.open_report(report.header.report_id)
    return visit


def agree(visit: Visit) -> None:
    visit.press("Control+c")
    visit.page.get_by_role("button", name="Copy the photo").click()


def said(visit: Visit, text: str) -> None:
    expect(visit.page.locator(".report-said").last).to_contain_text(text, timeout=COPYING)


def test_the_first_time_it_says_what_copying_means_and_not_again(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Copy", exact=True).click()
    dialogue = visit.page.locator("dialog")
    expect(dialogue).to_contain_text("Locking this page does not remove it")
    dialogue.get_by_role("button", name="Cancel").click()
    expect(visit.page.locator(".report-said")).to_have_count(0)
    agree(visit)
    said(visit, "Copied")
    visit.page.locator(".report-said").evaluate_all("all => all.forEach((each) => each.remove())")
    visit.press("Control+c")
    said(visit, "Copied")
    found = visit.page.evaluate(BACK)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(TURNED))).convert("RGBA")
    assert found["types"] == ["image/png"]
    assert tuple(found["size"]) == wanted.size == (60, 80)
    differences = [abs(is_ - was) for is_, was in zip(found["pixels"], wanted.tobytes(), strict=True)]
    assert max(differences) <= ROUNDED


def test_a_very_large_photo_is_made_smaller_and_that_is_said(visit: Visit) -> None:
    visit.press("ArrowRight")
    visit.is_at(2, 3)
    visit.sees_medium()
    visit.press("Control+c")
    if visit.page.locator("dialog").count():
        visit.page.get_by_role("button", name="Copy the photo").click()
    said(visit, "The copy was made smaller")
    size = visit.page.evaluate(SIZE_BACK)
    assert size[0] * size[1] <= 24_000_000
    assert size[0] / size[1] == pytest.approx(7000 / 5000, abs=0.001)


def test_what_is_no_photo_cannot_be_copied(visit: Visit) -> None:
    visit.press("End")
    visit.is_at(3, 3)
    expect(visit.page.get_by_role("button", name="Copy", exact=True)).to_be_disabled()
    visit.press("Control+c")
    expect(visit.page.locator("dialog")).to_have_count(0)


def test_a_refusal_says_what_to_do_instead(refusing: Visit) -> None:
    refusing.page.evaluate(HOLD_WRITES)
    agree(refusing)
    said(refusing, "did not allow the page to use the clipboard")
    said(refusing, "Nothing was copied")
    with download(refusing.page) as saved:
        refusing.page.locator(".report-said").get_by_role("button", name="Save this file").click()
    assert saved.content == TURNED


def test_a_browser_without_such_a_clipboard_says_so(refusing: Visit) -> None:
    refusing.page.evaluate("() => { delete globalThis.ClipboardItem; }")
    agree(refusing)
    said(refusing, "This browser cannot put photos on the clipboard")


def test_nothing_is_copied_once_the_page_is_locked(refusing: Visit, clinic: Clinic, report: MadeReport) -> None:
    refusing.page.evaluate(HOLD_WRITES)
    refusing.page.wait_for_load_state("networkidle")
    refusing.python(
        "from picsafe_client.screens.viewer.dialogs import clipboard as report_copying\n"
        "import asyncio\n"
        "async def never(blob, **_): await asyncio.Event().wait()\n"
        "report_copying.draw_upright = never"
    )
    agree(refusing)
    refusing.press("l")
    expect(refusing.page.locator("#password")).to_be_visible()
    [instead] = refusing.page.evaluate("() => Promise.all(promised)")
    # The page's own, or what Firefox and WebKit make of it; not the size of a picture.
    assert instead in ("Error", "DataError", "AbortError")
