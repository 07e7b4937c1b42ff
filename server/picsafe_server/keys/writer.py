"""How the appender runs a transaction: as one plain function over a connection, in one go.

PostgreSQL: through the role's own asynchronous engine. SQLite: over a connection of the writer's own, without an `await` for
each statement, which costs more than the statement.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from picsafe_server.database import SQLITE_BUSY_SECONDS, WRITES, Database, prepare_sqlite

T = TypeVar("T")
R = TypeVar("R")


class Writer(Protocol):
    """Runs transactions, one at a time."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once all that it wrote is durable; when it or the commit raises, nothing was written."""
        ...

    async def forget(self) -> None:
        """Leave no copy of what was wiped where the database would keep one for a while."""
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...


class AsyncWriter:
    """Over the asynchronous engine of a `Database`."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine.execution_options(**{WRITES: True})

    async def transact(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def forget(self) -> None:
        """PostgreSQL's own vacuum does it in its time."""

    async def close(self) -> None:
        """The engine belongs to the database, which closes it."""


class SqliteWriter:
    """Over one plain connection. Only what may wait runs on a thread: the beginning, for another process's lock, and the
    commit, for the disk. The statements between take microseconds each, and on a thread would fight the event loop for
    the interpreter at every one."""

    def __init__(self, database: Database) -> None:
        url = "sqlite:///" + database.url.partition(":///")[2]
        waiting = {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(url, connect_args=waiting, poolclass=StaticPool, hide_parameters=True)
        prepare_sqlite(engine)
        event.listen(engine, "connect", _overwrite_what_is_deleted)
        self._engine = engine.execution_options(**{WRITES: True})
        self._thread = ThreadPoolExecutor(1, "picsafe-log")
        self._free = asyncio.Lock()

    async def transact(self, work: Callable[[Connection], T]) -> T:
        async with self._free:
            connection = await self._on_thread(self._begin)
            try:
                result = work(connection)
            except BaseException:
                await self._on_thread(connection.close)  # which rolls back
                raise
            await self._on_thread(functools.partial(_commit, connection))
            return result

    async def forget(self) -> None:
        async with self._free:
            await self._on_thread(self._empty_write_ahead_log)

    def _empty_write_ahead_log(self) -> None:
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _begin(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    async def _on_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        await self._on_thread(self._engine.dispose)
        self._thread.shutdown()


def _overwrite_what_is_deleted(connection: Any, record: object) -> None:
    connection.execute("PRAGMA secure_delete=ON")


def _commit(connection: Connection) -> None:
    with connection:  # closes it whatever happens; a transaction that could not be committed is rolled back
        connection.commit()


def writer_for(database: Database) -> Writer:
    """The writer that suits a database."""
    return SqliteWriter(database) if database.is_sqlite else AsyncWriter(database)
