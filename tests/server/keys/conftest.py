from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from harness.key_server import Someone, UserServers, World, key_server
from harness.postgres import Cluster, cluster

from picsafe_server.keys.log import inspection
from picsafe_server.keys.role import MIGRATIONS
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.runtime.database import Database

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(autouse=True)
def quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes to the damaged logs of these tests, so a second look need not wait."""
    monkeypatch.setattr(inspection, "SECOND_LOOK_SECONDS", 0.01)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def users(clock: MovableClock) -> UserServers:
    return UserServers(clock)


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = Database(url, MIGRATIONS)
        await database.migrate()
        await database.close()

    asyncio.run(migrate())


@pytest.fixture(scope="session")
def keys_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema to copy."""
    path = tmp_path_factory.mktemp("template") / "keys.sqlite"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, keys_sqlite: Path) -> str:
    """An SQLite database of this test's own, `tmp_path / "keys.sqlite"`."""
    shutil.copy(keys_sqlite, tmp_path / "keys.sqlite")
    return f"sqlite+aiosqlite:///{tmp_path}/keys.sqlite"


@pytest.fixture(scope="session")
def keys_postgres() -> Iterator[tuple[Cluster, str]]:
    """One PostgreSQL for all tests of this folder, and a database with the newest schema to copy."""
    with cluster() as running:
        template = running.create_database()

        _migrate(running.url(template))
        yield running, template


@pytest.fixture
def postgres_url(keys_postgres: tuple[Cluster, str]) -> Iterator[str]:
    """A PostgreSQL database of this test's own."""
    running, template = keys_postgres
    name = running.create_database(template)
    yield running.url(name)
    running.drop_database(name)


@pytest.fixture
def lent_postgres_url(keys_postgres: tuple[Cluster, str]) -> Iterator[str]:
    """A PostgreSQL database with the newest schema and nothing in it, which tests get one after another."""
    running, template = keys_postgres
    with running.lent_database(template) as name:
        yield running.url(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Each of the databases in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "lent_postgres_url")
    return url


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers) -> AsyncIterator[World]:
    """A key server over each of the databases in turn."""
    async with key_server(tmp_path, clock, users, keys_database=database_url) as world:
        yield world


@pytest.fixture
async def sqlite_world(
    sqlite_url: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> AsyncIterator[World]:
    """A key server over SQLite, where the database makes no difference."""
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        yield world


@pytest.fixture
def ada() -> Someone:
    return Someone("Ada")


@pytest.fixture
def bo() -> Someone:
    return Someone("Bo")
