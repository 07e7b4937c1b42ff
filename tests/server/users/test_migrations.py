"""The migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from picsafe_server.database import Database
from picsafe_server.users.models import Base
from picsafe_server.users.role import MIGRATIONS

pytestmark = pytest.mark.anyio


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


def _partial_indexes(connection: Connection) -> dict[str, str]:
    found = inspect(connection).get_indexes("accounts")
    return {
        str(index["name"]): str(index["dialect_options"])
        for index in found
        if any("where" in option for option in index.get("dialect_options", {}))
    }


async def test_models_and_migrations_agree(database_url: str) -> None:
    database = Database(database_url, MIGRATIONS)
    await database.migrate()  # again: the newest schema stays as it is
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert list(await connection.run_sync(_partial_indexes)) == ["uq_accounts_email"]
    await database.close()


async def test_a_database_starts_from_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/new/users.sqlite", MIGRATIONS)
    await database.migrate()
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert tables == {"alembic_version", *Base.metadata.tables}
    await database.close()
