"""`/ready` says the truth and why, costs little however often it is asked, and says so before the process stops."""

from __future__ import annotations

import shutil
import signal
from collections import namedtuple
from pathlib import Path

import httpx
import pytest
from harness.server_process import running_server, wait_until_ready

from picsafe_server.app import create_app
from picsafe_server.monitoring import readiness
from picsafe_server.role import ServerRole
from picsafe_server.settings import Settings

pytestmark = pytest.mark.anyio

Usage = namedtuple("Usage", "total used free")


async def test_a_key_server_that_can_verify_no_token_is_not_ready(tmp_path: Path) -> None:
    away = httpx.MockTransport(lambda request: httpx.Response(502))
    app = create_app(Settings(roles=("keys", "cloud"), regions=("au",), data=tmp_path), network=away)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        answer = await http.get("/ready")
    assert answer.status_code == 503
    reason = "no token can be verified: the keys of http://localhost:8000/users cannot be fetched"
    assert answer.json()["reasons"] == {"keys": [reason], "cloud": [reason]}


async def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(roles=("users",), data=tmp_path))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        assert (await http.get("/ready")).status_code == 200
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 4096))
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, {"users": ["the disk is full"]})


async def test_it_is_looked_into_once_however_often_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60)
    app = create_app(Settings(roles=("users",), data=tmp_path))
    looked = 0
    role: ServerRole = app.state.roles["users"]
    real = role.ready

    async def counted() -> None:
        nonlocal looked
        looked += 1
        await real()

    monkeypatch.setattr(role, "ready", counted)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        for _ in range(20):
            assert (await http.get("/ready")).status_code == 200
    assert looked == 1


@pytest.mark.parametrize("path", ["/docs/api", "/schema/openapi.json"])
async def test_a_document_that_anybody_may_read_is_written_once(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(roles=("users",), data=tmp_path))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        first = await http.get(path)
        assert first.status_code == 200

        def again(*arguments: object) -> None:
            raise AssertionError("made a second time")

        monkeypatch.setattr("picsafe_server.openapi.page.render", again)
        monkeypatch.setattr("litestar.openapi.plugins.JsonRenderPlugin.render", again)
        assert (await http.get(path)).content == first.content


def test_a_process_that_is_to_stop_says_so_while_it_still_serves(tmp_path: Path) -> None:
    with running_server(tmp_path, PICSAFE_DRAIN_SECONDS="60", PICSAFE_ROLES="users,cloud") as server:
        server.running.send_signal(signal.SIGTERM)
        wait_until_ready(server, 503)
        answer = httpx.get(f"{server.url}/ready")
        assert answer.json()["reasons"] == {"process": ["it is about to stop"]}
        assert httpx.get(f"{server.url}/health").status_code == 200
        server.running.send_signal(signal.SIGTERM)  # somebody who does not want to wait
        server.running.wait(30)
        log = server.log()
    assert "PicSafe" in log
    assert "users, cloud (regions au) on" in log
    assert log.count("stopping in 60 s") == 1
    assert "stopped" in log
