"""The reports that are still on their way, above the list of those that were sent."""

from __future__ import annotations

from typing import Any

from picsafe_client.app import App
from picsafe_client.i18n.texts import join_words, size, t
from picsafe_client.sending.outbox import Outbox
from picsafe_client.sending.progress_words import amount_words, progress_words, stay_words
from picsafe_client.sending.send_job import SendJob
from picsafe_client.sending.send_state import SendState
from picsafe_client.ui import dialogs, dom, notices


class OutboxPanel:
    """`node` goes on the page; hidden while nothing is on its way. `dispose` ends it."""

    def __init__(self, app: App) -> None:
        self._outbox = Outbox.of(app)
        self._rows: dict[SendJob, _Row] = {}
        self._list = dom.el("ul", {"class": "outbox-list"})
        heading = dom.el("h2", {"id": "outbox-heading"}, t("outbox.title"))
        self.node = dom.el("section", {"class": "outbox panel panel-padded", "aria-labelledby": "outbox-heading"})
        dom.append(self.node, heading, self._list)
        self.dispose = self._outbox.changes.watch(lambda _nothing: self.update())
        self.update()

    def update(self) -> None:
        """Shows how they are now."""
        jobs = self._outbox.mine
        for job in [each for each in self._rows if each not in jobs]:
            dom.remove(self._rows.pop(job).node)
        for job in jobs:
            if job not in self._rows:
                self._rows[job] = _Row(job, self._outbox)
                dom.append(self._list, self._rows[job].node)
            self._rows[job].update()
        self.node.hidden = not jobs


class _Row:
    """One report."""

    def __init__(self, job: SendJob, outbox: Outbox) -> None:
        self._job = job
        self._outbox = outbox
        self._is_over = False
        self._bar = dom.el("progress", {"class": "send-bar", "aria-label": t("send.going_title"), "max": 1})
        self._title = dom.el("p", {"class": "outbox-names"})
        self._words = dom.el("p", {"role": "status"})
        self._amount = dom.el("p", {"class": "soft small number"})
        self._stay = dom.el("p", {"class": "soft small"})
        self._again = dom.button(t("send.try_again"), lambda _event: dom.defer(job.try_again), kind="primary")
        self._pause = dom.button(t("send.pause"), lambda _event: job.pause(), icon_name="pause")
        self._resume = dom.button(t("send.resume"), lambda _event: job.resume(), icon_name="play")
        stop = dom.button(t("send.stop"), self._stop)
        buttons = dom.el("div", {"class": "button-row"}, self._again, self._pause, self._resume, stop)
        self.node = dom.el("li", {"class": "outbox-row"})
        dom.append(self.node, self._title, self._words, self._bar, self._amount, self._stay, buttons)

    def update(self) -> None:
        job = self._job
        if job.state is SendState.FAILED:
            self._show_failed()
        if not job.is_under_way:
            return
        self._bar.max, self._bar.value = max(job.total, 1), min(job.done, job.total)
        total = size(job.total) if job.total else ""
        _set(self._title, t("sent.to", names=join_words(job.names)) if job.names else total)
        _set(self._words, progress_words(job))
        _set(self._amount, amount_words(job) if job.total else "")
        _set(self._stay, stay_words(job))
        self._again.hidden = job.state is not SendState.BLOCKED
        self._pause.hidden = job.state is not SendState.UPLOADING
        self._resume.hidden = job.state is not SendState.PAUSED

    async def _stop(self, _event: Any) -> None:
        sure = await dialogs.confirm(t("send.stop_title"), t("send.stop_text"), t("send.stop"), danger=True)
        if sure and self._job.is_under_way:
            self._job.stop()

    def _show_failed(self) -> None:
        if self._is_over or self._job.error is None:
            return
        self._is_over = True

        def dismiss(_event: Any) -> None:
            dom.defer(lambda: self._outbox.forget(self._job))

        dom.replace_children(
            self.node, notices.error_notice(self._job.error, means=t("send.failed"), on_dismiss=dismiss)
        )


def _set(node: dom.Node, text: str) -> None:
    if node.textContent != text:  # or screen readers would say it again
        node.textContent = text
