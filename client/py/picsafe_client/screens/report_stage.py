"""The stage of an open report: which medium is in which half, what is kept ready, what the keys and fingers do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from picsafe_client import dom
from picsafe_client.screens.report_media import PREFETCH_BYTES, ShownMedia
from picsafe_client.screens.report_names import medium_label
from picsafe_client.screens.report_pane import Pane
from picsafe_client.screens.report_view import View
from picsafe_client.texts import t
from picsafe_protocol.report import Report

PAN_STEP = 80.0
"""Pixels that Shift with an arrow key moves an enlarged photo."""


class Stage:
    """One pane or two. `changed` is called when another medium is shown or the photo lies differently."""

    def __init__(
        self, report: Report, media: ShownMedia, changed: Callable[[], None], save_this: Callable[[int], None]
    ) -> None:
        self._report = report
        self._media = media
        self._changed = changed
        self.save_this = save_this
        self._panes = [Pane(report, media, self)]
        self.active = self._panes[0]
        self._loading: dict[Pane, asyncio.Task[None]] = {}
        self._first = asyncio.Event()
        self.node = dom.el("div", {"class": "stage"}, self.active.node)
        self._stop_watching = _watch_size(self.node, self._resized)

    @property
    def index(self) -> int:
        """The medium in the pane that keys and buttons act on."""
        return self.active.index

    @property
    def other(self) -> int | None:
        """The medium in the other pane, when there are two."""
        return next((pane.index for pane in self._panes if pane is not self.active), None)

    @property
    def is_comparing(self) -> bool:
        """Whether two media are side by side."""
        return len(self._panes) == 2

    @property
    def view(self) -> View | None:
        """How the photo lies on which keys and buttons act."""
        return self.active.view

    async def first_shown(self, seconds: float) -> None:
        """Waits until the first medium is shown, but not longer than so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._first.wait(), seconds)

    def show(self, index: int) -> None:
        """Another medium in the active pane."""
        index = min(max(index, 0), len(self._report.media) - 1)
        if index == self.active.index:
            return
        self._put(self.active, index)
        dom.announce(medium_label(self._report, index))

    def step(self, steps: int) -> None:
        """To the next medium, or the one before."""
        self.show(self.active.index + steps)

    def compare(self) -> None:
        """Two media side by side, or again one."""
        if self.is_comparing:
            gone = next(pane for pane in self._panes if pane is not self.active)
            self._panes.remove(gone)
            self._stop(gone)
            gone.drop()
            dom.remove(gone.node)
            self.node.classList.remove("stage-two")
            dom.announce(t("report.one"))
        else:
            beside = Pane(self._report, self._media, self)
            self._panes.append(beside)
            self.node.append(beside.node)
            self.node.classList.add("stage-two")
            following = self.active.index + 1
            self._put(beside, following if following < len(self._report.media) else max(self.active.index - 1, 0))
            dom.announce(t("report.two"))
        self._mark_active()
        self._changed()

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
        self._media.keep(self._wanted())
        self._loading[pane] = dom.spawn(self._load(pane))
        self._changed()

    async def _load(self, pane: Pane) -> None:
        await pane.load()
        self._first.set()
        ahead = [each.index + step for each in self._panes for step in (1, -1)]
        self._media.prefetch(ahead)

    def _stop(self, pane: Pane) -> None:
        task = self._loading.pop(pane, None)
        if task is not None:
            task.cancel()

    def _wanted(self) -> set[int]:
        """What may stay decrypted: what is shown, and the neighbours if they are no large videos."""
        shown = {pane.index for pane in self._panes}
        near = {index + step for index in shown for step in (1, -1)}
        media = self._report.media
        return shown | {index for index in near if 0 <= index < len(media) and media[index].size <= PREFETCH_BYTES}

    def _mark_active(self) -> None:
        for pane in self._panes:
            pane.node.classList.toggle("pane-active", self.is_comparing and pane is self.active)

    def _resized(self) -> None:
        for pane in self._panes:
            pane.resized()


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
