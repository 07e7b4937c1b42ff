"""Composes the DICOM file of a photo in the browser.

`picsafe_dicom` writes the parts around the JPEG, which stays outside Python, as do the pixels when a photo has to be
redrawn on a canvas and recompressed.

pydicom is not in the memory snapshot: `load` fetches it from this page's own server when DICOM is first wanted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import picsafe_media as media
from picsafe_client.blobs import READ_BYTES, BlobSource, new_blob, read_blob
from picsafe_client.crypto.hashing import crc32
from picsafe_client.i18n.texts import Phrase, t
from picsafe_client.reports.export import Target
from picsafe_client.ui import dom
from picsafe_client.ui.canvas import draw_upright, encoded
from picsafe_client.ui.heic import shown_as
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.format import filenames
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Report
from picsafe_protocol.format.strict_zip import Entry, plan

if TYPE_CHECKING:
    from picsafe_client.api.client import Api
    from picsafe_dicom.photo import Reason

MEDIA_TYPE: Final = "application/dicom"
QUALITY: Final = 0.95
"""JPEG quality of a photo that has to be recompressed: no visible difference."""

ARCHIVE_SECONDS: Final = 300
"""For `picsafe_dicom` and pydicom: 400 kB as they are sent, so enough for a telephone at the edge of its network."""

_ARCHIVE: Final = "/tmp/picsafe-dicom.zip"  # noqa: S108 in the browser there are no files but our own
_loading = asyncio.Lock()


@dataclass(frozen=True)
class DicomFile:
    """A finished file. `reason` is why its photo was recompressed, a value of `picsafe_dicom.photo.Reason`, or
    empty.
    """

    blob: Any
    reason: str


async def load(api: Api, signal: Any = None) -> None:
    """Makes `picsafe_dicom` and pydicom importable. Raises `Unreachable` when they cannot be fetched."""
    async with _loading:
        if _ARCHIVE in sys.path:
            return
        url = str(dom.document().querySelector("meta[name=picsafe-dicom]").content)
        archive = await api.fetch_bytes(url, seconds=ARCHIVE_SECONDS, signal=signal)
        Path(_ARCHIVE).write_bytes(archive.to_bytes())
        sys.path.append(_ARCHIVE)
        await asyncio.sleep(0)  # the page may paint before the import, which takes a second or two
        import picsafe_dicom.instance  # noqa: F401


async def dicom_file(report: Report, index: int, blob: Any, provenance: Provenance) -> DicomFile:
    """The DICOM file of medium number `index`, whose bytes are in `blob`; after `load`. `provenance` as `OpenReport`
    has it.

    Raises `UnsupportedMedium` when this browser cannot decode a photo that has to be recompressed.
    """
    from picsafe_dicom.instance import head, tail
    from picsafe_dicom.photo import Fit, Reason, compressed_anew, examine

    found = await examine(BlobSource(blob))
    if isinstance(found, Fit):
        jpeg, pixels = _cleaned(blob, found.cleaned), found.pixels
    else:
        jpeg = await _compress_anew(blob, found)
        described = await compressed_anew(BlobSource(jpeg), found)
        if isinstance(described, Reason):
            raise _cannot(found)
        pixels = described
    parts = [_bytes(head(report, index, pixels, provenance)), jpeg, _bytes(tail(pixels))]
    return DicomFile(new_blob(parts, MEDIA_TYPE), pixels.reason.value if pixels.reason else "")


async def save_zip(files: AsyncIterator[tuple[str, DicomFile]], target: Target) -> None:
    """Writes DICOM files into a zip as they come, each with its name; nothing stays when one of them fails."""
    entries: list[Entry] = []
    try:
        async for name, file in files:
            entries.append(Entry(name, int(file.blob.size), await _checksum(file.blob)))
            await target.write(plan(entries).members[-1].local_header)
            await target.write(file.blob)
        await target.write(plan(entries).ending)
        await target.finish()
    except BaseException:
        await target.discard()
        raise


async def _checksum(blob: Any) -> int:
    checksum, size = await crc32(), int(blob.size)
    for start in range(0, size, READ_BYTES):
        checksum.update(await read_blob(blob, start, min(start + READ_BYTES, size)))
    return checksum.value()


def file_name(report: Report, index: int, *, with_patient: bool) -> str:
    """The name for one photo as DICOM."""
    return filenames.medium_name(report, index, with_patient=with_patient).rpartition(".")[0] + ".dcm"


def zip_name(report: Report, *, with_patient: bool) -> str:
    """The name for all photos as DICOM."""
    return filenames.report_name(report, with_patient=with_patient) + "_dicom.zip"


def reasons_in_words(reasons: Sequence[str]) -> str:
    """Why photos were recompressed, each reason once; empty when none was."""
    return " ".join(t(f"dicom.reason_{reason}") for reason in dict.fromkeys(reasons) if reason)


async def _compress_anew(blob: Any, reason: Reason) -> Any:
    """The photo as the browser shows it, upright, as a baseline JPEG. Browsers write no other kind, and no metadata."""
    from pyodide.ffi import JsException

    try:
        canvas = await draw_upright(await shown_as(blob), ground="#fff")
        jpeg = await encoded(canvas, "image/jpeg", QUALITY)
    except JsException as error:
        raise _cannot(reason) from error
    if jpeg is None:
        raise _cannot(reason)
    return jpeg


def _cannot(reason: Reason) -> UnsupportedMedium:
    return UnsupportedMedium(
        Phrase(t("dicom.cannot")), advice=Phrase(f"{t(f'dicom.reason_{reason.value}')} {t('dicom.cannot_advice')}")
    )


def _cleaned(blob: Any, cleaned: media.Cleaned) -> Any:
    """Parts of the photo: all of it, when its sender's PicSafe had cleaned it."""
    parts = [
        blob.slice(part.start, part.stop) if isinstance(part, media.Keep) else _bytes(part) for part in cleaned.segments
    ]
    return new_blob(parts)


def _bytes(data: bytes) -> Any:
    from pyodide.ffi import to_js

    return to_js(data)
