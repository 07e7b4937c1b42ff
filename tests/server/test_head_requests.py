"""HEAD wherever there is GET: status, headers and length of what GET answers, and no body."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from harness.password_cost import CHEAP, passwords_cost
from litestar import Litestar
from litestar.routes import HTTPRoute

from picsafe_protocol.contracts.tokens import Role
from picsafe_server.app import create_app
from picsafe_server.settings import ROLES, Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import UsersRole

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
LIVE = "/users/v1/events"
FILLED = {"region": "au", "name": "a.js"}


@dataclass
class Whole:
    """All roles in one process, an administrator signed in."""

    app: Litestar
    http: httpx.AsyncClient

    def paths(self) -> list[str]:
        """An address of every GET route."""
        found = []
        for route in self.app.routes:
            if isinstance(route, HTTPRoute) and "GET" in route.methods:
                parts = route.path_components
                named = (part if isinstance(part, str) else FILLED.get(part.name, "a" * 26) for part in parts)
                found.append("/" + "/".join(named))
        return sorted(found)


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    client = tmp_path / "client"
    (client / "assets").mkdir(parents=True)
    files = {"index.html": "<p>", "worker.js": "0", "assets/a.js": "1" * 3000}
    for name, text in files.items():
        (client / name).write_text(text)
    (client / "assets/a.js.gz").write_bytes(gzip.compress(b"1" * 3000, mtime=0))
    (client / "manifest.json").write_text(json.dumps(dict.fromkeys(files, "")))
    app = create_app(Settings(roles=ROLES, data=tmp_path / "data", client_folder=client))
    async with app.lifespan():
        users = app.state.roles["users"]
        assert isinstance(users, UsersRole)
        with passwords_cost(CHEAP):
            royal = await provisioning.create_institution(users, "Royal", domains=["royal.example"])
            await provisioning.create_account(users, "a@royal.example", "A", "AU", PASSWORD, royal, Role.ADMINISTRATOR)
            transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
                body = {"email": "a@royal.example", "password": PASSWORD, "transport": "token"}
                token = (await http.post("/users/v1/sessions", json=body)).json()["token"]
                http.headers["Authorization"] = f"Bearer {token}"
                yield Whole(app, http)


async def test_every_get_has_its_head(whole: Whole) -> None:
    paths = whole.paths()
    assert {"/", "/worker.js", "/assets/a.js", "/ready", "/users/v1/me", "/users/v1/reports", LIVE} <= set(paths)
    for path in paths:
        head = await asyncio.wait_for(whole.http.head(path), 30)
        assert head.content == b"", path
        if path == LIVE:
            assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
            continue
        got = await whole.http.get(path)
        assert head.status_code == got.status_code, path
        for name in ("content-type", "content-length", "content-encoding", "etag", "cache-control", "location"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
        assert "incident" not in got.text, path


async def test_the_length_is_that_of_the_encoding_which_get_would_send(whole: Whole) -> None:
    for encoding, length in (("gzip", str(len(gzip.compress(b"1" * 3000, mtime=0)))), ("identity", "3000")):
        head = await whole.http.head("/assets/a.js", headers={"Accept-Encoding": encoding})
        assert head.headers["content-length"] == length


async def test_the_error_for_an_unknown_method_lists_head_too(whole: Whole) -> None:
    answer = await whole.http.post("/users/v1/me")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
