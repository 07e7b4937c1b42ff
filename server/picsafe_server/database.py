"""A role's own database: engine, sessions, migrations. SQLite by default, PostgreSQL at scale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.context
from sqlalchemy import MetaData, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine

WRITES = "picsafe_writes"
"""Execution option of a connection that is going to write."""
SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another before it fails: longer than any transaction of ours."""


class Database:
    """`reading()` and `writing()` are the two ways in: a write transaction takes SQLite's write lock at once, so that it cannot fail half-way."""

    def __init__(self, url: str, migrations: Path) -> None:
        self.url = url
        self._migrations = migrations
        self.is_sqlite = url.startswith("sqlite")
        # hide_parameters: an error that is logged must not quote names, addresses or wrapped keys.
        if self.is_sqlite:
            path = url.partition(":///")[2]
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.engine = create_async_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS}, hide_parameters=True)
            prepare_sqlite(self.engine.sync_engine)
        else:
            self.engine = create_async_engine(url, pool_pre_ping=True, pool_size=10, hide_parameters=True)
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self.engine.execution_options(**{WRITES: True}), expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        async with self._writers() as session, session.begin():
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads, and sees the database throughout as it was at its first statement."""
        engine = self.engine
        if not self.is_sqlite:  # SQLite's transactions are like that anyway
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with engine.connect() as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the schema to the newest revision."""
        async with self.engine.execution_options(**{WRITES: True}).begin() as connection:
            await connection.run_sync(self._upgrade)

    def _upgrade(self, connection: Connection) -> None:
        config = alembic.config.Config()
        config.set_main_option("script_location", str(self._migrations))
        config.attributes["connection"] = connection
        if not self.is_sqlite:  # several containers start at once; the lock ends with the transaction
            connection.execute(text("SELECT pg_advisory_xact_lock(7209573)"))
        alembic.command.upgrade(config, "head")

    async def check(self) -> None:
        """Raise when the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def run_migrations(metadata: MetaData) -> None:
    """What each role's `migrations/env.py` calls: run inside the connection and transaction that `Database.migrate` opened."""
    alembic.context.configure(
        connection=alembic.context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    alembic.context.run_migrations()


def prepare_sqlite(engine: Engine) -> None:
    """Make every connection of `engine` durable and concurrent, and let transactions that write say so at their beginning."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a committed log entry survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
