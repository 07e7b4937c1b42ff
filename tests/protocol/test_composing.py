"""What every sender does alike: which files may go, and how the report describes them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from picsafe_media import Cleaned, Description
from picsafe_protocol.contracts.errors import (
    EmptyMedium,
    InvalidRequest,
    LimitExceeded,
    PicSafeError,
    UnsupportedMedium,
)
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import (
    HEADER_BYTES,
    MEDIA_COUNT,
    MEDIA_FILE_BYTES,
    PACKAGE_BYTES,
    REPORT_JSON_BYTES,
)
from picsafe_protocol.crypto.chunked import ciphertext_length
from picsafe_protocol.format.composing import (
    ReportDetails,
    ThumbnailInfo,
    check_count,
    check_size,
    content_digest,
    declared_size,
    medium_of,
    report_of,
    with_file_name,
    with_offset,
)
from picsafe_protocol.format.report import Author, Laterality, Patient, Report
from picsafe_protocol.json.timestamps import is_time

SYDNEY = timezone(timedelta(hours=10))
NOW = datetime(2026, 11, 22, 10, 15, 0, 987654, SYDNEY)
DIGEST = "ab" * 32


def cleaned(**facts: object) -> Cleaned:
    described = {"kind": "photo", "media_type": "image/jpeg", "extension": "jpg", "width": 4, "height": 3} | facts
    return Cleaned(Description(**described), [b"photo"], (), ())  # type: ignore[arg-type]


@pytest.fixture
def in_adelaide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer whose zone is half an hour off the others."""
    monkeypatch.setenv("TZ", "Australia/Adelaide")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("count", [1, MEDIA_COUNT])
def test_so_many_files_may_go(count: int) -> None:
    check_count(count)


@pytest.mark.parametrize(
    ("count", "error"), [(0, InvalidRequest), (-1, InvalidRequest), (MEDIA_COUNT + 1, LimitExceeded), (10_000, LimitExceeded)]
)  # fmt: skip
def test_none_and_too_many_are_refused(count: int, error: type[PicSafeError]) -> None:
    with pytest.raises(error):
        check_count(count)


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    check_size("clip.mp4", MEDIA_FILE_BYTES)
    with pytest.raises(LimitExceeded, match=r"clip\.mp4") as caught:
        check_size("clip.mp4", MEDIA_FILE_BYTES + 1)
    assert (caught.value.maximum, caught.value.actual) == (MEDIA_FILE_BYTES, MEDIA_FILE_BYTES + 1)


@pytest.mark.parametrize("sizes", [[1], [20_000_000, 128 * 1024], [1] * 2 * MEDIA_COUNT])
def test_the_size_that_is_declared_has_room_for_everything_else(sizes: list[int]) -> None:
    facts = REPORT_JSON_BYTES + HEADER_BYTES + len(sizes) * 1024
    assert ciphertext_length(sum(sizes) + facts) < declared_size(sizes) <= PACKAGE_BYTES


def test_no_more_is_declared_than_a_package_holds() -> None:
    assert declared_size([PACKAGE_BYTES]) == PACKAGE_BYTES


def test_refusals_say_which_file_they_are_about() -> None:
    empty = with_file_name(EmptyMedium(), "a.jpg")
    assert (type(empty), str(empty), empty.name) == (EmptyMedium, "a.jpg is empty.", "a.jpg")
    other = with_file_name(UnsupportedMedium("It is a spreadsheet.", advice="Send a photo of it."), "b.xls")
    assert (type(other), str(other), other.name) == (UnsupportedMedium, "b.xls: It is a spreadsheet.", "b.xls")
    assert other.advice == "Send a photo of it."


def test_a_medium_is_described_by_what_was_cleaned_and_measured() -> None:
    facts = {"kind": "video", "media_type": "video/mp4", "extension": "mp4", "duration": 2.5}
    medium = medium_of(
        cleaned(**facts, captured_at="2026-11-22T09:00:00+10:00"), 7, DIGEST, ThumbnailInfo(9, "cd" * 32, 320, 240)
    )
    assert (medium.path, medium.media_type, medium.size, medium.sha256) == ("media/007.mp4", "video/mp4", 5, DIGEST)
    assert (medium.width, medium.height, medium.duration) == (4, 3, 2.5)
    assert medium.captured_at == "2026-11-22T09:00:00+10:00"
    assert medium.thumbnail is not None
    assert medium.thumbnail.path == "thumbnails/007.jpg"
    assert (medium.thumbnail.size, medium.thumbnail.sha256) == (9, "cd" * 32)
    assert (medium.thumbnail.width, medium.thumbnail.height) == (320, 240)


def test_without_a_picture_there_is_no_thumbnail() -> None:
    assert medium_of(cleaned(), 1, DIGEST, None).thumbnail is None


def report(facts: ReportDetails) -> Report:
    media = [medium_of(cleaned(), 1, DIGEST, None)]
    return report_of(new_identifier(), Author("Ana", "ana@clinic.example"), facts, media, NOW)


def test_a_report_without_a_time_of_capture_was_taken_when_it_was_sent() -> None:
    made = report(ReportDetails(patient=Patient("Jo")))
    assert (made.created_at, made.captured_at) == ("2026-11-22T00:15:00Z", "2026-11-22T10:15:00+10:00")
    assert Report.from_bytes(made.to_bytes()) == made


def test_everything_that_the_sender_says_is_in_the_report() -> None:
    facts = ReportDetails(
        patient=Patient("Jo", "1970-01-31", "7"),
        captured_at="2026-11-21T08:00:00-05:00",
        body_site="knee",
        laterality=Laterality.LEFT,
        notes="Two lines\nof notes.",
    )
    made = report(facts)
    assert (made.patient, made.captured_at, made.body_site) == (facts.patient, facts.captured_at, "knee")
    assert (made.laterality, made.notes, made.consent) == (Laterality.LEFT, facts.notes, ())


@pytest.mark.usefixtures("in_adelaide")
@pytest.mark.parametrize(
    ("noted", "written"),
    [
        (None, None),
        ("2026-11-22T10:15:00", "2026-11-22T10:15:00+10:30"),
        ("2026-06-22T10:15:00", "2026-06-22T10:15:00+09:30"),
        ("2026-11-22T10:15:00.750", "2026-11-22T10:15:00+10:30"),
        ("2026-11-22T10:15:00+00:00", "2026-11-22T10:15:00+00:00"),
        ("2026-11-22T10:15:00Z", "2026-11-22T10:15:00+00:00"),
        ("2026-11-22T10:15:00-03:30", "2026-11-22T10:15:00-03:30"),
    ],
)
def test_a_clock_without_a_zone_is_taken_as_this_computers(noted: str | None, written: str | None) -> None:
    assert with_offset(noted) == written
    assert written is None or is_time(written)


@pytest.mark.usefixtures("in_adelaide")
@pytest.mark.parametrize(
    "noted",
    [
        "", "0000:00:00 00:00:00", "2026-13-01T00:00:00", "yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59",
        "2026-11-22T10:15:00+10:00:30", "1850-01-01T00:00:00",
    ],
)  # fmt: skip
def test_what_no_report_can_say_is_left_out(noted: str) -> None:
    written = with_offset(noted)
    assert written is None or is_time(written)


def test_the_digest_of_a_part_is_a_structured_field() -> None:
    sha256 = hashlib.sha256(b"part").digest()
    assert content_digest(sha256).startswith("sha-256=:")
    assert content_digest(sha256).endswith("=:")
