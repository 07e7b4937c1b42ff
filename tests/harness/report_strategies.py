"""Hypothesis strategies: any report that the format allows, with its files, and pieces to cut messages into."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from picsafe_protocol.format.consent import ConsentRecord, Evidence, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.files import EVIDENCE_TYPES, MEDIA_TYPES, THUMBNAIL_TYPES
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report, Thumbnail
from picsafe_protocol.json.timestamps import utc_text

_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
lines = st.text(_LETTERS, max_size=30)
some_line = st.text(_LETTERS, min_size=1, max_size=30)
paragraphs = st.text(st.one_of(_LETTERS, st.sampled_from("\n\t")), max_size=60)
identifiers = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
moments = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001, UP017 bounds are naive by hypothesis' own rule
utc_times = moments.map(utc_text)
offset_times = st.builds(
    lambda moment, minutes: moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat(timespec="seconds"),
    moments,
    st.integers(-23 * 60, 23 * 60),
)
days = st.dates().map(lambda day: day.isoformat())
emails = st.from_regex(r"[a-z0-9.]{1,20}@[a-z0-9.-]{1,20}", fullmatch=True)
sides = st.integers(1, 65_535)
contents = st.binary(min_size=1, max_size=200)


@st.composite
def _file(draw: st.DrawFn, folder: str, number: int, types: Any) -> tuple[dict[str, Any], bytes]:
    media_type = draw(st.sampled_from(sorted(types)))
    content = draw(contents)
    path = f"{folder}/{number:03}.{draw(st.sampled_from(types[media_type]))}"
    facts = {"path": path, "media_type": media_type, "size": len(content)}
    return {**facts, "sha256": hashlib.sha256(content).hexdigest()}, content


@st.composite
def _medium(draw: st.DrawFn, number: int, files: dict[str, bytes]) -> Medium:
    facts, content = draw(_file("media", number, MEDIA_TYPES))
    files[facts["path"]] = content
    thumbnail = None
    if draw(st.booleans()):
        small, picture = draw(_file("thumbnails", number, THUMBNAIL_TYPES))
        files[small["path"]] = picture
        thumbnail = Thumbnail(**small, width=draw(sides), height=draw(sides))
    return Medium(
        **facts,
        captured_at=draw(st.none() | offset_times),
        width=draw(st.none() | sides),
        height=draw(st.none() | sides),
        duration=draw(st.none() | st.floats(0, 86_400) | st.integers(0, 86_400)),
        caption=draw(paragraphs),
        thumbnail=thumbnail,
    )


@st.composite
def _consent(draw: st.DrawFn, number: int, files: dict[str, bytes]) -> ConsentRecord:
    evidence = None
    if draw(st.booleans()):
        facts, content = draw(_file("consent", number, EVIDENCE_TYPES))
        files[facts["path"]] = content
        evidence = Evidence(**facts)
    purposes = draw(st.frozensets(st.sampled_from(Purpose)))
    return ConsentRecord(
        recorded_at=draw(utc_times),
        status=draw(st.sampled_from(Status)) if number > 1 else Status.GIVEN,
        giver=Giver(draw(st.sampled_from(GiverRole)), draw(lines)),
        method=draw(st.sampled_from(Method)),
        purposes=purposes,
        publication=draw(some_line if Purpose.NAMED_PUBLICATION in purposes else lines),
        form_text_version=draw(lines),
        evidence=evidence,
    )


@st.composite
def reports(draw: st.DrawFn) -> tuple[Report, dict[str, bytes]]:
    """A report and its files by path."""
    files: dict[str, bytes] = {}
    media = tuple(draw(_medium(number, files)) for number in range(1, draw(st.integers(1, 4)) + 1))
    consent = tuple(draw(_consent(number, files)) for number in range(1, draw(st.integers(0, 3)) + 1))
    report = Report(
        report_id=draw(identifiers),
        created_at=draw(utc_times),
        captured_at=draw(offset_times),
        author=Author(draw(some_line), draw(emails), draw(st.none() | some_line)),
        patient=Patient(draw(lines), draw(st.none() | days), draw(lines)),
        media=media,
        notes=draw(paragraphs),
        body_site=draw(lines),
        laterality=draw(st.none() | st.sampled_from(Laterality)),
        consent=consent,
    )
    return report, files
