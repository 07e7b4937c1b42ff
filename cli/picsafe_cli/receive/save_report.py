"""Writes the content of a report into a folder: every byte checked, every file on the disk, and nothing visible before
that.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from picsafe_cli import durable_files
from picsafe_cli.receive.dicom_export import write_dicom
from picsafe_media import FileSource
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.filenames import saved_names
from picsafe_protocol.format.files import FileEntry
from picsafe_protocol.format.opening import Opened
from picsafe_protocol.format.payload import REPORT_NAME
from picsafe_protocol.format.provenance import SENDER_NAME, sender_document

_log = logging.getLogger("picsafe.saving")


async def save_report(
    opened: Opened[bytes], folder: Path, *, patient_name: bool = False, dicom: bool = False
) -> list[Path]:
    """Write `report.json`, `sender.json` and every medium into the existing `folder`; the files, in this order.

    They get their names only when all of them have been checked, and no file that is there is replaced: a number is
    added. `patient_name` puts the patient's name into the names; `dicom` adds a DICOM file for each photo that fits, or is HEIC.
    Raises `DigestMismatch`, `Tampered` and what reading raises; then nothing is left behind.
    """
    staging = Path(tempfile.mkdtemp(prefix=".picsafe-", dir=folder))
    try:
        names = [*await write_files(opened, staging, patient_name=patient_name)]
        if dicom:
            names += await _write_all_dicom(opened, staging, patient_name=patient_name)
        for parent in {folder / name for name in map(os.path.dirname, names) if name}:
            durable_files.make_folder(parent)
        placed = [durable_files.link_unique(staging / name, folder / name) for name in names]
        for parent in {path.parent for path in placed}:
            durable_files.sync_folder(parent)
    finally:
        shutil.rmtree(staging)
    return placed


async def write_files(opened: Opened[bytes], folder: Path, *, patient_name: bool = False) -> Sequence[str]:
    """Write the files into an empty folder that is not in use yet; returns their names. When this returns they are on
    the disk.

    Raises as `save_report`, and leaves it to the caller to remove the folder then.
    """
    payload = opened.payload
    names = saved_names(payload.report, with_patient=patient_name)
    for path, name in names.items():
        durable_files.make_folder((folder / name).parent)
        with durable_files.create(folder / name) as file:
            async for piece in payload.stream(path):
                file.write(piece)
            durable_files.sync_file(file, folder / name)
        await _warn_of_pixels(folder / name, payload.facts(path))
    report = payload.report
    origin = sender_document(report.report_id, opened.provenance, report.author)
    for name, content in ((REPORT_NAME, report.to_bytes()), (SENDER_NAME, origin)):
        with durable_files.create(folder / name) as file:
            file.write(content)
            durable_files.sync_file(file, folder / name)
    for parent in {(folder / name).parent for name in names.values()} | {folder}:
        durable_files.sync_folder(parent)
    return [REPORT_NAME, SENDER_NAME, *names.values()]


async def _warn_of_pixels(file: Path, facts: FileEntry) -> None:
    """Warn of a picture that My PicSafe would not show. The file is written, since nothing is decoded here."""
    with file.open("rb") as picture:
        try:
            await check_picture(FileSource(picture), facts)
        except PictureRefused as error:
            if error.rule in ("kind", "no_size"):
                return  # no picture that a decoder would take, or one that this command knows nothing about
            _log.warning("%s: %s It was saved as it is; do not open it unless you expect it.", facts.path, error)


async def _write_all_dicom(opened: Opened[bytes], folder: Path, *, patient_name: bool) -> list[str]:
    report = opened.payload.report
    names = saved_names(report, with_patient=patient_name)
    photos = [(index, names[medium.path]) for index, medium in enumerate(report.media) if medium.kind == "photo"]
    written = [await write_dicom(opened, index, folder, name) for index, name in photos]
    durable_files.sync_folder(folder)
    return [name for name in written if name is not None]
