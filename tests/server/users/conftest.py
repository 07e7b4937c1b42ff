from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from harness.password_cost import CHEAP, REAL, passwords_cost
from harness.postgres import Cluster, cluster
from harness.user_server import World, running_world

from picsafe_server.runtime.database import Database
from picsafe_server.users.role import MIGRATIONS

DATABASES = [pytest.param("sqlite", marks=pytest.mark.long), pytest.param("postgres", marks=pytest.mark.postgres)]
"""PostgreSQL is what most reports go through; `make test-all` takes every test through SQLite as well."""


@pytest.fixture(autouse=True)
def cheap_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody waits for password hashes; one test asks for the real thing."""
    with passwords_cost(REAL if "real_hashes" in request.fixturenames else CHEAP):
        yield


@pytest.fixture
def real_hashes() -> None:
    """For a test that is about the hashes themselves."""


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = Database(url, MIGRATIONS)
        await database.migrate()
        await database.close()

    asyncio.run(migrate())


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[Cluster, str]]:
    """One PostgreSQL for all tests of this process, and a database with the newest schema to copy."""
    with cluster() as running:
        template = running.create_database()
        _migrate(running.url(template))
        yield running, template


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema to copy."""
    path = tmp_path_factory.mktemp("template") / "users.sqlite"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: tuple[Cluster, str]) -> Iterator[str]:
    """A PostgreSQL database with the newest schema and nothing in it, which tests get one after another."""
    running, template = postgres
    with running.lent_database(template) as name:
        yield running.url(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """Each of the databases in turn, or those that `on_sqlite` and `on_each_database` choose."""
    if request.param == "sqlite":
        own = tmp_path / "users.sqlite"
        shutil.copy(sqlite_template, own)
        return f"sqlite+aiosqlite:///{own}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A user server over each of the databases in turn."""
    async with running_world(tmp_path, database_url) as world:
        yield world
