"""Ends downloads that are slower than a minimum, so that nobody waits for them for days."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

from picsafe_cli.api.failures import too_slow
from picsafe_protocol.contracts.limits import KIB

BYTES_PER_SECOND: Final = 8 * KIB
"""64 kbit/s: slower than any line that carries a photo."""
WINDOW_SECONDS: Final = 120.0
"""The time over which this is looked at, so that a line may falter."""


class Pace:
    """Watches one download over all its attempts. What the caller does with the bytes does not count as waiting."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waited = 0.0
        self._arrived = 0

    @property
    def is_too_slow(self) -> bool:
        """Whether too little has arrived to go on."""
        return self._waited >= WINDOW_SECONDS and self._arrived < BYTES_PER_SECOND * WINDOW_SECONDS

    def waited(self, seconds: float) -> None:
        """Count a pause between two attempts."""
        self._waited += seconds

    async def of(self, pieces: AsyncIterator[bytes], url: str) -> AsyncGenerator[bytes, None]:
        """The same pieces, each of which comes within a time limit of its own. Raises `Unreachable` when all are too
        slow.
        """
        begun = self._clock()
        async for piece in pieces:
            self._waited += self._clock() - begun
            self._arrived += len(piece)
            if self.is_too_slow:
                raise too_slow(url)
            if self._waited >= WINDOW_SECONDS:
                self._waited, self._arrived = 0.0, 0
            yield piece
            begun = self._clock()
