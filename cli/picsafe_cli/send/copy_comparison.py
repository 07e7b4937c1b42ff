"""Compares each photo with its cleaned copy before sending: Pillow draws both at a small size, and they must look the
same.

Pillow, and pi-heif for HEIC, decode only files that a person chose to send, never received ones. What they cannot decode
(films, sounds) is not compared, and `picsafe send` prints that.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO, Final

import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from picsafe_cli.send.cleaned_file import CleanedFile
from picsafe_media import ByteSource, Cleaned, CleanedSource, FileSource
from picsafe_media.comparison import COMPARED_PIXELS, Comparison, copy_differs, is_unchanged, same_pixels
from picsafe_media.compose import finished
from picsafe_media.picture_size import PictureSize, picture_size
from picsafe_media.pixel_limits import has_too_many_pixels
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.contracts.limits import PHOTO_FRAMES, PHOTO_PIXELS

pi_heif.register_heif_opener(thumbnails=False)

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF")


@dataclass(frozen=True)
class Small:
    """A photo, upright and small, in RGBA; `size` is that of the whole photo."""

    picture: Image.Image
    size: tuple[int, int]

    def is_like(self, other: Small) -> bool:
        """Whether nobody could tell one from the other."""
        return self.size == other.size and same_pixels(self.picture.tobytes(), other.picture.tobytes())


def compare(file: BinaryIO, cleaned: Cleaned, name: str) -> tuple[Comparison, Image.Image | None]:
    """How the cleaned copy of an open file, called `name`, compares with it; and the copy's picture, small, if there is
    one.

    Raises `UnsupportedMedium` when it looks otherwise, or cannot be decoded while the original can.
    """
    unchanged = is_unchanged(cleaned, file.seek(0, io.SEEK_END))
    if cleaned.description.kind == "video" and has_too_many_pixels(cleaned.description):
        return Comparison.TOO_LARGE, None
    if cleaned.description.kind != "photo":
        return (Comparison.SAME if unchanged else Comparison.UNDECODABLE), None
    original = FileSource(file)
    sizes = [_size_of(each) for each in (CleanedSource(original, cleaned), original)]
    if any(size and (size.pixels > PHOTO_PIXELS or size.frames > PHOTO_FRAMES) for size in sizes):
        return Comparison.TOO_LARGE, None
    seen = _small(io.BufferedReader(CleanedFile(file, cleaned)))
    picture = seen.picture if seen else None
    if unchanged:
        return (Comparison.SAME if seen else Comparison.UNDECODABLE), picture
    file.seek(0)
    wanted = _small(file)
    if wanted is None:
        return Comparison.UNDECODABLE, picture
    if seen is None or not seen.is_like(wanted):
        raise copy_differs(name)
    is_moving = sizes[0] is not None and sizes[0].frames > 1
    return (Comparison.FIRST_PICTURE if is_moving else Comparison.SAME), picture


def _size_of(source: ByteSource) -> PictureSize | None:
    try:
        return finished(picture_size(source))
    except UnsupportedMedium:
        return None


def _small(stream: BinaryIO | io.BufferedReader) -> Small | None:
    """None for what Pillow cannot decode."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its header has been looked at
            picture = Image.open(stream, formats=_FORMATS)
            whole = picture.size
            picture.draft("RGB", (COMPARED_PIXELS * 2, COMPARED_PIXELS * 2))
            stored = picture.size
            upright = ImageOps.exif_transpose(picture)
            size = whole if upright.size == stored else whole[::-1]
            small = upright.convert("RGBA")
            small.thumbnail((COMPARED_PIXELS, COMPARED_PIXELS))
    except Exception:  # noqa: BLE001 Pillow raises all kinds of things for files it does not understand
        return None
    return Small(small, size)
