"""`report.json`: every field is read strictly, and what is wrong is named by its path and never repeated."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.package_examples import report
from harness.report_strategies import reports
from hypothesis import given, settings

import picsafe_media
from picsafe_protocol.contracts.errors import ReportInvalid, UnsupportedVersion
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
    THUMBNAIL_BYTES,
)
from picsafe_protocol.format.consent import Purpose, permitted_purposes
from picsafe_protocol.format.files import EVIDENCE_TYPES, MEDIA_TYPES, THUMBNAIL_TYPES, extension_for
from picsafe_protocol.format.report import Medium, Patient, Report

GOOD = report().to_json()
PATIENT_FACT = "Jo Citizen"


def at(path: str, value: Any) -> dict[str, Any]:
    """The good report with `value` at a path such as `media[0].size`; `...` removes the field."""
    changed: Any = copy.deepcopy(GOOD)
    *way, last = path.replace("[", ".").replace("]", "").split(".")
    place = changed
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    result: dict[str, Any] = changed
    return result


def media(count: int) -> list[dict[str, Any]]:
    return [{**GOOD["media"][0], "path": f"media/{number:03}.jpg", "thumbnail": None} for number in range(count)]


FIELDS = [
    *(f"{name}" for name in GOOD),
    *(f"author.{name}" for name in GOOD["author"]),
    *(f"patient.{name}" for name in GOOD["patient"]),
    *(f"media[0].{name}" for name in GOOD["media"][0]),
    *(f"media[0].thumbnail.{name}" for name in GOOD["media"][0]["thumbnail"]),
    *(f"consent[0].{name}" for name in GOOD["consent"][0]),
    *(f"consent[0].giver.{name}" for name in GOOD["consent"][0]["giver"]),
    *(f"consent[0].purposes.{name}" for name in GOOD["consent"][0]["purposes"]),
    *(f"consent[0].evidence.{name}" for name in GOOD["consent"][0]["evidence"]),
]

NULLABLE = {
    "author.institution",
    "patient.birth_date",
    "laterality",
    "media[0].captured_at",
    "media[0].width",
    "media[0].height",
    "media[0].duration",
    "media[0].thumbnail",
    "consent[0].evidence",
}

GOOD_VALUES: list[tuple[str, Any]] = [
    *((path, None) for path in sorted(NULLABLE)),
    ("notes", ""),
    ("notes", "x" * NOTES_CHARACTERS),
    ("notes", "one\ntwo\tthree"),
    ("body_site", "x" * NAME_CHARACTERS),
    ("patient.name", ""),
    ("patient.name", "Nguyễn Thị Hồng 阮 \u200fكريم"),
    ("patient.birth_date", "2024-02-29"),
    ("author.email", "a" * (EMAIL_CHARACTERS - 2) + "@b"),
    ("laterality", "none"),
    ("captured_at", "2026-11-22T10:15:00Z"),
    ("captured_at", "2026-11-22T10:15:00-09:30"),
    ("consent", []),
    ("consent", [GOOD["consent"][1] | {"status": "given"}] * CONSENT_RECORDS),
    ("consent[1].publication", "Some newsletter"),
    ("media", media(1)),
    ("media", media(MEDIA_COUNT)),
    ("media[0].size", 1),
    ("media[0].size", MEDIA_FILE_BYTES),
    ("media[0].width", PIXELS_PER_SIDE),
    ("media[0].duration", 0),
    ("media[0].duration", DURATION_SECONDS),
    ("media[0].caption", "x" * CAPTION_CHARACTERS),
    ("media[0].thumbnail.size", THUMBNAIL_BYTES),
]

BAD_VALUES: list[tuple[str, Any]] = [
    *((path, ...) for path in FIELDS),
    *((path, None) for path in FIELDS if path not in NULLABLE),
    *((path, {"$": 1}) for path in FIELDS),
    *((path, [[]]) for path in FIELDS),
    *((path, "\ud800") for path in FIELDS),
    *((path, "\x00") for path in FIELDS),
    *((path, -1) for path in FIELDS),
    ("format", "picsafe-package"),
    ("version", 0),
    ("version", "1"),
    ("version", True),
    ("version", 1.0),
    ("report_id", "A" * 26),
    ("report_id", "a" * 27),
    ("report_id", "a" * 26 + "\n"),
    ("created_at", "2026-11-22T10:15:00+10:00"),
    ("created_at", "2026-11-22 10:15:00Z"),
    ("created_at", "2026-11-22T10:15:00Z\n"),
    ("created_at", "2026-11-22T24:00:00Z"),
    ("created_at", "2026-13-22T10:15:00Z"),
    ("captured_at", "2026-11-22T10:15:00"),
    ("captured_at", "2026-11-22"),
    ("captured_at", "2026-11-22T10:15:00+24:00"),
    ("captured_at", "2026-11-22T10:60:00+10:00"),
    ("captured_at", "2026-02-30T10:15:00+10:00"),
    ("captured_at", "২০২৬-11-22T10:15:00Z"),
    ("author.name", ""),
    ("author.name", "x" * (NAME_CHARACTERS + 1)),
    ("author.email", "nobody"),
    ("author.email", "@"),
    ("author.email", "a@b@c"),
    ("author.email", "a b@c"),
    ("author.email", "a@b\n"),
    ("author.email", "a" * (EMAIL_CHARACTERS - 1) + "@b"),
    ("author.institution", ""),
    ("patient.name", "x" * (NAME_CHARACTERS + 1)),
    ("patient.name", "Jo\nCitizen"),
    ("patient.name", "Jo\x1b[2J"),
    ("patient.name", "Jo\u2028Citizen"),
    ("patient.birth_date", ""),
    ("patient.birth_date", "1970-02-30"),
    ("patient.birth_date", "31.01.1970"),
    ("patient.birth_date", "1970-1-31"),
    ("patient.birth_date", "19700131"),
    ("patient.record_number", 12345),
    ("notes", "x" * (NOTES_CHARACTERS + 1)),
    ("notes", "a\rb"),
    ("body_site", "x" * (NAME_CHARACTERS + 1)),
    ("laterality", "Left"),
    ("laterality", "middle"),
    ("laterality", ""),
    ("consent", {}),
    ("consent", [GOOD["consent"][1] | {"status": "given"}] * (CONSENT_RECORDS + 1)),
    ("consent[0].status", "withdrawn"),
    ("consent[0].status", "GIVEN"),
    ("consent[0].recorded_at", "2026-11-22T10:15:00+10:00"),
    ("consent[0].giver.role", "friend"),
    ("consent[0].method", "telepathy"),
    ("consent[0].purposes.treatment", "yes"),
    ("consent[0].purposes.treatment", 1),
    ("consent[0].publication", ""),
    ("consent[0].evidence.path", "media/001.jpg"),
    ("consent[0].evidence.media_type", "video/mp4"),
    ("media", []),
    ("media", media(MEDIA_COUNT + 1)),
    ("media", {}),
    ("media", "photo"),
    ("media[0]", None),
    ("media[0].path", "001.jpg"),
    ("media[0].path", "/media/001.jpg"),
    ("media[0].path", "media/../report.json"),
    ("media[0].path", "media/1.jpg"),
    ("media[0].path", "media/001.JPG"),
    ("media[0].path", "media/001.exe"),
    ("media[0].path", "media/001.jpg.exe"),
    ("media[0].path", "media/001.png"),
    ("media[0].path", "media/001.jpg\n"),
    ("media[0].path", "media/001"),
    ("media[0].path", "thumbnails/001.jpg"),
    ("media[0].path", "media/IMG_1234 Jo Citizen.jpg"),
    ("media[0].media_type", "image/svg+xml"),
    ("media[0].media_type", "text/html"),
    ("media[0].media_type", "image/JPEG"),
    ("media[0].media_type", "image/jpeg; charset=x"),
    ("media[0].size", 0),
    ("media[0].size", 1.0),
    ("media[0].size", "5"),
    ("media[0].size", True),
    ("media[0].size", MEDIA_FILE_BYTES + 1),
    ("media[0].sha256", "0" * 63),
    ("media[0].sha256", "0" * 65),
    ("media[0].sha256", "A" * 64),
    ("media[0].sha256", "0" * 64 + "\n"),
    ("media[0].width", 0),
    ("media[0].width", 1.5),
    ("media[0].width", PIXELS_PER_SIDE + 1),
    ("media[0].height", 0),
    ("media[0].height", PIXELS_PER_SIDE + 1),
    ("media[0].duration", -0.001),
    ("media[0].duration", DURATION_SECONDS + 0.001),
    ("media[0].duration", float("nan")),
    ("media[0].duration", True),
    ("media[0].caption", "x" * (CAPTION_CHARACTERS + 1)),
    ("media[0].thumbnail.size", THUMBNAIL_BYTES + 1),
    ("media[0].thumbnail.size", 0),
    ("media[0].thumbnail.media_type", "image/heic"),
    ("media[0].thumbnail.path", "media/001.jpg"),
    ("media[0].thumbnail.width", None),
    ("original_name", "IMG_1234.JPG"),
    ("author.phone", "123"),
    ("patient.address", "somewhere"),
    ("media[0].original_name", "IMG_1234.JPG"),
    ("media[0].thumbnail.caption", ""),
    ("consent[0].note", ""),
    ("consent[0].giver.email", ""),
    ("consent[0].purposes.teaching", True),
    ("consent[0].evidence.width", 1),
]


def test_good_values_are_read_and_written_again() -> None:
    for path, value in GOOD_VALUES:
        changed = at(path, value)
        read = Report.from_json(changed)
        assert read.to_json() == changed, path
        assert Report.from_bytes(read.to_bytes()) == read, path


def refusal_of(path: str, value: object) -> str:
    """What is wrong with how `value` at `path` is refused; empty where its path is named."""
    try:
        Report.from_json(at(path, value))
    except ReportInvalid as refusal:
        named = refusal.path
        around = path == named or path.startswith(f"{named}.") or named.startswith((f"{path}[", f"{path}."))
        return "" if around or named == "" else f"{path} = {value!r:.40} is refused as {named}"
    return f"{path} = {value!r:.40} is read"


def test_bad_values_are_refused_and_their_paths_named() -> None:
    assert [wrong for path, value in BAD_VALUES if (wrong := refusal_of(path, value))] == []


@pytest.mark.parametrize("value", [None, [], "report", 1, True], ids=repr)
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ReportInvalid):
        Report.from_json(value)


def test_the_whole_example_round_trips() -> None:
    assert Report.from_json(GOOD) == report()
    assert json.loads(report().to_bytes()) == GOOD


@pytest.mark.parametrize("path", ["media[1].path", "media[2].path"])
def test_no_two_files_have_the_same_path(path: str) -> None:
    changed = at(path, "media/001.jpg")
    changed["media"][int(path[6])]["media_type"] = "image/jpeg"
    with pytest.raises(ReportInvalid):
        Report.from_json(changed)


def test_a_later_version_is_called_later_whatever_else_it_holds() -> None:
    with pytest.raises(UnsupportedVersion) as refusal:
        Report.from_json({"format": "picsafe-report", "version": 2, "subject": {}})
    assert refusal.value.version == 2


def test_refusals_never_repeat_what_a_field_holds() -> None:
    for change in ("patient.birth_date", "captured_at", "laterality", "media[0].path", "author.email", "report_id"):
        with pytest.raises(ReportInvalid) as refusal:
            Report.from_json(at(change, PATIENT_FACT))
        assert PATIENT_FACT not in json.dumps(refusal.value.to_problem())


@pytest.mark.parametrize(
    "change",
    [
        lambda good: dataclasses.replace(good, notes="\x00"),
        lambda good: dataclasses.replace(good, media=()),
        lambda good: dataclasses.replace(good, patient=Patient(birth_date="yesterday")),
        lambda good: dataclasses.replace(good, media=(good.media[0], good.media[0])),
        lambda good: dataclasses.replace(good, media=[good.media[0]]),
    ],
)
def test_what_no_reader_would_accept_is_not_written(change: Callable[[Report], Report]) -> None:
    with pytest.raises(ReportInvalid):
        change(report()).to_bytes()


@given(reports())
@settings(max_examples=100)
def test_any_report_round_trips(example: tuple[Report, dict[str, bytes]]) -> None:
    described, files = example
    assert Report.from_bytes(described.to_bytes()) == described
    assert {facts.path for facts in described.files()} == set(files)


def test_files_are_listed_in_the_order_of_the_payload() -> None:
    assert [facts.path for facts in report().files()] == [
        "thumbnails/001.jpg",
        "media/001.jpg",
        "media/002.mp4",
        "media/003.m4a",
        "consent/001.png",
    ]


@pytest.mark.parametrize(
    ("media_type", "kind"), [("image/heic", "photo"), ("video/mp4", "video"), ("audio/ogg", "audio")]
)
def test_a_medium_knows_what_it_is(media_type: str, kind: str) -> None:
    assert Medium("media/001.x", media_type, 1, "0" * 64).kind == kind


def test_no_type_that_is_carried_can_hold_a_program() -> None:
    assert all(name.split("/")[0] in {"image", "video", "audio"} and "+" not in name for name in MEDIA_TYPES)
    assert set(THUMBNAIL_TYPES) < set(MEDIA_TYPES)
    assert set(EVIDENCE_TYPES) < set(MEDIA_TYPES)
    assert extension_for("image/jpeg") == "jpg"


MEDIA_MODULES = sorted(Path(picsafe_media.__path__[0]).rglob("*.py"))


def test_whatever_is_recognised_before_sending_can_be_carried() -> None:
    """Every media type that `picsafe_media` names, with the extension beside it when there is one."""
    named = set()
    for module in MEDIA_MODULES:
        named |= set(
            re.findall(r'"((?:image|video|audio)/[a-z0-9.+-]+)"(?:, "([a-z0-9]+)")?', module.read_text("utf-8"))
        )
    assert len(named) > 10
    assert {name for name, _ in named} <= set(MEDIA_TYPES)
    assert [(name, extension) for name, extension in named if extension and extension not in MEDIA_TYPES[name]] == []


# Consent


def test_the_last_record_is_what_counts() -> None:
    given_first, withdrawn = report().consent
    assert permitted_purposes(report().consent) == {Purpose.TREATMENT}
    assert permitted_purposes([given_first]) == {Purpose.TREATMENT, Purpose.NAMED_PUBLICATION}
    assert permitted_purposes([]) == frozenset()
    assert withdrawn.permits(Purpose.TREATMENT)
    assert not withdrawn.permits(Purpose.RESEARCH)


def test_every_purpose_is_written_as_permitted_or_denied() -> None:
    assert report().consent[1].to_json()["purposes"] == {
        "treatment": True,
        "education": False,
        "audit": False,
        "research": False,
        "named_publication": False,
    }
