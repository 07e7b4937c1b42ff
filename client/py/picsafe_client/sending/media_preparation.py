"""Prepares chosen or captured files for sending: recognises, cleans, measures and compares them.

The bytes stay in JavaScript: cleaning reads only structure, the cleaned copy is a Blob made of parts of the file, and
the sums are computed by js/kernel.js. Nothing here leaves the computer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import picsafe_media as media
from picsafe_client.blobs import READ_BYTES, BlobSource, is_lazy, new_blob, read_blob
from picsafe_client.crypto import hashing
from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.i18n.texts import Phrase, size, t
from picsafe_client.sending.copy_comparison import Differs, Small, compare
from picsafe_client.sending.preview_decoding import BrowserDecoder
from picsafe_client.sending.thumbnails import DrawnThumbnail, thumbnail_of
from picsafe_client.ui.heic import shown_as
from picsafe_media.comparison import Comparison, is_unchanged
from picsafe_media.picture_size import PictureSize, picture_size
from picsafe_media.pixel_limits import check_picture, has_too_many_pixels
from picsafe_protocol.contracts.errors import (
    EmptyMedium,
    InvalidRequest,
    LimitExceeded,
    PictureRefused,
    ReportInvalid,
    Unreachable,
    UnsupportedMedium,
)
from picsafe_protocol.contracts.limits import MEDIA_FILE_BYTES, PHOTO_FRAMES, PHOTO_PIXELS
from picsafe_protocol.format.composing import check_size, medium_of
from picsafe_protocol.format.report import Medium
from picsafe_protocol.json.field_reader import JsonObject

ProgressDelta = Callable[[int], None]
"""Called with bytes done since the last call."""


@dataclass(frozen=True)
class PreparedFile:
    """A file that may be sent. `blob` is its cleaned copy; `preview` a small picture, or None where none can be made.

    `comparison`: how the copy was compared with the file.
    """

    name: str
    blob: Any = field(repr=False)
    cleaned: media.Cleaned
    sha256: str
    crc32: int
    preview: DrawnThumbnail | None
    comparison: Comparison

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return self.cleaned.size

    def medium(self, number: int) -> Medium:
        """What the report says of it as its medium `number` (from 1)."""
        return medium_of(self.cleaned, number, self.sha256, self.preview.facts if self.preview else None)


async def prepare(file: Any, progress: ProgressDelta = lambda count: None) -> PreparedFile:
    """Prepare one JavaScript File or Blob.

    Raises `EmptyMedium`, `UnsupportedMedium` or `LimitExceeded`, each naming the file. A copy that does not look like
    the file is an `UnsupportedMedium`.
    """
    name = str(getattr(file, "name", "") or "recording")
    try:
        cleaned = await media.clean(BlobSource(file))
    except (EmptyMedium, UnsupportedMedium) as error:
        raise with_file_name(error, name) from None
    try:
        check_size(name, cleaned.size)
    except LimitExceeded as error:
        raise localized_error(LimitExceeded, "file", error.details, name=name, size=size(MEDIA_FILE_BYTES)) from None
    blob = composed(file, cleaned)
    try:
        sha256, crc32 = await checksums(blob, progress)
    except UnsupportedMedium as error:
        raise with_file_name(error, name) from None
    try:
        comparison, small = await _compared(file, blob, cleaned, lambda: progress(0))
        preview = await thumbnail_of(small.canvas) if small is not None else None
        prepared = PreparedFile(name, blob, cleaned, sha256, crc32, preview, comparison)
        _check(prepared)
        await _check_picture(prepared)
    except Differs:
        raise localized_error(UnsupportedMedium, "differs", {"name": name, "kind": "differs"}, name=name) from None
    return prepared


async def _compared(
    file: Any, copy: Any, cleaned: media.Cleaned, look: Callable[[], None]
) -> tuple[Comparison, Small | None]:
    """How the copy compares with the file, and its small picture. Raises `Differs`."""
    kind, unchanged = cleaned.description.kind, is_unchanged(cleaned, int(file.size))
    if kind == "video" and has_too_many_pixels(cleaned.description):
        return Comparison.TOO_LARGE, None
    if kind != "photo":
        return await compare(BrowserDecoder(), kind, file, copy, look, unchanged=unchanged)
    sizes = [await _size_of(each) for each in (copy, file)]
    if any(size and (size.pixels > PHOTO_PIXELS or size.frames > PHOTO_FRAMES) for size in sizes):
        return Comparison.TOO_LARGE, None
    shown = file
    if all(sizes):  # otherwise nobody knows how much a decoder would take
        copy = await _shown_as(copy, cleaned.description.media_type)
        shown = copy if unchanged else await _shown_as(file, cleaned.description.media_type)
    found, small = await compare(BrowserDecoder(), kind, shown, copy, look, unchanged=unchanged)
    if found is Comparison.SAME and not unchanged and sizes[0] and sizes[0].frames > 1:
        found = Comparison.FIRST_PICTURE
    return found, small


async def _shown_as(photo: Any, media_type: str) -> Any:
    """The photo in a form that this browser can show; a photo that cannot be made one is not compared."""
    try:
        return await shown_as(photo, media_type)
    except Unreachable:
        return photo


async def _size_of(blob: Any) -> PictureSize | None:
    """The size of a picture by its header, before anything decodes it; None for one that says none, which no browser
    decodes.
    """
    try:
        return await picture_size(BlobSource(blob))
    except UnsupportedMedium:
        return None


async def _check_picture(file: PreparedFile) -> None:
    """What readers would refuse must not be sent; a photo that is only too large can be saved, and its sender gets a
    warning.
    """
    try:
        await check_picture(BlobSource(file.blob), file.medium(1))
    except PictureRefused:
        if file.comparison is not Comparison.TOO_LARGE:
            raise Differs from None


def _check(file: PreparedFile) -> None:
    """Refuses now, by its name, what the report could not describe later: a video of two days, a photo of 70,000
    pixels.
    """
    try:
        Medium.read(JsonObject(file.medium(1).to_json()))
    except ReportInvalid:
        raise localized_error(UnsupportedMedium, "outsized", {"name": file.name}, name=file.name) from None


def with_file_name(error: EmptyMedium | UnsupportedMedium, name: str) -> InvalidRequest:
    """The same refusal, saying which file it is about. Only the sender ever sees the name."""
    said = error.args[0]
    if isinstance(said, Phrase):
        return type(error)(Phrase(t("send.about_file", name=name, words=said)), advice=error.advice, name=name)
    return type(error)(**{**error.details, "name": name})


async def checksums(blob: Any, progress: ProgressDelta) -> tuple[str, int]:
    """SHA-256 (hex) and CRC-32 of a Blob, read once."""
    sha256, crc32 = await hashing.sha256(), await hashing.crc32()
    size = int(blob.size)
    for start in range(0, size, READ_BYTES):
        piece = await read_blob(blob, start, min(start + READ_BYTES, size))
        sha256.update(piece)
        crc32.update(piece)
        progress(int(piece.length))
    return sha256.hexdigest(), crc32.value()


def composed(file: Any, cleaned: media.Cleaned) -> Any:
    """The cleaned copy, without reading it: parts of the file and the few bytes that replace others."""
    import js
    from pyodide.ffi import to_js

    parts = [
        file.slice(part.start, part.stop) if isinstance(part, media.Keep) else to_js(part) for part in cleaned.segments
    ]
    if is_lazy(file):
        return js.picsafe.sealedDrafts.compose(to_js(parts), cleaned.description.media_type)
    return new_blob(parts, cleaned.description.media_type)
