from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from harness.ceph import Ceph, running_ceph
from harness.cloud_server import World, running_world
from harness.postgres import Cluster, cluster
from harness.s3_buckets import Bucket, made_bucket

from picsafe_server.cloud.role import MIGRATIONS
from picsafe_server.runtime.database import Database

KINDS = [
    "files",
    pytest.param("s3", marks=pytest.mark.s3),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """One S3 server for all tests of this process."""
    with running_ceph() as ceph:
        yield ceph


@pytest.fixture
def bucket(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket of its own; the credentials lie where boto3 looks for them."""
    for name, value in ceph.environment.items():
        monkeypatch.setenv(name, value)
    bucket = made_bucket(ceph)
    yield bucket
    # Otherwise the one test that lets Ceph work off its lifecycle rules would wait for those of every bucket.
    bucket.client.delete_bucket_lifecycle(Bucket=bucket.name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[Cluster, str]]:
    """One PostgreSQL for all tests of this process, and a database with the newest schema to copy."""
    with cluster() as postgres:
        template = postgres.create_database()
        asyncio.run(_migrate(postgres.url(template)))
        yield postgres, template


async def _migrate(url: str) -> None:
    database = Database(url, MIGRATIONS)
    await database.migrate()
    await database.close()


@pytest.fixture
def database(postgres: tuple[Cluster, str]) -> Iterator[str]:
    """The URL of a database with the newest schema and nothing in it, which tests get one after another."""
    running, template = postgres
    with running.lent_database(template) as name:
        yield running.url(name)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings that choose each store and database in turn: files or S3 on SQLite, files on PostgreSQL."""
    if request.param == "s3":
        bucket = request.getfixturevalue("bucket")
        return {"s3_buckets": {"au": bucket.name}, "s3_endpoint": bucket.endpoint}
    if request.param == "postgres":
        return {"cloud_database": request.getfixturevalue("database")}
    return {}


@pytest.fixture
async def world(kind: dict[str, object], tmp_path: Path) -> AsyncIterator[World]:
    """A cloud over each store and database in turn."""
    async with running_world(tmp_path, **kind) as world:
        yield world


@pytest.fixture
async def files_world(tmp_path: Path) -> AsyncIterator[World]:
    """A cloud over files and SQLite, for what never gets as far as the store."""
    async with running_world(tmp_path) as world:
        yield world
