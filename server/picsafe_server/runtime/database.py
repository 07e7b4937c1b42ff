"""A role's own database: engine, sessions, migrations. SQLite by default, PostgreSQL at scale."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.context
import alembic.util
from sqlalchemy import Executable, MetaData, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

WRITES = "picsafe_writes"
"""Execution option of a connection that is going to write."""
CONNECT_SECONDS = 5
"""How long making a connection may take."""
PROBE_SECONDS = 2
"""How long `check` waits for an answer, and for a lock: what takes longer keeps people waiting."""

WAIT_SECONDS = 60
"""How long `migrate` waits for a database that is not there yet: a database server that starts at the same time needs
seconds.
"""
WAIT_PAUSE_SECONDS = 2

_NO_SUCH_DATABASE = "3D000"
_AWAY = frozenset({"53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "25P03", "40001", "40P01"})
"""What PostgreSQL says of too many connections, of time limits for locks, statements, idle sessions and transactions,
of its own stop and start, and of two transactions in each other's way.
"""

_log = logging.getLogger("picsafe.database")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many connections one role of one process uses, and how long it waits. `docs/operate.md` explains the
    numbers.
    """

    connections: int = 10
    lock_seconds: int = 10
    """For a lock that another transaction holds."""
    statement_seconds: int = 20
    idle_seconds: int = 30
    """Within a transaction without a statement: longer only when the process is frozen, and then its locks are in
    everybody's way.
    """


class DatabaseUnusable(Exception):
    """Why a role cannot have its database, in one line that quotes no password."""


class Database:
    """`reading()` and `writing()` are the two ways in: a write transaction takes SQLite's write lock at once, so that
    it cannot fail half-way.
    """

    def __init__(self, url: str, migrations: Path, bounds: Bounds | None = None) -> None:
        self.url = url
        self._migrations = migrations
        self.is_sqlite = url.startswith("sqlite")
        self.bounds = bounds or Bounds()
        self.engine = self._engine(self.bounds)
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self.engine.execution_options(**{WRITES: True}), expire_on_commit=False)

    def _engine(self, bounds: Bounds | None) -> AsyncEngine:
        # hide_parameters: an error that is logged must not quote names, addresses or wrapped keys.
        if self.is_sqlite:
            path = url_path(self.url)
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            waits = {"timeout": bounds.lock_seconds if bounds else 60}
            engine = create_async_engine(self.url, connect_args=waits, hide_parameters=True)
            prepare_sqlite(engine.sync_engine)
            return engine
        connect_args: dict[str, Any] = {"timeout": CONNECT_SECONDS, "server_settings": {"application_name": "picsafe"}}
        if bounds is None:
            return create_async_engine(self.url, connect_args=connect_args, pool_size=1, hide_parameters=True)
        # The last is the driver's own, for a server that does not even count the seconds of its limits any more.
        connect_args["command_timeout"] = bounds.statement_seconds + CONNECT_SECONDS
        connect_args["server_settings"] |= {
            "lock_timeout": str(bounds.lock_seconds * 1000),
            "statement_timeout": str(bounds.statement_seconds * 1000),
            "idle_in_transaction_session_timeout": str(bounds.idle_seconds * 1000),
        }
        return create_async_engine(
            self.url,
            connect_args=connect_args,
            pool_pre_ping=True,
            pool_size=bounds.connections,
            max_overflow=0,
            pool_timeout=bounds.lock_seconds,
            hide_parameters=True,
        )

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
        """Bring the schema to the newest revision, however long that takes. Waits for a database that is not there yet;
        `DatabaseUnusable` when it does not come, refuses us, or is of a newer version."""
        engine = self._engine(None)
        try:
            await _arrived(engine)
            async with engine.execution_options(**{WRITES: True}).begin() as connection:
                await connection.run_sync(self._upgrade)
        finally:
            await engine.dispose()

    def _upgrade(self, connection: Connection) -> None:
        config = alembic.config.Config()
        config.set_main_option("script_location", str(self._migrations))
        config.attributes["connection"] = connection
        if not self.is_sqlite:  # several containers start at once; the lock ends with the transaction
            connection.execute(text("SELECT pg_advisory_xact_lock(7209573)"))
        try:
            alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            raise DatabaseUnusable(f"its schema is newer than this version of PicSafe: {error}") from error

    async def check(self, lock: Executable | None = None) -> None:
        """Raise when the database does not answer, or cannot be written to within `PROBE_SECONDS` because somebody
        holds a lock.

        `lock` reads the row that every writer of the role locks; SQLite has one lock for all.
        """
        async with asyncio.timeout(PROBE_SECONDS + 1), self._writers() as session, session.begin() as transaction:
            if not self.is_sqlite:
                await session.execute(text(f"SET LOCAL lock_timeout = {PROBE_SECONDS * 1000}"))
            await session.execute(text("SELECT 1") if lock is None else lock)
            await transaction.rollback()

    async def close(self) -> None:
        await self.engine.dispose()


async def _arrived(engine: AsyncEngine) -> None:
    """Return once the database takes a connection."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            async with engine.connect():
                return
        except Exception as error:
            if not (isinstance(error, (DBAPIError, OSError)) or _sqlstate(error)):
                raise
            said = str(getattr(error, "orig", error)) or type(error).__name__  # a time limit has no words of its own
            reason = f"{engine.url.host or engine.url.database}: {said.splitlines()[0]}"
            if not (is_away(error) or _sqlstate(error) == _NO_SUCH_DATABASE):
                raise DatabaseUnusable(reason) from error
            if time.monotonic() >= deadline:
                raise DatabaseUnusable(f"waited {WAIT_SECONDS} s without success; {reason}") from error
            _log.warning("waiting for the database at %s", reason)
        await asyncio.sleep(WAIT_PAUSE_SECONDS)


def is_away(error: BaseException) -> bool:
    """Whether `error` says that a database cannot serve at the moment: trying again soon may help, and nothing was
    written.
    """
    if isinstance(error, DBAPIError):
        original = error.orig
        return error.connection_invalidated or (original is not None and is_away(original.__cause__ or original))
    if isinstance(error, (NoConnectionFree, TimeoutError, ConnectionError, socket.gaierror)) or _is_busy_sqlite(error):
        return True
    state = _sqlstate(error)
    return state in _AWAY or state.startswith("08")


def _sqlstate(error: BaseException) -> str:
    """PostgreSQL's five letters for what went wrong, or nothing. Connecting raises some of the driver's errors as they
    are, and others wrapped by SQLAlchemy, which keeps the letters on the inner one.
    """
    inner = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(inner, "sqlstate", None) or "")


def _is_busy_sqlite(error: BaseException | None) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def url_path(url: str) -> str:
    """The file of an SQLite URL."""
    return url.partition(":///")[2]


def run_migrations(metadata: MetaData) -> None:
    """What each role's `migrations/env.py` calls: run inside the connection and transaction that `Database.migrate`
    opened.
    """
    alembic.context.configure(
        connection=alembic.context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    alembic.context.run_migrations()


def prepare_sqlite(engine: Engine) -> None:
    """Make every connection of `engine` durable and concurrent, and let transactions that write say so at their
    beginning.
    """

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
