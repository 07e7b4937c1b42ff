"""The filmstrip: one thumbnail button per medium, next to the stage or below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client.i18n.texts import duration, t
from picsafe_client.interop import js_object
from picsafe_client.screens.viewer.labels import KIND_ICONS, medium_label
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.ui import dom
from picsafe_protocol.format.report import Report


class Strip:
    """All media of a report in their order. Tab reaches the one that is shown; the arrow keys go along.

    There may be hundreds: buttons are copies of one, a single listener serves all, and only what changes is touched.
    """

    def __init__(self, stage: Stage, source: MediaSource) -> None:
        """Shows on `stage` what is chosen, and marks what the stage shows of the report `source`."""
        report = source.report
        patterns = {kind: _pattern(kind) for kind in KIND_ICONS}
        self._buttons = [_button(report, index, patterns) for index in range(len(report.media))]
        rows = dom.el("ol", {"class": "strip-list"})
        for button in self._buttons:
            row = dom.el("li")
            row.append(button)
            rows.append(row)
        self.node = dom.el("nav", {"class": "strip", "aria-label": t("report.strip")}, rows)
        self._source = source
        self._marked: tuple[int, int | None] | None = None

        def chosen(event: Any) -> None:
            button = event.target.closest("button")
            if button:
                stage.show_of(source, int(button.dataset.index))

        dom.on(rows, "click", chosen)
        stage.changes.watch(self._follow)
        self._follow(stage)

    def picture(self, index: int, url: str) -> None:
        """The small picture of a medium has come."""
        picture = dom.el("img", {"class": "thumb-picture", "src": url, "alt": "", "draggable": "false"})
        button = self._buttons[index]
        button.classList.add("thumb-pictured")
        button.prepend(picture)

    def _follow(self, stage: Stage) -> None:
        current, other = stage.pane_of(self._source), stage.other_of(self._source)
        now = (current.index if current is not None else -1, other.index if other is not None else None)
        if now != self._marked and now[0] >= 0:
            self._mark(*now)

    def _mark(self, current: int, other: int | None) -> None:
        """Which medium is shown; `other` is the second one of two side by side."""
        had_focus = self.node.contains(dom.document().activeElement)
        if self._marked is not None:
            self._unmark(*self._marked)
        self._marked = (current, other)
        if other is not None:
            self._buttons[other].classList.add("thumb-other")
        button = self._buttons[current]
        dom.assign(button, "aria-current", "true")
        dom.assign(button, "tabindex", "0")
        button.scrollIntoView(js_object({"block": "nearest", "inline": "nearest"}))
        if had_focus:
            button.focus(js_object({"preventScroll": True}))

    def _unmark(self, current: int, other: int | None) -> None:
        dom.assign(self._buttons[current], "aria-current", None)
        dom.assign(self._buttons[current], "tabindex", "-1")
        if other is not None:
            self._buttons[other].classList.remove("thumb-other")

    def drop(self) -> None:
        """Nothing of a patient stays in the page."""
        for picture in self.node.querySelectorAll("img"):
            picture.removeAttribute("src")


def _pattern(kind: str) -> dom.Node:
    """The button that those of one kind are copies of."""
    badge = dom.el("span", {"class": "thumb-badge number"}, dom.icon(KIND_ICONS[kind]), dom.el("span"))
    return dom.el(
        "button",
        {"type": "button", "class": f"thumb thumb-{kind}", "tabindex": "-1"},
        dom.icon(KIND_ICONS[kind]),
        badge if kind != "photo" else None,
    )


def _button(report: Report, index: int, patterns: Mapping[str, dom.Node]) -> dom.Node:
    medium = report.media[index]
    button = patterns[medium.kind].cloneNode(True)
    button.dataset.index = str(index)
    button.setAttribute("aria-label", medium_label(report, index))
    button.dataset.number = str(index + 1)  # css/viewer/filmstrip.css shows it
    if medium.kind != "photo" and medium.duration is not None:
        button.querySelector(".thumb-badge span").textContent = duration(medium.duration)
    return button
