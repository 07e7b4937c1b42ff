"""How often something is tried again, and how long the pauses are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from picsafe_protocol.errors import ServiceError, StorageFull, TooManyRequests, Unexpected

FIRST_PAUSE_SECONDS: Final = 0.5
"""Before the second attempt; doubled each time."""


ODD_ATTEMPTS: Final = 3
"""Attempts at what answers, but not as it should: less is to be hoped from waiting."""


@dataclass(frozen=True)
class Patience:
    """`attempts` in a row may fail; the pauses between them grow up to `longest` seconds."""

    attempts: int = 5
    longest: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def after(self, failures: int, error: ServiceError) -> None:
        """Wait before the next attempt. Raises `error` when there is to be none: too many failed, or trying again hardly helps."""
        attempts = min(self.attempts, ODD_ATTEMPTS) if isinstance(error, Unexpected) else self.attempts
        if failures >= attempts or isinstance(error, StorageFull):
            raise error
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), self.longest)
        if isinstance(error, TooManyRequests):
            wanted = error.retry_after or 0
            if not isinstance(wanted, int | float) or wanted > self.longest:
                raise error
            pause = max(pause, wanted)
        await self.sleep(pause)


UPLOADING: Final = Patience(attempts=25)
"""Some ten minutes: a person is watching the bar and can stop it, and what is uploaded already would be lost."""
