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

from harness.browser.engines import CHROMIUM, PROGRAMS  # noqa: E402
from harness.clinic import running_clinic  # noqa: E402 after the path is set
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from screens.stage import Stage, State, opening_scene  # noqa: E402
from screens.states import STATES  # noqa: E402

FOLDER: Final = ROOT / "docs" / "images" / "screens"
PAGE: Final = ROOT / "docs" / "screens.md"
GAP: Final = 24
QUALITY: Final = 70


DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1440, "height": 900}}
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


class Look(NamedTuple):
    """One of the four. `scale`: pixels of the picture to a CSS pixel."""

    device: dict[str, Any]
    scheme: Any
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Of its picture, in pixels."""
        window = self.device["viewport"]
        return round(window["width"] * self.scale), round(window["height"] * self.scale)


LOOKS: Final = (
    Look(DESKTOP, "light", 0.5),
    Look(PHONE, "light", 0.533),
    Look(DESKTOP, "dark", 0.5),
    Look(PHONE, "dark", 0.533),
)


def main(chosen: list[str]) -> int:
    """Take the pictures of the states named, or of all, and write the page that shows them."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in STATES if not chosen or state.name in chosen]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**PROGRAMS[CHROMIUM])
        for state in wanted:  # a clinic of its own each: no state depends on one before it
            _side_by_side(_pictures(browser, state)).save(FOLDER / f"{state.name}.webp", quality=QUALITY, method=6)
            print(state.name, flush=True)
        browser.close()
    PAGE.write_text(document(), "utf-8")
    return 0


def _pictures(browser: Browser, state: State) -> list[Image.Image]:
    """The state in every look: reached once on a desktop and once on a phone, and looked at there in the light and in the dark."""
    taken: dict[int, Image.Image] = {}
    for device in (DESKTOP, PHONE):
        with tempfile.TemporaryDirectory() as folder, running_clinic(Path(folder)) as clinic:
            people = opening_scene(clinic)
            context = browser.new_context(**{"locale": "en-GB", **device, **state.browser})
            page = context.new_page()
            state.reach(Stage(clinic, page, people))
            page.mouse.move(0, 0)
            for number, look in enumerate(LOOKS):
                if look.device is device:
                    taken[number] = _picture(page, look)
            context.close()
    return [taken[number] for number in range(len(LOOKS))]


def _picture(page: Page, look: Look) -> Image.Image:
    page.emulate_media(color_scheme=look.scheme)
    page.evaluate("() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    return image.resize(look.size, Image.Resampling.LANCZOS)


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
