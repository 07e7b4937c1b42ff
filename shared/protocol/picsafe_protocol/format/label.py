"""The sealed label of a report: the few facts by which a list shows whose report it is (docs/format.md, section 10).

The sender seals it beside the package, and the user server keeps it in the report's row, where it is ciphertext. Its key
is derived from the report key, so that the key server can release label keys for a page of reports while none of them
opens a package. What `report.json` says replaces the label.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from picsafe_protocol.contracts.errors import InvalidKey, ReportInvalid, Tampered
from picsafe_protocol.contracts.limits import LABEL_NOTES_CHARACTERS, MEDIA_COUNT, NAME_CHARACTERS
from picsafe_protocol.crypto.chunked import KEY, Cipher, Reader, Writer, ciphertext_length
from picsafe_protocol.format.report import Laterality, Patient, Report
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.field_reader import JsonObject

__all__ = [
    "LABEL_VERSION",
    "PADDED_SIZES",
    "SEALED_LABEL_SIZES",
    "Label",
    "label_key",
    "open_label",
    "seal_label",
    "seal_label_of",
]

B = TypeVar("B")

FORMAT: Final = "picsafe-label"
LABEL_VERSION: Final = 1
_KEY_INFO: Final = b"picsafe/label/key/v1\x00"
_CONTEXT: Final = b"picsafe/label/v1\x00"
_LENGTH: Final = 2
PADDED_SIZES: Final = (512, 1024, 2048, 4096)
"""Bytes of plaintext after padding: a size says next to nothing about the facts."""
SEALED_LABEL_SIZES: Final = tuple(ciphertext_length(size) for size in PADDED_SIZES)
"""The only sizes of a sealed label."""


@dataclass(frozen=True, slots=True)
class Label:
    """The facts in a label. `photos`, `videos` and `recordings` are counts; `notes` is the first line of the notes, cut
    to `LABEL_NOTES_CHARACTERS`.
    """

    patient: Patient
    captured_at: str
    photos: int
    videos: int
    recordings: int
    body_site: str = ""
    laterality: Laterality | None = None
    notes: str = ""

    @classmethod
    def of(cls, report: Report) -> Label:
        """The label of a report."""
        kinds = [medium.kind for medium in report.media]
        lines = (line.strip() for line in report.notes.replace("\t", " ").split("\n"))
        return cls(
            patient=report.patient,
            captured_at=report.captured_at,
            photos=kinds.count("photo"),
            videos=kinds.count("video"),
            recordings=kinds.count("audio"),
            body_site=report.body_site,
            laterality=report.laterality,
            notes=_cut(next((line for line in lines if line), "")),
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON object of a label."""
        return {
            "format": FORMAT,
            "version": LABEL_VERSION,
            "patient": self.patient.to_json(),
            "captured_at": self.captured_at,
            "photos": self.photos,
            "videos": self.videos,
            "recordings": self.recordings,
            "body_site": self.body_site,
            "laterality": self.laterality.value if self.laterality else None,
            "notes": self.notes,
        }

    @classmethod
    def from_json(cls, value: object) -> Label:
        """The label that a JSON value describes. Raises `ReportInvalid` with the path of what is wrong, or
        `UnsupportedVersion`.
        """
        fields = JsonObject(value)
        fields.constant("format", FORMAT)
        fields.version("version", LABEL_VERSION)
        label = cls(
            patient=Patient.read(fields.object("patient")),
            captured_at=fields.time("captured_at"),
            photos=fields.integer("photos", 0, MEDIA_COUNT),
            videos=fields.integer("videos", 0, MEDIA_COUNT),
            recordings=fields.integer("recordings", 0, MEDIA_COUNT),
            body_site=fields.line("body_site", NAME_CHARACTERS),
            laterality=fields.optional("laterality", lambda: fields.choice("laterality", Laterality)),
            notes=fields.line("notes", LABEL_NOTES_CHARACTERS),
        )
        fields.end()
        return label

    def to_bytes(self) -> bytes:
        """The padded plaintext. Raises `ReportInvalid` rather than write what no reader would accept."""
        value = self.to_json()
        if Label.from_json(value) != self:
            raise ReportInvalid(path="")
        text = strict_json.dump(value)
        padded = next(size for size in PADDED_SIZES if size >= _LENGTH + len(text))
        return (len(text).to_bytes(_LENGTH, "big") + text).ljust(padded, b"\x00")

    @classmethod
    def from_bytes(cls, plaintext: bytes) -> Label:
        """The label in a padded plaintext. Raises `ReportInvalid` and `UnsupportedVersion`."""
        stop = _LENGTH + int.from_bytes(plaintext[:_LENGTH], "big")
        if len(plaintext) not in PADDED_SIZES or stop > len(plaintext) or any(plaintext[stop:]):
            raise ReportInvalid("The label of this report is not padded as it must be.", path="")
        try:
            value = strict_json.parse(plaintext[_LENGTH:stop])
        except strict_json.NotStrictJson as error:
            raise ReportInvalid(f"The label of this report is not valid: it {error}.", path="") from None
        return cls.from_json(value)


