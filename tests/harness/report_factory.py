"""Reports made for tests: small, true to the format, with files of any bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.chunked import new_key
from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_protocol.format.consent import ConsentRecord, Evidence, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.expectations import Expectations, Sender
from picsafe_protocol.format.files import extension_for
from picsafe_protocol.format.package import Header, pack
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report, Thumbnail

KEY_SERVER = "https://keys.clinic.example/keys"


@dataclass(frozen=True)
class MadeFile:
    """One photo, video or sound that is to go into a report, and its thumbnail."""

    media_type: str
    content: bytes
    thumbnail: bytes | None = None
    caption: str = ""
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True)
class MadeReport:
    """A package and everything that is needed to check what is made of it."""

    report: Report
    header: Header
    key: bytes
    payload: bytes
    package: bytes
    files: dict[str, bytes]


def described(
    report_id: str, made: Sequence[MadeFile], *, signature: bytes | None = None
) -> tuple[Report, dict[str, bytes]]:
    """A report with these files, and the files by their paths."""
    files: dict[str, bytes] = {}
    media: list[Medium] = []
    for number, file in enumerate(made, 1):
        extension = extension_for(file.media_type)
        path = f"media/{number:03}.{extension}"
        files[path] = file.content
        thumbnail = None
        if file.thumbnail is not None:
            small = f"thumbnails/{number:03}.jpg"
            files[small] = file.thumbnail
            thumbnail = Thumbnail(
                small, "image/jpeg", len(file.thumbnail), _sha256(file.thumbnail), *_sides(file.thumbnail)
            )
        media.append(
            Medium(
                path,
                file.media_type,
                len(file.content),
                _sha256(file.content),
                captured_at="2026-11-22T10:15:00+10:00",
                width=file.width,
                height=file.height,
                duration=file.duration,
                caption=file.caption,
                thumbnail=thumbnail,
            )
        )
    evidence = None
    if signature is not None:
        files["consent/001.png"] = signature
        evidence = Evidence("consent/001.png", "image/png", len(signature), _sha256(signature))
    consent = ConsentRecord(
        recorded_at="2026-11-22T00:10:00Z",
        status=Status.GIVEN,
        giver=Giver(GiverRole.PATIENT),
        method=Method.WRITTEN,
        purposes=frozenset({Purpose.TREATMENT, Purpose.EDUCATION}),
        form_text_version="2026-01",
        evidence=evidence,
    )
    report = Report(
        report_id=report_id,
        created_at="2026-11-22T00:15:30Z",
        captured_at="2026-11-22T10:15:00+10:00",
        author=Author("Dr Ruth Abara", "ruth.abara@clinic.example", "Harbour Clinic"),
        patient=Patient("Edda Lindqvist", "1970-01-31", "MRN 00412"),
        media=tuple(media),
        notes="Superficial burn, day 2.\nNo sign of infection.",
        body_site="forearm",
        laterality=Laterality.LEFT,
        consent=(consent,),
    )
    return report, files


def made_report(
    made: Sequence[MadeFile],
    *,
    keyserver_url: str = KEY_SERVER,
    report_id: str | None = None,
    key_id: str | None = None,
    key: bytes | None = None,
    signature: bytes | None = None,
    **facts: Any,
) -> MadeReport:
    """A whole package with these files; `facts` are those of the report that are to be others than usual."""
    header = Header(report_id or new_identifier(), keyserver_url, key_id or new_identifier(), "2026-11-22T00:15:30Z")
    report, files = described(header.report_id, made, signature=signature)
    report = replace(report, **facts)
    payload = build_payload(report, files)
    key = key or new_key()
    return MadeReport(report, header, key, payload, pack(header, key, payload), files)


def expectations(made: MadeReport) -> Expectations:
    """What the index says of a report that was sent by whom it names as its author."""
    author, data = made.report.author, made.package
    sender = Sender(new_identifier(), author.name, author.email, author.institution)
    digest = Pieces(len(data), hash_pieces(data)).digest
    return Expectations(made.header.report_id, made.header.keyserver_url, len(data), digest, sender)


def repacked(made: MadeReport, payload: bytes) -> MadeReport:
    """The same report with another payload under the same header and key: what a dishonest sender could make."""
    return replace(made, payload=payload, package=pack(made.header, made.key, payload))


def _sides(thumbnail: bytes) -> tuple[int, int]:
    """Width and height of a thumbnail; of bytes that stand for one, what PicSafe makes of a usual photo."""
    try:
        from PIL import Image
    except ImportError:  # inside a browser
        return 320, 240
    try:
        with Image.open(io.BytesIO(thumbnail)) as picture:
            return picture.size
    except (OSError, Image.DecompressionBombError):
        return 320, 240


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
