"""The report screen: opening, looking, and what can be done with what is seen. One class for both ways in:
``#/report/<id>`` from the inbox and ``#/file`` from this computer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from picsafe_client.api.event_stream import LiveEvent
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import error_message
from picsafe_client.i18n.texts import date, t
from picsafe_client.reports.package_sources import ReconnectPolicy
from picsafe_client.routing.router import address
from picsafe_client.screens.report_loader import Opened, ReportLoader, state_error
from picsafe_client.screens.screen import Screen
from picsafe_client.screens.viewer import opened_by
from picsafe_client.screens.viewer.error_notice import opening_error_notice
from picsafe_client.screens.viewer.history_guard import HistoryGuard
from picsafe_client.screens.viewer.label_warning import label_warning
from picsafe_client.screens.viewer.labels import site
from picsafe_client.screens.viewer.reading_order import ReadingOrder
from picsafe_client.screens.viewer.report_marks import ReportMarks
from picsafe_client.screens.viewer.report_view import ShownReport
from picsafe_client.screens.viewer.shortcuts import action_for
from picsafe_client.screens.viewer.stage.photo_layout import PhotoLayout
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.screens.viewer.stage.viewport import Viewport
from picsafe_client.screens.viewer.toolbar import Toolbar, show_keys
from picsafe_client.ui import dialogs, dom, print_layout
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import RemovedReport, ReportView
from picsafe_protocol.contracts.api.requests import Mark
from picsafe_protocol.contracts.errors import NotSignedIn, PicSafeError, ReportExpired

if TYPE_CHECKING:
    from picsafe_client.app import App

WIDE: Final = "(min-width: 64rem)"
"""Windows of this width show the facts from the start."""
NARROW: Final = "(max-width: 48rem)"
"""In windows of this width the facts lie over everything else, as css/viewer/responsive.css has it."""


WITHOUT_A_REPORT: Final = frozenset({"escape", "previous_report", "next_report"})
"""What keys do while there is no report to be seen: it is on its way, or could not be opened."""


class ReportScreen(Screen):
    """A report, from the click on it until it is closed."""

    title: ClassVar[str] = "report.title"
    layout: ClassVar[Literal["page", "wide", "stage"]] = "stage"

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._visit = HistoryGuard(app.session_state.visits)
        self._report_id: str | None = None
        self._file: Any = None
        self._opening: ReportLoader | None = None
        self._shown: ShownReport | None = None
        self._order: ReadingOrder | None = None
        self._marks: ReportMarks | None = None

    async def show(self, params: Mapping[str, str]) -> None:
        """Opens the report of the address, or the file that the app was given."""
        self._report_id = params.get("id")
        if not self._visit.begin():
            self.app.go(address("inbox"), replace=True)
            return
        self._build()
        if self._report_id is not None:
            self._order = ReadingOrder(self.app, self._report_id, self._toolbar.reports)
            self.on_release(self._order.watch())
        if self._report_id is None:
            file = self.app.take_file()
            self._file = self.app.session_state.opened_file if file is None else file  # an empty file counts as false
            if self._file is None:
                self._ask_for_file()
                return
            self.app.session_state.opened_file = self._file
        await self._open()

    def leave(self) -> None:
        if self._visit.ends_here():
            self._visit.end()
            state = self.app.session_state
            state.opened_file, state.view, state.was_reading = None, None, True

    def drop_plaintext(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            try:
                self.app.session_state.view = shown.view
            finally:  # whatever happens, nothing of the report stays
                shown.close()
        print_layout.discard()
        dialogs.close_all()
        dom.clear_announcements()
        dom.replace_children(self.root)

    # -- opening

    def _build(self) -> None:
        self._toolbar = Toolbar(self._actions())
        self._body = dom.el("div", {"class": "report-body"})
        self._waiting = dom.el("div", {"class": "report-wait"})
        self._picker = dom.el("input", {"type": "file", "accept": ".picsafe", "hidden": True, "aria-hidden": True})
        dom.on(self._picker, "change", self._picked)
        for name in ("done", "filed", *([] if dom.document().fullscreenEnabled else ["full_screen"])):
            self._toolbar.hide(name)
        dom.replace_children(self.root, self._toolbar.node, self._waiting, self._body, self._picker)
        dom.append(self._body, dom.el("div", {"class": "strip strip-empty"}), dom.el("div", {"class": "stage"}))
        self.on(dom.window(), "keydown", self._key)
        self.on(dom.window(), "beforeprint", self._before_print)
        self.on(dom.window(), "resize", self._cover)
        self.on(dom.window(), "pagehide", lambda _event: self._visit.end())
        self.on(dom.document(), "fullscreenchange", self._full_screen_changed)
        self.on_release(self.app.subscribe(self._heard))

    async def _open(self) -> None:
        opening = self._opening = ReportLoader(self.app, ReconnectPolicy(self._lost))
        try:
            async with ProgressIndicator(t("report.fetching_report"), self._waiting) as wait:
                self._wait = wait
                opened = await cancellable(wait, self._opened(opening, wait))
        except Cancelled:
            self._back()
        except (asyncio.CancelledError, NotSignedIn):
            raise
        except Exception as error:  # noqa: BLE001 whatever it was, it is explained where the report would be
            self._explain(error)
        else:
            self._present(opening, opened)

    def _opened(self, opening: ReportLoader, wait: ProgressIndicator) -> Coroutine[Any, Any, Opened]:
        if self._report_id is not None:
            return opening.from_cloud(self._report_id, wait, self.app.prefetched)
        return opening.from_disk(self._file, wait)

    def _present(self, opening: ReportLoader, opened: Opened) -> None:
        report, state = opened.report, self.app.session_state
        before = state.view if state.view is not None and state.view.report_id == report.report_id else None
        state.view = None
        shown = self._shown = ShownReport(self, opened, self._waiting, before)
        if opening.row is not None:  # any other file names no patient in the lists
            said = self.app.patients.opened(report)
            if said is not None:
                shown.say(label_warning(said), stays=True)
        about = " · ".join(part for part in (site(report), date(report.captured_at), shown.origin.heading()) if part)
        self._toolbar.patient.show(report.patient, about)
        self._toolbar.enable(True)
        dom.replace_children(self._body, shown.strip.node, shown.stage.node, shown.facts.node)
        self._fold_facts(not dom.window().matchMedia(WIDE).matches)
        self._toolbar.follow(shown.stage, shown.source)
        self.start_task(shown.show_thumbnails())
        self.start_task(opening.tell_opened())
        if self._order is not None:
            self.start_task(self._order.prefetch(shown.stage))
        if opening.row is not None:
            self.start_task(opened_by.show(self.app, opening.row, opened.header.keyserver_url, shown.facts.readers))
            if opening.row.box == "inbox":
                self._marks = ReportMarks(self.app, opening.row, self._toolbar)
                shown.mark_filed = lambda: self._mark("filed")

    def _explain(self, error: BaseException) -> None:
        notice = opening_error_notice(
            error,
            row=self._opening.row if self._opening else None,
            from_disk=self._report_id is None,
            retry=self._retry,
            choose_file=self._picker.click,
            leave=self._back,
        )
        dom.replace_children(self._body, dom.el("div", {"class": "report-trouble"}, notice))

    def _retry(self) -> None:
        dom.replace_children(
            self._body, dom.el("div", {"class": "strip strip-empty"}), dom.el("div", {"class": "stage"})
        )
        self.start_task(self._open())

    def _ask_for_file(self) -> None:
        choose = dom.button(
            t("report.choose_file"), lambda _event: self._picker.click(), kind="primary", icon_name="open"
        )
        place = dom.el(
            "div",
            {"class": "report-trouble"},
            dom.el(
                "div",
                {"class": "nothing"},
                dom.icon("file"),
                dom.el("h2", None, t("report.no_file")),
                dom.el("p", None, t("report.no_file_text")),
                choose,
            ),
        )
        dom.replace_children(self._body, place)

    def _picked(self, _event: Any) -> None:
        if self._picker.files.length:
            file = self._picker.files.item(0)
            self._picker.value = ""  # so that the same file can be chosen again
            self.app.open_file(file)

    def _lost(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        dom.by_id("offline").hidden = not waiting
        if self._shown is None:
            self._wait.set_label(t("report.reconnecting" if waiting else "report.fetching_report"))
        else:
            self._shown.stage.set_reconnecting(waiting)

    def _heard(self, event: LiveEvent) -> None:
        """Live events about this report: somebody opened it, or it was withdrawn, or it has expired."""
        opening, shown = self._opening, self._shown
        if opening is None or opening.row is None or shown is None:
            return
        if isinstance(event, RemovedReport) and event.id == opening.row.id:
            self._close_gone(ReportExpired())
        elif isinstance(event, ReportView) and event.id == opening.row.id:
            opening.row = event
            if self._marks is not None:
                self._marks.show(event)
            error = state_error(event)
            if error is not None:
                self._close_gone(error)
                return
            url = shown.opened.header.keyserver_url
            self.start_task(opened_by.show(self.app, event, url, shown.facts.readers))

    def _close_gone(self, error: PicSafeError) -> None:
        """Nobody may see the report any more: nothing of it stays on this screen."""
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.close()
        print_layout.discard()
        dialogs.close_all()
        dom.replace_children(self._waiting)
        self._toolbar.patient.clear()
        self._toolbar.enable(False)
        if dom.document().fullscreenElement:
            dom.document().exitFullscreen()
        self._explain(error)
        dom.announce(" ".join(error_message(error)), urgent=True)

    # -- acting

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "back": self._back,
            "escape": self._escape,
            "previous_report": lambda: self._step_report(-1),
            "next_report": lambda: self._step_report(1),
            "previous": lambda: self._stage(lambda stage: stage.step(-1)),
            "next": lambda: self._stage(lambda stage: stage.step(1)),
            "first": lambda: self._stage(lambda stage: stage.show(0)),
            "last": lambda: self._stage(lambda stage: stage.show(1_000_000)),
            "zoom_in": lambda: self._photo(lambda photo: photo.enlarge(1)),
            "zoom_out": lambda: self._photo(lambda photo: photo.enlarge(-1)),
            "fit": lambda: self._photo(lambda photo: photo.change(Viewport.fit)),
            "rotate": lambda: self._photo(PhotoLayout.rotate),
            "play": lambda: self._stage(lambda stage: stage.active.toggle_playing()),
            "compare": self._compare,
            "beside": lambda: self._shown.beside.toggle() if self._shown is not None else None,
            "full_screen": self._full_screen,
            "done": lambda: self._mark("done"),
            "filed": lambda: self._mark("filed"),
            "facts": self._toggle_facts,
            "save": self._save,
            "copy": self._copy,
            "print": self._print,
            "help": show_keys,
            "lock": self.app.lock,
        }

    def _key(self, event: Any) -> None:
        action = action_for(event)
        if action is None or (self._shown is None and action not in WITHOUT_A_REPORT):
            return
        event.preventDefault()
        if isinstance(action, tuple):
            across, down = action
            self._stage(lambda stage: stage.pan(across, down))
        else:
            self._actions()[action]()

    def _stage(self, act: Callable[[Stage], Any]) -> None:
        if self._shown is not None:
            act(self._shown.stage)

    def _photo(self, act: Callable[[PhotoLayout], Any]) -> None:
        self._stage(lambda stage: act(stage.active.photo))

    def _back(self) -> None:
        row = self._opening.row if self._opening else None
        self.app.go(address("sent" if row is not None and row.box == "sent" else "inbox"))

    def _step_report(self, step: int) -> None:
        if self._order is not None:
            self._order.go(step)

    def _escape(self) -> None:
        """Out of the innermost mode: the full screen, the facts over the photo, the comparison, the enlarged photo."""
        shown = self._shown
        if dom.document().fullscreenElement:
            dom.document().exitFullscreen()
        elif shown is None:
            self._back()
        elif self._body.querySelector(".stage[inert]"):
            self._fold_facts(True)
        elif shown.stage.is_comparing:
            self._compare()
        elif not shown.stage.active.is_fitted:
            self._photo(lambda photo: photo.change(Viewport.fit))
        else:
            self._back()

    def _compare(self) -> None:
        if self._shown is not None and self._shown.beside.is_open:
            self._shown.beside.dismiss()
        elif self._shown is not None and len(self._shown.report.media) > 1:
            self._shown.stage.toggle_comparison()

    def _full_screen(self) -> None:
        page = dom.document()
        if page.fullscreenElement:
            page.exitFullscreen()
        elif page.fullscreenEnabled:
            self.root.requestFullscreen()

    def _full_screen_changed(self, _event: Any) -> None:
        self._toolbar.switch("full_screen", bool(dom.document().fullscreenElement))

    def _toggle_facts(self) -> None:
        self._fold_facts(not self.root.classList.contains("facts-folded"))

    def _fold_facts(self, folded: bool) -> None:
        if folded and self.root.querySelector(".facts-panel:focus-within"):
            self._toolbar.focus("facts")
        self.root.classList.toggle("facts-folded", folded)
        self._toolbar.switch("facts", not folded)
        self._cover()

    def _cover(self, _event: Any = None) -> None:
        """What the facts lie over cannot have the focus."""
        covered = not self.root.classList.contains("facts-folded") and dom.window().matchMedia(NARROW).matches
        for part in self._body.querySelectorAll(".strip, .stage"):
            part.inert = bool(covered)

    def _mark(self, mark: Mark) -> None:
        if self._marks is not None:
            self.start_task(self._marks.toggle(mark))

    def _save(self) -> None:
        if self._shown is not None and self._shown.is_active:
            self._shown.saver.ask(self._shown.own_pane.index)

    def _copy(self) -> None:
        shown = self._shown
        if shown is not None and shown.is_active and shown.own_pane.photo.view is not None:
            shown.copier.ask(shown.own_pane.index)

    def _print(self) -> None:
        if self._shown is not None and self._shown.is_active:
            self._shown.ask_to_print()

    def _before_print(self, _event: Any) -> None:
        if self._shown is not None:
            self._shown.lay_out_for_print()