def label_key(report_key: bytes, report_id: str, key_id: str) -> bytes:
    """The key of a report's label, 32 bytes. Nobody can compute the report key from it. Raises `InvalidKey`."""
    if len(report_key) != KEY:
        raise InvalidKey(f"A report key has {KEY} bytes, this one has {len(report_key)}.")
    info = _KEY_INFO + _named(report_id, key_id)
    return hmac.digest(report_key, info + b"\x01", hashlib.sha512)[:KEY]  # HKDF-Expand, one block


async def seal_label(
    label: Label, key: bytes, report_id: str, key_id: str, cipher: Cipher[B], *, salt: bytes | None = None
) -> bytes:
    """Encrypt a label with its `label_key`. `salt` is for test vectors."""
    writer = Writer(key, _context(report_id, key_id), cipher, salt)
    await writer.update(cipher.from_bytes(label.to_bytes()))  # below one chunk: nothing comes out yet
    return writer.header + cipher.to_bytes(await writer.finish())


async def seal_label_of(report: Report, report_key: bytes, key_id: str, cipher: Cipher[B]) -> bytes:
    """The sealed label of a report, for its sender. Raises `InvalidKey`."""
    report_id = report.report_id
    return await seal_label(Label.of(report), label_key(report_key, report_id, key_id), report_id, key_id, cipher)


async def open_label(sealed: bytes, key: bytes, report_id: str, key_id: str, cipher: Cipher[B]) -> Label:
    """Decrypt a label. Raises `WrongKey` for one that was sealed for another report, `Tampered`, and what
    `Label.from_bytes` raises.
    """
    if len(sealed) not in SEALED_LABEL_SIZES:
        raise Tampered("The label of this report has a size that no label has.")
    source = _InMemory(cipher, cipher.from_bytes(sealed))
    reader = await Reader.open(source, key, _context(report_id, key_id), cipher)
    return Label.from_bytes(cipher.to_bytes(await reader.read(0, reader.size)))


@dataclass(frozen=True, slots=True)
class _InMemory(Generic[B]):
    """A buffer in memory as a source."""

    cipher: Cipher[B]
    buffer: B

    @property
    def size(self) -> int:
        return self.cipher.length(self.buffer)

    async def read(self, start: int, stop: int) -> B:
        return self.cipher.part(self.buffer, start, stop)


def _context(report_id: str, key_id: str) -> bytes:
    return _CONTEXT + _named(report_id, key_id)


def _named(report_id: str, key_id: str) -> bytes:
    return f"{report_id}\x00{key_id}".encode("ascii")


def _cut(line: str) -> str:
    return line if len(line) <= LABEL_NOTES_CHARACTERS else line[: LABEL_NOTES_CHARACTERS - 1].rstrip() + "…"
