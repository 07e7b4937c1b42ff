"""Progress of sending: how far it is, why it waits, and buttons to pause and stop it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.sending.progress_words import amount_words, progress_words, stay_words
from picsafe_client.sending.send_job import SendJob
from picsafe_client.sending.send_state import SendState
from picsafe_client.ui import dom, notices


class ProgressView:
    """`node` goes on the page; `update` is to be called after every change of the job."""

    def __init__(
        self, job: SendJob, stop: Callable[[Any], Coroutine[Any, Any, None]], another: Callable[[Any], None]
    ) -> None:
        self._job = job
        self._bar = dom.el("progress", {"class": "send-bar", "aria-label": t("send.going_title"), "max": 1})
        self._words = dom.el("p", {"class": "send-words", "role": "status"})
        self._amount = dom.el("p", {"class": "soft number"})
        self._blocked = dom.el("div", {"class": "send-stuck"})
        self._pause = dom.button(t("send.pause"), lambda _event: job.pause(), icon_name="pause", hidden=True)
        self._resume = dom.button(t("send.resume"), lambda _event: job.resume(), icon_name="play", hidden=True)
        stop_button = dom.button(t("send.stop"), stop)
        self._another = dom.button(t("send.another"), another, icon_name="camera", hidden=True)
        panel = dom.el("div", {"class": "panel panel-padded stack"}, self._words, self._bar, self._amount)
        self._stay = dom.el("p", {"class": "soft"})
        self.node = dom.el(
            "div",
            {"class": "stack", "id": "send-progress"},
            dom.el("h1", {"tabindex": "-1"}, t("send.going_title")),
            self._blocked,
            panel,
            dom.el("div", {"class": "button-row"}, self._pause, self._resume, stop_button, self._another),
            self._stay,
        )

    def update(self) -> None:
        """Shows how it is now."""
        job = self._job
        done, total = min(job.done, job.total), max(job.total, 1)
        self._bar.max, self._bar.value = total, done
        self._bar.classList.toggle("send-bar-alive", job.state is SendState.UPLOADING and not job.blocking_error)
        self._show_blocked()
        _set(self._words, progress_words(job))
        _set(self._amount, amount_words(job) if job.total else "")
        is_paused = job.state is SendState.PAUSED
        shown, other = (self._resume, self._pause) if is_paused else (self._pause, self._resume)
        had_focus = bool(other.matches(":focus"))
        shown.hidden, other.hidden = job.state not in {SendState.UPLOADING, SendState.PAUSED, SendState.LOCKED}, True
        if had_focus:
            shown.focus()  # keyboard users who pause resume by keyboard
        self._another.hidden = not job.is_kept
        _set(self._stay, stay_words(job))

    def _show_blocked(self) -> None:
        """The cloud has no room: it goes on when the person says so."""
        job, is_shown = self._job, bool(self._blocked.firstElementChild)
        if job.state is SendState.BLOCKED and job.error is not None and not is_shown:
            again = (t("send.try_again"), lambda _event: dom.defer(job.try_again))
            notice = notices.error_notice(job.error, means=t("send.stuck"), actions=[again])
            dom.replace_children(self._blocked, notice)
        elif job.state is not SendState.BLOCKED and is_shown:
            dom.replace_children(self._blocked)


def _set(node: dom.Node, text: str) -> None:
    if node.textContent != text:  # or screen readers would say it again
        node.textContent = text
