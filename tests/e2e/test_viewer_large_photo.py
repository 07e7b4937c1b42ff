"""Photos of tens of megapixels: a copy of the stage's size is seen while they move, the photo itself when they lie still."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from PIL import Image
from playwright.sync_api import Locator, expect

from picsafe_client.screens.viewer.stage.preview_canvas import LARGE

WIDTH, HEIGHT = 4200, 5600
CORNERS = {(0.25, 0.25): (200, 30, 40), (0.75, 0.25): (20, 90, 200), (0.25, 0.75): (30, 160, 60), (0.75, 0.75): (240, 240, 240)}  # fmt: skip
COLOURS = """(canvas, places) => {
  const seen = document.createElement("canvas");
  [seen.width, seen.height] = [canvas.width, canvas.height];
  const context = seen.getContext("2d");
  context.drawImage(canvas, 0, 0);
  return places.map(([x, y]) => [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)]);
}"""
WATCH_SIGHT = """(photo) => {
  globalThis.sights = [];
  new MutationObserver(() => {
    if (sights.at(-1) !== photo.style.visibility) sights.push(photo.style.visibility);
  }).observe(photo, { attributeFilter: ["style"] });
}"""


def turned_photo() -> bytes:
    """A photo of a camera that was held upright: its pixels lie on their side, and it says so."""
    upright = Image.new("RGB", (WIDTH, HEIGHT))
    for (x, y), colour in CORNERS.items():
        left, top = int((x - 0.25) * WIDTH), int((y - 0.25) * HEIGHT)
        upright.paste(colour, (left, top, left + WIDTH // 2, top + HEIGHT // 2))
    exif = upright.getexif()
    exif[0x0112] = 6
    written = io.BytesIO()
    upright.rotate(90, expand=True).save(written, "JPEG", quality=80, exif=exif)
    return written.getvalue()


@pytest.fixture(scope="module")
def visit(enter: Enter, clinic: Clinic) -> Visit:
    return enter(clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB"))


@pytest.fixture(scope="module")
def report(clinic: Clinic, visit: Visit) -> MadeReport:
    assert WIDTH * HEIGHT > LARGE
    large, small = turned_photo(), drawn_photo(640, 480, "olive")
    files = [
        MadeFile("image/jpeg", large, small_picture(large), width=WIDTH, height=HEIGHT),
        MadeFile("image/jpeg", small, small_picture(small), width=640, height=480),
    ]
    return clinic.send(clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example"), [visit.person], files)


@pytest.fixture
def photo(visit: Visit, report: MadeReport) -> Iterator[Locator]:
    """The photo on the stage, in sight."""
    visit.to_inbox()
    visit.open_report(report.header.report_id)
    photo = visit.page.locator(".pane-picture[alt]:not([alt=''])")
    expect(photo).to_have_css("visibility", "visible")
    yield photo
    visit.nothing_was_refused()


def test_the_copy_is_the_photo_the_same_way_up(visit: Visit, photo: Locator) -> None:
    copy = visit.page.locator(".pane-draft")
    for found, wanted in zip(copy.evaluate(COLOURS, list(CORNERS)), CORNERS.values(), strict=True):
        assert found == pytest.approx(wanted, abs=12)
    assert copy.bounding_box() == pytest.approx(photo.bounding_box(), abs=0.5)


def test_the_photo_is_out_of_sight_while_it_moves_and_there_when_it_lies_still(visit: Visit, photo: Locator) -> None:
    photo.evaluate(WATCH_SIGHT)
    for key in ("+", "r"):
        visit.page.evaluate("() => { sights.length = 0; }")
        visit.press(key)
        expect(photo).to_have_css("visibility", "visible")
        assert visit.page.evaluate("() => sights") == ["hidden", ""]
        transforms = visit.page.locator(".pane-picture, .pane-draft").evaluate_all(
            "all => all.map((each) => each.style.transform)"
        )
        assert transforms[0] == transforms[1]
    visit.page.evaluate("() => { sights.length = 0; }")
    visit.press("Shift+ArrowLeft")
    assert "hidden" not in visit.page.evaluate("() => sights"), "a photo that is dragged stays sharp"


def test_nothing_of_the_copy_stays(visit: Visit, photo: Locator) -> None:
    copy = visit.page.locator(".pane-draft").element_handle()
    visit.press("ArrowRight")
    visit.is_at(2, 2)
    visit.sees_medium()
    expect(visit.page.locator(".pane-draft")).to_have_count(0)
    assert copy.evaluate("canvas => [canvas.width, canvas.height]") == [0, 0]
