"""The server's time. A computer's own clock may be minutes or days off, and must not date a report."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

WARN_FROM: Final = timedelta(minutes=2)
"""A difference that is worth a word: more than a slow network explains."""

_log = logging.getLogger("picsafe.clock")


class ServerClock:
    """This computer's clock, corrected by what the user server says; uncorrected until it has said something."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self._warned = False

    def learn(self, server_time: datetime) -> None:
        """Remember how far this computer's clock is from `server_time`, which has just arrived; warn once when it is
        far.
        """
        self.offset = server_time - datetime.now(UTC)
        if abs(self.offset) >= WARN_FROM and not self._warned:
            self._warned = True
            direction = "behind" if self.offset > timedelta(0) else "ahead of"
            _log.warning(
                "The clock of this computer is %s %s the server's. Reports are dated by the server's; set the clock.",
                readable(abs(self.offset)),
                direction,
            )

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC) + self.offset


def readable(length: timedelta) -> str:
    """`3 days`, `5 hours`, `12 minutes`: the largest unit that is at least one."""
    minutes = round(length.total_seconds() / 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            count = round(minutes / size)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"
