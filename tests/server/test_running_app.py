"""The application that tests get one after another: its routes stay, and nothing else of one test is left for the next."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from harness.running_app import running_app

from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings

pytestmark = pytest.mark.anyio


async def test_the_next_test_gets_the_routes_with_new_roles(tmp_path: Path) -> None:
    apps, keys, states = [], [], []
    for folder in ("one", "two"):
        settings = Settings(roles=("users", "keys"), data=tmp_path / folder, report_days=3)
        async with running_app(settings, MovableClock()) as app:
            apps.append(app)
            states.append({**app.state})
            transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:
                keys.append((await http.get("/users/.well-known/jwks.json")).json())
            assert (tmp_path / folder / "users" / "users.sqlite").exists()
    assert apps[0] is apps[1]
    assert keys[0] != keys[1]
    assert states[0].keys() == states[1].keys()
    assert [name for name in states[0] if states[0][name] is states[1][name]] == []


async def test_applications_that_run_at_the_same_time_are_different(tmp_path: Path) -> None:
    settings = Settings(roles=("users",), data=tmp_path)
    async with running_app(settings, MovableClock()) as one, running_app(settings, MovableClock()) as two:
        assert one is not two
