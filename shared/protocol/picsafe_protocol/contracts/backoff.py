"""How long to wait before something is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Backoff"]

_DOUBLINGS: Final = 32
"""More would overflow before the longest pause cuts them off."""


@dataclass(frozen=True)
class Backoff:
    """Pauses in seconds: `first` after the first failure, twice as long after each further one, `longest` at most."""

    first: float
    longest: float

    def pause(self, failures: int, wanted: float | None = None) -> float:
        """The pause after `failures` in a row (from 1); never shorter than what a server asks for (`Retry-After`)."""
        return max(min(self.first * 2.0 ** min(failures - 1, _DOUBLINGS), self.longest), wanted or 0.0)
