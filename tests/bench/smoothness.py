"""How smoothly photos of 12 and 48 megapixels are shown, zoomed and dragged, against one of a single megapixel in the same run.

Two things are watched in the page: the longest gap between two animation frames, which is what an eye notices, and the longest task on
the main thread (the browser names those of 50 ms and more; 0 is none), told against those 50 ms. The photo is chosen with a click, zoomed in and out by the
wheel, one notch a frame, and dragged while it is enlarged, one move a frame. Medians of five turns, the photos one after the other in
each. A gap of 17 ms is none at all.
"""

from __future__ import annotations

import io
import os
import statistics
from typing import Final, NamedTuple

from bench import windows
from bench.ratios import Ratio
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import small_picture
from harness.report_factory import MadeFile, MadeReport
from PIL import Image
from playwright.sync_api import Browser, Page

TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "5"))
PHOTOS: Final = {"1 MP": (1152, 864), "12 MP": (4000, 3000), "48 MP": (8000, 6000)}
REFERENCE: Final = "1 MP"
ACTIONS: Final = ("showing", "zooming", "dragging")
LONG_TASK: Final = 50.0
"""Milliseconds from which on browsers call a task long."""
REST: Final = 1000
"""Milliseconds in which nothing is done, so that what one action left to do is not counted to the next."""

_WATCH: Final = """
globalThis.smoothness = { frames: [], tasks: [] };
new PerformanceObserver((list) => smoothness.tasks.push(...list.getEntries().map(({ duration }) => duration)))
  .observe({ type: "longtask" });
const note = () => { smoothness.frames.push(performance.now()); requestAnimationFrame(note); };
requestAnimationFrame(note);
"""
_RESTED: Final = """async (rest) => {
  await new Promise((resolve) => setTimeout(resolve, rest));
  smoothness.frames.length = smoothness.tasks.length = 0;
}"""
_LONGEST: Final = """() => {
  const { frames, tasks } = smoothness;
  return [Math.max(0, ...frames.slice(1).map((at, index) => at - frames[index])), Math.max(0, ...tasks)];
}"""
_SHOWN: Final = """async (number) => {
  const frame = () => new Promise(requestAnimationFrame);
  const isShown = () => document.querySelector(".pane-picture:not([alt=''])")?.alt.startsWith(`Photo ${number} of`);
  while (!isShown()) await frame();
  for (let count = 0; count < 30; count++) await frame();
}"""
_ZOOMED: Final = """async () => {
  const pane = document.querySelector(".pane");
  const { left, top, width, height } = pane.getBoundingClientRect();
  const at = { clientX: left + width * 0.4, clientY: top + height * 0.4, bubbles: true, cancelable: true };
  for (let count = 0; count < 60; count++) {
    await new Promise(requestAnimationFrame);
    pane.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: count < 30 ? -40 : 40 }));
  }
}"""
_ENLARGED: Final = """() => {
  const pane = document.querySelector(".pane");
  const { left, top, width, height } = pane.getBoundingClientRect();
  const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
  for (let count = 0; count < 12; count++) pane.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: -80 }));
}"""


class Longest(NamedTuple):
    """Milliseconds: the longest gap between two frames, the longest task."""

    gap: float
    task: float


def run() -> list[Ratio]:
    """Measure; milliseconds."""
    with windows.running() as (clinic, chromium), windows.opened(chromium) as browser:
        measured = _measured(clinic, browser)
    ratios = []
    for action in ACTIONS:
        for name in PHOTOS:
            if name != REFERENCE:
                large, small = (_medians(measured[each, action]) for each in (name, REFERENCE))
                ratios.append(_ratio(f"{action} {name}, longest frame gap, against {REFERENCE}", large.gap, small.gap))
                ratios.append(_ratio(f"{action} {name}, longest task, against a long one", large.task, LONG_TASK))
    return ratios


def _ratio(name: str, large: float, small: float) -> Ratio:
    return Ratio(name, large, small, large / small, None, "ms", is_ceiling=True)


def _medians(turns: list[Longest]) -> Longest:
    return Longest(*(statistics.median(column) for column in zip(*turns, strict=True)))


def _measured(clinic: Clinic, browser: Browser) -> dict[tuple[str, str], list[Longest]]:
    sender, reader = windows.people(clinic)
    report = _sent(clinic, sender, reader)
    visit = windows.signed_in(clinic, browser, reader, _WATCH)
    visit.open_report(report.header.report_id)
    measured: dict[tuple[str, str], list[Longest]] = {(name, action): [] for name in PHOTOS for action in ACTIONS}
    for _ in range(TURNS):
        for index, name in enumerate(PHOTOS):
            visit.page.locator(".thumb").last.click()  # a small photo, and the largest is its neighbour
            visit.page.evaluate(_SHOWN, len(PHOTOS) + 1)
            for action, longest in zip(ACTIONS, _looked_at(visit, index), strict=True):
                measured[name, action].append(longest)
    return measured


def _looked_at(visit: Visit, index: int) -> list[Longest]:
    """What it took to show a photo, to zoom it, to drag it."""
    page = visit.page
    page.evaluate(_RESTED, REST)
    page.locator(".thumb").nth(index).click()
    page.evaluate(_SHOWN, index + 1)
    found = [_longest(page)]
    page.evaluate(_RESTED, REST)
    page.evaluate(_ZOOMED)
    found.append(_longest(page))
    visit.press("0")
    page.evaluate(_ENLARGED)
    page.evaluate(_RESTED, REST)
    _drag(page)
    found.append(_longest(page))
    visit.press("0")
    return found


def _drag(page: Page) -> None:
    box = page.locator(".pane").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 240, y + 180, steps=40)
    page.mouse.move(x - 240, y - 180, steps=40)
    page.mouse.up()


def _longest(page: Page) -> Longest:
    return Longest(*page.evaluate(_LONGEST))


def _sent(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    """The photos, and after them a small one from which to go to each."""
    files = []
    for width, height in [*PHOTOS.values(), (640, 480)]:
        photo = soft_photo(width, height)
        files.append(MadeFile("image/jpeg", photo, small_picture(photo), width=width, height=height))
    return clinic.send(sender, [reader], files)


def soft_photo(width: int, height: int, quality: int = 88) -> bytes:
    """A JPEG that compresses about as a camera's: soft colours, a quarter of a byte to the pixel."""
    bands = [Image.effect_noise((width // 8, height // 8), 70).resize((width, height)) for _ in range(3)]
    written = io.BytesIO()
    Image.merge("RGB", bands).save(written, "JPEG", quality=quality)
    return written.getvalue()
