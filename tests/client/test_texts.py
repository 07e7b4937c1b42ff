"""Dates, sizes and lists as people write them, outside a browser: British English, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from picsafe_client.i18n import texts

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


def test_dates_are_unambiguous() -> None:
    assert texts.date("2026-11-22T10:15:00Z") == "22 Nov 2026"
    assert texts.moment("2026-11-22T10:15:00+10:00") == "22 Nov 2026, 00:15"
    assert texts.day_and_month(NOW) == "22 November"
    assert texts.birth_date("1970-01-31") == "31 Jan 1970"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3600, "just now"),  # a sender's clock that is ahead
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86399, "23 h ago"),
        (86400, "yesterday"),
        (2 * 86400, "2 days ago"),
        (7 * 86400, "15 Nov 2026"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert texts.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "expired"),
        (0, "expired"),
        (1, "1 min left"),
        (3599, "59 min left"),
        (3600, "1 h left"),
        (86399, "23 h left"),
        (86400, "24 h left"),
        (2 * 86400, "48 h left"),
        (2 * 86400 + 1, "3 days left"),
        (6 * 86400, "6 days left"),
        (6 * 86400 + 1, "7 days left"),
        (7 * 86400, "7 days left"),
    ],
)
def test_how_long_something_is_kept(seconds: int, words: str) -> None:
    assert texts.remaining(NOW + timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (812_345, "812 kB"),
        (999_999, "1,000 kB"),
        (1_000_000, "1 MB"),
        (3_449_999, "3.4 MB"),
        (99_499_999, "99.5 MB"),
        (99_500_000, "100 MB"),
        (1_240_000_000, "1.2 GB"),
        (4_294_967_295, "4.3 GB"),
    ],
)
def test_sizes(length: int, words: str) -> None:
    assert texts.size(length) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (725, "12:05"), (3723, "1:02:03")])
def test_durations(seconds: float, words: str) -> None:
    assert texts.duration(seconds) == words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_lists(words: list[str], sentence: str) -> None:
    assert texts.join_words(words) == sentence
