"""What a measurement is: a number, its reference from the same run, and the budget of their ratio."""

from __future__ import annotations

from typing import NamedTuple


class Ratio(NamedTuple):
    """A measurement against its reference, both in `unit`."""

    name: str
    measured: float
    reference: float
    ratio: float
    budget: float | None
    """What the ratio has to reach; None for one that is only told."""
    unit: str
    is_ceiling: bool = False
    """Whether the budget is the most that is allowed (times) or the least (speeds)."""

    @property
    def is_met(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.ratio <= self.budget if self.is_ceiling else self.ratio >= self.budget
