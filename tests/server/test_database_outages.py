"""A database that is away, locked or frozen for a while: who asks is told to try again, nothing hangs, and nobody has to restart anything."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.postgres import Cluster, cluster
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from picsafe_server.app import create_app
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.runtime.database import Bounds, Database, is_away
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import MIGRATIONS, UsersRole

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
HERE = "http://localhost:8000"
ROLES = ("users", "cloud", "keys")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of this module's own: it is stopped and frozen."""
    with cluster() as running:
        yield running


class Clinic:
    """All roles, and somebody who is signed in and has begun a report."""

    def __init__(self, app: Any, http: httpx.AsyncClient, clock: MovableClock) -> None:
        self.app, self.http, self.clock = app, http, clock
        self.token = ""
        self.begun: dict[str, Any] = {}

    async def call(self, method: str, url: str, token: str | None = None, **request: Any) -> httpx.Response:
        return await self.http.request(
            method, url, headers={"Authorization": f"Bearer {token or self.token}"}, **request
        )

    async def begin(self) -> None:
        """Sign in, begin a report and make its key; the clouds' and key server's tokens are known from here on."""
        body = {"email": "ada@example.org", "password": PASSWORD, "transport": "token"}
        self.token = (await self.http.post("/users/v1/sessions", json=body)).json()["token"]
        self.begun = (await self.call("POST", "/users/v1/reports", json={"recipients": ["ada@example.org"]})).json()
        assert (await self.make_key()).status_code == 201
        assert (await self.begin_upload()).status_code == 201

    async def make_key(self) -> httpx.Response:
        keys = self.begun["keyserver"]
        body = {"report_id": self.begun["report_id"]}
        return await self.call("POST", f"{keys['url']}/v1/keys", keys["grant"], json=body)

    async def begin_upload(self) -> httpx.Response:
        cloud = self.begun["cloud"]
        url = f"{cloud['url']}/v1/uploads/{self.begun['report_id']}"
        return await self.call("POST", url, cloud["grant"], json={"size": 10})

    async def every_role(self) -> dict[str, httpx.Response]:
        """What each role answers to somebody who reads or writes."""
        return {
            "users, reading": await self.call("GET", "/users/v1/reports"),
            "users, writing": await self.call("POST", "/users/v1/reports", json={"recipients": ["ada@example.org"]}),
            "cloud": await self.begin_upload(),
            "keys": await self.make_key(),
        }


@asynccontextmanager
async def clinic(data: Path, **settings: Any) -> AsyncIterator[Clinic]:
    clock = MovableClock()
    app = create_app(Settings(roles=ROLES, regions=("au",), data=data, **settings), clock)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=HERE, timeout=60) as http:
        users = app.state.roles["users"]
        assert isinstance(users, UsersRole)
        await provisioning.create_account(users, "ada@example.org", "Ada", "NZ", PASSWORD)
        made = Clinic(app, http, clock)
        await made.begin()
        yield made


def databases(postgres: Cluster) -> dict[str, str]:
    return {f"{role}_database": postgres.url(postgres.create_database()) for role in ROLES}


def told_to_try_again(answers: dict[str, httpx.Response]) -> None:
    for what, answer in answers.items():
        assert answer.status_code == 503, (what, answer.text)
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["code"] in {"service", "log_unavailable"}, what


@pytest.mark.postgres
async def test_a_database_that_starts_again_is_answered_with_try_again(postgres: Cluster, tmp_path: Path) -> None:
    async with clinic(tmp_path, **databases(postgres)) as here:
        postgres.postmaster.stop()
        try:
            told_to_try_again(await here.every_role())
            ready = await here.http.get("/ready")
        finally:
            postgres.postmaster.start()
        assert ready.status_code == 503
        assert all("database" in why or "log" in why for reasons in ready.json()["reasons"].values() for why in reasons)
        for what, answer in (await here.every_role()).items():
            assert answer.is_success, (what, answer.text)
        assert (await here.http.get("/ready")).status_code == 200


@pytest.mark.postgres
async def test_a_database_that_is_frozen_keeps_nobody_waiting_for_long(postgres: Cluster, tmp_path: Path) -> None:
    limits = {"database_lock_seconds": 1, "database_statement_seconds": 1}
    async with clinic(tmp_path, **databases(postgres), **limits) as here:
        with postgres.postmaster.frozen():
            began = time.monotonic()
            answers = dict(zip(("reading", "writing"), await asyncio.gather(
                here.call("GET", "/users/v1/reports"), here.begin_upload(),
            ), strict=True))  # fmt: skip
            assert time.monotonic() - began < 40
            ready = await here.http.get("/ready")
        told_to_try_again(answers)
        assert ready.status_code == 503
        async with asyncio.timeout(30):
            while (await here.call("GET", "/users/v1/reports")).status_code != 200:
                await asyncio.sleep(0.2)


