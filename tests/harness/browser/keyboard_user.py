"""Somebody who has a keyboard and nothing else: no mouse, no finger, and no way around the page.

Every step along the way must be where a person would see it: drawn, within the window, not under a bar that stays in its
place (WCAG 2.4.11), and marked as having the focus (2.4.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import FileChooser, Locator, Page, expect

from harness.browser.downloads import download

MOST: Final = 90
"""So many Tab stops no screen has."""

PATIENCE: Final = 30_000
"""Milliseconds for what has been asked for to be seen, on a busy machine."""

FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const referred = (at.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
  const labels = [...(at.labels ?? [])].map(({ innerText }) => innerText);
  const names = [at.ariaLabel, referred.join(" ").trim(), labels.join(" "), at.alt, at.innerText, at.title];
  const name = (names.find((each) => each?.trim()) ?? "").replace(/\\s+/g, " ").trim();
  const box = at.getBoundingClientRect();
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const shares = [0.1, 0.5, 0.9];
  const points = shares.flatMap((x) => shares.map((y) => [left + x * (right - left), top + y * (bottom - top)]));
  const ours = new Set([at, ...(at.labels ?? [])]);
  const open = points.filter(([x, y]) => {
    const there = document.elementFromPoint(x, y);
    return there && [...ours].some((each) => each.contains(there) || there.contains(each));
  });
  const drawn = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  // Within a player or a date the focus can be on one of the browser's own buttons, which the browser marks.
  const isWithin = at.matches("audio, video, [type^=date]") && !at.matches(":focus-visible");
  const style = getComputedStyle(at), after = getComputedStyle(at, "::after");
  return {
    name,
    tag: at.localName,
    drawn: at.checkVisibility({ visibilityProperty: true, opacityProperty: true }),
    inside: right - left > 0 && bottom - top > 0,
    open: open.length / points.length,
    marked: isWithin || drawn(style) || (after.content !== "none" && parseFloat(after.borderTopWidth) > 0),
    is_stop: at.tabIndex >= 0,
  };
}"""


@dataclass(frozen=True)
class Focus:
    """Where the keyboard is."""

    name: str
    tag: str
    drawn: bool
    inside: bool
    open: float
    """The part of it that nothing else covers, from 0 to 1."""
    marked: bool
    is_stop: bool
    """Whether the Tab key stops here; headings get the focus from the page, to be read out."""

    def trouble(self) -> str:
        """Why a person would not see it; empty when they do."""
        found = {
            "is not drawn": self.drawn,
            "is outside of the window": self.inside,
            f"is covered, but for {self.open:.0%}": self.open >= 0.5,
            "is not marked": self.marked or not self.is_stop,
        }
        return ", ".join(words for words, is_well in found.items() if not is_well)


class Keyboard:
    """Keys for the hands, `sees` for the eyes. The page itself is out of reach, so nothing can be clicked or filled in."""

    def __init__(self, page: Page) -> None:
        self.__page = page

    # -- hands

    def press(self, *keys: str) -> None:
        """Presses keys where the focus is, one after the other."""
        for key in keys:
            self.__page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Writes into the field that has the focus, in place of what is there."""
        self.press("Control+a")
        self.__page.keyboard.type(text)

    def to(self, name: str | re.Pattern[str], *, tag: str = "", back: bool = False) -> None:
        """To the control with this name by the Tab key, backwards with Shift. Every stop on the way is looked at.

        `tag` tells apart what has the same name.
        """
        wanted = re.compile(rf"{re.escape(name)}( \(optional\))?") if isinstance(name, str) else name
        passed: list[str] = []
        for _ in range(MOST):
            at = self.focus()
            if at is not None and wanted.fullmatch(at.name) and tag in ("", at.tag):
                return
            passed.append(at.name if at else "(nothing)")
            assert passed.count("(nothing)") < 3, f"the focus is lost; passed {passed}"
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"the Tab key does not reach “{name}”; it passed {passed}")

    def use(self, *names: str | re.Pattern[str], key: str = "Enter", back: bool = False) -> None:
        """Goes to each of these controls and presses it."""
        for name in names:
            self.to(name, back=back)
            self.press(key)

    def fill(self, **fields: str) -> None:
        """Goes to each field by its label and writes into it; underscores stand for spaces."""
        for label, text in fields.items():
            self.to(label.replace("_", " "))
            self.write(text)

    def downloads(self, act: Callable[[], object]) -> tuple[str, bytes]:
        """Name and content of what the browser saves when `act` is done."""
        with download(self.__page) as saved:
            act()
        return saved.name, saved.content

    def chooses(self, files: Any, act: Callable[[], object]) -> None:
        """`act` brings up the browser's own dialogue, which no page can see, and these files are chosen in it."""

        def chosen(chooser: FileChooser) -> None:
            chooser.set_files(files)

        self.__page.once("filechooser", chosen)
        act()

    # -- eyes

    def focus(self) -> Focus | None:
        """What has the focus; fails when a person would not see it there."""
        found = self.__page.evaluate(FOCUS)
        if found is None:
            return None
        at = Focus(**found)
        assert not at.trouble(), f"“{at.name}” ({at.tag}) has the focus and {at.trouble()}"
        return at

    def keeps(self) -> None:
        """The focus is somewhere: what was done did not throw the keyboard back to the top of the page."""
        expect(self.__page.locator(":focus")).to_be_visible(timeout=PATIENCE)

    def sees(self, selector: str, text: str | re.Pattern[str] = "") -> Locator:
        """What a selector finds is on the screen, with these words in it."""
        found = self.__page.locator(selector).first
        expect(found).to_be_visible(timeout=PATIENCE)
        if text:
            expect(found).to_contain_text(text, timeout=PATIENCE)
        return found

    def sees_no(self, selector: str) -> None:
        """It is not there, or not any more."""
        expect(self.__page.locator(f"{selector}:visible")).to_have_count(0, timeout=PATIENCE)

    def reads(self, script: str) -> Any:
        """What a function in the page returns, within half a minute. Only for looking."""
        late = "new Promise((_, late) => setTimeout(late, 30_000, new Error('it did not happen')))"
        return self.__page.evaluate(f"() => Promise.race([({script})(), {late}])")
