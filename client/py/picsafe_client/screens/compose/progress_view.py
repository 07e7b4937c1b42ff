"""Progress of sending: how far it is, why it waits, and buttons to pause and stop it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from picsafe_client.i18n.texts import size, t
from picsafe_client.sending.outbox import SendJob
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.errors import Unreachable


class ProgressView:
    """`node` goes on the page; `update` is to be called after every change of the report that is on its way."""

    def __init__(self, outgoing: SendJob, stop: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        self._outgoing = outgoing
        self._bar = dom.el("progress", {"class": "send-bar", "aria-label": t("send.going_title"), "max": 1})
        self._words = dom.el("p", {"class": "send-words", "role": "status"})
        self._amount = dom.el("p", {"class": "soft number"})
        self._stuck = dom.el("div", {"class": "send-stuck"})
        self._pause = dom.button(t("send.pause"), lambda _event: outgoing.toggle(), icon_name="pause", hidden=True)
        self._resume = dom.button(t("send.resume"), lambda _event: outgoing.toggle(), icon_name="play", hidden=True)
        stop_button = dom.button(t("send.stop"), stop)
        panel = dom.el("div", {"class": "panel panel-padded stack"}, self._words, self._bar, self._amount)
        self._stay = dom.el("p", {"class": "soft"})
        self.node = dom.el(
            "div",
            {"class": "stack", "id": "send-progress"},
            dom.el("h1", {"tabindex": "-1"}, t("send.going_title")),
            self._stuck,
            panel,
            dom.el("div", {"class": "button-row"}, self._pause, self._resume, stop_button),
            self._stay,
        )

    def update(self) -> None:
        """Shows how it is now."""
        outgoing = self._outgoing
        done, total = min(outgoing.done, outgoing.total), max(outgoing.total, 1)
        uploading = outgoing.phase == "uploading"
        self._bar.max, self._bar.value = total, done
        self._bar.classList.toggle("send-bar-alive", uploading and not (outgoing.paused or outgoing.trouble))
        self._show_stuck()
        _set(self._words, going_words(outgoing))
        _set(self._amount, _amount_words(outgoing) if outgoing.total else "")
        shown, other = (self._resume, self._pause) if outgoing.paused else (self._pause, self._resume)
        had_focus = bool(other.matches(":focus"))
        shown.hidden, other.hidden = not uploading, True
        if had_focus:
            shown.focus()  # keyboard users who pause resume by keyboard
        _set(self._stay, t("send.leave_open" if outgoing.phase in {"uploading", "stuck"} else "send.stay"))

    def _show_stuck(self) -> None:
        """The server has no room: it goes on when the person says so."""
        outgoing, there = self._outgoing, bool(self._stuck.firstElementChild)
        if outgoing.phase == "stuck" and outgoing.error is not None and not there:
            again = (t("send.try_again"), lambda _event: dom.defer(outgoing.try_again))
            notice = notices.problem(outgoing.error, means=t("send.stuck"), actions=[again])
            dom.replace_children(self._stuck, notice)
        elif outgoing.phase != "stuck" and there:
            dom.replace_children(self._stuck)


def going_words(outgoing: SendJob) -> str:
    """What it is doing, or what it waits for."""
    if outgoing.locked:
        return t("send.locked")
    if outgoing.paused:
        return t("send.paused")
    if outgoing.phase == "stuck":
        return t("send.held")
    if outgoing.trouble is not None:
        return t("send.waiting" if isinstance(outgoing.trouble, Unreachable) else "send.waiting_server")
    return t("send.uploading" if outgoing.phase == "uploading" else "send.encrypting")


def _amount_words(outgoing: SendJob) -> str:
    done = min(outgoing.done, outgoing.total)
    words = t("send.amounts", done=size(done), total=size(outgoing.total))
    left = outgoing.seconds_left
    if left is None or done >= outgoing.total:
        return words
    if left < 60:
        return words + t("wait.seconds_left", count=max(1, round(left)))
    return words + t("wait.minutes_left", count=round(left / 60))


def _set(node: dom.Node, text: str) -> None:
    if node.textContent != text:  # or screen readers would say it again
        node.textContent = text
