from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from server.cloud.world import World, running_world


@pytest.fixture(params=["files"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A cloud over each of the stores in turn."""
    async with running_world(tmp_path) as world:
        yield world
