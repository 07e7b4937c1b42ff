"""Runs scheduled steps of every role, each repeatedly in a task of its own and with a deadline.

A step that hangs or fails does not affect the others. The time at which each last finished is recorded, and `late`
reports when that is too long ago: reports that should be deleted may then still be stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from picsafe_server.runtime.clock import Clock

SWEEP_SECONDS = 30
"""Between two rounds of a step. Expiry itself does not wait for it: opening compares with the clock."""
STEP_SECONDS = 120
"""A round's deadline. What it did by then stays done, and the next round goes on."""
LATE_SECONDS = 300
"""How long after a step should have finished it counts as late: several rounds, so that one bad minute alarms
nobody.
"""

_log = logging.getLogger("picsafe.sweep")


@dataclass(frozen=True)
class Step:
    """A scheduled action of a role. Safe to run at any time and in several processes."""

    name: str
    run: Callable[[], Awaitable[int]]
    """How much was done."""
    seconds: float = STEP_SECONDS
    region: str = ""
    """Of a cloud: each region has steps of its own."""

    @property
    def title(self) -> str:
        """The name for people."""
        return f"{self.name} ({self.region})" if self.region else self.name


async def run_once(steps: Iterable[Step]) -> Mapping[str, int]:
    """Run each step once, one after the other; counts of what was done, by name. What fails is logged and left for the
    next time.
    """
    done: Counter[str] = Counter()
    for step in steps:
        try:
            done[step.name] += await step.run()
        except Exception as error:  # noqa: BLE001 one step's trouble must not stop the others
            _log.error("%s failed", step.title, exc_info=error)
    return done


@dataclass
class Watched:
    """A step of a role, and when it was last finished."""

    role: str
    step: Step
    finished_at: datetime | None = None
    _since: float = field(default_factory=time.monotonic)

    @property
    def is_late(self) -> bool:
        """Whether it should have finished by now."""
        return time.monotonic() - self._since > SWEEP_SECONDS + self.step.seconds + LATE_SECONDS

    def finish(self, now: datetime) -> None:
        """It came to its end."""
        self.finished_at, self._since = now, time.monotonic()


class Sweeper:
    """Runs the steps of all roles of a process, for as long as it is entered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.watched: list[Watched] = []

    @contextlib.asynccontextmanager
    async def running(self, steps: Mapping[str, Iterable[Step]]) -> AsyncIterator[None]:
        """Sweep with `steps`, by role, until the block ends."""
        self.watched = [Watched(role, step) for role, ours in steps.items() for step in ours]
        tasks = [asyncio.create_task(self._sweep_on(each)) for each in self.watched]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def late(self, role: str) -> list[str]:
        """What of a role's sweeping should have finished by now."""
        return [each.step.title for each in self.watched if each.role == role and each.is_late]

    async def _sweep_on(self, watched: Watched) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep(watched)

    async def sweep(self, watched: Watched) -> None:
        """One round of one step. Never raises: what goes wrong is logged."""
        step = watched.step
        try:
            async with asyncio.timeout(step.seconds):
                done = await step.run()
        except TimeoutError:
            _log.error(
                "%s: %s took more than %.0f s; goes on in the next round", watched.role, step.title, step.seconds
            )
        except Exception as error:  # noqa: BLE001 nor the next round
            _log.error("%s: %s failed", watched.role, step.title, exc_info=error)
        else:
            watched.finish(self._clock.now())
            if done:
                _log.info("%s: %s: %d", watched.role, step.title, done)
