"""The idle lock, on a clock that tests move."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from picsafe_client.session.idle_lock import TELL_EVERY, IdleLock


class Watch:
    """A lock, its clock, and what it did."""

    def __init__(self, minutes: float = 10) -> None:
        self.now = 1_000_000.0
        self.locked = 0
        self.told = 0
        self.shown: list[int | None] = []
        self.lock = IdleLock(self._lock, self._tell, self.shown.append, now=lambda: self.now)
        self.lock.start(minutes)

    def _lock(self) -> None:
        self.locked += 1

    def _tell(self) -> None:
        self.told += 1

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.lock.check()


@pytest.mark.parametrize(("seconds", "locked"), [(599, 0), (600, 1), (86_400, 1)])
def test_it_locks_when_the_time_is_over(seconds: float, locked: int) -> None:
    watch = Watch()
    watch.wait(seconds)
    assert watch.locked == locked


def test_a_touch_restarts_the_time() -> None:
    watch = Watch()
    watch.wait(599)
    watch.lock.touched()
    watch.wait(599)
    assert watch.locked == 0
    watch.wait(1)
    assert watch.locked == 1


@pytest.mark.parametrize(("x", "locked"), [(5, 0), (3, 1)], ids=["it moves", "the page moves beneath it"])
def test_a_pointer_is_a_touch_only_when_it_is_elsewhere(x: float, locked: int) -> None:
    watch = Watch()
    for at in (3, x):
        watch.lock.pointed(SimpleNamespace(screenX=at, screenY=4))
        watch.wait(599)
    assert watch.locked == locked


def test_a_touch_in_another_tab_counts() -> None:
    watch = Watch()
    watch.wait(599)
    watch.lock.touched_elsewhere()
    watch.wait(599)
    assert watch.locked == 0


def test_a_touch_after_the_time_is_over_locks_instead_of_saving_the_page() -> None:
    watch = Watch()
    watch.now += 3600  # the lid was closed: nothing looked at the clock
    watch.lock.touched()
    assert watch.locked == 1


def test_a_shorter_setting_of_the_institution_holds() -> None:
    watch = Watch(minutes=1)
    watch.wait(60)
    assert watch.locked == 1


def test_the_last_minute_is_counted_down() -> None:
    watch = Watch()
    watch.wait(539)
    assert watch.shown == []
    watch.wait(1)
    watch.wait(49.5)
    assert watch.shown == [60, 11]
    watch.wait(11)
    assert watch.shown == [60, 11, None]
    assert watch.locked == 1


@pytest.mark.parametrize("touch", ["touched", "touched_elsewhere", "stop"])
def test_anybody_who_is_here_ends_the_countdown(touch: str) -> None:
    watch = Watch()
    watch.wait(550)
    getattr(watch.lock, touch)()
    assert watch.shown == [50, None]
    watch.lock.check()
    assert watch.shown == [50, None], "it is said once"


def test_of_a_short_time_half_is_counted_down() -> None:
    watch = Watch(minutes=1)
    watch.wait(29)
    assert watch.shown == []
    watch.wait(1)
    assert watch.shown == [30]


def test_it_locks_once() -> None:
    watch = Watch()
    watch.wait(600)
    watch.wait(600)
    watch.lock.touched()
    assert watch.locked == 1


def test_it_does_not_lock_what_is_locked_or_signed_out() -> None:
    watch = Watch()
    watch.lock.stop()
    watch.wait(86_400)
    assert watch.locked == 0


def test_a_clock_that_is_set_back_neither_locks_nor_prevents_locking() -> None:
    watch = Watch()
    watch.wait(-7200)
    assert watch.locked == 0
    watch.wait(600)
    assert watch.locked == 1


def test_activity_is_passed_to_other_tabs_from_time_to_time() -> None:
    watch = Watch()
    for _ in range(100):
        watch.lock.touched()
    assert watch.told == 1
    watch.now += TELL_EVERY + 1
    watch.lock.touched()
    assert watch.told == 2
