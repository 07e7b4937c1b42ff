"""The strip of small pictures: one button a medium, beside the stage or below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from picsafe_client import dom
from picsafe_client.screens.report_names import KIND_ICONS, medium_label
from picsafe_client.texts import duration, t
from picsafe_protocol.report import Report


class Strip:
    """All media of a report in their order. Tab reaches the one that is shown; the arrow keys go along."""

    def __init__(self, report: Report, choose: Callable[[int], None]) -> None:
        self._buttons = [self._button(report, index, choose) for index in range(len(report.media))]
        rows = [dom.el("li", None, button) for button in self._buttons]
        self._list = dom.el("ol", {"class": "strip-list"}, *rows)
        self.node = dom.el("nav", {"class": "strip", "aria-label": t("report.strip")}, self._list)

    def _button(self, report: Report, index: int, choose: Callable[[int], None]) -> dom.Node:
        medium = report.media[index]
        badge = None
        if medium.kind != "photo":
            length = duration(medium.duration) if medium.duration is not None else ""
            badge = dom.el("span", {"class": "thumb-badge number"}, dom.icon(KIND_ICONS[medium.kind]), length)
        button = dom.el(
            "button",
            {
                "type": "button",
                "class": f"thumb thumb-{medium.kind}",
                "tabindex": "-1",
                "aria-label": medium_label(report, index),
            },
            dom.icon(KIND_ICONS[medium.kind]),
            badge,
            dom.el("span", {"class": "thumb-number number", "aria-hidden": True}, str(index + 1)),
        )

        def chosen(_event: Any) -> None:
            choose(index)

        dom.on(button, "click", chosen)
        return button

    def picture(self, index: int, url: str) -> None:
        """The small picture of a medium has come."""
        picture = dom.el("img", {"class": "thumb-picture", "src": url, "alt": "", "draggable": "false"})
        button = self._buttons[index]
        button.classList.add("thumb-pictured")
        button.prepend(picture)

    def mark(self, current: int, other: int | None) -> None:
        """Which medium is shown; `other` is the second one of two side by side."""
        had_focus = self.node.contains(dom.document().activeElement)
        for index, button in enumerate(self._buttons):
            dom.assign(button, "aria-current", "true" if index == current else None)
            button.classList.toggle("thumb-other", index == other)
            button.setAttribute("tabindex", "0" if index == current else "-1")
        button = self._buttons[current]
        button.scrollIntoView(dom.options({"block": "nearest", "inline": "nearest"}))
        if had_focus:
            button.focus(dom.options({"preventScroll": True}))

    def drop(self) -> None:
        """Nothing of a patient stays in the page."""
        for picture in self.node.querySelectorAll("img"):
            picture.removeAttribute("src")
