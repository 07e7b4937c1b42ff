"""Runs the appender's transactions, each as one plain function over a connection.

PostgreSQL: through the role's own asynchronous engine. SQLite: over a connection of the writer's own, without an
`await` for each statement, which costs more than the statement.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from picsafe_server.runtime.database import WRITES, Database, prepare_sqlite

T = TypeVar("T")
R = TypeVar("R")
WAIT_SECONDS = 20
"""How long a transaction may take before everything in it fails because the log is unavailable. It takes milliseconds,
unless somebody else holds the lock.
"""


def _nothing(_: object) -> None:
    """After the commit there is nothing to do."""


class Writer(Protocol):
    """Runs transactions, one at a time."""

    async def transact(self, work: Callable[[Connection], T], then: Callable[[T], object] = _nothing) -> T:
        """What `work` returns, once all that it wrote is durable; when it or the commit raises, nothing was written.

        `then` is called with it after the commit, where it may wait for the disk; what it raises undoes nothing.
        """
        ...

    async def forget(self) -> None:
        """Remove copies of wiped data that the database would otherwise keep for a while."""
        ...

    async def close(self) -> None:
        """Close the connection to the database."""
        ...


class AsyncWriter:
    """Over the asynchronous engine of a `Database`."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine.execution_options(**{WRITES: True})

    async def transact(self, work: Callable[[Connection], T], then: Callable[[T], object] = _nothing) -> T:
        async with asyncio.timeout(WAIT_SECONDS), self._engine.begin() as connection:
            result = await connection.run_sync(work)
        if then is not _nothing:
            await asyncio.to_thread(then, result)
        return result

    async def forget(self) -> None:
        """PostgreSQL's own vacuum does it in its time."""

    async def close(self) -> None:
        """The engine belongs to the database, which closes it."""


class SqliteWriter:
    """Over one plain connection. Only what may wait runs on a thread: the commit, for the disk, and the beginning when
    another process has the lock. Statements take microseconds each; on a thread, each would compete with the event loop
    for the interpreter.
    """

    def __init__(self, database: Database) -> None:
        url = "sqlite:///" + database.url.partition(":///")[2]
        at_once = {"timeout": 0, "check_same_thread": False}
        engine = create_engine(url, connect_args=at_once, poolclass=StaticPool, hide_parameters=True)
        prepare_sqlite(engine)
        event.listen(engine, "connect", _overwrite_what_is_deleted)
        self._engine = engine.execution_options(**{WRITES: True})
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "picsafe-log")
        self._free = asyncio.Lock()

    async def transact(self, work: Callable[[Connection], T], then: Callable[[T], object] = _nothing) -> T:
        async with self._free:
            connection = await self._begun()
            try:
                result = work(connection)
                await self._on_thread(functools.partial(_commit, connection, then, result))
            except BaseException:
                await self._on_thread(connection.rollback)
                raise
            return result

    async def forget(self) -> None:
        async with self._free:
            driver: Any = (await self._connected()).connection.driver_connection
            await self._on_thread(functools.partial(driver.execute, "PRAGMA wal_checkpoint(TRUNCATE)"))

    async def close(self) -> None:
        async with self._free:
            if self._connection is not None:
                await self._on_thread(self._connection.close)
            await self._on_thread(self._engine.dispose)
            self._thread.shutdown()

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = await self._on_thread(self._engine.connect)
        return self._connection

    async def _begun(self) -> Connection:
        connection = await self._connected()
        try:
            connection.begin()
        except OperationalError:  # another process is writing: wait for it where nobody waits for us
            await self._on_thread(functools.partial(_wait_and_begin, connection))
        return connection

    async def _on_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _commit(connection: Connection, then: Callable[[T], object], result: T) -> None:
    connection.commit()
    then(result)


def _overwrite_what_is_deleted(connection: Any, record: object) -> None:
    connection.execute("PRAGMA secure_delete=ON")


def _wait_and_begin(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    try:
        connection.begin()
    finally:
        driver.execute("PRAGMA busy_timeout=0")


def writer_for(database: Database) -> Writer:
    """The writer for a database."""
    return SqliteWriter(database) if database.is_sqlite else AsyncWriter(database)
