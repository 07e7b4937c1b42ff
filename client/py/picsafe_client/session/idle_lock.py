"""The idle lock: after some minutes without input in any tab, the page hides all patient data.

Time is measured by comparing moments, never by counting ticks: a laptop that wakes up after an hour locks at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

from picsafe_client.ui import dom

TOUCHES: Final = ("pointerdown", "keydown", "wheel", "touchstart")
CHECK_EVERY: Final = 2.0
"""Seconds between looks at the clock."""
COUNT_EVERY: Final = 1.0
"""The same while the seconds that are left are shown."""
WARN_SECONDS: Final = 60
"""Before the lock; half of the time where that is shorter."""
TELL_EVERY: Final = 10.0
"""Seconds between telling the other tabs that the person is active."""


def seconds_now() -> float:
    """Seconds on a clock that runs on while the machine sleeps, unlike the browser's monotonic one."""
    return time.time()


class IdleLock:
    """Calls `lock` when nobody has touched any tab for `limit` seconds; `tell_others` says that someone did.

    `warn` gets the seconds that are left while they are few, and None when somebody is here after all.
    """

    def __init__(
        self,
        lock: Callable[[], None],
        tell_others: Callable[[], None],
        warn: Callable[[int | None], None] = lambda _seconds: None,
        *,
        now: Callable[[], float] = seconds_now,
    ) -> None:
        self._lock = lock
        self._tell_others = tell_others
        self._warn = warn
        self._warned: int | None = None
        self._now = now
        self._touched = now()
        self._told = -math.inf
        self._pointer: tuple[float, float] | None = None
        self._limit: float | None = None
        self._stop: dom.Dispose | None = None

    def listen(self) -> None:
        """Starts watching the window; once, at the start of the app."""
        for event in TOUCHES:
            dom.on(dom.window(), event, self.touched, passive=True, capture=True)
        dom.on(dom.window(), "pointermove", self.pointed, passive=True, capture=True)
        dom.on(dom.document(), "visibilitychange", self.check)
        self._tick()

    def start(self, minutes: float) -> None:
        """From now on, so many idle minutes lock."""
        self._touched = self._now()
        self._limit = minutes * 60

    def stop(self) -> None:
        """Nothing to lock: signed out, or locked already."""
        self._limit = None
        self._count_down(None)

    def touched(self, _event: Any = None) -> None:
        """The person is here. A touch after the time has passed no longer counts: it locks."""
        self.check()
        now = self._touched = self._now()
        self._count_down(None)
        if self._limit is not None and now - self._told > TELL_EVERY:
            self._told = now
            self._tell_others()

    def pointed(self, event: Any) -> None:
        """The pointer is somewhere. WebKit says so as well when the page moves under a pointer that nobody touches."""
        pointer = (float(event.screenX), float(event.screenY))
        if pointer != self._pointer:
            self._pointer = pointer
            self.touched()

    def touched_elsewhere(self) -> None:
        """The person is active in another tab."""
        self._touched = self._now()
        self._count_down(None)

    def check(self, _event: Any = None) -> None:
        """Locks when the time is over. A clock that was set back counts as a touch, one set forward as idle time."""
        if self._limit is None:
            return
        idle = self._now() - self._touched
        if idle < 0:
            self._touched = self._now()
        elif idle >= self._limit:
            self.stop()
            self._lock()
        else:
            left = self._limit - idle
            self._count_down(math.ceil(left) if left <= min(WARN_SECONDS, self._limit / 2) else None)

    def _count_down(self, seconds: int | None) -> None:
        if seconds != self._warned:
            self._warned = seconds
            self._warn(seconds)

    def _tick(self) -> None:
        self.check()
        every = COUNT_EVERY if self._warned is not None else CHECK_EVERY
        self._stop = dom.set_timeout(self._tick, int(every * 1000))
