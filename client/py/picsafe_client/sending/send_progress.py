"""How far a report is on its way, in bytes, and how long the rest takes."""

from __future__ import annotations

import time
from typing import Final

MEANINGFUL_SECONDS: Final = 1.5
"""A speed that was measured for a shorter time says nothing."""


class SendProgress:
    """Bytes `done` of `total`."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self._since, self._before = time.monotonic(), 0

    def begin(self, total: int) -> None:
        """Counts to `total`, from nothing."""
        self.done, self.total = 0, total
        self.measure_again()

    def add(self, count: int) -> None:
        """So many bytes more; negative for what has to be done again."""
        self.done += count

    def measure_again(self) -> None:
        """After a pause: the speed before it says nothing about what comes."""
        self._since, self._before = time.monotonic(), self.done

    @property
    def seconds_left(self) -> float | None:
        """By the speed so far; None when that says nothing yet."""
        passed, gone = time.monotonic() - self._since, self.done - self._before
        if passed < MEANINGFUL_SECONDS or gone <= 0:
            return None
        return passed / gone * (self.total - self.done)
