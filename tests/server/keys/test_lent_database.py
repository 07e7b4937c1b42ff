"""The PostgreSQL database that tests get one after another: nothing of one test is left for the next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from harness.postgres import Cluster
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ROWS = (
    "SELECT (SELECT count(*) FROM log_nodes), (SELECT count(*) FROM alembic_version), (SELECT max(size) FROM log_head)"
)


@asynccontextmanager
async def connected(running: Cluster, name: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(running.url(name))
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def test_rows_are_gone_even_where_nobody_may_delete_them(keys_postgres: tuple[Cluster, str]) -> None:
    running, template = keys_postgres
    with running.lent_database(template) as first:
        async with connected(running, first) as connection:
            before = (await connection.execute(text(ROWS))).one()
            await connection.execute(text("INSERT INTO log_nodes VALUES (0, 0, 'x')"))
            await connection.execute(text("UPDATE log_head SET size = size + 1"))
    with running.lent_database(template) as second:
        assert second == first
        async with connected(running, second) as connection:
            assert (await connection.execute(text(ROWS))).one() == before


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE log_people ADD COLUMN more text",
        "ALTER TABLE log_leaves DISABLE TRIGGER ALL",
        "DROP TABLE log_audience CASCADE",
        "GRANT SELECT ON log_people TO PUBLIC",
    ],
)
async def test_after_a_change_of_the_schema_the_next_test_gets_a_new_one(
    keys_postgres: tuple[Cluster, str], change: str
) -> None:
    running, template = keys_postgres
    with running.lent_database(template) as first:
        async with connected(running, first) as connection:
            await connection.execute(text(change))
    with running.lent_database(template) as second:
        assert second != first
