"""Looking at a log that is being written to: a healthy one is never called damaged, at start nor by `check-log`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from harness.key_server import Someone, UserServers, World, key_server
from sqlalchemy import Connection, select, update

from picsafe_protocol.contracts.errors import Conflict
from picsafe_server.keys.commands import check_log
from picsafe_server.keys.db.models import log_head, log_leaves
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.inspection import LooksDiffer, inspect
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.keys.log.tree import Head
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def being_written_to(world: World) -> AsyncIterator[None]:
    """Somebody opens a report all the time meanwhile."""
    bo = Someone("Bo")
    sent = await world.send(Someone("Ada"), bo)

    async def open_on_and_on() -> None:
        while True:
            assert (await world.open(bo, sent)).status_code == 200

    openers = [asyncio.create_task(open_on_and_on()) for _ in range(3)]
    try:
        yield
    finally:
        for opener in openers:
            opener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await opener


async def test_a_log_that_grows_between_two_statements_is_whole(world: World) -> None:
    """The start check reads the head and then the newest entry; here an entry comes exactly in between."""
    bo = Someone("Bo")
    sent = await world.send(Someone("Ada"), bo)

    async with world.role.services.database.snapshot() as connection:
        head = await connection.run_sync(log.read_head)
        assert (await world.open(bo, sent)).status_code == 200
        assert await connection.run_sync(log.check) == head
        assert await connection.run_sync(recompute) == head
    assert (await inspect(world.role.services.database, log.check)).size == head.size + 1


@pytest.mark.postgres
async def test_a_server_starts_and_the_log_is_checked_while_another_writes(
    postgres_url: str, tmp_path: Path, clock: MovableClock, users: UserServers, caplog: pytest.LogCaptureFixture
) -> None:
    async with key_server(tmp_path, clock, users, keys_database=postgres_url) as writing, being_written_to(writing):
        for _ in range(5):
            assert (await check_log(writing.role.services.database, writing.role.largest_head)).startswith(
                "The access log is whole: "
            )
            async with key_server(tmp_path, clock, users, keys_database=postgres_url) as starting:
                assert (await starting.get("/ready", None)).status_code == 200
    assert "seems to be damaged" not in caplog.text


def _looks(*findings: str | None) -> Callable[[Connection], Head]:
    left = list(findings)

    def look(connection: Connection) -> Head:
        finding = left.pop(0)
        if finding is not None:
            raise LogDamaged(finding)
        return log.read_head(connection)

    return look


async def test_damage_is_believed_when_two_looks_agree(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    database = sqlite_world.role.services.database
    assert (await inspect(database, _looks("a fault", None))).size == 0
    with pytest.raises(LooksDiffer, match="first: a fault; then: another"):
        await inspect(database, _looks("a fault", "another"))
    with pytest.raises(LogDamaged, match=r"^a fault$"):
        await inspect(database, _looks("a fault", "a fault"))


async def test_check_log_advises_to_restore_nothing_before_two_looks_agree(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sqlite_world.send(Someone("Ada"))
    database = sqlite_world.role.services.database
    with monkeypatch.context() as doubt:
        doubt.setattr("picsafe_server.keys.log.audit.recompute", _looks("one thing", "another thing"))
        with pytest.raises(Conflict, match="different faults") as doubtful:
            await check_log(database, sqlite_world.role.largest_head)
        assert "backup" not in str(doubtful.value.advice)
    async with database.writing() as session:
        size = log_head.c.size + 1
        await session.execute(update(log_head).values(size=size))
    with pytest.raises(Conflict, match="damaged, as two checks agree") as damaged:
        await check_log(database, sqlite_world.role.largest_head)
    assert "keep a copy of the database as it is" in damaged.value.advice
    async with database.reading() as session:
        assert (await session.scalars(select(log_leaves.c.entry_index))).all() == [0]
