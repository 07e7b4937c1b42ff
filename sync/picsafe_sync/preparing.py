"""From files that a person chose to media that may be sent: recognised, cleaned of metadata, measured, with thumbnails."""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from picsafe_protocol import media
from picsafe_protocol.errors import EmptyMedium, InvalidRequest, LimitExceeded, UnsupportedMedium
from picsafe_protocol.files import extension_for
from picsafe_protocol.limits import MEDIA_COUNT, MEDIA_FILE_BYTES, THUMBNAIL_BYTES
from picsafe_protocol.report import Medium, Thumbnail

THUMBNAIL_PIXELS: Final = 320
"""The longer side of a thumbnail."""
_QUALITIES: Final = (80, 60, 40, 20)
_SPOOL_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class PreparedMedium:
    """A file that is ready to be packed. `crc32s` are of its cleaned bytes and its thumbnail, by path."""

    source: Path
    cleaned: media.Cleaned
    medium: Medium
    thumbnail: bytes | None
    crc32s: dict[str, int]


def prepare(paths: Sequence[Path]) -> list[PreparedMedium]:
    """Prepare every file, in order. Raises `EmptyMedium`, `UnsupportedMedium` or `LimitExceeded` before anything is sent."""
    if not paths:
        raise InvalidRequest("There is nothing to send.", field="media")
    if len(paths) > MEDIA_COUNT:
        raise LimitExceeded(
            f"A report holds {MEDIA_COUNT} files at most; these are {len(paths)}.",
            limit="MEDIA_COUNT",
            maximum=MEDIA_COUNT,
            actual=len(paths),
        )
    return [_prepare(path, number) for number, path in enumerate(paths, 1)]


def _prepare(path: Path, number: int) -> PreparedMedium:
    with path.open("rb") as file:
        try:
            cleaned = media.clean_file(file)
        except EmptyMedium:
            raise EmptyMedium(f"{path.name} is empty.", name=path.name) from None
        except UnsupportedMedium as error:
            raise UnsupportedMedium(f"{path.name}: {error}", advice=error.advice, name=path.name) from None
        if cleaned.size > MEDIA_FILE_BYTES:
            raise LimitExceeded(
                f"{path.name} is too large.", limit="MEDIA_FILE_BYTES", maximum=MEDIA_FILE_BYTES, actual=cleaned.size
            )
        digest, crc = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
            wants_thumbnail = cleaned.description.kind == "photo"
            for piece in media.cleaned_chunks(file, cleaned):
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
                if wants_thumbnail:
                    copy.write(piece)
            thumbnail = _thumbnail(copy, number) if wants_thumbnail else None
    facts = cleaned.description
    medium = Medium(
        path=f"media/{number:03d}.{extension_for(facts.media_type)}",
        media_type=facts.media_type,
        size=cleaned.size,
        sha256=digest.hexdigest(),
        captured_at=_with_offset(facts.captured_at),
        width=facts.width,
        height=facts.height,
        duration=facts.duration,
        thumbnail=thumbnail[0] if thumbnail else None,
    )
    crc32s = {medium.path: crc}
    if thumbnail:
        crc32s[thumbnail[0].path] = zlib.crc32(thumbnail[1])
    return PreparedMedium(path, cleaned, medium, thumbnail[1] if thumbnail else None, crc32s)


def _thumbnail(file: tempfile.SpooledTemporaryFile[bytes], number: int) -> tuple[Thumbnail, bytes] | None:
    """A small JPEG, upright; None for what Pillow cannot decode (HEIC, for example): viewers then show an icon."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as original:
                original.draft("RGB", (THUMBNAIL_PIXELS * 2, THUMBNAIL_PIXELS * 2))
                picture = ImageOps.exif_transpose(original).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    for quality in _QUALITIES:
        output = io.BytesIO()
        picture.save(output, "JPEG", quality=quality, optimize=True)
        data = output.getvalue()
        if len(data) <= THUMBNAIL_BYTES:
            facts = Thumbnail(
                path=f"thumbnails/{number:03d}.jpg",
                media_type="image/jpeg",
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                width=picture.width,
                height=picture.height,
            )
            return facts, data
    return None


def _with_offset(text: str | None) -> str | None:
    """The device's time, where it says which; a camera's clock without an offset is taken as this computer's zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        local = moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OSError, OverflowError):
        return None
    return local.replace(microsecond=0).isoformat()
