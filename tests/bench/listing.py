"""Listing an inbox among a million reports, against one among a thousand: through the application, on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ratios import Ratio
from harness.user_server import Caller, running_world

from picsafe_protocol.contracts.identifiers import new_identifier

FEW, MANY = 1_000, 1_000_000
ROUNDS, REQUESTS = 12, 30
BUDGET = 1.3


def run() -> list[Ratio]:
    """The time of a page, for the newest page of each box and for polling in the middle."""
    return asyncio.run(_measured())


async def _measured() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few", Path(folder) / "many"
        async with running_world(few) as small, running_world(many) as large:
            best: dict[tuple[str, int], float] = {}
            callers = {}
            for world, count in ((small, FEW), (large, MANY)):
                ada, bo = await world.person("Ada"), await world.person("Bo")
                path = world.settings.database("users").partition(":///")[2]
                await asyncio.to_thread(_fill, path, ada.id, bo.id, count)
                callers[count] = {
                    "inbox, newest page": (bo, "/v1/reports", {}),
                    "sent, newest page": (ada, "/v1/reports", {"box": "sent"}),
                    "polling, from the middle": (bo, "/v1/reports/new", {"after": str(count // 2)}),
                }
            for _ in range(ROUNDS):  # in turns, so that the machine's moods meet both
                for count, requests in callers.items():
                    for name, (caller, url, parameters) in requests.items():
                        took = await _median(caller, url, parameters)
                        best[name, count] = min(took, best.get((name, count), took))
            return [_ratio(name, best[name, MANY], best[name, FEW]) for name in callers[FEW]]


def _ratio(name: str, many: float, few: float) -> Ratio:
    return Ratio(f"{name}: a million / a thousand reports", many, few, many / few, BUDGET, "ms", is_ceiling=True)


async def _median(caller: Caller, url: str, parameters: dict[str, str]) -> float:
    """Milliseconds of a page of 50."""
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        answer = await caller.get(url, limit=50, **parameters)
        times.append((time.perf_counter() - started) * 1000)
        assert len(answer.json()["reports"]) == 50
    return statistics.median(times)


def _fill(path: str, sender: str, recipient: str, count: int) -> None:
    """Reports of one sender to one recipient, as if `count` had become available one after the other."""
    now = datetime.now(UTC).replace(tzinfo=None)
    created, expires = str(now), str(now + timedelta(days=7))
    with sqlite3.connect(path, timeout=60) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-500000")
        for start in range(0, count, 50_000):
            numbers = range(start + 1, min(start + 50_000, count) + 1)
            ids = [new_identifier() for _ in numbers]
            database.executemany(
                "INSERT INTO reports (id, sender_id, region, state, created_at, expires_at, available_at, size, sha256)"
                " VALUES (?, ?, 'au', 'available', ?, ?, ?, 1, ?)",
                [(id_, sender, created, expires, created, "0" * 64) for id_ in ids],
            )
            database.executemany(
                "INSERT INTO report_recipients (report_id, account_id, position) VALUES (?, ?, 0)",
                [(id_, recipient) for id_ in ids],
            )
            for audience in (f"inbox:{recipient}", f"sent:{sender}"):
                database.executemany(
                    "INSERT INTO listings (audience, sequence, report_id) VALUES (?, ?, ?)",
                    [(audience, number, id_) for number, id_ in zip(numbers, ids, strict=True)],
                )
            database.commit()
        database.execute("UPDATE changes SET last = ?", (count,))
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
