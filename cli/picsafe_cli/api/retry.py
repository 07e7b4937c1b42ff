"""Retry policies: how often a request is repeated, and how long the pauses are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import InternalError, ServiceError, StorageFull, Unreachable

_log = logging.getLogger("picsafe")

FIRST_PAUSE_SECONDS: Final = 0.5
"""Before the second attempt; doubled each time."""

UNEXPECTED_ATTEMPTS: Final = 3
"""Attempts at what answers, but not as it should: less is to be hoped from waiting."""

UNKNOWN_ATTEMPTS: Final = 4
"""Attempts at a server that has never answered: its address may be wrong."""


@dataclass(frozen=True)
class RetryPolicy:
    """`attempts` in a row may fail, which takes half a minute. The pauses between them grow up to `longest` seconds; a
    server may ask for pauses of up to `asked` seconds.
    """

    attempts: int = 7
    longest: float = 30.0
    asked: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def after(self, failures: int, error: ServiceError, *, answered: bool = True) -> float:
        """Wait before the next attempt; the seconds that it took. `answered` is False when the server never has.

        Raises `error` when there is to be no further one: too many failed, or trying again hardly helps.
        """
        if failures >= self._attempts(error, answered) or isinstance(error, StorageFull):
            raise error
        wanted = error.retry_after if isinstance(error.retry_after, int | float) else None
        if wanted is not None and wanted > self.asked:
            raise error
        pause = Backoff(FIRST_PAUSE_SECONDS, self.longest).pause(failures, wanted)
        if failures == SAID_AFTER or pause >= LONG_SECONDS:
            _log.warning("%s Trying again for a while; Ctrl-C stops.", error)
        await self.sleep(pause)
        return pause

    def _attempts(self, error: ServiceError, answered: bool) -> int:
        if isinstance(error, InternalError):
            return min(self.attempts, UNEXPECTED_ATTEMPTS)
        if isinstance(error, Unreachable) and not answered:
            return min(self.attempts, UNKNOWN_ATTEMPTS)
        return self.attempts


SAID_AFTER: Final = 2
"""The failure from which on a retry is announced: a single one may happen."""
LONG_SECONDS: Final = 10.0
"""A pause that is always announced."""

UPLOADING: Final = RetryPolicy(attempts=25, asked=600.0)
"""Some ten minutes: a person is watching the bar and can stop it, and what is uploaded already would be lost."""
