"""The bounded pool in which blocking calls of the stores run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
from anyio import CapacityLimiter

A = TypeVarTuple("A")
R = TypeVar("R")

QUICK_THREADS = 16
"""Reads and writes of a block: many at once, so that a slow disk or bucket does not stop everybody."""
LONG_THREADS = 4
"""Reading back a whole package: seconds each, and enough of them to keep a disk busy."""


class Threads:
    """Two limits, so that long work never keeps the quick from running. A cancelled caller waits for its thread: nothing runs on behind its back."""

    def __init__(self) -> None:
        self._quick = CapacityLimiter(QUICK_THREADS)
        self._long = CapacityLimiter(LONG_THREADS)

    async def quick(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something that takes milliseconds."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._quick)

    async def long(self, function: Callable[[*A], R], *arguments: *A) -> R:
        """Run something that takes seconds."""
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._long)
