"""From one report to the next, in the order of the list it was opened from."""

from __future__ import annotations

from picsafe_client.session.reading_list import ReadingList

LIST = ReadingList("inbox", ["a", "b", "c", "d"])


def test_the_neighbours_are_those_of_the_list() -> None:
    assert LIST.neighbour("b", 1, lambda _: True) == "c"
    assert LIST.neighbour("b", -1, lambda _: True) == "a"
    assert LIST.neighbour("a", -1, lambda _: True) is None
    assert LIST.neighbour("d", 1, lambda _: True) is None


def test_reports_that_cannot_be_opened_are_skipped() -> None:
    assert LIST.neighbour("a", 1, lambda each: each == "d") == "d"
    assert LIST.neighbour("d", -1, lambda each: each == "a") == "a"
    assert LIST.neighbour("a", 1, lambda _: False) is None


def test_a_report_from_elsewhere_has_no_neighbours() -> None:
    assert LIST.place("x") is None
    assert LIST.neighbour("x", 1, lambda _: True) is None
