"""Small pictures of photos. Pillow decodes what a person chose to send, never what arrived from elsewhere."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import BinaryIO, Final

from PIL import Image, ImageOps

from picsafe_protocol.limits import THUMBNAIL_BYTES
from picsafe_protocol.media import Cleaned, Keep
from picsafe_protocol.sending import THUMBNAIL_PIXELS, Picture

_QUALITIES: Final = (80, 60, 40, 20)


def picture_of(file: BinaryIO, cleaned: Cleaned) -> tuple[Picture, bytes] | None:
    """A small JPEG of the cleaned copy of an open file, upright.

    None for what Pillow cannot decode (HEIC, for example): viewers then show an icon.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            small = _small(file, cleaned)
    except Exception:  # noqa: BLE001 Pillow raises all kinds of things for files it does not understand; the photo goes without
        return None
    for quality in _QUALITIES:
        output = io.BytesIO()
        small.save(output, "JPEG", quality=quality, optimize=True)
        data = output.getvalue()
        if len(data) <= THUMBNAIL_BYTES:
            return Picture(len(data), hashlib.sha256(data).hexdigest(), small.width, small.height), data
    return None


def _small(file: BinaryIO, cleaned: Cleaned) -> Image.Image:
    with Image.open(io.BufferedReader(_CleanedFile(file, cleaned))) as original:
        original.draft("RGB", (THUMBNAIL_PIXELS * 2, THUMBNAIL_PIXELS * 2))
        upright = ImageOps.exif_transpose(original)
        if upright.has_transparency_data:  # on white, since JPEG has no transparency
            upright = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
        picture = upright.convert("RGB")
    picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    return picture


class _CleanedFile(io.RawIOBase):
    """The cleaned copy of an open file, read where it lies: no plaintext is written anywhere for the sake of a thumbnail."""

    def __init__(self, file: BinaryIO, cleaned: Cleaned) -> None:
        self._file = file
        self._cleaned = cleaned
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._cleaned.size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As many bytes as the segment at the position still has."""
        begin = 0
        for segment in self._cleaned.segments:
            length = segment.stop - segment.start if isinstance(segment, Keep) else len(segment)
            if self._position < begin + length:
                skip = self._position - begin
                count = min(length - skip, len(buffer))
                if isinstance(segment, Keep):
                    self._file.seek(segment.start + skip)
                    data = self._file.read(count)
                else:
                    data = segment[skip : skip + count]
                buffer[: len(data)] = data
                self._position += len(data)
                return len(data)
            begin += length
        return 0
