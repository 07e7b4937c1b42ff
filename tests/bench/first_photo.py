"""How soon the first photo of a report of 500 MB is on the stage, against one of 5 MB: the real server, the real page.

Both begin with the same photo of 12 megapixels. The large one goes on with as many such photos as it takes, each with its thumbnail,
or with one long film. Time runs in the page, from the click on the report in the inbox until the first frame after the photo has
been decoded and laid on the stage. Medians of turns in which the reports are opened one after the other; the first turn does not count.
"""

from __future__ import annotations

import os
import statistics
from typing import Final

from bench import windows
from bench.ratios import Ratio
from bench.smoothness import soft_photo
from harness.browser.send_page import film
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import small_picture
from harness.report_factory import MadeFile
from playwright.sync_api import Browser

TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "9"))
SMALL, LARGE = 5_000_000, 500_000_000
WIDTH, HEIGHT, QUALITY = 4000, 3000, 80  # two and a half megabytes
BUDGET: Final = 1.3
SMALL_NAME: Final = "5 MB"

_CLICKED: Final = """(node) => new Promise((shown) => {
  const begin = performance.now();
  const watcher = new MutationObserver(async () => {
    const photo = document.querySelector(".pane-picture:not([alt=''])");
    if (!photo) return;
    watcher.disconnect();
    await photo.decode();
    requestAnimationFrame(() => requestAnimationFrame(() => shown(performance.now() - begin)));
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  node.click();
})"""


def run() -> list[Ratio]:
    """Measure; milliseconds."""
    with windows.running() as (clinic, chromium), windows.opened(chromium) as browser:
        times = _times(clinic, browser)
    small = times.pop(SMALL_NAME)
    return [
        Ratio(
            f"first photo of {name}, against {SMALL_NAME}", large, small, large / small, BUDGET, "ms", is_ceiling=True
        )
        for name, large in times.items()
    ]


def _times(clinic: Clinic, browser: Browser) -> dict[str, float]:
    sender, reader = windows.people(clinic)
    reports = _sent(clinic, sender, reader)
    visit = windows.signed_in(clinic, browser, reader)
    times: dict[str, list[float]] = {name: [] for name in reports}
    for _ in range(TURNS + 1):
        for name, report_id in reports.items():
            times[name].append(opened_after(visit, report_id))
    return {name: statistics.median(turns[1:]) for name, turns in times.items()}


def opened_after(visit: Visit, report_id: str, *, leaves: bool = True) -> float:
    """Milliseconds from the click to the photo; leaves the report again."""
    took = float(visit.row(report_id).evaluate(_CLICKED))
    if leaves:
        visit.page.wait_for_load_state("networkidle")  # what is fetched ahead must not disturb the next
        visit.to_inbox()
    return took


def _sent(clinic: Clinic, sender: Person, reader: Person) -> dict[str, str]:
    """The reports by what is said of them."""
    content = soft_photo(WIDTH, HEIGHT, QUALITY)
    photo = MadeFile("image/jpeg", content, small_picture(content), width=WIDTH, height=HEIGHT)
    rest = LARGE - len(content)
    large_film = MadeFile("video/mp4", film(1000, rest // 1000), duration=40.0, width=640, height=480)
    reports = {
        SMALL_NAME: [photo] * round(SMALL / len(content)),
        "500 MB of photos": [photo] * round(LARGE / len(content)),
        "500 MB with a film": [photo, large_film],
    }
    return {name: clinic.send(sender, [reader], files).header.report_id for name, files in reports.items()}
