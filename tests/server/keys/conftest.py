from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from server.keys.world import Someone, UserServers, World, key_server

from picsafe_server.clock import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def users(clock: MovableClock) -> UserServers:
    return UserServers(clock)


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock, users: UserServers) -> AsyncIterator[World]:
    async with key_server(tmp_path, clock, users) as world:
        yield world


@pytest.fixture
def ada() -> Someone:
    return Someone("Ada")


@pytest.fixture
def bo() -> Someone:
    return Someone("Bo")
