"""Done and filed, of the open report: two switches of the toolbar."""

from __future__ import annotations

from picsafe_client.api import reports
from picsafe_client.app import App
from picsafe_client.i18n.texts import t
from picsafe_client.screens.viewer.toolbar import Toolbar
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.api.requests import Mark


class ReportMarks:
    """Of a report in the person's inbox."""

    def __init__(self, app: App, row: ReportView, toolbar: Toolbar) -> None:
        self._app = app
        self._toolbar = toolbar
        self.show(row)

    def show(self, row: ReportView) -> None:
        """The marks are what `row` says."""
        email = self._app.require_me().email
        self._row = row
        self._is_on: dict[Mark, bool] = {
            "done": row.done_at is not None,
            "filed": any(each.email == email for each in row.filed),
        }
        for name, is_on in self._is_on.items():
            self._toolbar.offer(name)
            self._toolbar.switch(name, is_on)

    async def toggle(self, mark: Mark) -> None:
        """Sets a mark, or takes it back; the list knows at once."""
        value = not self._is_on[mark]
        marked = await reports.mark(self._app.api, [self._row.id], mark, value=value)
        for row in marked:
            self.show(row)
            self._app.boxes["inbox"].upsert(row)
        dom.announce(t(f"report.marked_{mark}" if value else f"report.unmarked_{mark}"))
