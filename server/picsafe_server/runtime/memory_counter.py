"""Counts events in memory, for limits on things that must not cost a write.

Each process counts separately, so several processes together allow a multiple of the limit, which is still bounded.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable

from picsafe_server.runtime.clock import Clock


class MemoryCounter:
    """Counts by subject in a window that begins with the first time and is the same for all subjects."""

    def __init__(self, clock: Clock, window_seconds: float) -> None:
        self._clock = clock
        self._window = window_seconds
        self._since = 0.0
        self._counts: Counter[Hashable] = Counter()

    def take(self, subject: Hashable, maximum: int, count: int = 1) -> int:
        """Count `count` more; 0, or the seconds until the window is over when that would be more than `maximum`."""
        now = self._clock.now().timestamp()
        if not 0 <= now - self._since < self._window:
            self._since = now
            self._counts.clear()
        if self._counts[subject] + count > maximum:
            return max(1, math.ceil(self._since + self._window - now))
        self._counts[subject] += count
        return 0
