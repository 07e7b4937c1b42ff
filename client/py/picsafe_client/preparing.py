"""From files that a person chose or captured to media that may be sent: recognised, cleaned of metadata, measured.

The bytes stay in JavaScript: cleaning reads only structure, the cleaned copy is a Blob made of parts of the file, and the sums
are computed by js/kernel.js. Nothing here leaves the computer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from picsafe_client import digests
from picsafe_client.refusals import refusal
from picsafe_client.texts import Phrase, size, t
from picsafe_client.thumbnails import Picture, picture_of
from picsafe_protocol import media
from picsafe_protocol.errors import EmptyMedium, InvalidRequest, LimitExceeded, ReportInvalid, UnsupportedMedium
from picsafe_protocol.fields import Fields
from picsafe_protocol.limits import MEDIA_FILE_BYTES, MIB
from picsafe_protocol.report import Medium
from picsafe_protocol.sending import check_size, medium_of

STEP: Final = 4 * MIB
"""Bytes that are summed up at a time."""

Progress = Callable[[int], None]
"""Called with bytes done since the last call."""


@dataclass(frozen=True)
class PreparedFile:
    """A file that may be sent. `blob` is its cleaned copy; `preview` a small picture, or None where none can be made."""

    name: str
    blob: Any = field(repr=False)
    cleaned: media.Cleaned
    sha256: str
    crc32: int
    preview: Picture | None

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return self.cleaned.size

    def medium(self, number: int) -> Medium:
        """What the report says of it as its medium `number` (from 1)."""
        return medium_of(self.cleaned, number, self.sha256, self.preview.facts if self.preview else None)


async def prepare(file: Any, progress: Progress = lambda count: None) -> PreparedFile:
    """Prepare one JavaScript File or Blob.

    Raises `EmptyMedium`, `UnsupportedMedium` or `LimitExceeded`, each naming the file.
    """
    name = str(getattr(file, "name", "") or "recording")
    try:
        cleaned = await media.clean(BlobSource(file))
    except (EmptyMedium, UnsupportedMedium) as error:
        raise about(error, name) from None
    try:
        check_size(name, cleaned.size)
    except LimitExceeded as error:
        raise refusal(LimitExceeded, "file", error.details, name=name, size=size(MEDIA_FILE_BYTES)) from None
    blob = _composed(file, cleaned)
    try:
        sha256, crc32 = await sums(blob, progress)
    except UnsupportedMedium as error:
        raise about(error, name) from None
    preview = await picture_of(blob, cleaned.description.kind)
    prepared = PreparedFile(name, blob, cleaned, sha256, crc32, preview)
    _check(prepared)
    return prepared


def _check(file: PreparedFile) -> None:
    """Refuses now, by its name, what the report could not describe later: a video of two days, a photo of 70,000 pixels."""
    try:
        Medium.read(Fields(file.medium(1).to_json()))
    except ReportInvalid:
        raise refusal(UnsupportedMedium, "outsized", {"name": file.name}, name=file.name) from None


def about(error: EmptyMedium | UnsupportedMedium, name: str) -> InvalidRequest:
    """The same refusal, saying which file it is about. Only the sender ever sees the name."""
    said = error.args[0]
    if isinstance(said, Phrase):
        return type(error)(Phrase(t("send.about_file", name=name, words=said)), advice=error.advice, name=name)
    return type(error)(**{**error.details, "name": name})


class BlobSource:
    """A JavaScript File or Blob as a `media.ByteSource`: small pieces are copied into Python to look at."""

    def __init__(self, blob: Any) -> None:
        self._blob = blob
        self.size = int(blob.size)

    async def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop`. Raises `UnsupportedMedium` when the file can no longer be read."""
        data: bytes = (await read_blob(self._blob, start, stop)).to_bytes()
        return data


async def read_blob(blob: Any, start: int, stop: int) -> Any:
    """Bytes `start` up to `stop` of a Blob as a Uint8Array."""
    import js
    from pyodide.ffi import JsException

    try:
        return js.Uint8Array.new(await blob.slice(start, stop).arrayBuffer())
    except JsException as error:
        raise refusal(UnsupportedMedium, "unreadable") from error


async def sums(blob: Any, progress: Progress) -> tuple[str, int]:
    """SHA-256 (hex) and CRC-32 of a Blob, read once."""
    sha256, crc32 = await digests.sha256(), await digests.crc32()
    size = int(blob.size)
    for start in range(0, size, STEP):
        piece = await read_blob(blob, start, min(start + STEP, size))
        sha256.update(piece)
        crc32.update(piece)
        progress(int(piece.length))
    return sha256.hexdigest(), crc32.value()


def _composed(file: Any, cleaned: media.Cleaned) -> Any:
    """The cleaned copy, without reading it: parts of the file and the few bytes that replace others."""
    from pyodide.ffi import to_js

    parts = [
        file.slice(part.start, part.stop) if isinstance(part, media.Keep) else to_js(part) for part in cleaned.segments
    ]
    return new_blob(parts, cleaned.description.media_type)


def new_blob(parts: list[Any], media_type: str = "") -> Any:
    """A JavaScript Blob of buffers and other Blobs."""
    import js
    from pyodide.ffi import to_js

    return js.Blob.new(to_js(parts), to_js({"type": media_type}, dict_converter=js.Object.fromEntries))
