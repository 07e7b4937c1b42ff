"""From one report to the next: the order in which a list stood when a report was opened from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingList:
    """Reports by identifier, as the list `box` showed them. `is_unread`: it showed unread ones alone."""

    box: str
    ids: Sequence[str]
    is_unread: bool = False

    def place(self, report_id: str) -> int | None:
        """Where a report stands, from 0; None for one that the list did not show."""
        return self.ids.index(report_id) if report_id in self.ids else None

    def neighbour(self, report_id: str, step: int, can_be_opened: Callable[[str], bool]) -> str | None:
        """The next (1) or previous (-1) report that can be opened; None at the end."""
        place = self.place(report_id)
        if place is None:
            return None
        following = self.ids[place + 1 :] if step > 0 else reversed(self.ids[:place])
        return next(filter(can_be_opened, following), None)
