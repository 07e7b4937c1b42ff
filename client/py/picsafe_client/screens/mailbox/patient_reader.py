"""Reads whose reports the rows in view are, once the person wants to see that, and says what could not be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import error_code_message
from picsafe_client.i18n.texts import t
from picsafe_client.reports.browser_opening import label_reader
from picsafe_client.screens.screen import Screen
from picsafe_client.session import mailbox
from picsafe_client.session.mailbox import Mailbox
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView

LOOK_AFTER: Final = 60
"""Milliseconds of quiet after a row came into view before what is in view is read: rows come many at a time."""


class PatientReader:
    """`node` stands above the list while there are patients that are not read. `in_view` are the rows that exist, which
    are those near the window.
    """

    def __init__(self, screen: Screen, box: Mailbox, in_view: Callable[[], Sequence[ReportView]]) -> None:
        self.node = dom.el("div", {"class": "patients", "hidden": True})
        self._screen = screen
        self._box = box
        self._in_view = in_view
        self._patients = screen.app.patients
        self._state = screen.app.session_state
        self._waiting = dom.el("div", {"class": "patients-wait"})
        self._said = dom.el("div", {"class": "patients-said"})
        self._one_at_a_time = asyncio.Lock()
        self._pending: dom.Dispose | None = None
        self._shown: tuple[bool, int, str, int] | None = None
        self._is_awaited = False
        """Somebody pressed a button, and is to hear when it is done; what is read while scrolling is not announced."""
        dom.append(self.node, self._said, self._waiting)
        screen.on_release(self._release)

    def _release(self) -> None:
        if self._pending is not None:
            self._pending()

    # -- what is not read

    def unread(self) -> list[ReportView]:
        """Loaded reports that can be opened and whose patient is not known here."""
        return [each for each in self._box.reports if each.state == mailbox.AVAILABLE and self._is_unknown(each)]

    def readable(self) -> list[ReportView]:
        """Those of them whose label has not failed to open."""
        return [each for each in self.unread() if self._can_be_read(each)]

    def _is_unknown(self, report: ReportView) -> bool:
        return self._patients.of(report.id) is None

    def _can_be_read(self, report: ReportView) -> bool:
        return report.labelled and self._patients.failure(report.id) is None

    # -- reading

    def look_soon(self) -> None:
        """Rows came into view."""
        if self._state.shows_patients and self._pending is None:
            self._pending = dom.set_timeout(self._look, LOOK_AFTER)

    def _look(self) -> None:
        self._pending = None
        if self._state.shows_patients and self._readable_in_view():
            self._screen.start_task(self._read(self._readable_in_view))

    def _readable_in_view(self) -> list[ReportView]:
        in_view = {each.id for each in self._in_view()}
        return [each for each in self.readable() if each.id in in_view]

    def show_patients(self, _event: Any = None) -> None:
        """From now on in this session, also after a lock."""
        self._state.shows_patients = self._is_awaited = True
        self._look()

    async def read_all(self, _event: Any = None) -> None:
        """All that are loaded: a search goes over them."""
        self._state.shows_patients = self._is_awaited = True
        await self._read(self.readable)

    async def _try_again(self, _event: Any) -> None:
        self._patients.try_again()
        self._is_awaited = True
        self._look()

    async def _read(self, which: Callable[[], Sequence[ReportView]]) -> None:
        async with self._one_at_a_time:
            reports = which()
            if reports:
                await self._read_these(reports)

    async def _read_these(self, reports: Sequence[ReportView]) -> None:
        app, turn = self._screen.app, self._patients.turn
        self.update()
        try:
            async with ProgressIndicator(t("patients.reading"), self._waiting) as wait:
                reader = label_reader(app.api, app.require_me().key_servers, wait.signal)
                found = await reader.read(reports)
        except Cancelled:
            self._state.shows_patients = False
            self.update()
            return
        if turn == self._patients.turn:  # nobody has locked meanwhile
            self._patients.learn(found.labels, found.failures)
            if self._is_awaited and found.labels:
                dom.announce(t("patients.shown", count=len(found.labels)))
            self._is_awaited = False

    # -- what stands above the list

    def update(self) -> None:
        """Says what is not read, and offers to read it. Stays as it is while that is the same: a button that is being
        pressed must not be replaced.
        """
        unread = self.unread()
        failed = [each for each in unread if self._patients.failure(each.id) is not None]
        code = self._patients.failure(failed[0].id) if failed else None
        is_offered = not self._state.shows_patients and any(map(self._can_be_read, unread))
        older = sum(1 for each in unread if not each.labelled)
        shown = (is_offered, len(failed), code or "", older)
        if shown != self._shown:
            self._shown = shown
            self._fill(*shown)
        self.node.hidden = not unread

    def _fill(self, is_offered: bool, failed: int, code: str, older: int) -> None:
        lines: list[dom.Child] = []
        if is_offered:
            lines.append(
                dom.button(t("patients.show"), self.show_patients, icon_name="person", title=t("patients.logged"))
            )
        if failed:
            words = f"{t('patients.failed', count=failed)} {error_code_message(code)}"
            lines.append(dom.el("p", {"class": "small patients-failed", "role": "status"}, words))
            lines.append(dom.button(t("action.retry"), self._try_again))
        if older:
            lines.append(dom.el("p", {"class": "soft small"}, t("patients.older", count=older)))
        had_focus = bool(self._said.contains(dom.document().activeElement))
        dom.replace_children(self._said, *lines)
        following = self._said.querySelector("button") or self._screen.root.querySelector(".row-link")
        if had_focus and following:
            following.focus()
