"""The stage of an open report: the media in its panes, preloading, and the actions of keys and gestures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.screens.viewer.labels import medium_label
from picsafe_client.screens.viewer.stage.media_cache import PREFETCH_BYTES, ShownMedia
from picsafe_client.screens.viewer.stage.pane import Pane
from picsafe_client.screens.viewer.stage.viewport import Viewport
from picsafe_client.ui import dom
from picsafe_protocol.format.report import Report

PAN_STEP = 80.0
"""Pixels that Shift with an arrow key moves an enlarged photo."""


class Stage:
    """One pane or two; in the second, this report or a guest: another one. `changed` is called when another medium is
    shown or the photo lies differently.
    """

    def __init__(
        self, report: Report, media: ShownMedia, changed: Callable[[], None], save_this: Callable[[int], None]
    ) -> None:
        self._report = report
        self._media = media
        self._changed = changed
        self.save_this = save_this
        self._panes = [Pane(report, media, self)]
        self.active = self._panes[0]
        self._guest: Pane | None = None
        self._of_guest: tuple[Report, ShownMedia] = (report, media)
        self._warning: dom.Node | None = None
        self._loading: dict[Pane, asyncio.Task[None]] = {}
        self._first = asyncio.Event()
        self.node = dom.el("div", {"class": "stage"}, self.active.node)
        self._stop_watching = _watch_size(self.node, self._resized)

    @property
    def index(self) -> int:
        """The medium of this report in the pane that keys and buttons act on, or beside another report's."""
        return self._own.index

    @property
    def other(self) -> int | None:
        """The other medium of this report that is shown, when there are two."""
        return next((pane.index for pane in self._panes if pane not in (self._own, self._guest)), None)

    @property
    def is_guest_active(self) -> bool:
        """Whether keys and buttons act on the other report's pane."""
        return self.active is self._guest

    @property
    def _own(self) -> Pane:
        return self._panes[0] if self.is_guest_active else self.active

    @property
    def is_comparing(self) -> bool:
        """Whether two media are side by side."""
        return len(self._panes) == 2

    @property
    def view(self) -> Viewport | None:
        """How the photo lies on which keys and buttons act."""
        return self.active.view

    async def first_shown(self, seconds: float) -> None:
        """Waits until the first medium is shown, but not longer than so many seconds."""
        if not self._first.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._first.wait(), seconds)

    def show(self, index: int) -> None:
        """Another medium in the active pane."""
        report, _ = self._source(self.active)
        index = min(max(index, 0), len(report.media) - 1)
        if index == self.active.index:
            return
        self._put(self.active, index)
        dom.announce(medium_label(report, index))

    def show_own(self, index: int) -> None:
        """Another medium of this report, also when keys act on the other's pane."""
        self.chosen(self._own)
        self.show(index)

    def step(self, steps: int) -> None:
        """To the next medium, or the one before."""
        self.show(self.active.index + steps)

    def compare(self) -> None:
        """Two media side by side, or again one."""
        if self.is_comparing:
            self._take_away(next(pane for pane in self._panes if pane is not self.active))
            dom.announce(t("report.one"))
        else:
            beside = Pane(self._report, self._media, self)
            self._panes.append(beside)
            self.node.append(beside.node)
            self.node.classList.add("stage-two")
            following = self.active.index + 1
            self._put(beside, following if following < len(self._report.media) else max(self.active.index - 1, 0))
            dom.announce(t("report.two"))
        self._resized()
        self._mark_active()
        self._changed()

    def put_beside(
        self,
        report: Report,
        media: ShownMedia,
        captions: tuple[dom.Node, dom.Node],
        warning: dom.Node | None,
        save_this: Callable[[int], None],
    ) -> None:
        """Another report in the second pane, each with its caption, and a warning above both; `save_this` is the
        other's.
        """
        if self.is_comparing:
            self._take_away(next(pane for pane in self._panes if pane is not self.active))
        self._of_guest = (report, media)
        self._guest = Pane(report, media, _GuestViewer(self, save_this))
        self._panes.append(self._guest)
        self.node.append(self._guest.node)
        self.node.classList.add("stage-two", "stage-captioned")
        for pane, caption in zip(self._panes, captions, strict=True):
            pane.node.prepend(caption)
        if warning is not None:
            self._warning = dom.el("div", {"class": "stage-warning"}, warning)
            self.node.prepend(self._warning)
        self._put(self._guest, 0)
        self._resized()
        dom.announce(t("report.two"))
        self._mark_active()
        self._changed()

    def part(self) -> None:
        """The other report goes."""
        if self._guest is not None:
            self._take_away(self._guest)
            self._mark_active()
            self._resized()
            dom.announce(t("report.one"))

    def _take_away(self, gone: Pane) -> None:
        self._panes.remove(gone)
        self._stop(gone)
        gone.drop()
        dom.remove(gone.node)
        if gone is self.active:
            self.active = self._panes[0]
        if gone is self._guest:
            self._guest, self._of_guest = None, (self._report, self._media)
            if self._warning is not None:
                dom.remove(self._warning)
                self._warning = None
            for caption in self.node.querySelectorAll(".pane-caption"):
                dom.remove(caption)
        self.node.classList.remove("stage-two", "stage-captioned")

    def pan(self, across: int, down: int) -> None:
        """Moves an enlarged photo by keys."""
        self.active.change(lambda view: view.moved(-across * PAN_STEP, -down * PAN_STEP))

    def lost(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        for pane in self._panes:
            pane.lost(waiting)

    def drop(self) -> None:
        """Nothing of a patient stays in the page; nothing is loaded any more."""
        self._stop_watching()
        for pane in self._panes:
            self._stop(pane)
            pane.drop()
        for caption in self.node.querySelectorAll(".pane-caption, .stage-warning"):
            dom.remove(caption)

    # -- what panes tell

    def chosen(self, pane: Pane) -> None:
        """A finger came down on this pane: keys and buttons act on it from now on."""
        if pane is not self.active:
            self.active = pane
            self._mark_active()
            self._changed()

    def looked(self, pane: Pane) -> None:
        """A photo lies differently."""
        if pane is self.active:
            self._changed()

    # -- loading

    def _put(self, pane: Pane, index: int) -> None:
        self._stop(pane)
        pane.point_at(index)
        report, media = self._source(pane)
        media.keep(self._wanted(report))
        self._loading[pane] = dom.start_task(self._load(pane))
        self._changed()

    async def _load(self, pane: Pane) -> None:
        await pane.load()
        self._first.set()
        report, media = self._source(pane)
        media.prefetch([each.index + step for each in self._panes_of(report) for step in (1, -1)])

    def _source(self, pane: Pane) -> tuple[Report, ShownMedia]:
        return self._of_guest if pane is self._guest else (self._report, self._media)

    def _panes_of(self, report: Report) -> list[Pane]:
        return [pane for pane in self._panes if self._source(pane)[0] is report]

    def _stop(self, pane: Pane) -> None:
        task = self._loading.pop(pane, None)
        if task is not None:
            task.cancel()

    def _wanted(self, report: Report) -> set[int]:
        """What may stay decrypted: what is shown, and the neighbours if they are no large videos."""
        shown = {pane.index for pane in self._panes_of(report)}
        near = {index + step for index in shown for step in (1, -1)}
        media = report.media
        return shown | {index for index in near if 0 <= index < len(media) and media[index].size <= PREFETCH_BYTES}

    def _mark_active(self) -> None:
        for pane in self._panes:
            is_active = self.is_comparing and pane is self.active
            pane.node.classList.toggle("pane-active", is_active)
            dom.assign(pane.node, "aria-current", "true" if is_active else None)
            dom.assign(pane.node, "tabindex", "0" if self.is_comparing else "-1")

    def _resized(self) -> None:
        for pane in self._panes:
            pane.resized()


class _GuestViewer:
    """What the guest's pane tells: all as any pane, but what is saved is the other report's."""

    def __init__(self, stage: Stage, save_this: Callable[[int], None]) -> None:
        self.chosen = stage.chosen
        self.step = stage.step
        self.looked = stage.looked
        self.save_this = save_this


def _watch_size(node: dom.Node, resized: Callable[[], None]) -> Callable[[], None]:
    """Calls `resized` whenever `node` has another size; the answer stops it."""
    import js
    from pyodide.ffi import create_proxy

    def seen(_entries: Any, _observer: Any) -> None:
        resized()

    proxy = create_proxy(seen)
    observer = js.ResizeObserver.new(proxy)
    observer.observe(node)

    def stop() -> None:
        observer.disconnect()
        proxy.destroy()

    return stop
