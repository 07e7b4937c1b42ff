"""`report.json`, the description inside a report: patient, author, media and consent.

`schema/report.schema.json` says the same as a JSON Schema; what a schema cannot say stands in `Report.from_json`.
Values are checked where bytes come in (`from_json`, `from_bytes`) and where they go out (`to_bytes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from picsafe_protocol.contracts.errors import LimitExceeded, ReportInvalid
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.limits import (
    CAPTION_CHARACTERS,
    CONSENT_RECORDS,
    DURATION_SECONDS,
    EMAIL_CHARACTERS,
    MEDIA_COUNT,
    MEDIA_FILE_BYTES,
    NAME_CHARACTERS,
    NOTES_CHARACTERS,
    PIXELS_PER_SIDE,
    REPORT_JSON_BYTES,
    THUMBNAIL_BYTES,
)
from picsafe_protocol.format.consent import ConsentRecord, Status
from picsafe_protocol.format.files import MEDIA_PATH, MEDIA_TYPES, THUMBNAIL_PATH, THUMBNAIL_TYPES, FileEntry
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.field_reader import JsonObject

__all__ = ["FORMAT", "VERSION", "Author", "Laterality", "Medium", "Patient", "Report", "Thumbnail"]

FORMAT: Final = "picsafe-report"
VERSION: Final = 1


class Laterality(str, Enum):
    """The side of the body."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Author:
    """Who made the report. `institution` is a name, or `None`."""

    name: str
    email: str
    institution: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "email": self.email, "institution": self.institution}

    @classmethod
    def read(cls, fields: JsonObject) -> Author:
        author = cls(
            name=fields.line("name", NAME_CHARACTERS, 1),
            email=fields.email("email", EMAIL_CHARACTERS),
            institution=fields.optional("institution", lambda: fields.line("institution", NAME_CHARACTERS, 1)),
        )
        fields.end()
        return author


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose pictures these are. What is not known is `""`, and `None` for the day of birth (`1970-01-31`)."""

    name: str = ""
    birth_date: str | None = None
    record_number: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "birth_date": self.birth_date, "record_number": self.record_number}

    @classmethod
    def read(cls, fields: JsonObject) -> Patient:
        patient = cls(
            name=fields.line("name", NAME_CHARACTERS),
            birth_date=fields.optional("birth_date", lambda: fields.date("birth_date")),
            record_number=fields.line("record_number", NAME_CHARACTERS),
        )
        fields.end()
        return patient


@dataclass(frozen=True, slots=True)
class Thumbnail(FileEntry):
    """A small picture of a medium. `width` and `height` in pixels."""

    width: int
    height: int

    def to_json(self) -> dict[str, Any]:
        return {**FileEntry.to_json(self), "width": self.width, "height": self.height}

    @classmethod
    def read(cls, fields: JsonObject) -> Thumbnail:
        thumbnail = cls(
            *FileEntry.values(fields, THUMBNAIL_PATH, THUMBNAIL_TYPES, THUMBNAIL_BYTES),
            width=fields.integer("width", 1, PIXELS_PER_SIDE),
            height=fields.integer("height", 1, PIXELS_PER_SIDE),
        )
        fields.end()
        return thumbnail


@dataclass(frozen=True, slots=True)
class Medium(FileEntry):
    """One photo, video or sound.

    `captured_at` has an offset; `width` and `height` are pixels as displayed; `duration` is seconds. Each is `None`
    when it is not known or does not apply.
    """

    captured_at: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    caption: str = ""
    thumbnail: Thumbnail | None = None

    @property
    def kind(self) -> str:
        """`photo`, `video` or `audio`."""
        return {"image": "photo"}.get(family := self.media_type.partition("/")[0], family)

    def to_json(self) -> dict[str, Any]:
        return {
            **FileEntry.to_json(self),
            "captured_at": self.captured_at,
            "width": self.width,
            "height": self.height,
            "duration": self.duration,
            "caption": self.caption,
            "thumbnail": self.thumbnail.to_json() if self.thumbnail else None,
        }

    @classmethod
    def read(cls, fields: JsonObject) -> Medium:
        medium = cls(
            *FileEntry.values(fields, MEDIA_PATH, MEDIA_TYPES, MEDIA_FILE_BYTES),
            captured_at=fields.optional("captured_at", lambda: fields.time("captured_at")),
            width=fields.optional("width", lambda: fields.integer("width", 1, PIXELS_PER_SIDE)),
            height=fields.optional("height", lambda: fields.integer("height", 1, PIXELS_PER_SIDE)),
            duration=fields.optional("duration", lambda: fields.number("duration", 0, DURATION_SECONDS)),
            caption=fields.lines("caption", CAPTION_CHARACTERS),
            thumbnail=fields.optional("thumbnail", lambda: Thumbnail.read(fields.object("thumbnail"))),
        )
        fields.end()
        return medium


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report but for the bytes of its files. `created_at` is in UTC, `captured_at` has the sender's offset.

    `consent` is in the order of recording: append, never change. `media` are in the order of showing.
    """

    report_id: str
    created_at: str
    captured_at: str
    author: Author
    patient: Patient
    media: tuple[Medium, ...]
    notes: str = ""
    body_site: str = ""
    laterality: Laterality | None = None
    consent: tuple[ConsentRecord, ...] = ()

    def files(self) -> Iterator[FileEntry]:
        """Every file that the payload must hold beside `report.json`, in the payload's order: thumbnails, media,
        consent.
        """
        yield from (medium.thumbnail for medium in self.media if medium.thumbnail)
        yield from self.media
        yield from (record.evidence for record in self.consent if record.evidence)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of `report.json`, unchecked."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "report_id": self.report_id,
            "created_at": self.created_at,
            "captured_at": self.captured_at,
            "author": self.author.to_json(),
            "patient": self.patient.to_json(),
            "notes": self.notes,
            "body_site": self.body_site,
            "laterality": self.laterality.value if self.laterality else None,
            "consent": [record.to_json() for record in self.consent],
            "media": [medium.to_json() for medium in self.media],
        }

    @classmethod
    def from_json(cls, value: object) -> Report:
        """The report that a JSON value describes. Raises `ReportInvalid` with the path of what is wrong,
        `UnsupportedVersion`.
        """
        fields = JsonObject(value)
        fields.constant("format", FORMAT)
        fields.version("version", VERSION)
        report_id = fields.any("report_id")
        if not isinstance(report_id, str) or not is_identifier(report_id):
            raise fields.invalid("report_id", "is not an identifier")
        report = cls(
            report_id=report_id,
            created_at=fields.utc_time("created_at"),
            captured_at=fields.time("captured_at"),
            author=Author.read(fields.object("author")),
            patient=Patient.read(fields.object("patient")),
            media=tuple(Medium.read(item) for item in fields.objects("media", 1, MEDIA_COUNT)),
            notes=fields.lines("notes", NOTES_CHARACTERS),
            body_site=fields.line("body_site", NAME_CHARACTERS),
            laterality=fields.optional("laterality", lambda: fields.choice("laterality", Laterality)),
            consent=tuple(ConsentRecord.read(item) for item in fields.objects("consent", 0, CONSENT_RECORDS)),
        )
        fields.end()
        if report.consent and report.consent[0].status is Status.WITHDRAWN:
            raise fields.invalid("consent[0].status", "withdraws what was never given")
        paths = [facts.path for facts in report.files()]
        if len(set(paths)) != len(paths):
            raise fields.invalid("media", "names a path twice")
        return report

    def to_bytes(self) -> bytes:
        """`report.json`. Raises `ReportInvalid` rather than write what no reader would accept.

        Within the other limits it stays below `REPORT_JSON_BYTES`.
        """
        value = self.to_json()
        if Report.from_json(value) != self:
            raise ReportInvalid(path="")
        return strict_json.dump(value)

    @classmethod
    def from_bytes(cls, data: bytes) -> Report:
        """The report that `report.json` describes. Raises `ReportInvalid`, `UnsupportedVersion` or `LimitExceeded`."""
        if len(data) > REPORT_JSON_BYTES:
            raise LimitExceeded(limit="REPORT_JSON_BYTES", maximum=REPORT_JSON_BYTES, actual=len(data))
        try:
            value = strict_json.parse(data)
        except strict_json.NotStrictJson as error:
            raise ReportInvalid(f"The description inside this report is not valid: it {error}.", path="") from None
        return cls.from_json(value)
