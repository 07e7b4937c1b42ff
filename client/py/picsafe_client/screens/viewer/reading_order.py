"""Goes from the open report to the next one of the list it was opened from."""

from __future__ import annotations

from typing import Final

from picsafe_client.app import App
from picsafe_client.routing.router import address
from picsafe_client.screens.viewer.report_steps import ReportSteps
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.session import mailbox
from picsafe_client.session.reading_list import ReadingList
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView

FIRST_PHOTO: Final = 10.0
"""Seconds that the next report waits for the first photo of this one: it must not take its bandwidth."""


class ReadingOrder:
    """Of one visit to a report. `steps` are its buttons."""

    def __init__(self, app: App, report_id: str, steps: ReportSteps) -> None:
        self._app = app
        self._report_id = report_id
        self._steps = steps
        self._list = self._find()
        self._show()
        step, app.session_state.step = app.session_state.step, 0
        if step and self._list is not None:
            steps.focus(step)

    def watch(self) -> dom.Dispose:
        """Follows what becomes of the reports before and after it; the answer stops that."""
        box = self._box()
        return box.changes.watch(lambda _which: self._show()) if box is not None else lambda: None

    def go(self, step: int) -> None:
        """To the next report (1) or the previous one (-1); nothing happens at an end."""
        following = self._neighbour(step)
        if following is not None and self._list is not None:
            state = self._app.session_state
            state.rows[self._list.box] = following
            state.step = step if self._steps.has_focus else 0
            self._app.go(address("report", following), replace=True)

    async def prefetch(self, stage: Stage) -> None:
        """Fetches the beginning of the next report, once a photo of this one is shown."""
        await stage.first_shown(FIRST_PHOTO)
        following = self._neighbour(1)
        row = None if following is None else self._row(following)
        if row is not None and not _saves_data():
            self._app.prefetched.begin(row)

    def _find(self) -> ReadingList | None:
        """The list that the report was opened from; after a deep link the inbox, if the report is in what is loaded."""
        reading = self._app.session_state.reading
        if reading is not None and reading.place(self._report_id) is not None:
            return reading
        for name, box in self._app.boxes.items():
            if self._report_id in box:
                found = self._app.session_state.reading = ReadingList(name, [each.id for each in box.reports])
                return found
        return None

    def _show(self) -> None:
        self._list = self._list or self._find()
        if self._list is None:
            return
        place = self._list.place(self._report_id)
        if place is not None:
            self._steps.show(
                place + 1,
                len(self._list.ids),
                is_unread=self._list.is_unread,
                has_previous=self._neighbour(-1) is not None,
                has_next=self._neighbour(1) is not None,
            )

    def _neighbour(self, step: int) -> str | None:
        if self._list is None:
            return None
        return self._list.neighbour(self._report_id, step, lambda each: self._row(each) is not None)

    def _row(self, report_id: str) -> ReportView | None:
        box = self._box()
        row = None if box is None else box.get(report_id)
        return row if row is not None and row.state == mailbox.AVAILABLE else None

    def _box(self) -> mailbox.Mailbox | None:
        return self._app.boxes.get(self._list.box if self._list is not None else "inbox")


def _saves_data() -> bool:
    """The person has asked their browser to fetch no more than is needed."""
    connection = getattr(dom.window().navigator, "connection", None)
    return bool(connection and getattr(connection, "saveData", False))
