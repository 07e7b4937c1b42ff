"""Consent: who agreed to what, how, when, and the evidence.

A report carries a list of records. Each states the whole position from its time on: the purposes that are permitted. A
change of mind is a new record at the end; none is ever changed or taken away. The last record counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from picsafe_protocol.contracts.limits import MEDIA_FILE_BYTES, NAME_CHARACTERS
from picsafe_protocol.format.files import CONSENT_PATH, EVIDENCE_TYPES, FileEntry
from picsafe_protocol.json.field_reader import JsonObject

__all__ = ["ConsentRecord", "Evidence", "Giver", "GiverRole", "Method", "Purpose", "Status", "permitted_purposes"]


class Status(str, Enum):
    """Whether this record gives or withdraws consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class GiverRole(str, Enum):
    """In whose name the giver speaks."""

    PATIENT = "patient"
    PARENT_OR_GUARDIAN = "parent_or_guardian"
    SUBSTITUTE_DECISION_MAKER = "substitute_decision_maker"


class Method(str, Enum):
    """How consent was expressed."""

    WRITTEN = "written"
    VERBAL = "verbal"
    IMPLIED = "implied"
    EMERGENCY = "emergency"


class Purpose(str, Enum):
    """What the pictures may be used for."""

    TREATMENT = "treatment"
    EDUCATION = "education"
    AUDIT = "audit"
    RESEARCH = "research"
    NAMED_PUBLICATION = "named_publication"


@dataclass(frozen=True, slots=True)
class Giver:
    """Who consents. `name` may be empty, for example when it is the patient."""

    role: GiverRole
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"role": self.role.value, "name": self.name}

    @classmethod
    def read(cls, fields: JsonObject) -> Giver:
        giver = cls(role=fields.choice("role", GiverRole), name=fields.line("name", NAME_CHARACTERS))
        fields.end()
        return giver


@dataclass(frozen=True, slots=True)
class Evidence(FileEntry):
    """A signature (an image) or a spoken consent (a recording) among the files of the payload."""

    @classmethod
    def read(cls, fields: JsonObject) -> Evidence:
        evidence = cls(*FileEntry.values(fields, CONSENT_PATH, EVIDENCE_TYPES, MEDIA_FILE_BYTES))
        fields.end()
        return evidence


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One statement of consent. `recorded_at` is in UTC; `purposes` are those permitted, all others are denied.

    `publication` names the publication when `Purpose.NAMED_PUBLICATION` is permitted. `form_text_version` says which
    text the giver was shown, `""` when none was.
    """

    recorded_at: str
    status: Status
    giver: Giver
    method: Method
    purposes: frozenset[Purpose]
    publication: str = ""
    form_text_version: str = ""
    evidence: Evidence | None = None

    def permits(self, purpose: Purpose) -> bool:
        """Whether this record permits `purpose`."""
        return purpose in self.purposes

    def to_json(self) -> dict[str, Any]:
        return {
            "recorded_at": self.recorded_at,
            "status": self.status.value,
            "giver": self.giver.to_json(),
            "method": self.method.value,
            "purposes": {purpose.value: purpose in self.purposes for purpose in Purpose},
            "publication": self.publication,
            "form_text_version": self.form_text_version,
            "evidence": self.evidence.to_json() if self.evidence else None,
        }

    @classmethod
    def read(cls, fields: JsonObject) -> ConsentRecord:
        purposes = fields.object("purposes")
        record = cls(
            recorded_at=fields.utc_time("recorded_at"),
            status=fields.choice("status", Status),
            giver=Giver.read(fields.object("giver")),
            method=fields.choice("method", Method),
            purposes=frozenset([purpose for purpose in Purpose if purposes.boolean(purpose.value)]),
            publication=fields.line("publication", NAME_CHARACTERS),
            form_text_version=fields.line("form_text_version", NAME_CHARACTERS),
            evidence=fields.optional("evidence", lambda: Evidence.read(fields.object("evidence"))),
        )
        purposes.end()
        fields.end()
        if record.permits(Purpose.NAMED_PUBLICATION) and not record.publication:
            raise fields.invalid("publication", "is empty although a named publication is permitted")
        return record


def permitted_purposes(records: Sequence[ConsentRecord]) -> frozenset[Purpose]:
    """What is permitted now: what the last record says; nothing when there is none."""
    return records[-1].purposes if records else frozenset()
