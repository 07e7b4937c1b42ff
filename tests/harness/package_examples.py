"""A good report, header and package, from which the tests of bad ones make theirs."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from picsafe_protocol.format.consent import ConsentRecord, Evidence, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.package import Header, pack
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report, Thumbnail

REPORT_ID: Final = "a" * 26
KEY_ID: Final = "b" * 26
KEY: Final = bytes(range(32))

FILES: Final = {
    "thumbnails/001.jpg": b"small picture",
    "media/001.jpg": b"large picture" * 2000,
    "media/002.mp4": b"moving picture" * 100,
    "media/003.m4a": b"sound",
    "consent/001.png": b"signature",
}


def facts(path: str, media_type: str) -> dict[str, Any]:
    """The four facts of one of `FILES`."""
    content = FILES[path]
    return {
        "path": path,
        "media_type": media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def report() -> Report:
    """A report that uses every field."""
    return Report(
        report_id=REPORT_ID,
        created_at="2026-11-22T00:15:00Z",
        captured_at="2026-11-22T10:15:00+10:00",
        author=Author("Dr Ana Reyes", "ana@clinic.example", "Harbour Clinic"),
        patient=Patient("Jo Citizen", "1970-01-31", "MRN 12345"),
        media=(
            Medium(
                **facts("media/001.jpg", "image/jpeg"),
                captured_at="2026-11-22T10:14:00+10:00",
                width=4032,
                height=3024,
                caption="Before dressing",
                thumbnail=Thumbnail(**facts("thumbnails/001.jpg", "image/jpeg"), width=320, height=240),
            ),
            Medium(**facts("media/002.mp4", "video/mp4"), width=1920, height=1080, duration=3.5),
            Medium(**facts("media/003.m4a", "audio/mp4"), duration=2),
        ),
        notes="Review in a week.\nPhotographed in daylight.",
        body_site="left forearm",
        laterality=Laterality.LEFT,
        consent=(
            ConsentRecord(
                recorded_at="2026-11-22T00:10:00Z",
                status=Status.GIVEN,
                giver=Giver(GiverRole.PARENT_OR_GUARDIAN, "Kim Citizen"),
                method=Method.WRITTEN,
                purposes=frozenset([Purpose.TREATMENT, Purpose.NAMED_PUBLICATION]),
                publication="Harbour Clinic newsletter",
                form_text_version="2026-03",
                evidence=Evidence(**facts("consent/001.png", "image/png")),
            ),
            ConsentRecord(
                recorded_at="2026-11-22T00:12:00Z",
                status=Status.WITHDRAWN,
                giver=Giver(GiverRole.PARENT_OR_GUARDIAN, "Kim Citizen"),
                method=Method.VERBAL,
                purposes=frozenset([Purpose.TREATMENT]),
            ),
        ),
    )


def payload() -> bytes:
    """The payload of `report()`."""
    return build_payload(report(), FILES)


def header() -> Header:
    """The header of `package()`."""
    return Header(REPORT_ID, "https://keys.clinic.example/keys", KEY_ID, "2026-11-22T00:15:00Z")


def package() -> bytes:
    """A whole package, encrypted under `KEY`."""
    return pack(header(), KEY, payload())
