from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from harness.command_line import Sunk, World, running_world
from harness.password_cost import CHEAP, passwords_cost


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    """Nobody waits for password hashes."""
    with passwords_cost(CHEAP):
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose databases have the newest schema, to begin from."""
    folder = tmp_path_factory.mktemp("template") / "data"

    async def migrate() -> None:
        async with running_world(folder):
            pass

    asyncio.run(migrate())
    return folder


@pytest.fixture
async def world(tmp_path: Path, migrated: Path) -> AsyncIterator[World]:
    """A whole PicSafe of this test's own."""
    async with running_world(tmp_path / "server", migrated) as world:
        yield world


@pytest.fixture
def sunk(tmp_path: Path) -> Sunk:
    """The folder that sync writes to, as it looks from outside."""
    return Sunk(tmp_path / "sunk")
