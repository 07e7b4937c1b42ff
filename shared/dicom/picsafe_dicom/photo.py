"""Decides whether a DICOM file can hold a photo's own bytes, and if not, why it has to be recompressed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from picsafe_dicom.frame import Frame, read_frame
from picsafe_media import ByteSource, Cleaned, CleanedSource, clean
from picsafe_protocol.contracts.errors import UnsupportedMedium

JPEG: Final = "image/jpeg"


class Reason(str, Enum):
    """Why a photo cannot stay as it is. The values are stable."""

    ORIENTATION = "orientation"
    """It lies on its side and asks its viewer to turn it, which no attribute of DICOM can ask for."""
    CODING = "coding"
    """It is a progressive or another JPEG for which DICOM has no transfer syntax in use."""
    COLOURS = "colours"
    """Its colours are of a kind that DICOM does not know in photos, such as CMYK."""
    FORMAT = "format"
    """It is no JPEG."""
    DAMAGED = "damaged"
    """Its structure is broken, although browsers may still show it."""

    @property
    def derivation(self) -> str:
        """For the attribute Derivation Description."""
        return _DERIVATIONS[self]


_DERIVATIONS: Final = {
    Reason.ORIENTATION: "Turned upright as the camera had noted, and recompressed as baseline JPEG.",
    Reason.CODING: "Decoded from another kind of JPEG and recompressed as baseline JPEG.",
    Reason.COLOURS: "Colours converted to sRGB, and recompressed as baseline JPEG.",
    Reason.FORMAT: "Decoded from another image format and recompressed as baseline JPEG.",
    Reason.DAMAGED: "Decoded from a damaged file as far as it goes, and recompressed as baseline JPEG.",
}


@dataclass(frozen=True, slots=True)
class Pixels:
    """A JPEG that DICOM can hold. `size` in bytes; `reason` is None where it is the photo's own JPEG."""

    frame: Frame
    transfer_syntax: str
    photometric_interpretation: str
    size: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """The photo stays as it is: the file holds `cleaned`, which for photos sent by PicSafe is the whole photo."""

    cleaned: Cleaned
    pixels: Pixels


async def examine(source: ByteSource) -> Fit | Reason:
    """Whether this photo can stay as it is; a reason when not.

    It is cleaned again as before sending, so the DICOM file has no metadata even if the sender did not clean the photo.
    """
    try:
        cleaned = await clean(source)
        if cleaned.description.media_type != JPEG:
            return Reason.FORMAT
        if cleaned.description.orientation != 1:
            return Reason.ORIENTATION
        found = _pixels(await read_frame(CleanedSource(source, cleaned)), cleaned.size, None)
    except UnsupportedMedium:
        return Reason.DAMAGED
    return Fit(cleaned, found) if isinstance(found, Pixels) else found


async def compressed_anew(source: ByteSource, reason: Reason) -> Pixels | Reason:
    """Describes the JPEG that was made of a photo for `reason`; a reason when even that does not fit.

    Raises `UnsupportedMedium` when it is no JPEG.
    """
    return _pixels(await read_frame(source), source.size, reason)


def _pixels(frame: Frame, size: int, reason: Reason | None) -> Pixels | Reason:
    syntax, colours = frame.transfer_syntax, frame.photometric_interpretation
    if syntax is None or frame.precision != 8 or not (frame.rows and frame.columns):
        return Reason.CODING
    if colours is None:
        return Reason.COLOURS
    return Pixels(frame, syntax, colours, size, reason)
