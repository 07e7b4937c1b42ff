"""Ranges of bytes, each from its start up to, not including, its stop."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Range", "merged", "within", "without"]

Range = tuple[int, int]


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same bytes as ranges in order that neither overlap nor touch."""
    found: list[Range] = []
    for start, stop in sorted(ranges):
        if start >= stop:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def without(ranges: list[Range], holes: list[Range]) -> list[Range]:
    """What is in `ranges` but not in `holes`; both in order, without overlaps."""
    found: list[Range] = []
    first = 0
    for start, stop in ranges:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        position = start
        for low, high in _from(holes, first, stop):
            if position < low:
                found.append((position, low))
            position = max(position, high)
        if position < stop:
            found.append((position, stop))
    return found


def within(ranges: list[Range], start: int, stop: int) -> list[Range]:
    """The parts of `ranges` between `start` and `stop`."""
    return [(max(low, start), min(high, stop)) for low, high in ranges if low < stop and high > start]


def _from(ranges: list[Range], first: int, stop: int) -> Iterable[Range]:
    for index in range(first, len(ranges)):
        if ranges[index][0] >= stop:
            return
        yield ranges[index]
