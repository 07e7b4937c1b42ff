"""What is said of a report on its way: what it is doing, what it waits for, and what a lock or a closed page would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from picsafe_client.i18n.texts import size, t
from picsafe_client.sending.send_job import SendJob
from picsafe_client.sending.send_state import SendState
from picsafe_protocol.contracts.errors import Unreachable

WORDS: Final[Mapping[SendState, str]] = {
    SendState.ENCRYPTING: "send.encrypting",
    SendState.UPLOADING: "send.uploading",
    SendState.PAUSED: "send.paused",
    SendState.LOCKED: "send.locked",
    SendState.BLOCKED: "send.held",
}
"""What is said in each state in which nothing else holds it up."""


def progress_words(job: SendJob) -> str:
    """What it is doing, or what it waits for."""
    if job.blocking_error is not None and job.state in {SendState.ENCRYPTING, SendState.UPLOADING}:
        return t("send.waiting" if isinstance(job.blocking_error, Unreachable) else "send.waiting_server")
    return t(WORDS[job.state])


def stay_words(job: SendJob) -> str:
    """What becomes of it when the page locks or is closed: it waits as a draft, goes on, or needs this page."""
    if job.is_kept:
        return t("send.kept")
    return t("send.stay" if job.state is SendState.ENCRYPTING else "send.leave_open")


def amount_words(job: SendJob) -> str:
    """How much of it is done, and how long the rest takes."""
    done = min(job.done, job.total)
    words = t("send.amounts", done=size(done), total=size(job.total))
    left = job.seconds_left
    if left is None or done >= job.total:
        return words
    if left < 60:
        return words + t("wait.seconds_left", count=max(1, round(left)))
    return words + t("wait.minutes_left", count=round(left / 60))
