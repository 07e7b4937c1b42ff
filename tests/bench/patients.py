"""How soon fifty unread reports name their patients after *Show patients*, against opening one report, of 5 MB and of 16
kB: the real server, the real page.

Both times run in the page: from the click on the button until the fiftieth row has its name, and from the click on a row
until the first frame after its photo has been decoded. Medians of turns, each in a page that has just been loaded; the first
turn does not count.
"""

from __future__ import annotations

import os
import statistics
from typing import Final

from bench import windows
from bench.first_photo import HEIGHT, QUALITY, SMALL, WIDTH, opened_after
from bench.ratios import Ratio
from bench.smoothness import soft_photo
from harness.browser.session import Visit
from harness.clinic import Clinic
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile
from playwright.sync_api import Browser, expect

TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "9"))
ROWS: Final = 50
BUDGET: Final = 1.5

_PRESSED: Final = """(node, count) => new Promise((shown) => {
  const begin = performance.now();
  const watcher = new MutationObserver(() => {
    if (document.querySelectorAll(".row-patient-name").length < count) return;
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => shown(performance.now() - begin)));
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  node.click();
})"""


def run() -> list[Ratio]:
    """Measure; milliseconds."""
    with windows.running() as (clinic, chromium), windows.opened(chromium) as browser:
        patients, openings = _times(clinic, browser)
    return [
        Ratio(
            f"patients of {ROWS} unread reports, against opening one of {name}",
            patients, opening, patients / opening, BUDGET, "ms", is_ceiling=True,
        )
        for name, opening in openings.items()
    ]  # fmt: skip


def _times(clinic: Clinic, browser: Browser) -> tuple[float, dict[str, float]]:
    sender, reader = windows.people(clinic)
    content, little = soft_photo(WIDTH, HEIGHT, QUALITY), drawn_photo(640, 480, "firebrick")
    photo = MadeFile("image/jpeg", content, small_picture(content), width=WIDTH, height=HEIGHT)
    large = clinic.send(sender, [reader], [photo] * round(SMALL / len(content))).header.report_id
    small = MadeFile("image/jpeg", little, small_picture(little), width=640, height=480)
    reports = [clinic.send(sender, [reader], [small]).header.report_id for _ in range(ROWS - 1)]
    opened = {"5 MB": large, "16 kB": reports[0]}
    visit = windows.signed_in(clinic, browser, reader)
    patients: list[float] = []
    openings: dict[str, list[float]] = {name: [] for name in opened}
    for _ in range(TURNS + 1):
        _load(visit)
        button = visit.page.get_by_role("button", name="Show patients")
        patients.append(float(button.evaluate(_PRESSED, ROWS)))
        for name, report_id in opened.items():
            _load(visit)
            openings[name].append(opened_after(visit, report_id, leaves=False))
    return statistics.median(patients[1:]), {name: statistics.median(turns[1:]) for name, turns in openings.items()}


def _load(visit: Visit) -> None:
    visit.page.goto(f"{visit.clinic.url}/#/inbox")
    visit.page.reload()
    expect(visit.page.locator(".row")).to_have_count(ROWS, timeout=30_000)
    visit.page.wait_for_load_state("networkidle")
