"""Entries of version 1 stay as they are: a log that was begun before version 2 goes on with both in one tree."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import alembic.command
import alembic.config
import pytest
from harness.key_server import Someone, UserServers, key_server
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.crypto.merkle import leaf_hash
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.entries import statement_commitment, statement_text
from picsafe_server.keys.role import MIGRATIONS
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.runtime.database import WRITES, prepare_sqlite

pytestmark = pytest.mark.anyio

KEY, REPORT, SALT = "k" * 26, "r" * 26, b"s" * 32
VERSION_1 = (
    b'{"event":"destroyed","key_id":"' + KEY.encode() + b'","person":null,"report_id":"' + REPORT.encode() + b'",'
    b'"result":null,"time":"2026-11-22T10:15:00.000Z","v":1}'
)


def _as_it_was_before(connection: Connection) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "0001")
    commitment = statement_commitment(SALT, VERSION_1)
    connection.exec_driver_sql(
        "INSERT INTO log_leaves (entry_index, commitment, salt, time, event, report_id, key_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (0, commitment, SALT, 1795342500000, "destroyed", REPORT, KEY),
    )
    connection.exec_driver_sql("UPDATE log_head SET size = 1, frontier = ?", (leaf_hash(commitment),))


@pytest.fixture
def older_log(tmp_path: Path) -> str:
    """The URL of a database as the release before version 2 left it, with one entry."""
    path = tmp_path / "older.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    prepare_sqlite(engine)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        _as_it_was_before(connection)
    engine.dispose()
    return f"sqlite+aiosqlite:///{path}"


async def test_an_older_log_goes_on_in_one_tree(
    older_log: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    async with key_server(tmp_path, clock, users, keys_database=older_log) as world:
        sent = await world.send(Someone("Ada"))
        assert json.loads(sent.answer["entry"]["statement"])["v"] == 2
        async with world.role.services.database.reading() as session:
            assert (await (await session.connection()).run_sync(recompute)).size == 2
    versions = sqlite3.connect(tmp_path / "older.sqlite").execute("SELECT version FROM log_leaves ORDER BY entry_index")
    assert versions.fetchall() == [(1,), (2,)]


async def test_who_was_erased_before_erasing_was_an_entry_stays_erased(
    older_log: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    person, salt = b"p" * 32, b"t" * 32
    text = statement_text(1, "2026-11-22T10:15:00.000Z", Event.DESTROYED, None, REPORT, KEY, person, None)
    commitment = statement_commitment(salt, text)
    with sqlite3.connect(tmp_path / "older.sqlite") as older:
        older.execute("DROP TRIGGER log_leaves_fix")
        older.execute("UPDATE log_leaves SET commitment = ?, salt = ?, person = ?", (commitment, salt, person))
        older.execute("DROP TRIGGER log_head_grow")
        older.execute("UPDATE log_head SET frontier = ?", (leaf_hash(commitment),))
    older.close()
    async with (
        key_server(tmp_path, clock, users, keys_database=older_log) as world,
        world.role.services.database.snapshot() as now,
    ):
        assert (await now.run_sync(recompute)).size == 1


def test_a_statement_of_version_1_has_the_bytes_that_it_always_had() -> None:
    text = statement_text(1, "2026-11-22T10:15:00.000Z", Event.DESTROYED, None, REPORT, KEY, None, None)
    assert text == VERSION_1


def test_a_statement_of_version_2_has_details_and_is_canonical() -> None:
    text = statement_text(2, "2026-11-22T10:15:00.000Z", Event.DESTROYED, None, "", "", None, '{"a":1}')
    assert text == (
        b'{"details":{"a":1},"event":"destroyed","key_id":null,"person":null,"report_id":null,'
        b'"result":null,"time":"2026-11-22T10:15:00.000Z","v":2}'
    )
