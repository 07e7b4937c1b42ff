"""The `picsafe-server` command: what an operator does before anybody can sign in."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from picsafe_server.cli import main

PASSWORD = "correct horse battery"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user server alone, in a folder of its own."""
    for name in list(os.environ):
        if name.startswith("PICSAFE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PICSAFE_ROLES", "users")
    monkeypatch.setenv("PICSAFE_DATA", str(tmp_path / "data"))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints."""
    status = main(arguments)
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out.strip()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says when it refuses."""
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err


@pytest.mark.usefixtures("environment")
def test_from_nothing_to_an_administrator_and_a_service_account(capsys: pytest.CaptureFixture[str]) -> None:
    institution = run(capsys, "institution", "add", "Royal Hospital", "--domain", "royal.example")
    assert len(institution) == 26
    assert run(capsys, "institution", "add-domain", "Royal Hospital", "Example.org") == ""
    by_name = ("--institution", "Royal Hospital")
    link = run(
        capsys,
        "account",
        "add",
        "ada@example.org",
        "--name",
        "Ada",
        "--country",
        "nz",
        *by_name,
        "--role",
        "administrator",
    )
    assert link.startswith("http://localhost:8000/#/invitation/picsafe_in_")
    token = run(capsys, "service-account", "add", "PACS", "--institution", institution)
    assert token.startswith("picsafe_st_")


@pytest.mark.usefixtures("environment")
def test_refusals_are_sentences(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    who = ("--name", "Ada", "--country", "AU")
    assert "no institution called Nowhere" in refused(capsys, "service-account", "add", "X", "--institution", "Nowhere")
    assert "no institution" in refused(capsys, "account", "add", "a@example.org", *who, "--institution", "Nowhere")
    assert "e-mail" in refused(capsys, "account", "add", "nobody", *who)
    assert "country" in refused(capsys, "account", "add", "a@example.org", "--name", "A", "--country", "XX")
    run(capsys, "account", "add", "ada@example.org", *who)
    assert "has an account already" in refused(capsys, "account", "add", "ADA@example.org", *who)
    for _ in range(2):
        run(capsys, "institution", "add", "Twin")
    run(capsys, "institution", "add", "One", "--domain", "one.example", "--domain", "uno.example")
    other = "belongs to another institution"
    assert other in refused(capsys, "institution", "add", "Two", "--domain", "One.example")
    assert "not one of them" in refused(capsys, "account", "add", "a@two.example", *who, "--institution", "One")
    assert "several institutions" in refused(capsys, "service-account", "add", "X", "--institution", "Twin")
    monkeypatch.setenv("PICSAFE_REPORT_DAYS", "8")
    assert "PICSAFE_REPORT_DAYS" in refused(capsys, "institution", "add", "Late")


@pytest.mark.usefixtures("environment")
def test_settings_are_listed_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICSAFE_KEYS_DATABASE", "postgresql+asyncpg://keys:hunter2@db/keys")
    printed = run(capsys, "settings")
    assert "hunter2" not in printed
    assert "PICSAFE_KEYS_DATABASE = (hidden)  [set]" in printed
    assert "PICSAFE_ROLES = ('users',)  [set]" in printed
    assert "PICSAFE_REPORT_DAYS = 7  [default]" in printed


def test_migrate_makes_the_database(environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "migrate")
    run(capsys, "migrate")
    assert (environment / "data" / "users" / "users.sqlite").exists()


@pytest.fixture
def listening() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.anyio
async def test_a_running_server_serves_and_stops_in_order_with_a_live_inbox_open(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, listening: int
) -> None:
    url = f"http://127.0.0.1:{listening}"
    monkeypatch.setenv("PICSAFE_PUBLIC_URL", url)
    command = [sys.executable, "-m", "picsafe_server.cli"]
    add = [*command, "account", "add", "ada@example.org", "--name", "Ada", "--country", "AU"]
    link = subprocess.run(add, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    serving = await asyncio.create_subprocess_exec(
        *command, "run", "--port", str(listening), stderr=asyncio.subprocess.PIPE
    )
    assert serving.stderr is not None
    try:
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=10), base_url=url) as http:
            body = {"token": link.rpartition("/")[2], "password": PASSWORD}
            assert (await http.post("/users/v1/invitations", json=body)).status_code == 201
            who = {"email": "ada@example.org", "password": PASSWORD}
            assert (await http.post("/users/v1/sessions", json=who)).status_code == 201
            async with http.stream("GET", "/users/v1/events", timeout=60) as stream:
                lines = stream.aiter_lines()
                await anext(lines)
                serving.send_signal(signal.SIGTERM)
                rest = [line async for line in lines]
        assert rest[-1] == ""
        log = (await serving.stderr.read()).decode()
        assert await serving.wait() in {0, -signal.SIGTERM}
        assert "POST /users/v1/sessions 201" in log
        assert PASSWORD not in log
        assert body["token"] not in log
        assert "Cancel" not in log
    finally:
        if serving.returncode is None:
            serving.kill()
            await serving.wait()
    assert environment.exists()
    capsys.readouterr()
