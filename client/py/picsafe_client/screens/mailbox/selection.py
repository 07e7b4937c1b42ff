"""Several reports at once: ticks in the rows, and a bar with what can be done with those that are ticked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from picsafe_client.api import reports
from picsafe_client.i18n.texts import t
from picsafe_client.screens.mailbox.batch_save import BatchSaver
from picsafe_client.screens.screen import Screen
from picsafe_client.session.mailbox import Mailbox
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.api.requests import Mark


class Selection:
    """`bar` is hidden while nothing is ticked. `said` tells what was done, and takes it back."""

    def __init__(self, screen: Screen, box: Mailbox) -> None:
        self._screen = screen
        self._box = box
        self._shown: Sequence[ReportView] = ()
        self._saver = BatchSaver(screen, self._saved)
        self._ids: set[str] = set()
        self._ticks: dict[str, dom.Node] = {}
        self._count = dom.el("span", {"class": "selection-count number", "role": "status"})
        self.all = dom.el("input", {"type": "checkbox", "aria-label": t("list.select_all"), "class": "tick-all"})
        dom.on(self.all, "change", self._all_changed)
        self.said = dom.el("div", {"class": "selection-said", "hidden": True})
        self.bar = dom.el(
            "div",
            {"class": "selection-bar", "role": "toolbar", "aria-label": t("list.selection"), "hidden": True},
            self._count,
            dom.button(t("list.save"), lambda _event: self._saver.ask(self._chosen()), icon_name="save"),
            dom.button(t("list.mark_done"), lambda _event: self._mark("done"), icon_name="check"),
            dom.button(t("list.mark_filed"), lambda _event: self._mark("filed"), icon_name="filed"),
            dom.button(t("list.clear_selection"), lambda _event: self._choose(set()), kind="quiet"),
        )

    def tick_for(self, report: ReportView, name: str) -> dom.Node:
        """The tick of a row; `name` says which row."""
        tick = dom.el(
            "input", {"type": "checkbox", "aria-label": t("list.select", name=name), "checked": report.id in self._ids}
        )
        self._ticks[report.id] = tick

        def changed(_event: Any) -> None:
            self._choose(self._ids ^ {report.id})

        dom.on(tick, "change", changed)
        return dom.el("label", {"class": "row-tick"}, tick)

    def update(self, shown: Sequence[ReportView]) -> None:
        """The list shows these rows now: what is no longer among them is no longer selected."""
        self._shown = shown
        self._choose(self._ids & {each.id for each in shown})

    def _all_changed(self, _event: Any) -> None:
        self._choose({each.id for each in self._shown} if self.all.checked else set())

    def _choose(self, ids: set[str]) -> None:
        self._ids = ids
        for report_id, tick in self._ticks.items():
            tick.checked = report_id in ids
        count, shown = len(ids), len(self._shown)
        if count:
            self.said.hidden = True
        self.all.checked = count > 0 and count == shown
        self.all.indeterminate = 0 < count < shown
        self._count.textContent = t("list.selected", count=count) if count else ""
        self.bar.hidden = not count

    async def _mark(self, mark: Mark) -> None:
        await self._mark_these([each.id for each in self._chosen()], mark)

    def _chosen(self) -> list[ReportView]:
        return [each for each in self._shown if each.id in self._ids]

    def _saved(self, name: str, saved: Sequence[ReportView]) -> None:
        """Saving is mostly for the record: one more press says so."""
        ids = [each.id for each in saved]
        words = t("batch.saved", count=len(saved), name=name)
        file = dom.button(
            t("report.mark_filed"), lambda _event: self._mark_these(ids, "filed"), icon_name="filed", kind="quiet"
        )
        self._choose(set())
        dom.replace_children(self.said, dom.el("span", None, words), file)
        self.said.hidden = False
        dom.announce(words)
        file.focus()

    async def _mark_these(self, report_ids: Sequence[str], mark: Mark) -> None:
        async with ProgressIndicator(t("list.marking")) as wait:
            marked = await reports.mark(self._screen.app.api, report_ids, mark, signal=wait.signal)
        self._choose(set())
        self._take_in(marked)
        self._tell(mark, [each.id for each in marked])

    def _tell(self, mark: Mark, report_ids: Sequence[str]) -> None:
        words = t(f"list.marked_{mark}", count=len(report_ids))

        async def take_back(_event: Any) -> None:
            self._take_in(await reports.mark(self._screen.app.api, report_ids, mark, value=False))
            self.said.hidden = True

        undo = dom.button(t("action.undo"), take_back, icon_name="undo", kind="quiet")
        dom.replace_children(self.said, dom.el("span", None, words), undo)
        self.said.hidden = False
        dom.announce(words)
        undo.focus()

    def _take_in(self, marked: Sequence[ReportView]) -> None:
        for report in marked:
            self._box.upsert(report)
