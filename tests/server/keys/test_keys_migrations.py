"""The migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection

from picsafe_server.keys.db.models import metadata
from picsafe_server.keys.log import store as log
from picsafe_server.keys.role import MIGRATIONS
from picsafe_server.runtime.database import Database

pytestmark = pytest.mark.anyio


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _triggers(connection: Connection) -> set[str]:
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    postgresql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    query = sqlite if connection.dialect.name == "sqlite" else postgresql
    return set(connection.execute(text(query)).scalars())


async def test_models_and_migrations_agree(database_url: str) -> None:
    database = Database(database_url, MIGRATIONS)
    await database.migrate()  # again: the newest schema stays as it is
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert (await connection.run_sync(log.check)).size == 0
        triggers = await connection.run_sync(_triggers)
    for table in ("log_leaves", "log_nodes", "log_audience", "log_head", "log_erasures", "log_people"):
        assert f"{table}_keep" in triggers
    assert {"log_people_fix", "log_head_grow", "log_erasures_named"} <= triggers
    await database.close()
