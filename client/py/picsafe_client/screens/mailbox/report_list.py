"""The common part of the inbox and the list of sent reports: filter, rows, loading more while scrolling, live
updates.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from picsafe_client.i18n.texts import ago, moment, t
from picsafe_client.screens.mailbox import patient_cell
from picsafe_client.screens.mailbox.list_tools import ListTools
from picsafe_client.screens.mailbox.patient_reader import PatientReader
from picsafe_client.screens.mailbox.selection import Selection
from picsafe_client.screens.screen import Screen
from picsafe_client.session import mailbox
from picsafe_client.session.list_options import ListOptions, Viewpoint, selected
from picsafe_client.session.reading_list import ReadingList
from picsafe_client.ui import dom, letter_keys
from picsafe_client.ui.virtual_list import VirtualList
from picsafe_protocol.contracts.api.reports import ReportView

FILTER_AFTER: Final = 120
"""Milliseconds of quiet after a keystroke before the list is filtered."""
FRESHEN_EVERY: Final = 30
"""Seconds between updates of "5 min ago" and "6 days left"."""
NEAR_END: Final = "1500px"
"""How far below the window the end of the list may be before older reports are fetched."""
SKELETON_ROWS: Final = 6


class ReportListScreen(Screen, ABC):
    """A list of reports. The subclasses say what a row is and what an empty list says."""

    layout = "wide"
    waits_for = "inbox.loading"
    box_name: ClassVar[str]
    filter_hint: ClassVar[str]

    async def show(self, params: Mapping[str, str]) -> None:
        self.box = self.app.boxes[self.box_name]
        self._words = ""
        self._loading = False
        self._at_end = False
        self._pending: dom.Dispose | None = None
        self._build()
        self.on_release(self.box.changes.watch(self._changed))
        self.on_release(self.app.patients.changes.watch(self._patients_known))
        if self.box.is_loaded:
            self._render()
            self._come_back()
        try:
            await self.box.refresh()
        finally:
            self.skeleton.hidden = True
            self.panel.hidden = not self.box.reports
        self.start_task(self._stay_fresh())

    def _come_back(self) -> None:
        """To where the list was left. The title may be out of sight there, so the focus is on the row that had it."""
        state = self.app.session_state
        place, row = state.scroll.get(self.box_name, 0), state.rows.get(self.box_name)
        was_reading, state.was_reading = state.was_reading, False
        dom.window().scrollTo(0, place)
        if row is not None and self.rows.has(row) and (place or was_reading):
            self.rows.focus_adjacent(row, 0)

    def leave(self) -> None:
        self.app.session_state.scroll[self.box_name] = dom.window().scrollY
        self._remember_order()
        self.rows.release()
        if self._pending is not None:
            self._pending()

    # -- for the subclasses

    @abstractmethod
    def build_header(self) -> dom.Node:
        """The title and the buttons beside it."""

    @abstractmethod
    def build_empty_state(self) -> dom.Node:
        """What is shown when there is no report at all."""

    @abstractmethod
    def build_columns(self) -> dom.Node:
        """The line of column titles."""

    @abstractmethod
    def build_row(self, report: ReportView) -> dom.Node:
        """A new row."""

    @abstractmethod
    def refresh_row(self, row: dom.Node, report: ReportView) -> None:
        """Updates what depends on the time."""

    # -- the page

    def _build(self) -> None:
        self.filter = dom.el(
            "input",
            {
                "class": "input filter-input",
                "type": "search",
                "aria-label": t("inbox.filter"),
                "placeholder": t(self.filter_hint),
                "autocomplete": "off",
                "spellcheck": "false",
                "enterkeyhint": "search",
            },
        )
        self.count = dom.el("p", {"class": "soft small list-count", "role": "status"})
        self.rows = VirtualList(t(self.title), self.box_name, self._new_row)
        self.patients = PatientReader(self, self.box, lambda: [report for report, _ in self.rows.rows()])
        found = (dom.icon("search"), self.filter, self.patients.node, self.count)
        self.tools = dom.el("div", {"class": "filter"}, *found)
        self.options = self.app.session_state.options.get(self.box_name, ListOptions())
        self.list_tools = ListTools(self.box_name, self.options, self.rows.node, self._options_changed)
        self.selection = Selection(self, self.box)
        self.end = dom.el("div", {"class": "list-end"})
        self.panel = dom.el(
            "div", {"class": "list panel", "hidden": True}, self.build_columns(), self.rows.node, self.end
        )
        chosen = dom.el("div", {"class": "selection"}, self.selection.bar, self.selection.said)
        grey = [dom.el("li") for _ in range(SKELETON_ROWS)]
        self.skeleton = dom.el("ul", {"class": "skeleton-rows", "aria-hidden": True}, *grey)
        self.nothing = dom.el("div", {"hidden": True})
        above = (self.build_header(), self.tools, self.list_tools.node)
        dom.append(self.root, *above, self.panel, self.skeleton, self.nothing, chosen)
        dom.on(self.filter, "input", self._filter_soon)
        dom.on(self.rows.node, "keydown", self._key_in_list)
        dom.on(self.rows.node, "focusin", self._row_focused)
        self.on(dom.document(), "keydown", self._key)
        self.on_release(dom.on_visibility(self.end, self._end_in_view, margin=NEAR_END))

    def _matching(self) -> list[ReportView]:
        known = self.app.patients
        view = Viewpoint(self.app.require_me().id, self.app.clock.now(), known)
        found = selected(self.box.reports, self.options, view)
        if not self._words:
            return found
        return [each for each in found if mailbox.matches(each, self._words, known.searched(each.id))]

    def _options_changed(self, options: ListOptions) -> None:
        is_reordered = options.sort != self.options.sort
        self.options = self.app.session_state.options[self.box_name] = options
        if is_reordered:
            self.rows.rearrange(self._matching())
        self._render()
        self._want_more()

    def _render(self) -> None:
        matching = self._matching()
        self.skeleton.hidden = True
        self.rows.show(matching)
        self._say_how_many(len(matching))
        self.patients.update()
        self.selection.update(matching)

    def _new_row(self, report: ReportView) -> dom.Node:
        row = self.build_row(report)
        patient_cell.fill(row, report, self.app.patients)
        self.refresh_row(row, report)
        self.patients.look_soon()
        return row

    def _say_how_many(self, matching: int) -> None:
        count = len(self.box.reports)
        is_empty = self.box.is_complete and count == 0
        is_narrowed = bool(self._words or self.options.filters)
        self.tools.hidden = self.list_tools.node.hidden = is_empty
        self.panel.hidden = is_empty or (matching == 0 and self.box.is_complete)
        if is_narrowed:
            key = "inbox.matching" if self.box.is_complete else "inbox.searching"
            self.count.textContent = " · ".join([t(key, matching=matching, count=count), *self._not_searched()])
        else:
            self.count.textContent = t("inbox.count" if self.box.is_complete else "inbox.count_more", count=count)
        self.nothing.hidden = not self.panel.hidden
        if is_empty:
            dom.replace_children(self.nothing, self.build_empty_state())
        elif matching == 0:
            dom.replace_children(self.nothing, self._none_match())
        self.root.dataset.empty = "true" if is_empty else "false"

    def _not_searched(self) -> list[str]:
        """A search never says that there is nothing without saying what it could not look at."""
        unread = len(self.patients.unread()) if self._words else 0
        return [t("patients.not_searched", count=unread)] if unread else []

    def _none_match(self) -> dom.Node:
        if not self._words:
            show_all = dom.button(t("inbox.clear_filter"), lambda _event: self.list_tools.clear_filters())
            return dom.el("div", {"class": "nothing"}, dom.el("p", None, t("list.none_left")), show_all)
        unread, readable = self.patients.unread(), self.patients.readable()
        text = t("patients.none_match" if unread else "inbox.none_match", words=self._words, count=len(unread))
        clear = dom.button(t("inbox.clear_filter"), lambda _event: self._clear_filter())
        if not readable:
            return dom.el("div", {"class": "nothing"}, dom.el("p", None, text), clear)
        read = dom.button(
            t("patients.read", count=len(readable)), self.patients.read_all, kind="primary", icon_name="person"
        )
        return dom.el("div", {"class": "nothing"}, dom.el("p", None, text), read, clear)

    # -- changes

    def _changed(self, which: set[str]) -> None:
        self._render()
        self.rows.rerender(which)
        self._want_more()

    def _patients_known(self, which: set[str]) -> None:
        if self.options.sort == "patient":
            self.rows.rearrange(self._matching())
        if self._words or self.options != ListOptions():
            self._render()
        for report, row in self.rows.rows():
            if report.id in which:
                patient_cell.fill(row, report, self.app.patients)
        self.patients.update()

    async def _stay_fresh(self) -> None:
        while True:
            await asyncio.sleep(FRESHEN_EVERY)
            for report, row in self.rows.rows():
                self.refresh_row(row, report)

    # -- more

    def _end_in_view(self, in_view: bool) -> None:
        self._at_end = in_view
        self._want_more()

    def _want_more(self) -> None:
        wants_more = self._at_end or self.options.needs_all
        if wants_more and not self._loading and self.box.is_loaded and not self.box.is_complete:
            self.start_task(self._load_more())

    async def _load_more(self) -> None:
        self._loading = True
        dom.replace_children(self.end, dom.el("progress", {"class": "wait-bar", "aria-label": t("inbox.loading_more")}))
        failed = True
        try:
            await self.box.more()
            failed = False
        finally:
            self._loading = False
            dom.replace_children(
                self.end, dom.button(t("inbox.load_more"), lambda _event: self._want_more()) if failed else None
            )
        dom.defer(self._want_more)  # the end may still be in view

    # -- filter and keys

    def _filter_soon(self, _event: Any) -> None:
        if self._pending is not None:
            self._pending()
        self._pending = dom.set_timeout(self._filter_now, FILTER_AFTER)

    def _filter_now(self) -> None:
        self._words = str(self.filter.value).strip()
        self._render()
        self._want_more()

    def _clear_filter(self) -> None:
        self.filter.value = ""
        self.list_tools.clear_filters()
        self._filter_now()
        self.filter.focus()

    def _key(self, event: Any) -> None:
        if event.key == "/" and letter_keys.is_wanted("/") and not dom.is_typing(event):
            event.preventDefault()
            self.filter.focus()

    def _row_focused(self, event: Any) -> None:
        row = event.target.closest(".row")
        if row:
            self.app.session_state.rows[self.box_name] = str(row.dataset.id)

    def _remember_order(self) -> None:
        """For going from one report to the next."""
        ids = [each.id for each in self._matching()]
        is_unread = "unread" in self.options.filters
        self.app.session_state.reading = ReadingList(self.box_name, ids, is_unread)

    def _key_in_list(self, event: Any) -> None:
        step = {"ArrowDown": 1, "ArrowUp": -1}.get(str(event.key))
        row = event.target.closest(".row") if step else None
        if not step or not row or event.target.closest(".row-details"):
            return
        if self.rows.focus_adjacent(str(row.dataset.id), step):
            event.preventDefault()


def set_time(node: dom.Node, when: str, text: str) -> None:
    """Fills a `time` element: words for a glance, the exact moment on hover."""
    node.textContent = text
    node.dateTime = when
    node.title = moment(when)


def age(screen: Screen, report: ReportView) -> str:
    """How long ago the report arrived, by the servers' clock."""
    return ago(report.available_at or report.created_at, screen.app.clock.now())
