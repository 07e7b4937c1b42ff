"""What the page takes to open a report of 1 GB: to show its first photo, to play its film, to save all of it as a zip.

Measured is the private memory of the browser's renderers (`memory`) above what they had in the inbox, before the report was opened:
the most while something goes on, and what is left when it has ended and memory has been tidied up. Under that stands what all
processes of the browser took, since a browser may keep a page's bytes elsewhere. The profile is on the disk; the zip goes to a file
through the browser's own handles, as when a person has chosen a place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench import memory, windows
from bench.memory import Reading
from bench.ratios import Ratio
from bench.smoothness import soft_photo
from e2e.test_viewer_save_to_disk import PICKER
from harness.browser.send_page import recording
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.films import repeated_mp4
from harness.photos import small_picture
from harness.report_factory import MadeFile
from harness.shared_files import find_samples
from playwright.sync_api import BrowserType, expect

SIZE: Final = 1_000_000_000
PHOTOS: Final = 4
BUDGET: Final = 250.0
OPENED: Final = "opened"
SAVED: Final = 180_000
"""Milliseconds that saving a gigabyte may take on a busy machine."""

_PLAYED: Final = """async (node) => {
  const came = (event) => new Promise((resolve) => node.addEventListener(event, resolve, { once: true }));
  node.muted = true;
  if (node.readyState === 0) await came("loadedmetadata");
  for (const share of [0, 0.5, 0.9]) {
    node.currentTime = node.duration * share;
    await node.play();
    const until = node.currentTime + 5;
    while (node.currentTime < until) await came("timeupdate");
  }
  node.pause();
}"""


def run() -> list[Ratio]:
    """Measure; MB, the ratio being the number of MB."""
    with windows.running() as (clinic, chromium):
        return _measured(clinic, chromium)


def _measured(clinic: Clinic, chromium: BrowserType) -> list[Ratio]:
    sender, reader = windows.people(clinic)
    report_id = _sent(clinic, sender, reader)
    ratios = []
    with windows.kept_profile(chromium, memory.COLLECTS) as (context, folder):
        visit = windows.entered(clinic, context.pages[0], reader)
        visit.page.evaluate(PICKER)
        process = memory.process_with(folder)
        windows.settled(visit.page)
        before = memory.of(process)
        for name, action in ((OPENED, _open(report_id)), ("its film played", _play), ("all saved as a zip", _save)):
            with memory.watched(process) as watched:
                action(visit)
                visit.page.wait_for_load_state("networkidle")
            windows.settled(visit.page)
            budget = BUDGET if name == OPENED else None
            ratios += _rows(f"1 GB report, {name}", budget, before, watched.peak, memory.of(process))
    return ratios


def _rows(name: str, budget: float | None, before: Reading, peak: Reading, after: Reading) -> list[Ratio]:
    above, left = peak.above(before), after.above(before)
    return [
        Ratio(f"{name}: renderer, most", peak.renderers, before.renderers, above.renderers, budget, "MB above", True),
        Ratio(
            f"{name}: renderer, afterwards", after.renderers, before.renderers, left.renderers, budget, "MB above", True
        ),
        Ratio(f"{name}: whole browser, most", peak.browser, before.browser, above.browser, None, "MB above", True),
    ]


def _open(report_id: str) -> Callable[[Visit], None]:
    return lambda visit: visit.open_report(report_id)


def _play(visit: Visit) -> None:
    visit.press("ArrowRight")
    visit.is_at(2, PHOTOS + 2)
    visit.page.locator(".pane-player :is(video, audio)").evaluate(_PLAYED)


def _save(visit: Visit) -> None:
    visit.press("Home", "s")
    visit.page.locator(".choice", has_text=f"All {PHOTOS + 2} files").click()
    expect(visit.page.locator(".report-said")).to_contain_text(".zip", timeout=SAVED)


def _sent(clinic: Clinic, sender: Person, reader: Person) -> str:
    """A photo, something of half a gigabyte that plays, as large a film, and further photos."""
    content = soft_photo(4000, 3000)
    photo = MadeFile("image/jpeg", content, small_picture(content), width=4000, height=3000)
    long = _long(SIZE // 2 - len(content) * PHOTOS)
    files = [photo, long, long, *[photo] * (PHOTOS - 1)]
    return clinic.send(sender, [reader], files).header.report_id


def _long(size: int) -> MadeFile:
    """A film of about so many bytes, made of a real one; a recording where there is none."""
    samples = find_samples()
    if samples is None:
        return MadeFile("audio/wav", recording(size), duration=size / 192_000)
    short = (samples / "phone-h264-faststart.mp4").read_bytes()
    copies = size // len(short)
    return MadeFile("video/mp4", repeated_mp4(short, copies), duration=8.0 * copies, width=1280, height=720)
