from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from server.keys.world import Someone, UserServers, World, key_server
from server.postgres import Cluster, cluster

from picsafe_server.clock import MovableClock
from picsafe_server.database import Database
from picsafe_server.keys.role import MIGRATIONS

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def users(clock: MovableClock) -> UserServers:
    return UserServers(clock)


@pytest.fixture(scope="session")
def keys_postgres() -> Iterator[tuple[Cluster, str]]:
    """One PostgreSQL for all tests of this folder, and a database with the newest schema to copy."""
    with cluster() as running:
        template = running.create_database()

        async def migrate() -> None:
            database = Database(running.url(template), MIGRATIONS)
            await database.migrate()
            await database.close()

        asyncio.run(migrate())
        yield running, template


@pytest.fixture
def postgres_url(keys_postgres: tuple[Cluster, str]) -> Iterator[str]:
    """A PostgreSQL database of this test's own."""
    running, template = keys_postgres
    name = running.create_database(template)
    yield running.url(name)
    running.drop_database(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each of the databases in turn."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/keys.sqlite"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers) -> AsyncIterator[World]:
    """A key server over each of the databases in turn."""
    async with key_server(tmp_path, clock, users, keys_database=database_url) as world:
        yield world


@pytest.fixture
async def sqlite_world(tmp_path: Path, clock: MovableClock, users: UserServers) -> AsyncIterator[World]:
    """A key server over SQLite, where the database makes no difference; its file is `tmp_path / "keys.sqlite"`."""
    url = f"sqlite+aiosqlite:///{tmp_path}/keys.sqlite"
    async with key_server(tmp_path, clock, users, keys_database=url) as world:
        yield world


@pytest.fixture
def ada() -> Someone:
    return Someone("Ada")


@pytest.fixture
def bo() -> Someone:
    return Someone("Bo")
