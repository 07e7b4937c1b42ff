"""Real faults of the database: whatever breaks, no key leaves without its entry, and all goes on when it is mended."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness.key_server import Someone, UserServers, World, code, key_server
from harness.postgres import Cluster
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from picsafe_server.keys.db.models import log_leaves
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.transactions import db_writer
from picsafe_server.keys.vault.wrapping import WrappedKey
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


class Watched:
    """A key wrapper that counts what it unwraps."""

    def __init__(self, world: World) -> None:
        self.unwrapped = 0
        self._inner = world.role.services.wrapper
        world.role.services.wrapper = self

    async def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        return await self._inner.wrap(key, context)

    async def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        self.unwrapped += 1
        return await self._inner.unwrap(wrapped, context)

    def newest(self) -> int:
        return self._inner.newest()


async def in_database(world: World, work: Callable[[Connection], Any]) -> Any:
    async with world.role.services.database.writing() as session:
        return await (await session.connection()).run_sync(work)


async def count(world: World) -> int:
    return int(
        await in_database(
            world, lambda connection: connection.execute(select(func.count()).select_from(log_leaves)).scalar_one()
        )
    )


async def no_key_without_an_entry(world: World, broken: Callable[[], AbstractContextManager[None]]) -> None:
    """Ask for keys while `broken()` lasts, and afterwards."""
    ada, bo, eve = Someone("Ada"), Someone("Bo"), Someone("Eve")
    sent = await world.send(ada, bo)
    watched = Watched(world)
    entries = await count(world)
    with broken():
        answers = [
            *await asyncio.gather(*(world.open(bo, sent) for _ in range(4))),
            await world.open(eve, sent),
            await world.create(ada, "b" * 26),
            await world.create(ada, sent.report_id),
            await world.revoke(ada, sent),
        ]
    for answer in answers:
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")
        assert sent.key not in answer.text
    assert watched.unwrapped == 0
    assert await count(world) == entries
    assert (await world.open(bo, sent)).json()["key"] == sent.key
    assert watched.unwrapped == 1
    assert [entry["event"] for entry in await world.log_of(sent)] == ["created", "released"]
    await in_database(world, recompute)


@contextmanager
def statement(url: str, breaking: str, mending: str) -> Iterator[None]:
    """Something is wrong with an SQLite database while this lasts."""
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(text(breaking))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(mending))
        engine.dispose()


def raising(table: str, when: str) -> tuple[str, str]:
    return (
        f"CREATE TRIGGER broken BEFORE {when} ON {table} BEGIN SELECT RAISE(ABORT, 'the disk said no'); END",
        "DROP TRIGGER broken",
    )


SQLITE_FAULTS = {
    "a leaf cannot be inserted": raising("log_leaves", "INSERT"),
    "a person cannot be inserted": raising("log_people", "INSERT"),
    "the head cannot be moved": raising("log_head", "UPDATE"),
    "the table is gone": ("ALTER TABLE log_leaves RENAME TO away", "ALTER TABLE away RENAME TO log_leaves"),
}


@pytest.mark.parametrize(("breaking", "mending"), SQLITE_FAULTS.values(), ids=SQLITE_FAULTS.keys())
async def test_no_key_while(sqlite_world: World, sqlite_url: str, breaking: str, mending: str) -> None:
    await no_key_without_an_entry(sqlite_world, lambda: statement(sqlite_url, breaking, mending))


async def test_no_key_while_the_disk_is_full(sqlite_world: World) -> None:
    @contextmanager
    def full() -> Iterator[None]:
        own: Any = sqlite_world.role.services.appender._writer
        connection = own._connection.connection.driver_connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")
        fill(connection)
        yield
        connection.execute("PRAGMA max_page_count=1073741823")

    def fill(connection: Any) -> None:
        """Use up what is free inside the pages there are: lists of people are the longest rows."""
        long = "x" * 3000
        connection.execute("PRAGMA foreign_keys=OFF")
        rows = ((index, b"", "", "", long, "", None, None, "", "") for index in itertools.count(10**6))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            connection.executemany("INSERT INTO log_people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("PRAGMA foreign_keys=ON")

    ada, bo = Someone("Ada"), Someone("Bo")
    sent = await sqlite_world.send(ada, bo)
    watched = Watched(sqlite_world)
    with full():
        refused = 0
        for _ in range(200):  # the last free bytes of the last pages
            answer = await sqlite_world.open(bo, sent, body={"reason": "y" * 500})
            if answer.status_code == 503:
                assert code(answer) == "log_unavailable"
                refused += 1
        assert refused > 100
    assert (await sqlite_world.open(bo, sent)).status_code == 200
    released = [entry for entry in await sqlite_world.log_of(sent) if entry["event"] == "released"]
    assert len(released) == watched.unwrapped == 201 - refused


@pytest.fixture
async def postgres_world(
    postgres_url: str, keys_postgres: tuple[Cluster, str], tmp_path: Path, clock: MovableClock, users: UserServers
) -> AsyncIterator[World]:
    """A key server that signs in to PostgreSQL as somebody whose rights can be taken away."""
    engine = create_async_engine(postgres_url)
    role = f"keys_{postgres_url.rpartition('/')[2]}"
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        await connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        await connection.execute(text(f"GRANT ALL ON SCHEMA public TO {role}"))
    own = postgres_url.replace("picsafe@", f"{role}@")
    async with key_server(tmp_path, clock, users, keys_database=own) as world:
        yield world
    await engine.dispose()  # a test may have broken its connections
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP OWNED BY {role}"))
        await connection.execute(text(f"DROP ROLE {role}"))
    await engine.dispose()


@asynccontextmanager
async def as_superuser(url: str, breaking: str, mending: str) -> AsyncIterator[None]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(breaking))
    try:
        yield
    finally:
        async with engine.begin() as connection:
            await connection.execute(text(mending))
        await engine.dispose()


POSTGRES_FAULTS = {
    "the right to append is revoked": (
        "REVOKE INSERT ON log_leaves FROM {role}",
        "GRANT INSERT ON log_leaves TO {role}",
    ),
    "the right to move the head is revoked": (
        "REVOKE UPDATE ON log_head FROM {role}",
        "GRANT UPDATE ON log_head TO {role}",
    ),
    "the right to read keys is revoked": (
        "REVOKE SELECT ON report_keys FROM {role}",
        "GRANT SELECT ON report_keys TO {role}",
    ),
    "the database takes no writes": (
        "ALTER ROLE {role} SET default_transaction_read_only = on",
        "ALTER ROLE {role} RESET default_transaction_read_only",
    ),
}


@pytest.mark.postgres
@pytest.mark.parametrize(("breaking", "mending"), POSTGRES_FAULTS.values(), ids=POSTGRES_FAULTS.keys())
async def test_no_key_on_postgresql_while(
    postgres_world: World, postgres_url: str, breaking: str, mending: str
) -> None:
    role = f"keys_{postgres_url.rpartition('/')[2]}"
    ada, bo = Someone("Ada"), Someone("Bo")
    sent = await postgres_world.send(ada, bo)
    watched = Watched(postgres_world)
    async with as_superuser(postgres_url, breaking.format(role=role), mending.format(role=role)):
        await postgres_world.role.services.database.engine.dispose()  # rights of a role count for new connections
        for answer in (await postgres_world.open(bo, sent), await postgres_world.revoke(ada, sent)):
            assert (answer.status_code, code(answer)) == (503, "log_unavailable")
    assert watched.unwrapped == 0
    await postgres_world.role.services.database.engine.dispose()
    assert (await postgres_world.open(bo, sent)).json()["key"] == sent.key
    assert [entry["event"] for entry in await postgres_world.log_of(sent)] == ["created", "released"]


@pytest.mark.postgres
async def test_a_lost_connection_costs_one_answer_at_most(
    postgres_world: World, postgres_url: str, ada: Someone, bo: Someone
) -> None:
    sent = await postgres_world.send(ada, bo)
    engine = create_async_engine(postgres_url)
    async with engine.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await connection.execute(text(others))
    await engine.dispose()
    answers = [await postgres_world.open(bo, sent) for _ in range(3)]
    assert [answer.status_code for answer in answers][1:] == [200, 200]


async def test_no_key_while_somebody_else_holds_the_lock(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = Someone("Ada"), Someone("Bo")
    sent = await world.send(ada, bo)
    monkeypatch.setattr(db_writer, "WAIT_SECONDS", 0.2)  # only now: a busy machine may take longer for the rest
    lock = "BEGIN IMMEDIATE" if database_url.startswith("sqlite") else "LOCK TABLE log_head"
    engine = create_async_engine(database_url, isolation_level="AUTOCOMMIT" if "IMMEDIATE" in lock else None)
    async with engine.connect() as connection:
        await connection.exec_driver_sql(lock)
        answer = await world.open(bo, sent)
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")
        await connection.exec_driver_sql("ROLLBACK") if "IMMEDIATE" in lock else await connection.rollback()
    await engine.dispose()
    monkeypatch.undo()
    assert (await world.open(bo, sent)).json()["key"] == sent.key


async def test_a_short_wait_for_another_writer_is_no_fault(sqlite_world: World, sqlite_url: str, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    other = sqlite3.connect(sqlite_url.partition(":///")[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asked = asyncio.create_task(sqlite_world.open(ada, sent))
    while not sqlite_world.role.services.appender._writer._free.locked():  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    assert (await asked).status_code == 200


async def test_a_master_key_that_is_missing_gives_no_key_and_says_so(
    sqlite_world: World, tmp_path: Path, ada: Someone
) -> None:
    sent = await sqlite_world.send(ada)
    path = tmp_path / "keys" / "master.keys"
    path.write_text(path.read_text().replace("\n1 ", "\n2 "))
    sqlite_world.role.services.wrapper.newest()
    answer = await sqlite_world.open(ada, sent)
    assert (answer.status_code, code(answer)) == (503, "service")
    assert sent.key not in answer.text


TAMPERING = {
    "another recipient": "UPDATE report_keys SET access = CAST(replace(access, 'Bo', 'Ev') AS BLOB)",
    "a longer life": "UPDATE report_keys SET until = until + 1000",
    "another report": "UPDATE report_keys SET report_id = CASE substr(report_id, 1, 1) WHEN 'b' THEN 'c' ELSE 'b' END || substr(report_id, 2)",
    "another user server": "UPDATE report_keys SET issuer = 'https://hospital.test/users'",
    "a damaged key": "UPDATE report_keys SET wrapped = substr(wrapped, 1, 20) || x'00' || substr(wrapped, 22)",
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING.keys())
async def test_a_key_whose_row_was_changed_in_the_database_does_not_unwrap(
    sqlite_world: World, ada: Someone, change: str
) -> None:
    eve, bo = Someone("Eve", id="Ev" + "x" * 24), Someone("Bo", id="Bo" + "x" * 24)
    sent = await sqlite_world.send(ada, bo)
    await in_database(sqlite_world, lambda connection: connection.exec_driver_sql(change))
    report_id = await in_database(
        sqlite_world, lambda c: c.exec_driver_sql("SELECT report_id FROM report_keys").scalar_one()
    )
    for who in (eve, bo, Someone("Bo", issuer="https://hospital.test/users", id=bo.id)):
        answer = await sqlite_world.open(who, sent, report_id=report_id)
        assert answer.status_code in {403, 503}
        assert sent.key not in answer.text


async def test_one_that_the_database_does_not_take_does_not_fail_the_others(
    sqlite_world: World, sqlite_url: str, ada: Someone, bo: Someone
) -> None:
    sent = await sqlite_world.send(ada, bo)
    when = "INSERT ON log_people WHEN NEW.reason = 'poison'"
    with statement(
        sqlite_url, f"CREATE TRIGGER broken BEFORE {when} BEGIN SELECT RAISE(ABORT, 'no'); END", "DROP TRIGGER broken"
    ):
        reasons = ["", "", "poison", "", ""]
        asked = (sqlite_world.open(bo, sent, body={"reason": reason}) for reason in reasons)
        answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [200, 200, 503, 200, 200]
    assert len(await sqlite_world.log_of(sent)) == 5
