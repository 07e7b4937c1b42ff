"""What a person has sent and what is still on its way. It outlives the screen that began it.

Leaving the screen while it still encrypts stops it; afterwards the upload goes on in the background, waits for the
network, and for its sender to be back after a lock. The result is also shown on other screens.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import date, join_words, t
from picsafe_client.routing.router import address
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.send_job import SendJob
from picsafe_client.sending.send_state import SendState
from picsafe_client.session.models import Person
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.label import Label

if TYPE_CHECKING:
    from picsafe_client.app import App


class KeptDraft(Protocol):
    """What a report is made of, as it is kept on this computer until the report has been delivered."""

    def lend(self) -> None: ...

    def give_back(self) -> None: ...

    async def discard(self) -> None: ...


class Outbox:
    """The reports that one person sends in one session: one at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._job: SendJob | None = None

    @classmethod
    def of(cls, app: App) -> Outbox:
        """That of the person who is signed in."""
        found = app.session_state.outbox
        if not isinstance(found, cls):
            found = app.session_state.outbox = cls(app)
        return found

    @property
    def current(self) -> SendJob | None:
        """The report that is on its way, or whose end has not been seen; None once it is stopped."""
        return None if self._job is None or self._job.is_stopped else self._job

    def send(
        self,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        kept: KeptDraft,
    ) -> SendJob:
        """Begins to send a report. `readers` were shown to the sender; `kept` is what it was made of."""
        sender = self._app.require_me()
        job = self._job = SendJob(
            self._app.api,
            sender,
            sender_back=lambda: self._sender_back(job, sender),
            is_wanted=lambda: self._is_wanted(job),
            tell=self._tell,
        )
        # Only the job's own coroutine holds the files, so that it can drop them once they are encrypted.
        work = job.run(list(files), details, recipients, readers, self._app.clock.now())
        kept.lend()
        dom.start_task(self._run(job, work, kept))
        return job

    def forget(self, job: SendJob) -> None:
        """Its end has been seen."""
        if self._job is job:
            self._job = None

    async def _run(self, job: SendJob, work: Coroutine[Any, Any, None], kept: KeptDraft) -> None:
        off = dom.on(dom.window(), "beforeunload", _ask_before_unload)
        try:
            await work
        finally:
            off()
            kept.give_back()
        if job.state is SendState.DELIVERED:
            await kept.discard()
        if not job.changes.is_watched:
            await self._show_elsewhere(job)

    def _tell(self, report_id: str, label: Label) -> None:
        """The list of what was sent shows whose report it is, without asking; nothing is learnt behind the lock."""
        if self._app.is_signed_in:
            self._app.patients.learn({report_id: label})

    def _is_wanted(self, job: SendJob) -> bool:
        """Whether its sender has not signed out, and has not stopped it."""
        return self._app.session_state.outbox is self and self.current is job

    async def _sender_back(self, job: SendJob, sender: Person) -> None:
        """After a lock or an expired session. Anybody else who signs in ends it."""
        me = await self._app.signed_in()
        if me.id != sender.id or not self._is_wanted(job):
            raise Cancelled

    async def _show_elsewhere(self, job: SendJob) -> None:
        """Its sender is on another screen, or has to sign in first."""
        if not self._is_wanted(job):
            return
        await self._app.signed_in()
        if job.changes.is_watched or not self._is_wanted(job):
            return
        if job.state is SendState.FAILED and job.error is not None:
            show = (t("send.show"), lambda _event: self._app.go(address("send")))
            self._app.show_problem(job.error, means=t("send.failed"), actions=[show])
        elif job.state is SendState.DELIVERED and job.report is not None:
            self.forget(job)
            place = dom.by_id("banner")
            note = notices.notice(
                "good", delivered_words(job.report), on_dismiss=lambda _event: dom.replace_children(place)
            )
            dom.replace_children(place, note)


def delivered_words(report: ReportView) -> str:
    """Who has it, until when, and where it is."""
    names = join_words(each.name for each in report.recipients)
    adjective = t(f"region_adjective.{report.region}")
    return t("send.arrived", names=names, date=date(report.expires_at), adjective=adjective)


def _ask_before_unload(event: Any) -> None:
    event.preventDefault()  # the browser asks whether to close the page: what is on its way would be lost
