"""A change that two thousand live inboxes see: how long until each of them has it, on PostgreSQL, within one process.

The reference is the way it was until November 2026, in the same run: every listener is woken and reads for itself.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.ratios import Ratio
from harness.password_cost import CHEAP, passwords_cost
from harness.postgres import cluster
from harness.user_server import Caller, World, running_world

from picsafe_server.users.events.change_reader import News
from picsafe_server.users.events.notifier import Listener
from picsafe_server.users.principal import Principal

LISTENERS = 2000
PEOPLE = 100
"""Each with twenty streams: what makes a listener is its stream, not who it is of."""
ROUNDS = 3
BUDGET = 0.2


def run() -> list[Ratio]:
    """Milliseconds at the median and at the 99th percentile, against every listener reading for itself."""
    with passwords_cost(CHEAP), cluster() as running, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(running.url(running.create_database()), Path(folder)))


async def _measured(url: str, folder: Path) -> list[Ratio]:
    async with running_world(folder, url) as world:
        pool: Any = world.users.services.database.engine.sync_engine.pool
        pool._timeout = 600  # in the old way streams died of it; here they are to be measured
        await world.institution("Open", members_may_open="members")
        ada, bo = await world.person("Ada"), await world.person("Bo", institution="Open")
        people = [await world.person(f"N{number}", institution="Open") for number in range(PEOPLE)]
        callers = [await world.users.services.sessions.authenticate(each.token) for each in people]
        together = await _rounds(world, callers, ada, bo)
        handed = Listener.hand
        setattr(Listener, "hand", _read_for_yourself)  # noqa: B010 the old way, in place of the new one
        alone = await _rounds(world, callers, ada, bo)
        setattr(Listener, "hand", handed)  # noqa: B010
    name = f"{LISTENERS} live inboxes told of one change: read once / by each"
    return [
        Ratio(f"{name}, median", together[49], alone[49], together[49] / alone[49], BUDGET, "ms", is_ceiling=True),
        Ratio(f"{name}, p99", together[98], alone[98], together[98] / alone[98], BUDGET, "ms", is_ceiling=True),
    ]


def _read_for_yourself(self: Listener, news: News) -> None:
    self.must_read()


async def _rounds(world: World, callers: list[Principal], sender: Caller, recipient: Caller) -> list[float]:
    """The percentiles of the middle round, from the commit that makes a report available to each listener's bytes."""
    streams = world.users.services.streams
    open_ones: list[AsyncIterator[bytes]] = [streams.of(callers[number % PEOPLE], None) for number in range(LISTENERS)]
    for start in range(0, LISTENERS, PEOPLE):  # connecting all at once is another matter
        await asyncio.gather(*(anext(stream) for stream in open_ones[start : start + PEOPLE]))
    found = []
    for _ in range(ROUNDS):
        waiting = [asyncio.create_task(_told(stream)) for stream in open_ones]
        await asyncio.sleep(3)  # until all have read what there was, and wait
        draft = await world.draft(sender, recipient)
        started = time.perf_counter()
        await world.deliver(sender, draft)
        moments = await asyncio.gather(*waiting)
        found.append([(moment - started) * 1000 for moment in moments])
    for stream in open_ones:
        await stream.aclose()  # type: ignore[attr-defined]
    middle = sorted(found, key=max)[ROUNDS // 2]
    return statistics.quantiles(middle, n=100)


async def _told(stream: AsyncIterator[bytes]) -> float:
    while b"event: report" not in await anext(stream):
        pass
    return time.perf_counter()
