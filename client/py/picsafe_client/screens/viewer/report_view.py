"""Everything that exists while a report is open: created together, and removed together by `close`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from picsafe_client.i18n.texts import t
from picsafe_client.screens.report_loader import Opened
from picsafe_client.screens.screen import Screen
from picsafe_client.screens.viewer.comparison import ReportComparison
from picsafe_client.screens.viewer.details_panel import DetailsPanel
from picsafe_client.screens.viewer.dialogs import print_dialog
from picsafe_client.screens.viewer.dialogs.clipboard import Copier
from picsafe_client.screens.viewer.dialogs.save_dialog import Saver
from picsafe_client.screens.viewer.filmstrip import Strip
from picsafe_client.screens.viewer.sender import Origin
from picsafe_client.screens.viewer.stage.media_cache import BrowserBlobs, ShownMedia, read_blob
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.pane import Pane
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.screens.viewer.stage.stream_urls import BrowserStreams
from picsafe_client.session.view_state import PaneView, ReportViewState
from picsafe_client.ui import dom, notices, print_layout
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.format.consent import ConsentRecord
from picsafe_protocol.format.report import Report

FIRST: Final = PaneView(0)
THUMBNAILS_AFTER: Final = 0.4
"""Seconds that the small pictures wait for the first photo."""
THUMBNAILS_EARLY: Final = 12
"""Thumbnails that are loaded even then: as many as are visible at first."""
THUMBNAILS_AT_LAST: Final = 1.0
"""Seconds that each of the others still waits for it."""
SAY_FOR: Final = 6000
"""Milliseconds that "saved" stays on the screen."""


class ShownReport:
    """An open report on the screen."""

    def __init__(self, screen: Screen, opened: Opened, waiting: dom.Node, before: ReportViewState | None) -> None:
        """`before`: how the same person looked at it before a lock."""
        self.opened = opened
        self.report: Report = opened.report
        self._screen = screen
        self._waiting = waiting
        self.media = ShownMedia(opened, BrowserBlobs(), BrowserStreams())
        self.saver = Saver(opened, self.media, waiting, self._saved, screen.app.api)
        self.copier = Copier(screen, self.media, lambda said, stays: self.say(said, stays=stays), self._save_this)
        self.source = MediaSource(self.report, self.media, self._save_this)
        self.stage = Stage(self.source)
        # The first photo is on its way while the rest of the screen is made.
        self.stage.active.show_as(before.own if before is not None else FIRST)
        self.beside = ReportComparison(screen, self.stage, self.report, waiting, self._saved)
        self.strip = Strip(self.stage, self.source)
        self.origin = Origin(opened.provenance, self.report.author)
        self.facts = DetailsPanel(self.report, self.origin, self._show_evidence)
        self.mark_filed: Callable[[], None] | None = None
        """Marks the report as filed in the record, where this person can."""
        self._evidence_urls: list[str] = []
        self._facts_of = -1
        self.stage.changes.watch(self._show_facts)
        self._show_facts(self.stage)
        if before is not None:
            self._come_back(before)

    def _come_back(self, before: ReportViewState) -> None:
        """The second pane that was there before a lock."""
        if before.second is not None:
            pane = self.stage.add(self.source, before.second)
            if before.is_other_active:
                self.stage.activate(pane)
        elif before.beside is not None:
            report_id, view = before.beside
            self.beside.reopen(report_id, view, is_active=before.is_other_active)

    @property
    def view(self) -> ReportViewState:
        """How it is being looked at."""
        own, other = self.stage.panes_of(self.source)
        return ReportViewState(
            self.report.report_id,
            own.view,
            None if other is None else other.view,
            self.beside.view,
            self.stage.active is not own,
        )

    @property
    def own_pane(self) -> Pane:
        """The pane that shows this report; the active one when two do."""
        pane = self.stage.pane_of(self.source)
        if pane is None:
            raise RuntimeError("the first pane of a stage stays")
        return pane

    @property
    def is_active(self) -> bool:
        """Whether keys and buttons act on this report, not on the one beside it."""
        return self.stage.active.source is self.source

    async def show_thumbnails(self) -> None:
        """The small pictures; the first photo goes before them, unless its bytes are long in coming."""
        await self.stage.first_shown(THUMBNAILS_AFTER)
        await self.media.thumbnails(self._show_thumbnail, self._first_photo_first)

    def _show_thumbnail(self, index: int, url: str) -> None:
        self.strip.picture(index, url)
        self.stage.thumbnail_came(self.source, index)

    async def _first_photo_first(self, index: int) -> None:
        """Small pictures further down the strip, of which there may be hundreds, keep a slow computer from the first
        photo.
        """
        if index >= THUMBNAILS_EARLY:
            await self.stage.first_shown(THUMBNAILS_AT_LAST)

    def _show_facts(self, _stage: Stage) -> None:
        """The facts of the medium that is shown; drawn again only when it is another one."""
        index = self.own_pane.index
        if index != self._facts_of:
            self._facts_of = index
            self.facts.show_medium(index)

    def close(self) -> None:
        """At once: key, bytes, URLs, pictures and facts."""
        self.opened.close()
        self.beside.close()
        self.stage.drop()
        self.strip.drop()
        self.facts.drop()
        self.media.close()
        self.saver.close()
        for url in self._evidence_urls:
            BrowserBlobs().revoke(url)

    # -- saving

    def _save_this(self, index: int) -> None:
        self._screen.start_task(self.saver.save_medium(index))

    def _saved(self, name: str, to_know: str) -> None:
        """Says so for a moment, and offers what mostly follows; what there is to know about the file stays until the
        person has read it.
        """
        mark = self.mark_filed
        actions = [] if mark is None else [(t("report.mark_filed"), lambda _event: mark())]
        self.say(notices.notice("good", t("save.done", name=name), to_know, actions=actions), stays=bool(to_know))

    def say(self, said: dom.Node, *, stays: bool = False) -> None:
        """Shows a notice above the photo, replacing one that would disappear on its own: many would cover the report."""
        for passing in self._waiting.querySelectorAll(".report-said-passing"):
            dom.remove(passing)
        said.classList.add("report-said", *([] if stays else ["report-said-passing"]))
        dom.append(self._waiting, said)
        if stays:
            dom.append(said, dom.icon_button(t("action.dismiss"), "close", lambda _event: dom.remove(said)))
        else:
            self._screen.on_release(dom.set_timeout(lambda: dom.remove(said), SAY_FOR))

    # -- printing

    def ask_to_print(self) -> None:
        """This photo, all of them, or the whole report?"""
        print_dialog.ask(self.report, self.own_pane.index, self._print)

    def _print(self, which: Sequence[int], covered: bool) -> None:
        self._screen.start_task(self._print_photos(which, covered=covered))

    async def _print_photos(self, which: Sequence[int], *, covered: bool) -> None:
        self.media.pinned.update(which)
        try:
            async with ProgressIndicator(t("print.preparing"), self._waiting) as wait:
                pages = await cancellable(
                    wait, print_dialog.pages(self.report, self.origin, which, self.media, *self._printed_by())
                )
            cover = print_dialog.cover(self.report, self.origin, *self._printed_by()) if covered else None
            missing = len(which) - len(pages) + len(await print_layout.print_pages(pages, cover))
        finally:
            self.media.pinned.clear()
        if missing:
            dom.append(dom.by_id("banner"), notices.notice("amber", t("print.missing", count=missing)))

    def lay_out_for_print(self) -> None:
        """Somebody prints through the browser's menu: what comes is the photo with its facts, not the screen."""
        pane = self.own_pane
        url = self.media.url_now(pane.index)
        if url and pane.photo.view is not None and not print_layout.is_laid_out():
            print_layout.lay_out([print_dialog.page(self.report, self.origin, pane.index, url, *self._printed_by())])
            self._screen.on(dom.window(), "afterprint", lambda _event: print_layout.discard())

    def _printed_by(self) -> tuple[str, Any]:
        return self._screen.app.require_me().name, self._screen.app.clock.now()

    # -- consent

    def _show_evidence(self, record: ConsentRecord, place: dom.Node) -> None:
        self._screen.start_task(self._fetch_evidence(record, place))

    async def _fetch_evidence(self, record: ConsentRecord, place: dom.Node) -> None:
        evidence, blobs = record.evidence, BrowserBlobs()
        if evidence is None:
            return
        async with ProgressIndicator(t("report.fetching_evidence"), place) as wait:
            blob = await cancellable(wait, read_blob(self.opened, evidence, blobs, wait.progress))
        url = blobs.url(blob)
        self._evidence_urls.append(url)
        if evidence.media_type.startswith("audio/"):
            seen = dom.el("audio", {"controls": True, "src": url, "aria-label": t("report.evidence_audio")})
        else:
            seen = dom.el("img", {"src": url, "alt": t("report.evidence_image"), "class": "facts-signature"})
        dom.replace_children(place, seen)
