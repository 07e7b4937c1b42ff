"""The stage of an open report: one pane or two, and which of them keys and buttons act on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from picsafe_client.i18n.texts import t
from picsafe_client.observable import Observable
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.pane import Pane
from picsafe_client.session.view_state import PaneView
from picsafe_client.ui import dom

PAN_STEP: Final = 80.0
"""Pixels that Shift with an arrow key moves an enlarged photo."""


class Stage:
    """One pane or two equal ones, of one report or of two. The active pane is the one that keys and buttons act on."""

    def __init__(self, source: MediaSource) -> None:
        self.changes: Observable[Stage] = Observable()
        """Notified when another medium is shown, when a photo lies differently, and when another pane is active."""
        self._panes: list[Pane] = []
        self._warning: dom.Node | None = None
        self.node = dom.el("div", {"class": "stage"})
        self.active = self._add_pane(source)
        self._stop_watching = _watch_size(self.node, self._resized)

    @property
    def is_comparing(self) -> bool:
        """Whether two media are side by side."""
        return len(self._panes) == 2

    @property
    def compares_reports(self) -> bool:
        """Whether the two are of different reports."""
        return len({pane.source for pane in self._panes}) == 2

    def pane_of(self, source: MediaSource) -> Pane | None:
        """The pane that shows this report, the active one if both do."""
        return next(self._panes_of(source), None)

    def other_of(self, source: MediaSource) -> Pane | None:
        """The second pane that shows this report, if both do."""
        return next(islice(self._panes_of(source), 1, None), None)

    def panes_of(self, source: MediaSource) -> tuple[Pane, Pane | None]:
        """The pane that shows this report, and the second one if both do, from left to right."""
        first, *others = [each for each in self._panes if each.source is source]
        return first, others[0] if others else None

    def _panes_of(self, source: MediaSource) -> Iterator[Pane]:
        return (each for each in sorted(self._panes, key=self._is_inactive) if each.source is source)

    def _is_inactive(self, pane: Pane) -> bool:
        return pane is not self.active

    async def first_shown(self, seconds: float) -> None:
        """Waits until the first medium is shown, but not longer than so many seconds."""
        loaded = self._panes[0].loaded
        if not loaded.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(loaded.wait(), seconds)

    def thumbnail_came(self, source: MediaSource, index: int) -> None:
        """The small picture of a medium of this report has come."""
        for pane in self._panes_of(source):
            pane.thumbnail_came(index)

    # -- what is shown

    def show(self, index: int) -> None:
        """Another medium in the active pane."""
        self.active.go_to(index)

    def show_of(self, source: MediaSource, index: int) -> None:
        """A medium of this report, also when keys act on another's pane."""
        pane = self.pane_of(source)
        if pane is not None:
            self.activate(pane)
            pane.go_to(index)

    def step(self, steps: int) -> None:
        """To the next medium, or the one before."""
        self.active.step(steps)

    def pan(self, across: int, down: int) -> None:
        """Moves an enlarged photo by keys."""
        self.active.photo.change(lambda view: view.moved(-across * PAN_STEP, -down * PAN_STEP))

    # -- one pane or two

    def toggle_comparison(self) -> None:
        """The next medium of the same report in a second pane, or again one."""
        if self.is_comparing:
            self.remove(next(filter(self._is_inactive, self._panes)))
            return
        following = self.active.index + 1
        count = len(self.active.source.report.media)
        index = following if following < count else max(self.active.index - 1, 0)
        self.add(self.active.source, PaneView(index))

    def add(self, source: MediaSource, view: PaneView) -> Pane:
        """A second pane with a medium of `source`, in place of the one that is not active if there are two."""
        if self.is_comparing:
            self._take_away(next(filter(self._is_inactive, self._panes)))
        pane = self._add_pane(source)
        self.node.classList.add("stage-two")
        pane.show_as(view)
        self._rearranged(t("report.two"))
        return pane

    def remove(self, pane: Pane) -> None:
        """One pane again: the other one."""
        self._take_away(pane)
        self._rearranged(t("report.one"))

    def set_captions(self, captions: tuple[dom.Node, dom.Node], warning: dom.Node | None) -> None:
        """Says whose report is in each of two panes, with a warning above both; gone as soon as one pane is."""
        self.node.classList.add("stage-captioned")
        for pane, caption in zip(self._panes, captions, strict=True):
            pane.set_caption(caption)
        if warning is not None:
            self._warning = dom.el("div", {"class": "stage-warning"}, warning)
            self.node.prepend(self._warning)
        self._resized()

    def _add_pane(self, source: MediaSource) -> Pane:
        pane = Pane(source, self.activate)
        pane.changes.watch(self._pane_changed)
        self._panes.append(pane)
        self.node.append(pane.node)
        return pane

    def _take_away(self, gone: Pane) -> None:
        self._panes.remove(gone)
        gone.drop()
        dom.remove(gone.node)
        self._drop_captions()
        self.node.classList.remove("stage-two")
        self.active = self._panes[0]

    def _drop_captions(self) -> None:
        self.node.classList.remove("stage-captioned")
        for pane in self._panes:
            pane.set_caption(None)
        if self._warning is not None:
            dom.remove(self._warning)
            self._warning = None

    def _rearranged(self, announcement: str) -> None:
        dom.announce(announcement)
        self._resized()
        self._mark_active()
        self.changes.notify(self)

    def set_reconnecting(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        for pane in self._panes:
            pane.set_reconnecting(waiting)

    def drop(self) -> None:
        """Nothing of a patient stays in the page; nothing is loaded any more."""
        self._stop_watching()
        for pane in self._panes:
            pane.drop()
        self._drop_captions()

    def activate(self, pane: Pane) -> None:
        """Keys and buttons act on this pane from now on."""
        if pane is not self.active:
            self.active = pane
            self._mark_active()
            self.changes.notify(self)

    def _pane_changed(self, pane: Pane) -> None:
        if pane is self.active:
            self.changes.notify(self)

    def _mark_active(self) -> None:
        for pane in self._panes:
            is_active = self.is_comparing and pane is self.active
            pane.node.classList.toggle("pane-active", is_active)
            dom.assign(pane.node, "aria-current", "true" if is_active else None)
            dom.assign(pane.node, "tabindex", "0" if self.is_comparing else "-1")

    def _resized(self) -> None:
        for pane in self._panes:
            pane.photo.resized()


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
