"""The save dialog of the report screen: what to save, how to name it, and progress."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from picsafe_client.api.client import Api
from picsafe_client.i18n.texts import size, t
from picsafe_client.reports import export, jpeg_export
from picsafe_client.reports.export import ProgressTotal, ZipMember
from picsafe_client.reports.open_report import OpenReport
from picsafe_client.reports.save_targets import Downloads
from picsafe_client.screens.patient_line import patient_line, patient_name_tick
from picsafe_client.screens.viewer.dialogs.dicom_dialog import DicomSaver
from picsafe_client.screens.viewer.dialogs.media_picker import choose_files
from picsafe_client.screens.viewer.labels import medium_label, type_name
from picsafe_client.screens.viewer.stage.media_cache import ShownMedia
from picsafe_client.ui import dialogs, dom
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator

Done: TypeAlias = Callable[[str, str], None]


class Saver:
    """Saves what one open report holds."""

    def __init__(self, opened: OpenReport[Any], media: ShownMedia, place: dom.Node, done: Done, api: Api) -> None:
        """`place` is where progress is shown; `done` gets the name of every file that has been saved, and what to know
        of it.
        """
        self._opened = opened
        self._media = media
        self._place = place
        self._done = done
        self._downloads = Downloads()
        self._dicom = DicomSaver(opened, media, place, done, self._downloads, api)

    def ask(self, index: int) -> None:
        """Opens the dialogue; `index` is the medium that is shown."""
        report = self._opened.report
        medium = report.media[index]
        tick, name_tick = patient_name_tick("save-with-patient")
        opened: dom.Node = None

        def go_on(save: Callable[[bool], Awaitable[None]]) -> Awaitable[None]:
            named = bool(tick.checked)
            dialogs.close(opened)
            return save(named)

        def choice(
            icon: str,
            title: str,
            name: Callable[[bool], str],
            length: int | None,
            save: Callable[[bool], Awaitable[None]],
        ) -> dom.Node:
            file = dom.el("span", {"class": "choice-name"}, name(False))
            dom.on(tick, "change", lambda _event: setattr(file, "textContent", name(bool(tick.checked))))
            words = dom.el("span", {"class": "choice-words"}, dom.el("span", {"class": "choice-title"}, title), file)
            weight = dom.el("span", {"class": "choice-size number"}, size(length) if length is not None else None)
            button = dom.el("button", {"type": "button", "class": "choice"}, dom.icon(icon), words, weight)
            dom.on(button, "click", lambda _event: go_on(save))
            return button

        async def some(named: bool) -> None:
            choose_files(report, index, lambda chosen: self.save_some(chosen, with_patient=named))

        choices = [
            choice(
                "photo" if medium.kind == "photo" else "file",
                t("save.this", name=type_name(medium)),
                lambda named: export.file_name(report, index, with_patient=named),
                medium.size,
                lambda named: self.save_medium(index, with_patient=named),
            ),
            choice(
                "list",
                t("save.all", count=len(report.media)),
                lambda named: export.zip_name(report, with_patient=named),
                export.zip_size(report),
                lambda named: self.save_all(with_patient=named),
            ),
            choice(
                "lock",
                t("save.package"),
                lambda _named: export.package_name(self._opened),
                self._opened.package_size,
                lambda _named: self.save_package(),
            ),
        ]
        if medium.media_type in jpeg_export.OFFERED_FOR:
            jpeg = choice(
                "photo",
                t("save.jpeg"),
                lambda named: jpeg_export.file_name(report, index, with_patient=named),
                None,
                lambda named: self.save_jpeg(index, with_patient=named),
            )
            choices[1:1] = [jpeg]
        offers = self._dicom.offers(index)
        choices[2:2] = [
            choice(
                each.icon,
                each.title,
                lambda named, each=each: each.name(named),  # type: ignore[misc]
                each.size,
                lambda named, each=each: each.save(named),  # type: ignore[misc]
            )
            for each in offers
        ]
        if len(report.media) > 2:
            words = dom.el("span", {"class": "choice-title"}, t("save.some"))
            more = dom.el("button", {"type": "button", "class": "choice"}, dom.icon("list"), words)
            dom.on(more, "click", lambda _event: go_on(some))
            choices[2:2] = [more]
        choices[0].setAttribute("autofocus", "")
        opened = dialogs.show(
            t("save.title"),
            patient_line(report.patient),
            dom.el("div", {"class": "choices"}, *choices),
            name_tick,
            dom.el("p", {"class": "soft small"}, t("dicom.hint")) if offers else None,
            dom.el("p", {"class": "soft small"}, t("save.after")),
        )

    async def save_medium(self, index: int, *, with_patient: bool = False) -> None:
        """One medium, byte for byte as the sender encrypted it."""
        report = self._opened.report
        medium = report.media[index]
        name = export.file_name(report, index, with_patient=with_patient)
        target = await self._downloads.target(name, medium.media_type, medium.size)

        async def save(progress: ProgressTotal) -> None:
            if self._media.is_here(index):
                await target.write(await self._media.blob(index))
                await target.finish()
            else:
                await export.save_file(self._opened, medium, target, progress)

        await self._run(t("save.saving", name=medium_label(report, index)), name, save)

    async def save_jpeg(self, index: int, *, with_patient: bool = False) -> None:
        """One photo as a JPEG; the original is not touched."""
        report = self._opened.report
        name = jpeg_export.file_name(report, index, with_patient=with_patient)
        target = await self._downloads.target(name, jpeg_export.MEDIA_TYPE, report.media[index].size)

        async def save(progress: ProgressTotal) -> None:
            try:
                await target.write(await jpeg_export.jpeg_file(await self._media.shown(index, progress)))
                await target.finish()
            except BaseException:
                await target.discard()
                raise

        await self._run(t("save.saving", name=medium_label(report, index)), name, save, t("save.jpeg_note"))

    async def save_all(self, *, with_patient: bool = False) -> None:
        """All files as a zip."""
        report = self._opened.report
        name = export.zip_name(report, with_patient=with_patient)
        members = export.zip_members(report, with_patient=with_patient)
        await self._save_zip(members, name, export.zip_size(report), len(report.media))

    async def save_some(self, chosen: frozenset[int], *, with_patient: bool = False) -> None:
        """The media with the indices in `chosen`, as a zip."""
        report = self._opened.report
        name = export.zip_name(report, with_patient=with_patient, chosen=chosen)
        members = export.zip_members(report, with_patient=with_patient, chosen=chosen)
        await self._save_zip(members, name, export.zip_size(report, chosen), len(chosen))

    async def _save_zip(self, members: list[ZipMember], name: str, length: int, count: int) -> None:
        target = await self._downloads.target(name, export.ZIP_TYPE, length)
        await self._run(
            t("save.saving_all", count=count),
            name,
            lambda progress: export.save_zip(self._opened, members, target, progress),
        )

    async def save_package(self) -> None:
        """The encrypted package as it came."""
        name = export.package_name(self._opened)
        target = await self._downloads.target(name, export.PACKAGE_TYPE, self._opened.package_size)
        await self._run(
            t("save.saving_package"), name, lambda progress: export.save_package(self._opened, target, progress)
        )

    def close(self) -> None:
        """Takes back what is still being handed to the browser."""
        self._downloads.close()

    async def _run(
        self, what: str, name: str, save: Callable[[ProgressTotal], Awaitable[None]], to_know: str = ""
    ) -> None:
        async with ProgressIndicator(what, self._place) as wait:

            async def work() -> None:
                await save(wait.progress)

            await cancellable(wait, work())
        self._done(name, to_know)
