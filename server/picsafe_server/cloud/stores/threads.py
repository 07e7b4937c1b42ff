"""Bounded thread pools for blocking calls of the stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
from anyio import CapacityLimiter

A = TypeVarTuple("A")
R = TypeVar("R")

QUICK_THREADS = 16
"""Reads and writes of a block: many at once, so that a slow disk or bucket does not stop everybody."""
BULK_THREADS = 6
"""Sending whole parts on: each holds one in memory."""
PROBE_THREADS = 2
"""Looking whether the store is well, also while it is not and all others wait for it."""
LONG_THREADS = 4
"""Reading back a whole package: seconds each, and enough of them to keep a disk busy."""


class Threads:
    """Thread limits of one region. A hanging store does not affect other regions, and long calls do not delay short
    ones.

    A cancelled caller waits for its thread, so nothing keeps running after it returns.
    """

    def __init__(self) -> None:
        self._quick = CapacityLimiter(QUICK_THREADS)
        self._bulk = CapacityLimiter(BULK_THREADS)
        self._probe = CapacityLimiter(PROBE_THREADS)
        self._long = CapacityLimiter(LONG_THREADS)

    async def quick(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something that takes milliseconds."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._quick)

    async def long(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something that takes seconds."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._long)

    async def bulk(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something that moves a whole part."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._bulk)

    async def probe(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something without side effects; a cancelled caller does not wait for it."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._probe, abandon_on_cancel=True)
