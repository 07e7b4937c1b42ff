"""Skips servers that are down for the rest of a round, so that they do not delay the reports of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from picsafe_protocol.contracts.errors import ServiceError, StorageFull, Unreachable

FAILURES_IN_A_ROW: Final = 2
"""After so many, the trouble is not one report's."""


class CircuitBreaker:
    """Counts the failures of each server, named by its base URL."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    @contextmanager
    def asking(self, server: str) -> Iterator[None]:
        """Surrounds a request to a server. Raises `Unreachable` at once when the server is known to be down."""
        if self._failures[server] >= FAILURES_IN_A_ROW:
            raise Unreachable(f"{server} did not answer for other reports.")
        try:
            yield
        except StorageFull:  # there is too little room for this report; the next one may be smaller
            raise
        except ServiceError:
            self._failures[server] += 1
            raise
        self._failures[server] = 0
