"""Progress indicator: nothing for 100 ms, then a bar, then a message with "Cancel" after one second.

::

    async with Wait(t("report.fetching"), place) as wait:
        data = await api.fetch_bytes(url, token=token, seconds=SECONDS, signal=wait.signal)
        wait.progress(data.length, total)
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Final

from picsafe_client.i18n.texts import size, t
from picsafe_client.ui import dom

BAR_AFTER: Final = 100
WORDS_AFTER: Final = 1000
"""Milliseconds until the bar, and until words and the button, appear."""

ESTIMATE_AFTER: Final = 1.5
"""Seconds of progress before the time that is left is worth saying."""


class ProgressIndicator:
    """A wait that is shown in `place` (by default at the top of the page) and that "Cancel" aborts.

    `signal` aborts every fetch it is given to, which then raises `errors.Cancelled`. `cancelled` tells whether it did.
    """

    def __init__(self, what: str, place: dom.Node = None, *, can_cancel: bool = True) -> None:
        import js

        self._what = what
        self._place = place
        self._can_cancel = can_cancel
        self._controller = js.AbortController.new()
        self._timers: list[dom.Dispose] = []
        self._node: dom.Node = None
        self._done, self._total = 0, 0
        self._started = time.monotonic()

    @property
    def signal(self) -> Any:
        """The AbortSignal for everything that this wait waits for."""
        return self._controller.signal

    @property
    def cancelled(self) -> bool:
        """Whether the person, or `cancel`, has stopped it."""
        return bool(self._controller.signal.aborted)

    def cancel(self, _event: Any = None) -> None:
        """Stops it: every fetch with `signal` raises `errors.Cancelled`."""
        self._controller.abort()

    def set_label(self, what: str) -> None:
        """Changes the words, when one step is over and the next begins."""
        self._what = what
        self._update()

    def progress(self, done: int, total: int) -> None:
        """How many bytes of how many have gone by."""
        self._done, self._total = done, total
        self._update()

    async def __aenter__(self) -> ProgressIndicator:
        self._started = time.monotonic()
        self._timers = [dom.set_timeout(self._show_bar, BAR_AFTER), dom.set_timeout(self._show_words, WORDS_AFTER)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stop in self._timers:
            stop()
        if self._node is not None:
            dom.remove(self._node)
            self._node = None

    def _show_bar(self) -> None:
        place = self._place if self._place is not None else dom.by_id("waiting")
        self._node = dom.el(
            "div", {"class": "wait"}, dom.el("progress", {"class": "wait-bar", "aria-label": self._what})
        )
        dom.append(place, self._node)
        self._update()

    def _show_words(self) -> None:
        words = dom.el("div", {"class": "wait-words"}, dom.el("span", {"class": "wait-text", "role": "status"}))
        if self._can_cancel:
            dom.append(words, dom.button(t("action.cancel"), self.cancel, kind="quiet"))
        dom.append(self._node, words)
        self._update()

    def _update(self) -> None:
        if self._node is None:
            return
        bar = self._node.querySelector("progress")
        bar.setAttribute("aria-label", self._what)
        if self._total:
            bar.max, bar.value = self._total, self._done
        words = self._node.querySelector(".wait-text")
        if words:
            words.textContent = self._sentence()

    def _sentence(self) -> str:
        if not self._total:
            return f"{self._what}…"
        amounts = t("wait.amounts", what=self._what, done=size(self._done), total=size(self._total))
        passed = time.monotonic() - self._started
        if passed < ESTIMATE_AFTER or not self._done or self._done >= self._total:
            return amounts
        left = round(passed / self._done * (self._total - self._done))
        if left < 60:
            return amounts + t("wait.seconds_left", count=max(1, left))
        return amounts + t("wait.minutes_left", count=round(left / 60))
