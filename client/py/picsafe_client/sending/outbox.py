"""The reports of this browser that are on their way. They outlive the screen, the session and the page that began them.

While a report is encrypted, its plaintext is in this page: a lock stops that, and what was entered waits as a draft.
Once it is encrypted, the browser keeps it with a token of its own, and it goes on behind a lock, after a reload and
after the page was closed. Whose it is nobody can tell from what is kept: a page asks the user server after sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from picsafe_client.api import reports
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import date, join_words, t
from picsafe_client.observable import Observable
from picsafe_client.routing.router import address
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.outbox_store import OutboxStore
from picsafe_client.sending.parcel import Parcel
from picsafe_client.sending.send_job import SendJob, Surroundings
from picsafe_client.sending.send_state import SendState
from picsafe_client.session.models import Person
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.api.reports import OutboxToken, ReportView
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.contracts.limits import OUTBOX_HOURS
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.label import Label

if TYPE_CHECKING:
    from picsafe_client.app import App

CHIP: Final = "outbox-chip"
STATUS: Final = "outbox-status"


class KeptDraft(Protocol):
    """What a report is made of, as it is kept on this computer until the report itself is."""

    @property
    def locator(self) -> str:
        """Its name in the browser's database; empty when it is not kept."""
        ...

    @property
    def is_sealed(self) -> bool:
        """Whether nothing would be lost if the page were gone now."""
        ...

    def lend(self) -> None: ...

    def give_back(self) -> None: ...

    def forget(self) -> None: ...

    async def discard(self) -> None: ...


