"""The send screen: choose, describe, review, send; then progress, and who has opened the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from picsafe_client.api.event_stream import LiveEvent
from picsafe_client.drafting.content import DraftContent
from picsafe_client.drafting.draft_keeper import DraftKeeper
from picsafe_client.drafting.drafts import Drafts
from picsafe_client.i18n.texts import t
from picsafe_client.routing.router import address
from picsafe_client.screens.compose.details_form import DetailsForm
from picsafe_client.screens.compose.done_view import DoneView
from picsafe_client.screens.compose.draft_line import DraftLine
from picsafe_client.screens.compose.file_tray import FileTray
from picsafe_client.screens.compose.form_fields import fill_fields, keep_off_disk, read_fields
from picsafe_client.screens.compose.progress_view import ProgressView
from picsafe_client.screens.compose.recipient_picker import RecipientPicker
from picsafe_client.screens.compose.review import summary
from picsafe_client.screens.screen import Screen
from picsafe_client.sending import audience
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.outbox import Outbox
from picsafe_client.sending.send_job import SendJob
from picsafe_client.sending.send_state import SendState
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import UnknownRecipient


class SendScreen(Screen):
    """Form, summary, progress, result: one at a time; the form stays as it was while summary, progress or a failure is
    shown.
    """

    title = "send.title"

    async def show(self, params: Mapping[str, str]) -> None:
        self._left = False
        self._page: dom.Node = None  # what stands in front of the form
        self._form: dom.Node = None
        self._readers = Readers((), None)
        for event in ("dragenter", "dragover"):
            self.on_release(dom.on(dom.window(), event, self._dragged, capture=True))
        self.on_release(dom.on(dom.window(), "drop", self._dropped, capture=True))
        self.on(dom.window(), "paste", self._pasted)
        self._job: SendJob | None = None
        self._show_form()
        self._restore()
        await self.line.look()

    @property
    def unsaved(self) -> bool:
        return self.would_be_lost

    @property
    def would_be_lost(self) -> bool:
        if self._form is None or self.keeper.is_sealed:
            return False
        if self._job is not None and self._job.is_under_way:
            return not self._job.is_kept
        return not self._is_empty

    @property
    def _is_empty(self) -> bool:
        return not (self.tray.files or self.tray.busy or self.people.emails) and self.facts.is_empty

    def drop_plaintext(self) -> None:
        self._left = True
        self._release_job()
        self._drop_form()
        dom.replace_children(self.root)

    # -- the form

    def _show_form(self) -> None:
        self._form = self._page = None
        me = self.app.require_me()
        began_at = datetime.now(UTC).isoformat(timespec="seconds")  # by this computer's clock, as its end
        self.keeper = DraftKeeper(self.app.api, me.id, began_at, self._read_form, Drafts.of(self.app).put)
        self.line = DraftLine(self.keeper)
        self.tray = FileTray(self._files_changed, self.keeper)
        self.facts = DetailsForm(self.app.clock.now)
        self.people = RecipientPicker(self.app.api, me, self.keeper.touch)
        check = dom.el("button", {"type": "submit", "class": "button button-primary"}, t("send.check"))
        form = dom.el(
            "form",
            {"class": "send-form", "novalidate": True, "autocomplete": "off"},
            dom.el("h1", {"tabindex": "-1"}, t("send.title")),
            dom.el("p", {"class": "soft"}, t("send.promise")),
            self.line.node,
            _section("send.files", self.tray.node),
            _section("send.patient", self.facts.patient.node),
            _section("send.picture", self.facts.picture.node),
            _section("send.consent", self.facts.consent.node),
            _section("send.recipients", self.people.node),
            dom.el("div", {"class": "button-row"}, check),
        )
        keep_off_disk(form)
        checking = dom.single_flight(check, lambda _event: self._check())

        def submitted(event: Any) -> Any:
            event.preventDefault()
            return checking(event) if self._form_is_shown else None

        dom.on(form, "submit", submitted)
        for event in ("input", "change", "click"):
            dom.on(form, event, lambda _event: self.keeper.touch())
        self._form, self._page = form, None
        dom.replace_children(self.root, form)

    def _read_form(self) -> DraftContent | None:
        """What the draft keeps, without the files."""
        if self._form is None or (self.facts.is_empty and not self.people.emails):
            return None
        return DraftContent("", read_fields(self._form), self.people.chosen())

    def _restore(self) -> None:
        """Goes on with the draft that the person has asked for."""
        opened = Drafts.of(self.app).take()
        if opened is None:
            return
        self.keeper.adopt(opened.draft, opened.content)
        fill_fields(self._form, opened.content.fields)
        self.people.restore(opened.content.recipients)
        self.tray.restore(opened.draft, opened.content.files)

    @property
    def _form_is_shown(self) -> bool:
        return self._form is not None and self._page is None

    def _files_changed(self) -> None:
        if self._form is not None and self.tray.busy:
            self.start_task(self.line.rely())
        if self._form is not None and self.tray.files:
            self.facts.picture.suggest_time(self.tray.files[0].medium(1).captured_at)

    async def _check(self) -> None:
        await self.tray.settled()
        if not self._form_is_shown:
            return
        if not self.tray.files:
            self.tray.set_error(t("send.files_missing"))
            self.tray.focus()
        elif self.facts.check():
            if self.people.settle():
                await self._look()
            else:
                self.people.field.focus()

    async def _look(self) -> None:
        """Asks who can open it, then shows the summary; marks recipients whom nobody knows."""
        async with ProgressIndicator(t("send.readers_asking")) as wait:
            try:
                self._readers = await audience.ask(self.app.api, self.people.emails, wait.signal)
            except UnknownRecipient as error:
                if self._form is not None and not self._left:
                    self._back_to_form()
                    self.people.mark_unknown(error.recipients or [])
                return
        if self._form is not None and not self._left:
            dom.defer(self._show_summary)  # not now: the button that is at work goes away with the form

    def _dragged(self, event: Any) -> None:
        if self._form_is_shown and "Files" in [str(kind) for kind in event.dataTransfer.types]:
            event.preventDefault()
            event.dataTransfer.dropEffect = "copy"

    def _dropped(self, event: Any) -> None:
        files = event.dataTransfer.files
        if not self._form_is_shown or not files.length or str(files.item(0).name).lower().endswith(".picsafe"):
            return  # the app opens packages
        event.preventDefault()
        self.tray.add(files)

    def _pasted(self, event: Any) -> None:
        if self._form_is_shown and event.clipboardData.files.length:
            event.preventDefault()
            self.tray.add(event.clipboardData.files)

    def _drop_form(self) -> None:
        """The files and facts are no longer needed."""
        if self._form is not None:
            draft = self.keeper.leave()
            if draft is not None:
                Drafts.of(self.app).put(draft)
            self.tray.drop()
            self._form = None

    # -- what stands in front of the form

    def _put(self, page: dom.Node) -> None:
        """Shows `page` instead of the form, which stays behind it as it is."""
        if self._form is not None:
            self._form.hidden = True
        if self._page is not None:
            dom.remove(self._page)
        self._page = page
        self.root.prepend(page)
        page.querySelector("h1").focus()
        dom.window().scrollTo(0, 0)

    def _back_to_form(self) -> None:
        if self._page is not None:
            dom.remove(self._page)
            self._page = None
        self._form.hidden = False
        dom.window().scrollTo(0, 0)

    def _show_summary(self) -> None:
        recipients = [self.people.name(email) for email in self.people.emails]
        send = dom.button(t("send.now"), lambda _event: dom.defer(self._send), kind="primary", icon_name="lock")
        edit = dom.button(t("send.edit"), lambda _event: dom.defer(self._edit), icon_name="edit")
        self._put(
            dom.el(
                "div",
                {"class": "stack", "id": "send-summary"},
                dom.el("h1", {"tabindex": "-1"}, t("send.summary_title")),
                summary(self.tray.files, self.facts.facts(), recipients, self._readers),
                dom.el("p", {"class": "soft"}, t("send.promise")),
                dom.el("div", {"class": "button-row"}, send, edit),
            )
        )

    def _edit(self) -> None:
        self._back_to_form()
        self._form.querySelector("h1").focus()

    def _send(self) -> None:
        if self._job is not None and self._job.is_under_way:
            return  # the second of two quick clicks
        outbox, people = Outbox.of(self.app), self.people.chosen()
        self._show_progress(outbox.send(self.tray.files, self.facts.facts(), people, self._readers, self.keeper))

    # -- on its way

    def _show_progress(self, job: SendJob) -> None:
        view = ProgressView(job, lambda _event: self._stop(job), lambda _event: dom.defer(self._another))
        self._put(view.node)

        def update(job: SendJob) -> None:
            if job.is_under_way:
                view.update()
            elif job.state in {SendState.DELIVERED, SendState.FAILED}:
                dom.defer(end)

        def end() -> None:
            off()
            self._ended(job)

        off = job.changes.watch(update)
        self.on_release(off)
        self._job, job.is_shown = job, True
        update(job)

    def _release_job(self) -> None:
        """The report goes on without this screen."""
        if self._job is not None:
            self._job.is_shown = False
            self._job = None

    def _another(self) -> None:
        """A new form, while the report is still on its way."""
        self._release_job()
        self._drop_form()
        self._show_form()
        self.start_task(self.line.look())

    async def _stop(self, job: SendJob) -> None:
        sure = await dialogs.confirm(t("send.stop_title"), t("send.stop_text"), t("send.stop"), danger=True)
        if not sure or not job.is_under_way:
            return  # it may have arrived while the question stood there
        job.stop()
        await job.ended()
        if self._left or self._job is not job:
            return
        self._show_nothing_sent(job)

    def _show_nothing_sent(self, job: SendJob) -> None:
        if self._form is None:
            self._show_form()
        else:
            self._back_to_form()
        place = dom.by_id("banner")
        is_stopped = job.state is SendState.STOPPED
        words, kind = t("send.stopped" if is_stopped else "send.perhaps"), "plain" if is_stopped else "amber"
        dom.replace_children(place, notices.notice(kind, words, on_dismiss=lambda _event: dom.replace_children(place)))

    def _ended(self, job: SendJob) -> None:
        if self._left or self._job is not job:
            return
        Outbox.of(self.app).forget(job)
        if job.state is SendState.DELIVERED:
            self._drop_form()
            if job.report is not None:
                self._show_done(job.report)
            else:
                self.app.go(address("sent"))  # it has arrived; only its description could not be had
        elif isinstance(job.error, UnknownRecipient) and self._form is not None:
            self._back_to_form()
            self.people.mark_unknown(job.error.recipients or [])
        else:
            self._show_failed(job)

    def _show_failed(self, job: SendJob) -> None:
        error = job.error or RuntimeError("sending ended without a reason")
        again: notices.Action = (t("send.try_again"), lambda _event: dom.defer(self._show_form))
        if self._form:
            again = (t("send.try_again"), lambda _event: self._look())
        actions = [again, (t("send.edit"), lambda _event: dom.defer(self._edit))] if self._form else [again]
        means = t("send.failed") if self._form else t("send.failed_anew")
        heading = dom.el("h1", {"tabindex": "-1"}, t("send.failed_title"))
        self._put(dom.el("div", {"class": "stack"}, heading, notices.error_notice(error, means=means, actions=actions)))

    # -- arrived

    def _show_done(self, report: ReportView) -> None:
        view = DoneView(report, self._another)
        self._put(view.node)

        def heard(event: LiveEvent) -> None:
            if isinstance(event, ReportView) and event.id == report.id and event.box == "sent":
                view.update(event)

        self.on_release(self.app.subscribe(heard))


def _section(key: str, *content: dom.Child) -> dom.Node:
    name = key.replace(".", "-") + "-heading"
    return dom.el(
        "section",
        {"class": "panel panel-padded send-section", "aria-labelledby": name},
        dom.el("h2", {"id": name}, t(key)),
        *content,
    )
