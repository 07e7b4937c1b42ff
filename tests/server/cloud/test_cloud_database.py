"""The cloud's database: models and migrations say the same, in SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from picsafe_server.cloud.db.models import Base
from picsafe_server.cloud.role import MIGRATIONS
from picsafe_server.runtime.database import Database

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        found: str = request.getfixturevalue("database")
        return found
    return f"sqlite+aiosqlite:///{tmp_path / 'cloud.sqlite'}"


async def test_migrations_make_exactly_the_models(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found: list[object] = compare_metadata(context, Base.metadata)
        return found

    database = Database(url, MIGRATIONS)
    await database.migrate()
    await database.migrate()  # a second start changes nothing
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert tables == {"packages", "discards", "known_keys", "alembic_version"}
    await database.close()
