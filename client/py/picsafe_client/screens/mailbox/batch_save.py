"""Saves several reports of the inbox as one zip, a folder for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import error_message
from picsafe_client.i18n.texts import size, t
from picsafe_client.reports import export
from picsafe_client.reports.package_sources import ReconnectPolicy
from picsafe_client.reports.save_targets import Downloads
from picsafe_client.screens.patient_line import patient_name_tick
from picsafe_client.screens.report_loader import ReportLoader, state_error
from picsafe_client.screens.screen import Screen
from picsafe_client.session import mailbox
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import NotSignedIn, PicSafeError

Saved = Callable[[str, Sequence[ReportView]], None]
"""Gets the name of the zip, and the reports that are in it."""


class BatchSaver:
    """Opens each report, which its key server logs, and writes its files; a report that cannot be opened is left out
    and named.
    """

    def __init__(self, screen: Screen, saved: Saved) -> None:
        self._screen = screen
        self._saved = saved
        self._downloads = Downloads()
        screen.on_release(self._downloads.close)

    def ask(self, rows: Sequence[ReportView]) -> None:
        """Says what saving does, and asks how the folders are to be named."""
        tick, named = patient_name_tick("batch-with-patient")
        opened: dom.Node = None

        def go(_event: Any) -> None:
            with_patient = bool(tick.checked)
            dialogs.close(opened)
            # Of the screen, so that a lock ends it at once.
            self._screen.start_task(self.save(rows, with_patient=with_patient))

        total = size(sum(row.size or 0 for row in rows))
        opened = dialogs.show(
            t("batch.title", count=len(rows)),
            dom.el("p", None, t("batch.text", size=total)),
            named,
            dom.el("p", {"class": "soft small"}, t("save.after")),
            actions=(
                dom.button(t("batch.save"), go, kind="primary", icon_name="save", autofocus=True),
                dom.button(t("action.cancel"), lambda _event: dialogs.close(opened)),
            ),
        )

    async def save(self, rows: Sequence[ReportView], *, with_patient: bool) -> None:
        """One zip of all that can be opened. Nothing is saved when none can, or when one breaks off half-way."""
        app = self._screen.app
        name = export.batch_name(len(rows), app.clock.now().isoformat())
        target = await self._downloads.target(name, export.ZIP_TYPE, sum(row.size or 0 for row in rows))
        archive = export.ZipArchive(target)
        saved: list[ReportView] = []
        left_out: list[tuple[ReportView, PicSafeError]] = []
        try:
            async with ProgressIndicator(t("batch.title", count=len(rows))) as wait:
                for number, row in enumerate(rows, 1):
                    wait.set_label(t("batch.saving", number=number, count=len(rows)))
                    error = await cancellable(wait, self._add(archive, row, wait, with_patient=with_patient))
                    if error is None:
                        saved.append(row)
                    else:
                        left_out.append((row, error))
                if saved:
                    await archive.finish()
                else:
                    await target.discard()
        except BaseException:
            await target.discard()
            raise
        if saved:
            self._saved(name, saved)
        if left_out:
            self._tell(left_out)

    async def _add(
        self, archive: export.ZipArchive, row: ReportView, wait: ProgressIndicator, *, with_patient: bool
    ) -> PicSafeError | None:
        """Why the report is left out; None when it is in the zip."""
        if (error := state_error(row)) is not None:
            return error
        app = self._screen.app
        loader = ReportLoader(app, ReconnectPolicy(lambda _waiting: None))
        try:
            opened = await loader.from_cloud(row.id, wait)
        except (Cancelled, NotSignedIn):
            raise
        except PicSafeError as refusal:
            return refusal
        try:
            report = opened.report
            app.patients.opened(report)
            folder = export.folder_name(report, with_patient=with_patient)
            await archive.add_report(opened, export.zip_members(report, with_patient=with_patient), folder=folder)
        finally:
            opened.close()
        await loader.tell_opened()
        return None

    def _tell(self, left_out: Sequence[tuple[ReportView, PicSafeError]]) -> None:
        lines = [f"{mailbox.sender_of(row)}: {error_message(error)[0]}" for row, error in left_out]
        notice = notices.notice("amber", t("batch.left_out", count=len(left_out)), *lines)
        place = dom.by_id("banner")
        dom.replace_children(place, notice)
