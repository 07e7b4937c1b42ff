"""From one report to the next: two buttons, and where in its list the report stands."""

from __future__ import annotations

from collections.abc import Callable

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom


class ReportSteps:
    """Hidden for a report that was opened from no list, or is alone in it."""

    def __init__(self, previous: Callable[[], None], following: Callable[[], None]) -> None:
        self._previous = dom.icon_button(
            t("report.previous_report"), "up", lambda _event: previous(), aria_keyshortcuts="K"
        )
        self._next = dom.icon_button(t("report.next_report"), "down", lambda _event: following(), aria_keyshortcuts="J")
        self._previous.title = f"{t('report.previous_report')} (K)"
        self._next.title = f"{t('report.next_report')} (J)"
        self._place = dom.el("span", {"class": "report-place"})
        self.node = dom.el(
            "div",
            {"class": "report-steps", "role": "group", "aria-label": t("report.steps"), "hidden": True},
            self._previous,
            self._place,
            self._next,
        )

    def show(self, place: int, count: int, *, is_unread: bool, has_previous: bool, has_next: bool) -> None:
        """`place` counts from 1. A button at an end stays where it is, disabled: the focus may be on it."""
        self._place.textContent = t("report.place_unread" if is_unread else "report.place", number=place, count=count)
        for button, is_there in ((self._previous, has_previous), (self._next, has_next)):
            dom.assign(button, "aria-disabled", None if is_there else "true")
        self.node.hidden = count < 2

    @property
    def has_focus(self) -> bool:
        """Whether one of the buttons has the focus, rather than a key of the page being pressed elsewhere."""
        return bool(self.node.contains(dom.document().activeElement))

    def focus(self, step: int) -> None:
        """Back on the button that brought the person here."""
        (self._next if step > 0 else self._previous).focus()