@pytest.mark.postgres
async def test_a_lock_that_somebody_holds_is_no_endless_wait_and_makes_the_role_not_ready(
    postgres: Cluster, tmp_path: Path
) -> None:
    async with clinic(tmp_path, **databases(postgres), database_lock_seconds=1) as here:
        users: UsersRole = here.app.state.roles["users"]
        log = here.app.state.roles["keys"].services.database
        holder = users.services.database.engine
        async with holder.connect() as one, log.engine.connect() as other:
            await one.execute(text("SELECT * FROM changes FOR UPDATE"))
            await other.execute(text("SELECT * FROM log_head FOR UPDATE"))
            ready = await here.http.get("/ready")
            key = await here.make_key()
            assert (await here.call("GET", "/users/v1/reports")).status_code == 200
            await one.rollback()
            await other.rollback()
        assert ready.status_code == 503
        assert set(ready.json()["reasons"]) == {"users", "keys"}
        assert "lock" in ready.json()["reasons"]["users"][0]
        told_to_try_again({"keys": key})
        assert (await here.http.get("/ready")).status_code == 200


@pytest.mark.postgres
async def test_a_process_that_freezes_within_a_transaction_loses_its_locks(postgres: Cluster) -> None:
    url = postgres.url(postgres.create_database())
    frozen = Database(url, MIGRATIONS, Bounds(idle_seconds=1))
    other = Database(url, MIGRATIONS, Bounds(lock_seconds=20))
    await other.migrate()
    lock = text("SELECT * FROM changes FOR UPDATE")

    async def freeze() -> None:
        async with frozen.writing() as session:
            await session.execute(lock)
            async with other.writing() as next_one:  # as if nothing came from the first process any more
                await next_one.execute(lock)
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as lost:
        await freeze()
    assert is_away(lost.value)
    await frozen.close()
    await other.close()


@pytest.mark.postgres
async def test_a_role_makes_no_more_connections_than_its_setting_says(postgres: Cluster) -> None:
    url = postgres.url(postgres.create_database())
    database = Database(url, MIGRATIONS, Bounds(connections=3))

    async def one() -> int:
        async with database.reading() as session:
            await session.execute(text("SELECT pg_sleep(0.05)"))
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            return int((await session.execute(text(query))).scalar_one())

    counts = await asyncio.gather(*(one() for _ in range(24)))
    assert max(counts) <= 3
    await database.close()


@pytest.mark.postgres
async def test_a_migration_may_take_longer_than_a_request(postgres: Cluster) -> None:
    url = postgres.url(postgres.create_database())
    database = Database(url, MIGRATIONS, Bounds(statement_seconds=1, lock_seconds=1))
    holder = Database(url, MIGRATIONS)
    async with holder.engine.begin() as first:  # another container migrates
        await first.execute(text("SELECT pg_advisory_xact_lock(7209573)"))
        migrating = asyncio.create_task(database.migrate())
        await asyncio.sleep(2)
        assert not migrating.done()
    await migrating
    await database.close()
    await holder.close()


async def test_a_locked_sqlite_database_is_answered_with_try_again_and_still_read(tmp_path: Path) -> None:
    async with clinic(tmp_path, database_lock_seconds=1) as here:
        here.clock.move(timedelta(hours=1))  # the session's last use is due to be written down
        locks = [sqlite3.connect(tmp_path / role / f"{role}.sqlite", isolation_level=None) for role in ROLES]
        for lock in locks:
            lock.execute("BEGIN IMMEDIATE")
        try:
            answers = {
                "users": await here.call("POST", "/users/v1/reports", json={"recipients": ["ada@example.org"]}),
                "sign-in": await here.http.post(
                    "/users/v1/sessions", json={"email": "ada@example.org", "password": PASSWORD, "transport": "token"}
                ),
            }
            began = time.monotonic()
            read = {
                path: (await here.call("GET", f"/users/v1/{path}")).status_code
                for path in ("me", "me/security", "reports", "reports/new", "recipients?query=ad", "sessions")
            }
            assert time.monotonic() - began < 1
            ready = await here.http.get("/ready")
        finally:
            for lock in locks:
                lock.close()
        told_to_try_again(answers)
        assert set(read.values()) == {200}, read
        assert (ready.status_code, set(ready.json()["reasons"])) == (503, set(ROLES))
        assert (await here.http.get("/ready")).status_code == 200
