"""What all senders share between a person's files and a package: which files may be sent, and how `report.json`
describes them.

Nothing here reads a file or calls a server. A sender cleans each file with `media`, measures it, and then

    medium = medium_of(cleaned, number, sha256, thumbnail)
    report = report_of(report_id, author, facts, media, now)

after which `payload.plan_payload` lays it out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from picsafe_protocol.contracts.api.requests import Completion, ReceiptBody, SentPackage
from picsafe_protocol.contracts.errors import EmptyMedium, InvalidRequest, LimitExceeded, UnsupportedMedium
from picsafe_protocol.contracts.limits import (
    HEADER_BYTES,
    KIB,
    MEDIA_COUNT,
    MEDIA_FILE_BYTES,
    PACKAGE_BYTES,
    REPORT_JSON_BYTES,
)
from picsafe_protocol.crypto.chunked import ciphertext_length
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_protocol.format.consent import ConsentRecord
from picsafe_protocol.format.files import extension_for
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report, Thumbnail
from picsafe_protocol.json.messages import write
from picsafe_protocol.json.timestamps import is_time, utc_text

__all__ = [
    "THUMBNAIL_PIXELS",
    "CleanedFile",
    "MediumFacts",
    "ReportDetails",
    "ThumbnailInfo",
    "Uploaded",
    "check_count",
    "check_size",
    "completion",
    "content_digest",
    "declared_size",
    "medium_of",
    "report_of",
    "with_file_name",
    "with_offset",
]

THUMBNAIL_PIXELS: Final = 320
"""The longer side of a thumbnail."""


_FILE_FRAME_BYTES: Final = 2 * KIB
"""Room for what the payload's zip says of a file and of its thumbnail."""


class MediumFacts(Protocol):
    """A medium, measured: pixels as displayed, seconds, and an ISO 8601 time that its device noted."""

    @property
    def media_type(self) -> str: ...

    @property
    def width(self) -> int | None: ...

    @property
    def height(self) -> int | None: ...

    @property
    def duration(self) -> float | None: ...

    @property
    def captured_at(self) -> str | None: ...


class CleanedFile(Protocol):
    """A cleaned copy: what it shows, and its length in bytes."""

    @property
    def description(self) -> MediumFacts: ...

    @property
    def size(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class ReportDetails:
    """What the sender says about the media. `captured_at` has an offset; empty means the moment of sending."""

    patient: Patient
    captured_at: str = ""
    body_site: str = ""
    laterality: Laterality | None = None
    notes: str = ""
    consent: tuple[ConsentRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ThumbnailInfo:
    """A thumbnail that was made: a JPEG of `size` bytes, `width` by `height` pixels."""

    size: int
    sha256: str
    width: int
    height: int


def check_count(count: int) -> None:
    """Raises `InvalidRequest` for a report without files, `LimitExceeded` for one with too many."""
    if count < 1:
        raise InvalidRequest("There is nothing to send.", field="media")
    if count > MEDIA_COUNT:
        raise LimitExceeded(
            f"A report holds {MEDIA_COUNT} files at most; these are {count}.",
            limit="MEDIA_COUNT",
            maximum=MEDIA_COUNT,
            actual=count,
        )


def declared_size(files: Iterable[int]) -> int:
    """The most bytes that a package can have whose media, each with its thumbnail, have these sizes in bytes.

    A sender declares it when beginning a report; from the receipt on, the package's real size counts.
    """
    payload = sum(size + _FILE_FRAME_BYTES for size in files) + REPORT_JSON_BYTES
    return min(ciphertext_length(payload) + 2 * HEADER_BYTES, PACKAGE_BYTES)


def check_size(name: str, size: int) -> None:
    """Raises `LimitExceeded` for a file, called `name` here, of more bytes than a report carries."""
    if size > MEDIA_FILE_BYTES:
        raise LimitExceeded(
            f"{name} is too large to send.", limit="MEDIA_FILE_BYTES", maximum=MEDIA_FILE_BYTES, actual=size
        )


def with_file_name(error: EmptyMedium | UnsupportedMedium, name: str) -> InvalidRequest:
    """The same error with the name of the file, which only the sender sees."""
    said = f"{name} is empty." if isinstance(error, EmptyMedium) else f"{name}: {error}"
    return type(error)(said, advice=error.advice, **{**error.details, "name": name})


def medium_of(cleaned: CleanedFile, number: int, sha256: str, picture: ThumbnailInfo | None) -> Medium:
    """What the report says of its medium `number` (from 1), whose cleaned bytes have this SHA-256 (hex)."""
    facts = cleaned.description
    return Medium(
        path=f"media/{number:03d}.{extension_for(facts.media_type)}",
        media_type=facts.media_type,
        size=cleaned.size,
        sha256=sha256,
        captured_at=with_offset(facts.captured_at),
        width=facts.width,
        height=facts.height,
        duration=facts.duration,
        thumbnail=_thumbnail_of(picture, number) if picture else None,
    )


def _thumbnail_of(picture: ThumbnailInfo, number: int) -> Thumbnail:
    return Thumbnail(
        path=f"thumbnails/{number:03d}.jpg",
        media_type="image/jpeg",
        size=picture.size,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
    )


def report_of(report_id: str, author: Author, facts: ReportDetails, media: Sequence[Medium], now: datetime) -> Report:
    """The report. `now` has an offset: the sender's own, for it is written down when `facts` name no time of
    capture.
    """
    return Report(
        report_id=report_id,
        created_at=utc_text(now),
        captured_at=facts.captured_at or now.replace(microsecond=0).isoformat(),
        author=author,
        patient=facts.patient,
        media=tuple(media),
        notes=facts.notes,
        body_site=facts.body_site,
        laterality=facts.laterality,
        consent=facts.consent,
    )


def with_offset(text: str | None) -> str | None:
    """A device's time in the report's form; a camera's clock that names no zone is taken as this computer's.

    None for None, and for what is no time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        local = moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OSError, OverflowError):
        return None
    written = local.replace(microsecond=0).isoformat()
    return written if is_time(written) else None  # long ago, zones differed by odd seconds


def content_digest(sha256: bytes) -> str:
    """The `Content-Digest` (RFC 9530) of a part of an upload with this SHA-256."""
    return f"sha-256=:{base64.b64encode(sha256).decode('ascii')}:"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A package whose every byte a cloud has: its receipt, and what the sender knows of the package without the
    cloud.
    """

    receipt: str
    sha256: str
    pieces: Pieces

    def to_json(self, label: bytes | None = None) -> dict[str, Any]:
        """The body with which the sender makes the report available; `label` is sealed."""
        package = SentPackage(size=self.pieces.size, sha256=self.sha256, digest=self.pieces.digest)
        return write(ReceiptBody(receipt=self.receipt, package=package, label=label))


def completion(sha256: str, pieces: Pieces) -> dict[str, Any]:
    """The body that completes an upload: the SHA-256 of the package (hex), and the hashes of its pieces."""
    return write(Completion(sha256=sha256, pieces=pieces.hashes))
