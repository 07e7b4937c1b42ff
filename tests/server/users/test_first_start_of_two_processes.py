"""Two processes of the user server that start for the first time in the same moment, over one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from harness.key_server import KEYS, UserServers, key_server
from litestar import Litestar
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from picsafe_server.app import create_app
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import KeyServerLog
from picsafe_server.users.role import UsersRole

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST(:name AS regclass)")


@asynccontextmanager
async def held(url: str, table: str, writers: int) -> AsyncIterator[None]:
    """Nobody writes to `table` until so many wait to: each of them has seen it as it was before the others wrote."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
            yield
            async with asyncio.timeout(60):
                while await connection.scalar(WAITING, {"name": table}) != writers:
                    await asyncio.sleep(0.02)
    finally:
        await engine.dispose()


def app(data: Path, url: str, clock: MovableClock, transport: httpx.AsyncBaseTransport | None = None) -> Litestar:
    settings = Settings(
        public_url="https://picsafe.test", keys_url=KEYS, roles=("users",), data=data, users_database=url
    )
    return create_app(settings, clock, transport)


async def starts(each: Litestar) -> bool:
    """Whether it starts; it stops at once."""
    try:
        async with each.lifespan():
            return True
    except ExceptionGroup as errors:  # Litestar's, around the one of the role
        if errors.subgroup(SettingsError) is None:
            raise
        return False


async def started(url: str, folders: Sequence[Path]) -> list[bool]:
    """Which of the processes start, one for each folder of keys; none sees what the others remember of theirs."""
    async with held(url, "known_keys", len(folders)):
        tasks = [asyncio.create_task(starts(app(folder, url, MovableClock()))) for folder in folders]
    return await asyncio.gather(*tasks)


async def test_both_start_with_one_folder_of_keys(tmp_path: Path, postgres_url: str) -> None:
    assert await started(postgres_url, [tmp_path, tmp_path]) == [True, True]


async def test_one_of_two_with_different_keys_is_refused(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    a_starts, b_starts = await started(postgres_url, folders)
    assert a_starts is not b_starts
    # The one that was refused has left nothing of its keys.
    assert [await starts(app(folder, postgres_url, MovableClock())) for folder in folders] == [a_starts, b_starts]


async def test_both_look_at_a_new_key_server(tmp_path: Path, postgres_url: str) -> None:
    clock = MovableClock()
    async with AsyncExitStack() as stack:
        keys = await stack.enter_async_context(key_server(tmp_path / "keys", clock, UserServers(clock)))
        apps = [
            app(tmp_path / "users", postgres_url, clock, httpx.ASGITransport(cast(Any, keys.app))) for _ in range(2)
        ]
        for each in apps:
            await stack.enter_async_context(each.lifespan())
        roles: list[UsersRole] = [each.state.roles["users"] for each in apps]
        database = roles[0].services.database
        async with database.writing() as session:  # a start may have looked already
            for row in await session.scalars(select(KeyServerLog)):
                await session.delete(row)
        async with held(postgres_url, "key_server_logs", 2):
            looks = [asyncio.create_task(role.services.checkpoints.look(KEYS)) for role in roles]
        assert await asyncio.gather(*looks) == [False, False]
        async with database.reading() as session:
            assert [row.key_server for row in await session.scalars(select(KeyServerLog))] == [KEYS]
