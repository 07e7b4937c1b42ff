"""Saves photos of the open report as DICOM: one, or all of them in a zip."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from picsafe_client.api.client import Api
from picsafe_client.i18n.texts import join_words, t
from picsafe_client.reports import dicom_export
from picsafe_client.reports.export import ZIP_TYPE, Target
from picsafe_client.reports.open_report import OpenReport
from picsafe_client.reports.save_targets import Downloads
from picsafe_client.screens.viewer.labels import medium_label
from picsafe_client.screens.viewer.stage.media_cache import BrowserBlobs, ShownMedia, read_blob
from picsafe_client.ui import dom
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.errors import PictureRefused, UnsupportedMedium

HEADERS_BYTES: Final = 4096
"""About what a DICOM file is larger than its photo, for people."""


@dataclass(frozen=True)
class Offer:
    """A choice of the dialogue. `name` and `save` take whether the file name holds the patient's."""

    icon: str
    title: str
    name: Callable[[bool], str]
    size: int
    save: Callable[[bool], Awaitable[None]]


class DicomSaver:
    """Saves photos of one open report as DICOM."""

    def __init__(
        self,
        opened: OpenReport[Any],
        media: ShownMedia,
        place: dom.Node,
        done: Callable[[str, str], None],
        downloads: Downloads,
        api: Api,
    ) -> None:
        """As `Saver`, whose downloads it uses."""
        self._opened = opened
        self._media = media
        self._place = place
        self._done = done
        self._downloads = downloads
        self._api = api

    def offers(self, index: int) -> list[Offer]:
        """This photo, and all photos where there are several; `index` is the medium that is shown."""
        report, photos = self._opened.report, self._photos()
        offers = []
        if index in photos:
            offers.append(
                Offer(
                    "photo",
                    t("dicom.this"),
                    lambda named: dicom_export.file_name(report, index, with_patient=named),
                    self._size([index]),
                    lambda named: self.save_one(index, with_patient=named),
                )
            )
        if set(photos) - {index}:
            offers.append(
                Offer(
                    "list",
                    t("dicom.all", count=len(photos)),
                    lambda named: dicom_export.zip_name(report, with_patient=named),
                    self._size(photos),
                    lambda named: self.save_all(with_patient=named),
                )
            )
        return offers

    async def save_one(self, index: int, *, with_patient: bool = False) -> None:
        """One photo."""
        report = self._opened.report
        name = dicom_export.file_name(report, index, with_patient=with_patient)
        target = await self._downloads.target(name, dicom_export.MEDIA_TYPE, self._size([index]))
        async with ProgressIndicator(t("dicom.loading"), self._place) as wait:
            file = await cancellable(wait, self._save_one(index, target, wait))
        self._done(name, _to_know([file.reason], []))

    async def save_all(self, *, with_patient: bool = False) -> None:
        """All photos, in a zip."""
        report, photos = self._opened.report, self._photos()
        name = dicom_export.zip_name(report, with_patient=with_patient)
        target = await self._downloads.target(name, ZIP_TYPE, self._size(photos))
        reasons: list[str] = []
        left_out: list[int] = []
        refused: list[UnsupportedMedium | PictureRefused] = []

        async def files(wait: ProgressIndicator) -> AsyncIterator[tuple[str, dicom_export.DicomFile]]:
            await dicom_export.load(self._api, wait.signal)
            for number, index in enumerate(photos, 1):
                wait.set_label(t("dicom.saving_all", number=number, count=len(photos)))
                try:
                    file = await self._file(index, wait)
                except (UnsupportedMedium, PictureRefused) as error:
                    left_out.append(index)
                    refused.append(error)
                    continue
                reasons.append(file.reason)
                yield dicom_export.file_name(report, index, with_patient=with_patient), file
            if not reasons:
                raise refused[0]

        async with ProgressIndicator(t("dicom.loading"), self._place) as wait:
            await cancellable(wait, dicom_export.save_zip(files(wait), target))
        self._done(name, _to_know(reasons, left_out))

    async def _save_one(self, index: int, target: Target, wait: ProgressIndicator) -> dicom_export.DicomFile:
        try:
            await dicom_export.load(self._api, wait.signal)
            wait.set_label(t("dicom.saving", name=medium_label(self._opened.report, index)))
            file = await self._file(index, wait)
            await target.write(file.blob)
            await target.finish()
        except BaseException:
            await target.discard()
            raise
        return file

    async def _file(self, index: int, wait: ProgressIndicator) -> dicom_export.DicomFile:
        """From the medium that is shown, or read for this alone: then nothing of it stays."""
        report = self._opened.report
        if self._media.is_here(index):
            blob = await self._media.blob(index)
        else:
            blob = await read_blob(self._opened, report.media[index], BrowserBlobs(), wait.progress)
        return await dicom_export.dicom_file(report, index, blob, self._opened.provenance)

    def _photos(self) -> list[int]:
        return [index for index, medium in enumerate(self._opened.report.media) if medium.kind == "photo"]

    def _size(self, indices: list[int]) -> int:
        return sum(self._opened.report.media[index].size + HEADERS_BYTES for index in indices)


def _to_know(reasons: list[str], left_out: list[int]) -> str:
    """What was recompressed, and what is missing; empty when all is as expected."""
    said = []
    if recompressed := [reason for reason in reasons if reason]:
        count = len(recompressed)
        said += [t("dicom.recompressed", count=count), dicom_export.reasons_in_words(recompressed), t("dicom.original")]
    if left_out:
        numbers = join_words(str(index + 1) for index in left_out)
        said.append(t("dicom.left_out", count=len(left_out), numbers=numbers))
    return " ".join(said)
