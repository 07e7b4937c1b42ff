"""Times as the format writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from harness.report_strategies import moments, offset_times
from hypothesis import given

from picsafe_protocol.json.timestamps import is_date, is_time, is_utc_time, parse_time, utc_text


def test_a_moment_is_written_in_utc_to_the_second() -> None:
    sydney = timezone(timedelta(hours=10))
    assert utc_text(datetime(2026, 11, 22, 10, 15, 0, 999_999, sydney)) == "2026-11-22T00:15:00Z"
    assert parse_time("2026-11-22T10:15:00+10:00") == datetime(2026, 11, 22, 0, 15, tzinfo=UTC)


def test_a_moment_without_an_offset_is_none() -> None:
    with pytest.raises(ValueError, match="offset"):
        utc_text(datetime(2026, 11, 22))  # noqa: DTZ001 that is the point


@given(moments)
def test_every_moment_round_trips(moment: datetime) -> None:
    assert parse_time(utc_text(moment)) == moment.replace(microsecond=0)


@given(offset_times)
def test_every_offset_is_read(text: str) -> None:
    assert is_time(text)


@pytest.mark.parametrize("text", ["2026-11-22T10:15:00Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_times_in_utc(text: str) -> None:
    assert is_utc_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T10:15Z",
        "2026-11-22T10:15:00",
        "2026-11-22 10:15:00Z",
        "2026-11-22t10:15:00z",
        "2026-11-22T10:15:00.000Z",
        "2026-11-22T10:15:60Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-02-29T10:15:00Z",
        "2026-00-22T10:15:00Z",
        "2026-11-31T10:15:00Z",
        "0000-01-01T00:00:00Z",
        "20261122T101500Z",
        "2026-W47-7T10:15:00Z",
        "2026-11-22T10:15:00+1000",
        "2026-11-22T10:15:00+24:00",
        "2026-11-22T10:15:00+10:60",
        "2026-11-22T10:15:00Z ",
        "2026-11-22T10:15:00Z\n",
        "٢٠٢٦-11-22T10:15:00Z",
        "tomorrow",
    ],
)
def test_not_a_time(text: str) -> None:
    assert not is_time(text)
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1970-01-31", True),
        ("2024-02-29", True),
        ("2026-02-29", False),
        ("1970-1-31", False),
        ("19700131", False),
        ("1970-01-31T00:00:00", False),
        ("1970-W01-1", False),
        ("31/01/1970", False),
        ("1970-01-31\n", False),
        ("0000-01-01", False),
        ("", False),
    ],
)
def test_days(text: str, good: bool) -> None:
    assert is_date(text) is good
