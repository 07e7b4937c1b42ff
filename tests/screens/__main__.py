"""Pictures of every screen and state, for `docs/screens.md`: `python -m tests.screens`.

The real server, the real page, the demo's own drawings as photos. Each state is taken in four looks (desktop and phone, light
and dark), which lie side by side in one picture, so that one glance compares them.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]  # as pytest does

from e2e.clinic import running_clinic  # noqa: E402 after the path is set
from e2e.engines import CHROMIUM, PROGRAMS  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from screens.states import STATES, Stage, State, opening_scene  # noqa: E402

FOLDER: Final = ROOT / "docs" / "images" / "screens"
PAGE: Final = ROOT / "docs" / "screens.md"
GAP: Final = 24
QUALITY: Final = 70


class Look(NamedTuple):
    """One of the four."""

    width: int
    height: int
    scheme: Any
    scale: float


LOOKS: Final = (
    Look(1440, 900, "light", 0.5),
    Look(390, 844, "light", 0.533),
    Look(1440, 900, "dark", 0.5),
    Look(390, 844, "dark", 0.533),
)


def main(chosen: list[str]) -> int:
    """Take the pictures of the states named, or of all, and write the page that shows them."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in STATES if not chosen or state.name in chosen]
    taken: dict[str, list[Image.Image]] = {state.name: [] for state in wanted}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**PROGRAMS[CHROMIUM])
        for look in LOOKS:
            for state in wanted:  # a clinic of its own each: no state depends on one before it
                taken[state.name].append(_picture(browser, look, state))
                print(f"{state.name} {look.width} {look.scheme}", flush=True)
        browser.close()
    for name, pictures in taken.items():
        _side_by_side(pictures).save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)
    PAGE.write_text(document(), "utf-8")
    return 0


def _picture(browser: Browser, look: Look, state: State) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder, running_clinic(Path(folder)) as clinic:
        people = opening_scene(clinic)
        context = browser.new_context(
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,
            locale="en-GB",
            has_touch=look.width < 500,
        )
        page = context.new_page()
        state.reach(Stage(clinic, page, people))
        page.mouse.move(0, 0)
        raw = page.screenshot(animations="disabled", caret="hide")
        context.close()
    image = Image.open(io.BytesIO(raw)).convert("RGB")
    return image.resize((round(look.width * look.scale), round(look.height * look.scale)), Image.Resampling.LANCZOS)


def _side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Desktop and phone in a row, light above dark."""
    rows = [pictures[:2], pictures[2:]]
    width = max(sum(each.width for each in row) + GAP * (len(row) + 1) for row in rows)
    height = sum(max(each.height for each in row) + GAP for row in rows) + GAP
    sheet = Image.new("RGB", (width, height), (128, 128, 128))
    y = GAP
    for row in rows:
        x = GAP
        for each in row:
            sheet.paste(each, (x, y))
            x += each.width + GAP
        y += max(each.height for each in row) + GAP
    return sheet


def document() -> str:
    """`docs/screens.md`."""
    parts = [
        "# Every screen\n",
        "Made by `make screens` from the running product: desktop (1440 × 900) and phone (390 × 844), light and dark.\n",
    ]
    parts += [
        f"## {state.title}\n\n{state.text}\n\n![{state.title}](images/screens/{state.name}.webp)\n" for state in STATES
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
