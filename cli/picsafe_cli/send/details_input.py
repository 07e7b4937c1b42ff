"""The sender's details of a report, from a JSON file, which no other user of the computer sees, and from options.

The file has the fields of `report.json` (docs/format.md, sections 5 and 6) that a sender decides on, all of them
optional::

    {"patient": {"name": "…", "birth_date": "1970-01-31", "record_number": "…"}, "captured_at": "2026-11-22T10:15:00+10:00",
     "body_site": "forearm", "laterality": "left", "notes": "…",
     "consent": {"method": "written", "giver": {"role": "patient", "name": ""}, "purposes": ["treatment"],
                 "publication": "", "form_text_version": ""}}
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from picsafe_protocol.contracts.errors import InvalidRequest, ReportInvalid
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import NAME_CHARACTERS, NOTES_CHARACTERS, REPORT_JSON_BYTES
from picsafe_protocol.format.composing import ReportDetails, report_of
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.field_reader import JsonObject
from picsafe_protocol.json.timestamps import utc_text

_FACTS: Final[dict[str, Any]] = {
    "patient": {},
    "captured_at": None,
    "body_site": "",
    "laterality": None,
    "notes": "",
    "consent": None,
}
_PATIENT: Final = {"name": "", "birth_date": None, "record_number": ""}
_CONSENT: Final[dict[str, Any]] = {
    "giver": {},
    "purposes": [Purpose.TREATMENT.value],
    "publication": "",
    "form_text_version": "",
}
_GIVER: Final = {"role": GiverRole.PATIENT.value, "name": ""}
"""What is not said."""


def read_facts(file: BinaryIO) -> ReportDetails:
    """The facts in a JSON file. Raises `InvalidRequest`, which names the field and never repeats what it holds."""
    data = file.read(REPORT_JSON_BYTES + 1)
    try:
        value = strict_json.parse(data[:REPORT_JSON_BYTES])
        return check(_facts(JsonObject(_completed(value, _FACTS))))
    except strict_json.NotStrictJson as error:
        raise _invalid(f"it {error}.", "") from None
    except ReportInvalid as error:
        raise _invalid(_problem(error), error.path) from None


def merge_options(options: argparse.Namespace, facts: ReportDetails) -> ReportDetails:
    """`facts`, and what the options of `picsafe send` say instead. Raises `InvalidRequest`."""
    patient = {"name": options.patient_name, "birth_date": options.birth_date, "record_number": options.record_number}
    told = {
        "captured_at": options.captured_at,
        "body_site": options.body_site,
        "laterality": Laterality(options.side) if options.side else None,
        "notes": options.notes,
        "consent": (_consent_of(options),) if options.consent else None,
    }
    described = replace(facts.patient, **{name: value for name, value in patient.items() if value is not None})
    return check(
        replace(facts, patient=described, **{name: value for name, value in told.items() if value is not None})
    )


def facts_at(facts: ReportDetails, now: datetime) -> ReportDetails:
    """The same facts with consent recorded `now`, by the server's clock: it is given by the person who runs the
    command, and now.
    """
    return replace(facts, consent=tuple(replace(record, recorded_at=utc_text(now)) for record in facts.consent))


def check(facts: ReportDetails) -> ReportDetails:
    """The same facts, checked. Raises `InvalidRequest` where a report cannot express them, before files are read or
    servers are called.
    """
    medium = Medium("media/001.jpg", "image/jpeg", 1, "0" * 64)
    author = Author("Somebody", "somebody@picsafe.example")
    try:
        report_of(new_identifier(), author, facts, [medium], datetime.now(UTC)).to_bytes()
    except ReportInvalid as error:
        raise _invalid(_problem(error), error.path) from None
    return facts


def _facts(fields: JsonObject) -> ReportDetails:
    facts = ReportDetails(
        patient=Patient.read(_object(fields, "patient", _PATIENT)),
        captured_at=fields.optional("captured_at", lambda: fields.time("captured_at")) or "",
        body_site=fields.line("body_site", NAME_CHARACTERS),
        laterality=fields.optional("laterality", lambda: fields.choice("laterality", Laterality)),
        notes=fields.lines("notes", NOTES_CHARACTERS),
        consent=fields.optional("consent", lambda: (_consent(_object(fields, "consent", _CONSENT)),)) or (),
    )
    fields.end()
    return facts


def _object(fields: JsonObject, name: str, defaults: Mapping[str, Any]) -> JsonObject:
    """An object inside another; what it leaves out is as `defaults` say."""
    return JsonObject(_completed(fields.any(name), defaults), fields.path(name))


def _completed(value: Any, defaults: Mapping[str, Any]) -> Any:
    return {**defaults, **value} if isinstance(value, dict) else value


def _consent(fields: JsonObject) -> ConsentRecord:
    """Consent that is given now."""
    purposes = fields.any("purposes")
    known = {purpose.value for purpose in Purpose}
    if not isinstance(purposes, list) or not all(isinstance(name, str) and name in known for name in purposes):
        raise fields.invalid("purposes", "is not a list of any of " + ", ".join(purpose.value for purpose in Purpose))
    record = ConsentRecord(
        recorded_at=utc_text(datetime.now(UTC)),
        status=Status.GIVEN,
        giver=Giver.read(_object(fields, "giver", _GIVER)),
        method=fields.choice("method", Method),
        purposes=frozenset(map(Purpose, purposes)),
        publication=fields.line("publication", NAME_CHARACTERS),
        form_text_version=fields.line("form_text_version", NAME_CHARACTERS),
    )
    fields.end()
    return record


def _consent_of(options: argparse.Namespace) -> ConsentRecord:
    return ConsentRecord(
        recorded_at=utc_text(datetime.now(UTC)),
        status=Status.GIVEN,
        giver=Giver(GiverRole(options.consent_by), options.consent_name),
        method=Method(options.consent),
        purposes=frozenset(Purpose(purpose) for purpose in options.purpose or ["treatment"]),
    )


def _problem(error: ReportInvalid) -> str:
    return str(error).partition(": ")[2]


def _invalid(problem: str, field: str) -> InvalidRequest:
    return InvalidRequest(
        f"What is said about the report cannot be sent: {problem}",
        advice="Correct it; nothing was sent.",
        field=field,
    )
