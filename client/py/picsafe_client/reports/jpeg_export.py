"""A photo as a JPEG, for programs that do not read its own format: as the browser shows it, upright, in sRGB, and with no
metadata. Its pixels stay outside Python.
"""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.i18n.texts import Phrase, t
from picsafe_client.reports.dicom_export import QUALITY
from picsafe_client.ui.canvas import draw_upright, encoded
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.format import filenames
from picsafe_protocol.format.report import Report

MEDIA_TYPE: Final = "image/jpeg"
OFFERED_FOR: Final = frozenset({"image/heic", "image/heif", "image/avif"})
"""Formats that many record systems and photo programs do not read."""


async def jpeg_file(shown: Any) -> Any:
    """The JPEG of what is shown of a photo. Raises `UnsupportedMedium` when this browser cannot decode it."""
    from pyodide.ffi import JsException

    try:
        jpeg = await encoded(await draw_upright(shown, ground="#fff"), MEDIA_TYPE, QUALITY)
    except JsException:
        jpeg = None
    if jpeg is None:
        raise UnsupportedMedium(Phrase(t("save.jpeg_cannot")), advice=Phrase(t("save.jpeg_cannot_advice")))
    return jpeg


def file_name(report: Report, index: int, *, with_patient: bool) -> str:
    """The name for one photo as a JPEG."""
    return filenames.medium_name(report, index, with_patient=with_patient).rpartition(".")[0] + ".jpg"
