"""Watching a value: in order, and undisturbed by watchers that stop."""

from __future__ import annotations

from collections.abc import Callable

from picsafe_client.observable import Observable


def test_watchers_are_called_in_order_until_they_stop() -> None:
    values: Observable[int] = Observable()
    seen: list[tuple[str, int]] = []
    stop = values.watch(lambda value: seen.append(("first", value)))
    values.watch(lambda value: seen.append(("second", value)))
    values.notify(1)
    stop()
    stop()  # again does no harm
    values.notify(2)
    assert seen == [("first", 1), ("second", 1), ("second", 2)]
    assert values.is_watched


def test_a_watcher_that_stops_while_it_is_called_disturbs_no_other() -> None:
    values: Observable[int] = Observable()
    seen: list[int] = []
    stops: list[Callable[[], None]] = []
    stops.append(values.watch(lambda _value: stops[0]()))
    values.watch(seen.append)
    values.notify(1)
    values.notify(2)
    assert seen == [1, 2]
