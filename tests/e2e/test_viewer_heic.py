"""A HEIC photo in a browser that does not decode HEIC: seen, printed, copied, compared and saved as others are."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from e2e.test_viewer_clipboard import NOTE_WRITES, agree, said
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.heic_files import encoded, scene, tiled
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from PIL import Image
from playwright.sync_api import expect

TURNED = tiled(scene(1300, 900), turn=1)
LARGE = encoded(scene(5200, 3900), quality=60)
SIZE = (900, 1300)
STEP = 20
_PICKED = f"""
  const picked = (picture, width, height) => {{
    const canvas = Object.assign(document.createElement("canvas"), {{ width, height }});
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const {{ data }} = context.getImageData(0, 0, width, height);
    const found = [];
    for (let y = 0; y < height; y += {STEP})
      for (let x = 0; x < width; x += {STEP}) found.push(...data.slice((y * width + x) * 4, (y * width + x) * 4 + 3));
    return [width, height, found];
  }};
"""
SEEN = f"(photo) => {{ {_PICKED} return picked(photo, photo.naturalWidth, photo.naturalHeight); }}"
COPIED = f"""async () => {{
  {_PICKED}
  const [item] = globalThis.given ?? await navigator.clipboard.read();
  const bitmap = await createImageBitmap(await item.getType("image/png"));
  return picked(bitmap, bitmap.width, bitmap.height);
}}"""
"""Every twentieth pixel: all of them are too much for the connection to Firefox."""
HOLD = """() => {
  const { heic } = picsafe;
  picsafe.heic = async () => ({ ...(await heic()), jpegOf: () => new Promise(() => {}) });
  globalThis.release = () => Object.assign(picsafe, { heic });
}"""
HOW_MANY_WORKERS = "async () => (await picsafe.heic()).count()"


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    small = small_picture(TURNED)
    files = [
        MadeFile("image/heic", TURNED, thumbnail=small, width=SIZE[0], height=SIZE[1]),
        MadeFile("image/jpeg", drawn_photo(640, 480, "teal")),
        MadeFile("image/heic", LARGE, width=5200, height=3900),
    ]
    return clinic.send(sender, [reader], files)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, browser_name: str) -> Visit:
    if browser_name == FIREFOX:
        visit = enter(reader)
        visit.page.evaluate(NOTE_WRITES)
        return visit
    return enter(reader, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(report.header.report_id)
    yield window
    window.nothing_was_refused()


def picked(image: Image.Image) -> tuple[int, int, list[int]]:
    pixels = image.convert("RGB")
    places = [(x, y) for y in range(0, image.height, STEP) for x in range(0, image.width, STEP)]
    return image.width, image.height, [value for place in places for value in pixels.getpixel(place)]  # type: ignore[union-attr]


def is_like(found: tuple[int, int, list[int]], photo: bytes) -> bool:
    """Whether nobody could tell what was found from the photo as libheif decodes it."""
    width, height, wanted = picked(Image.open(io.BytesIO(photo)))
    if (found[0], found[1]) != (width, height):
        return False
    differences = [abs(one - other) for one, other in zip(found[2], wanted, strict=True)]
    return sum(differences) / len(differences) < 2 and max(differences) < 40


def test_it_is_shown_upright_in_its_own_pixels(visit: Visit) -> None:
    expect(visit.photo).to_have_js_property("naturalWidth", SIZE[0])
    assert is_like(visit.photo.evaluate(SEEN), TURNED)


def test_its_thumbnail_stands_until_it_has_been_decoded(visit: Visit, report: MadeReport) -> None:
    visit.to_inbox()
    visit.page.evaluate(HOLD)
    visit.row(report.header.report_id).click()
    small = visit.page.locator(".pane-picture[alt='']")
    expect(small).to_be_visible()
    expect(small).to_have_js_property("naturalHeight", 320)
    visit.to_inbox()
    visit.page.evaluate("() => release()")
    visit.open_report(report.header.report_id)


def test_it_is_printed(visit: Visit) -> None:
    visit.press("p")
    visit.page.get_by_role("button", name="All 3 photos").click()
    visit.page.wait_for_function("() => printed.length > 0")
    assert visit.page.evaluate("() => printed.splice(0)")[-1]["photos"] == [SIZE[0], 640, 5200]


def test_it_is_copied(visit: Visit) -> None:
    agree(visit)
    said(visit, "Copied")
    assert is_like(visit.page.evaluate(COPIED), TURNED)


def test_it_stands_beside_another(visit: Visit) -> None:
    visit.press("c")
    expect(visit.page.locator(".pane-picture")).to_have_count(2)
    expect(visit.page.locator(".pane-picture").first).to_have_js_property("naturalWidth", SIZE[0])
    expect(visit.page.locator(".pane-picture").last).to_have_js_property("naturalWidth", 640)
    visit.press("c")


def test_a_large_one_has_a_copy_for_zooming(visit: Visit) -> None:
    visit.press("End")
    expect(visit.page.locator("img.pane-picture")).to_have_js_property("naturalWidth", 5200, timeout=60_000)
    expect(visit.page.locator("canvas.pane-draft")).to_have_count(1)


def test_it_is_saved_as_jpeg_and_as_it_came(visit: Visit) -> None:
    name, content = visit.saved("This photo as JPEG")
    assert name == "2026-11-22_left-forearm_1.jpg"
    expect(visit.page.locator(".report-said").last).to_contain_text("The JPEG is a copy")
    jpeg = Image.open(io.BytesIO(content))
    assert jpeg.format == "JPEG"
    assert not jpeg.getexif()
    assert is_like(picked(jpeg), TURNED)
    name, content = visit.saved("This HEIC photo")
    assert (name, content) == ("2026-11-22_left-forearm_1.heic", TURNED)


def test_a_photo_of_another_kind_is_not_offered_as_jpeg(visit: Visit) -> None:
    visit.press("ArrowRight", "s")
    expect(visit.page.locator("dialog")).to_be_visible()
    expect(visit.page.locator(".choice", has_text="This photo as JPEG")).to_have_count(0)
    visit.press("Escape")


@not_in(WEBKIT, "it may decode HEIC itself")
def test_locking_leaves_nothing_of_it(visit: Visit) -> None:
    assert visit.page.evaluate(HOW_MANY_WORKERS) >= 1
    visit.press("l")
    expect(visit.page.locator("#sign-in")).to_be_visible()
    assert visit.page.evaluate(HOW_MANY_WORKERS) == 0
    assert visit.live_urls() == 0
    visit.enter_password()
