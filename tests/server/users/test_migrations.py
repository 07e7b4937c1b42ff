"""The migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from harness.user_server import on_each_database
from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import Connection

from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import Account, AccountPart, Base
from picsafe_server.users.recipients.search_index import is_found
from picsafe_server.users.role import MIGRATIONS

pytestmark = pytest.mark.anyio


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


def _upgrade(connection: Connection, revision: str) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _partial_indexes(connection: Connection) -> dict[str, str]:
    found = inspect(connection).get_indexes("accounts")
    return {
        str(index["name"]): str(index["dialect_options"])
        for index in found
        if any("where" in option for option in index.get("dialect_options", {}))
    }


@on_each_database
async def test_models_and_migrations_agree(database_url: str) -> None:
    database = Database(database_url, MIGRATIONS)
    await database.migrate()  # again: the newest schema stays as it is
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert list(await connection.run_sync(_partial_indexes)) == ["uq_accounts_email"]
    await database.close()


async def test_accounts_from_before_there_were_search_parts_are_found(tmp_path: Path) -> None:
    """More of them than are written in one go."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/users.sqlite", MIGRATIONS)
    count = 1203
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "0010")
        await connection.execute(
            text(
                "INSERT INTO institutions (id, name, retention_days, idle_lock_minutes, members_may_open, key_servers, created_at)"
                " VALUES ('royal', 'Royal', 7, 10, 'all', '[]', '2026-01-01')"
            )
        )
        rows = [
            {
                "id": f"a{number}",
                "institution": "royal" if number % 2 else None,
                "search": f"ada {number} a{number}@x.org",
            }
            for number in range(count)
        ]
        account = (
            "INSERT INTO accounts (id, email, name, search, country, institution_id, created_at)"
            " VALUES (:id, :id || '@x.org', 'Ada', :search, 'AU', :institution, '2026-01-01')"
        )
        await connection.execute(text(account), rows)
        await connection.run_sync(_upgrade, "head")
    async with database.reading() as session:
        for number in (0, 999, 1000, count - 1):
            found = select(Account.id).where(is_found(f"{number} a{number}@"))
            assert list(await session.scalars(found)) == [f"a{number}"]
        assert await session.scalar(select(func.count()).select_from(Account).where(is_found("ada "))) == count
        inside = select(func.count()).where(AccountPart.institution_id == "royal", AccountPart.part.like("ada%"))
        assert await session.scalar(inside) == count // 2
    await database.close()


async def test_a_database_starts_from_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/new/users.sqlite", MIGRATIONS)
    await database.migrate()
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert tables == {"alembic_version", *Base.metadata.tables}
    await database.close()
