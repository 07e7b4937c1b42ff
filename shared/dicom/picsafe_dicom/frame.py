"""Reads how a JPEG is coded (ITU-T T.81, annex B), and what DICOM calls that (PS3.5, section 8.2.1 and annex A.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_media import ByteSource
from picsafe_media.core.source import Window, damaged

BASELINE: Final = "1.2.840.10008.1.2.4.50"
EXTENDED: Final = "1.2.840.10008.1.2.4.51"
LOSSLESS: Final = "1.2.840.10008.1.2.4.57"
LOSSLESS_FIRST_ORDER: Final = "1.2.840.10008.1.2.4.70"

_SOF0, _SOF1, _SOF3 = 0xC0, 0xC1, 0xC3
_SOFS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS, _APP0, _APP14 = 0xDA, 0xE0, 0xEE
_RGB_IDS: Final = b"RGB"


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame header of a JPEG and the markers that determine its colour space. `adobe` is Adobe's colour transform,
    or None.
    """

    sof: int
    precision: int
    rows: int
    columns: int
    components: bytes
    predictor: int
    has_jfif: bool
    adobe: int | None

    @property
    def transfer_syntax(self) -> str | None:
        """The UID for this coding; None when DICOM has none for it that is still in use, as for progressive JPEG."""
        if self.sof == _SOF3:
            return LOSSLESS_FIRST_ORDER if self.predictor == 1 else LOSSLESS
        return {_SOF0: BASELINE, _SOF1: EXTENDED}.get(self.sof)

    @property
    def is_lossless(self) -> bool:
        """Whether nothing was lost when it was compressed."""
        return self.sof == _SOF3

    @property
    def photometric_interpretation(self) -> str | None:
        """DICOM's name for the colours; None for those that a photo in DICOM cannot have, such as CMYK and
        untransformed RGB.
        """
        if len(self.components) == 1:
            return "MONOCHROME2"
        if len(self.components) != 3:
            return None
        # Whatever the sampling of the chroma is: PS3.5 8.2.1 knows no other name for it in lossy JPEG. Checkers refuse
        # RGB there.
        return None if self.is_lossless or self._is_rgb else "YBR_FULL_422"

    @property
    def _is_rgb(self) -> bool:
        if self.adobe is not None:
            return self.adobe == 0
        return not self.has_jfif and self.components == _RGB_IDS


async def read_frame(source: ByteSource) -> Frame:
    """The frame of a JPEG, from its headers alone. Raises `UnsupportedMedium` when it has none."""
    window = Window(source)
    at, sof = 2, 0
    header = b""
    has_jfif, adobe = False, None
    while True:
        first, marker = await window.take(at, at + 2)
        if first != 0xFF:
            raise damaged("its parts do not follow each other")
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        start, stop = at + 4, at + 2 + await window.number(at + 2, 2)
        if stop < start:
            raise damaged("a part of it has no length")
        body = await window.take(start, min(stop, start + 1024))
        if marker == _SOS:
            break
        if marker in _SOFS:
            sof, header = marker, body
        elif marker == _APP0:
            has_jfif = has_jfif or body.startswith(b"JFIF\0")
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        at = stop
    if len(header) < 6 or len(header) < 6 + 3 * header[5]:
        raise damaged("nothing says how large it is")
    scanned = body[0] if body else 0
    return Frame(
        sof,
        precision=header[0],
        rows=int.from_bytes(header[1:3], "big"),
        columns=int.from_bytes(header[3:5], "big"),
        components=bytes(header[6 + 3 * index] for index in range(header[5])),
        predictor=body[1 + 2 * scanned] if len(body) > 1 + 2 * scanned else 0,
        has_jfif=has_jfif,
        adobe=adobe,
    )