class Outbox:
    """Of one page. `jobs` are the reports that this page delivers, of all people; `mine` those to be shown."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._store = OutboxStore()
        self.jobs: list[SendJob] = []
        self.changes: Observable[None] = Observable()
        """Notified when a report comes, moves, or goes."""
        self.released: Observable[None] = Observable()
        """A report that an earlier page has left will not be delivered: its draft is there again."""
        self._kept: dict[SendJob, KeptDraft] = {}
        app.arrivals.watch(self._arrived)
        app.departures.watch(lambda _nobody: self._stop_encrypting())

    @classmethod
    def of(cls, app: App) -> Outbox:
        """That of the page; `main` has made it."""
        found = app.outbox
        if not isinstance(found, cls):
            raise TypeError("this page has no outbox")
        return found

    @property
    def mine(self) -> list[SendJob]:
        """The reports of the person who is signed in whose end has not been seen, oldest first."""
        me = self._app.me if self._app.is_signed_in else None
        return [job for job in self.jobs if me is not None and job.sender_id == me.id and not job.is_stopped]

    async def resume(self) -> None:
        """Goes on with what an earlier page has left, also while nobody is signed in."""
        for report_id in await self._store.waiting():
            dom.start_task(self._resume(report_id))

    async def _resume(self, report_id: str) -> None:
        claimed = await self._store.claim(report_id)
        if claimed is None:
            return
        parcel, release = claimed
        job = SendJob(self._app.api, self._surroundings(lambda: job, None))
        job.report_id, job.was_kept = report_id, True
        try:
            self._add(job)
            if self._app.is_signed_in:
                dom.start_task(self._recognise(job, self._app.require_me()))
            await job.run_kept(parcel)
        finally:
            release()
        await self._ended(job)

    def send(
        self,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[tuple[str, str]],
        readers: Readers,
        kept: KeptDraft,
    ) -> SendJob:
        """Begins to send a report. `recipients` are addresses with names; `readers` were shown to the sender; `kept` is
        what it was made of.
        """
        sender = self._app.require_me()
        names = [name for _, name in recipients]
        job = SendJob(self._app.api, self._surroundings(lambda: job, sender), sender.id, names)
        self._kept[job] = kept
        kept.lend()
        self._add(job)
        # Only the job's own coroutine holds the files, so that it can drop them once they are encrypted.
        emails = [email for email, _ in recipients]
        dom.start_task(self._run(job, job.run(sender, list(files), details, emails, readers, self._app.clock.now())))
        return job

    def forget(self, job: SendJob) -> None:
        """Its end has been seen."""
        if job in self.jobs:
            self.jobs.remove(job)
            self._changed()

    # -- a report on its way

    def _surroundings(self, job: Callable[[], SendJob], sender: Person | None) -> Surroundings:
        return Surroundings(
            sender_back=lambda: self._sender_back(sender),
            tell=self._tell,
            keep=lambda parcel, token: self._keep(job(), parcel, token),
            describe=self._describe,
        )

    async def _run(self, job: SendJob, work: Coroutine[Any, Any, None]) -> None:
        off = dom.on(dom.window(), "beforeunload", lambda event: self._before_unload(job, event))
        try:
            await work
        finally:
            off()
        await self._ended(job)

    async def _ended(self, job: SendJob) -> None:
        is_delivered, kept = job.state is SendState.DELIVERED, self._kept.pop(job, None)
        if job.was_kept:
            await self._store.remove(job.report_id, is_delivered=is_delivered)
        if kept is not None and is_delivered:
            await kept.discard()
        elif kept is not None:
            kept.give_back()
        elif not is_delivered:
            self.released.notify(None)
        self._changed()
        if job.is_stopped and job.state in {SendState.STOPPED, SendState.UNKNOWN}:
            self.forget(job)
        elif not job.is_shown and job in self.mine:
            self._show_elsewhere(job)

    async def _keep(self, job: SendJob, parcel: Parcel, token: OutboxToken) -> None:
        """Until a time by this computer's clock, as the browser deletes by it."""
        kept = self._kept.get(job)
        until = datetime.now(UTC) + timedelta(hours=OUTBOX_HOURS)
        if not job.was_kept:  # otherwise it is being declared again
            dom.start_task(self._deliver_alone(job))
        draft = kept.locator if kept is not None else ""
        job.was_kept = parcel.is_kept = await self._store.keep(parcel, until, draft)

    async def _deliver_alone(self, job: SendJob) -> None:
        """No other tab delivers the report meanwhile."""
        release = await self._store.lock(job.report_id)
        await job.ended()
        release()

    def _tell(self, report_id: str, label: Label) -> None:
        """The list of what was sent shows whose report it is, without asking; nothing is learnt behind the lock."""
        if self._app.is_signed_in:
            self._app.patients.learn({report_id: label})

    async def _sender_back(self, sender: Person | None) -> None:
        """After a lock or an expired session. Anybody else who signs in ends it; its draft waits for its sender. So does
        that of a report which an earlier page has left, at once.
        """
        if sender is None or (await self._app.signed_in()).id != sender.id:
            raise Cancelled

    async def _describe(self, report_id: str) -> ReportView | None:
        if not self._app.is_signed_in:
            return None
        try:
            found = await reports.report(self._app.api, report_id)
        except (PicSafeError, Cancelled):
            return None
        return found if found.sender.id == self._app.require_me().id else None

    def _before_unload(self, job: SendJob, event: Any) -> None:
        """The browser asks whether to close the page where that would lose something."""
        kept = self._kept.get(job)
        if not job.is_kept and (kept is None or not kept.locator or not kept.is_sealed):
            event.preventDefault()

    def _stop_encrypting(self) -> None:
        """The page locks: plaintext goes now, and the draft is free for its sender to come back to."""
        for job in list(self.jobs):
            if job.state is SendState.ENCRYPTING:
                job.stop()
                kept = self._kept.pop(job, None)
                if kept is not None:
                    kept.give_back()
        for kept in self._kept.values():
            kept.forget()
        dom.defer(self._changed)  # nobody is signed in by then

    # -- who is there

    def _arrived(self, me: Person) -> None:
        for job in self.jobs:
            if not job.sender_id:
                dom.start_task(self._recognise(job, me))
            elif job.sender_id == me.id and not job.is_under_way and not job.is_shown:
                self._show_elsewhere(job)
        self._changed()

    async def _recognise(self, job: SendJob, me: Person) -> None:
        """Asks whose a report is that an earlier page has left."""
        found = await self._describe(job.report_id)
        if found is None or found.sender.id != me.id:
            return
        job.sender_id, job.names = me.id, [each.name for each in found.recipients]
        if not job.is_under_way:
            self._show_elsewhere(job)
        self._changed()

    def _show_elsewhere(self, job: SendJob) -> None:
        """Its sender is on another screen, or has just come back."""
        if job.state is SendState.FAILED and job.error is not None:
            show = (t("send.show"), lambda _event: self._app.go(address("sent")))
            self._app.show_problem(job.error, means=t("send.failed"), actions=[show])
        elif job.state is SendState.DELIVERED:
            dom.start_task(self._show_delivered(job))

    async def _show_delivered(self, job: SendJob) -> None:
        report = job.report or await self._describe(job.report_id)
        self.forget(job)
        if report is None or not self._app.is_signed_in:
            return
        place = dom.by_id("banner")
        note = notices.notice("good", delivered_words(report), on_dismiss=lambda _event: dom.replace_children(place))
        dom.replace_children(place, note)

    # -- what every screen shows

    def _add(self, job: SendJob) -> None:
        self.jobs.append(job)
        job.changes.watch(lambda _job: self._changed())
        self._changed()

    def _changed(self) -> None:
        count = sum(job.is_under_way for job in self.mine)
        chip, status = dom.by_id(CHIP), dom.by_id(STATUS)
        chip.hidden = not count
        words = t("outbox.chip", count=count) if count else ""
        chip.setAttribute("aria-label", words)
        _set(chip.querySelector(".outbox-words"), words)
        _set(chip.querySelector(".outbox-count"), str(count) if count else "")
        waiting = 0 if self._app.is_signed_in else sum(job.is_under_way and job.is_kept for job in self.jobs)
        status.hidden = not waiting
        _set(status, t("outbox.signed_out", count=waiting) if waiting else "")
        self.changes.notify(None)


def delivered_words(report: ReportView) -> str:
    """Who has it, until when, and where it is."""
    names = join_words(each.name for each in report.recipients)
    adjective = t(f"region_adjective.{report.region}")
    return t("send.arrived", names=names, date=date(report.expires_at), adjective=adjective)


def _set(node: Any, text: str) -> None:
    if node.textContent != text:  # or screen readers would say it again
        node.textContent = text
