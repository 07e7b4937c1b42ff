"""Starting with a setting that cannot be, or a database that is not there: one line says which, and nothing else happens."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from harness.postgres import Cluster, cluster
from harness.server_process import SERVER, START_SECONDS, environment, free_port, running_server, wait_until_ready

from picsafe_server.runtime import database
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.database import Database, DatabaseUnusable
from picsafe_server.settings import Settings
from picsafe_server.users.role import MIGRATIONS


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL that is stopped and started."""
    with cluster() as running:
        yield running


def refused(folder: Path, **variables: str) -> str:
    """The one line with which `run` ends. Each call starts a process, which takes seconds to import everything."""
    done = subprocess.run(
        [SERVER, "run", "--port", str(free_port())],
        env=environment(folder, free_port(), **variables),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PICSAFE_PUBLIC_URL", "https://hospital.example/picsafe"),
        ("PICSAFE_USERS_DATABASE", "postgres://picsafe:a@b@db/users"),
        ("PICSAFE_S3_ENDPOINT", "s3.example"),
    ],
)
def test_a_setting_that_cannot_be_is_named_in_one_line(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({"PICSAFE_PUBLIC_URL": "https://hospital.example", variable: value})
    assert variable in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_database_of_a_newer_version_is_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "users.sqlite"
    url = f"sqlite+aiosqlite:///{file}"
    asyncio.run(Database(url, MIGRATIONS).migrate())
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    line = refused(tmp_path / "data", PICSAFE_ROLES="users", PICSAFE_USERS_DATABASE=url)
    assert "PICSAFE_USERS_DATABASE: its schema is newer than this version of PicSafe" in line


@pytest.mark.postgres
def test_a_database_that_is_not_there_yet_is_waited_for(postgres: Cluster, tmp_path: Path) -> None:
    url = postgres.url(postgres.create_database())
    postgres.postmaster.stop()
    with running_server(tmp_path, wait=False, PICSAFE_ROLES="users", PICSAFE_USERS_DATABASE=url) as server:
        try:
            deadline = time.monotonic() + START_SECONDS
            while "waiting for" not in server.log() and server.running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            # From this thread: the kernel ends PostgreSQL together with the thread that started it (pdeathsig).
            postgres.postmaster.start()
        wait_until_ready(server)
        log = server.log()
    assert "waiting for the database at 127.0.0.1" in log
    assert "Traceback" not in log


@pytest.mark.postgres
def test_a_database_that_never_comes_is_named(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0)
    with pytest.raises(DatabaseUnusable, match=r"waited 0 s without success; 127\.0\.0\.1: database .* does not exist"):
        asyncio.run(Database(postgres.url("nowhere"), MIGRATIONS).migrate())


def test_a_database_that_takes_connections_and_says_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0)
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+asyncpg://picsafe@127.0.0.1:{silent.getsockname()[1]}/users"
        with pytest.raises(DatabaseUnusable, match=r"without success; 127\.0\.0\.1: TimeoutError"):
            asyncio.run(Database(url, MIGRATIONS).migrate())


@pytest.mark.postgres
def test_a_refusal_by_the_database_is_reported_at_once(postgres: Cluster) -> None:
    began = time.monotonic()
    url = postgres.url("postgres").replace("picsafe@", "stranger:secret@")
    with pytest.raises(DatabaseUnusable, match='"stranger"') as refusal:
        asyncio.run(Database(url, MIGRATIONS).migrate())
    assert "secret" not in str(refusal.value)
    assert time.monotonic() - began < 30


def test_a_command_waits_for_no_port(tmp_path: Path) -> None:
    """`migrate` brings the databases to the newest schema without listening anywhere."""
    done = subprocess.run(
        [SERVER, "migrate"], env=environment(tmp_path, 1), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
