"""What a viewer shows of a picture: Pillow and libheif, as lenient as browsers are, turned as browsers turn it."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Hashable
from typing import Literal

import pillow_heif
import pyvips
from PIL import Image, ImageFile

__all__ = ["shown_gif", "shown_picture"]

_PIXELS = 4_000_000
"""The corpus is of small pictures. A larger one has a damaged size; to decode it would only take time."""
_FRAMES = 40
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def shown_picture(data: bytes) -> Hashable | None:
    """Sizes, times and pixels of all frames; None where it cannot be decoded.

    The orientation is that of the first Exif block in front of the pixels. Pillow's `exif_transpose` takes it from XMP,
    from texts and from behind the pixels as well, which browsers do not, and gives up where another entry is damaged.
    """
    pillow_heif.register_heif_opener()
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _frames(data)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        KeyError,
        RuntimeError,
        TypeError,
        OverflowError,
        ArithmeticError,
        Image.DecompressionBombError,
    ):
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def shown_gif(data: bytes) -> Hashable | None:
    """Size, times and pixels of a GIF in libnsgif; None where it cannot be decoded.

    Like browsers, it ends a picture where its blocks end. Pillow reads on, into whatever comes next.
    """
    try:
        head = pyvips.Image.new_from_buffer(data, "", access="sequential", fail_on="none")
        if head.width * head.height > _PIXELS:
            return None
        shown = pyvips.Image.new_from_buffer(data, f"[n={min(head.get('n-pages'), _FRAMES)}]", fail_on="none")
        times = tuple(shown.get("delay")) if "delay" in shown.get_fields() else ()
        pixels = bytes(shown.write_to_memory())
    except pyvips.Error:
        return None
    return shown.width, shown.height, shown.bands, times, hashlib.sha256(pixels).digest()


def _frames(data: bytes) -> Hashable | None:
    picture = Image.open(io.BytesIO(data))
    if picture.width * picture.height > _PIXELS:
        return None
    turn = _TURNS.get(_orientation(_exif(picture)))
    shown = []
    count = min(getattr(picture, "n_frames", 1), _FRAMES) if picture.format != "HEIF" else 1
    for number in range(count):
        if number:
            picture.seek(number)
        frame = picture.convert("RGBA")
        if turn is not None:
            frame = frame.transpose(turn)
        duration = picture.info.get("duration") if count > 1 else None  # a lone picture may have that of a stray chunk
        shown.append((frame.size, duration, hashlib.sha256(frame.tobytes()).digest()))
    return picture.format, tuple(shown)


def _exif(picture: Image.Image) -> bytes:
    """The first Exif block; in a JPEG browsers do not look at the last byte of its signature, but Pillow does."""
    segments: list[tuple[str, bytes]] = getattr(picture, "applist", [])
    found = (data for name, data in segments if name == "APP1" and data.startswith(b"Exif\x00"))
    return next(found, b"") if picture.format == "JPEG" else picture.info.get("exif") or b""


def _orientation(block: bytes) -> int:
    """As Chromium reads it: an entry of one SHORT in the first directory, whatever is wrong with the others."""
    tiff = block[6:] if block.startswith(b"Exif\x00") else block
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    if tiff[:4] not in (b"II*\x00", b"MM\x00*"):
        return 1
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    for at in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind = (int.from_bytes(tiff[at + skip : at + skip + 2], order) for skip in (0, 2))
        if (tag, kind, int.from_bytes(tiff[at + 4 : at + 8], order)) == (0x0112, 3, 1):
            return int.from_bytes(tiff[at + 8 : at + 10], order)
    return 1
