"""A key server whose database user does not own the tables cannot switch off what protects the access log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from harness.postgres import Cluster, cluster
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.migrate import migrate
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.settings import Settings

pytestmark = [pytest.mark.postgres, pytest.mark.anyio]


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as postgres:
        yield postgres


@pytest.fixture(scope="module")
def runtime_url(running: Cluster) -> str:
    """The database as the user that the key server runs as, after the owner has migrated: as `deploy/databases.sh` has it."""
    name = running.create_database()
    owner, runtime = (f"{kind}{new_identifier()}" for kind in ("owner", "runtime"))

    async def make() -> None:
        superuser = create_async_engine(running.url(name))
        async with superuser.begin() as connection:
            for statement in (
                f"CREATE ROLE {owner} LOGIN",
                f"CREATE ROLE {runtime} LOGIN",
                f"GRANT CONNECT ON DATABASE {name} TO {owner}, {runtime}",
                "REVOKE ALL ON SCHEMA public FROM PUBLIC",
                f"ALTER SCHEMA public OWNER TO {owner}",
                f"GRANT USAGE ON SCHEMA public TO {runtime}",
            ):
                await connection.execute(text(statement))
        await superuser.dispose()
        owned = running.url(name).replace("//picsafe@", f"//{owner}@")
        await migrate(Settings(roles=("keys",), keys_database=owned), runtime)

    asyncio.run(make())
    return running.url(name).replace("//picsafe@", f"//{runtime}@")


@pytest.fixture
async def as_runtime(runtime_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(runtime_url)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE log_leaves DISABLE TRIGGER ALL",
        "DROP TRIGGER log_leaves_keep ON log_leaves",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_to_change_log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "TRUNCATE log_leaves",
        "DROP TABLE log_leaves",
        "UPDATE log_leaves SET salt = NULL",
        "DELETE FROM log_leaves",
        "DELETE FROM log_head",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE TABLE log_people_too (name text)",
    ],
)
async def test_the_log_cannot_be_altered_at_run_time(as_runtime: AsyncEngine, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with as_runtime.begin() as connection:
            await connection.execute(text(statement))


async def test_the_role_can_start_as_the_runtime_user(as_runtime: AsyncEngine, runtime_url: str) -> None:
    await migrate(Settings(roles=("keys",), keys_database=runtime_url))  # what `run` does: nothing is left to change
    async with as_runtime.begin() as connection:
        assert await connection.scalar(text("SELECT size FROM log_head FOR UPDATE")) == 0


async def test_a_sqlite_file_has_no_users() -> None:
    with pytest.raises(SettingsError, match="--runtime-user"):
        await migrate(Settings(roles=("keys",), keys_database="sqlite+aiosqlite:///:memory:"), "keys")
