"""An operator helps people who cannot help themselves: by the command line, while a real server serves them over HTTP."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from picsafe_server.cli import main

PASSWORD = "correct horse battery"
FRESH = "another long password"


@dataclass
class Running:
    """A user server as a process of its own, and `picsafe-server` on the same data, as a call of `main`."""

    url: str
    environment: dict[str, str]
    http: httpx.Client
    clients: ExitStack

    def command(self, *arguments: str) -> str:
        """What the command prints."""
        status, printed, errors = self._called(arguments)
        assert status == 0, errors
        return printed.strip()

    def refused(self, *arguments: str) -> str:
        status, printed, errors = self._called(arguments)
        assert (status, printed) == (1, "")
        return errors

    def shown(self, *arguments: str) -> Any:
        return json.loads(self.command(*arguments, "--json"))

    def _called(self, arguments: tuple[str, ...]) -> tuple[int, str, str]:
        printed, errors = io.StringIO(), io.StringIO()
        environment = mock.patch.dict(os.environ, self.environment, clear=True)
        with environment, redirect_stdout(printed), redirect_stderr(errors):
            status = main(arguments)
        return status, printed.getvalue(), errors.getvalue()

    def client(self, token: str) -> httpx.Client:
        return self.clients.enter_context(
            httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        )

    def accept(self, link: str, password: str) -> int:
        body = {"token": link.rpartition("/")[2], "password": password}
        return self.http.post("/users/v1/invitations", json=body).status_code

    def sign_in(self, email: str, password: str) -> httpx.Client:
        body = {"email": email, "password": password, "transport": "token", "device": "Ward 3"}
        answer = self.http.post("/users/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return self.client(answer.json()["token"])

    def person(self, email: str, institution: str, role: str = "member") -> httpx.Client:
        who = ("--name", email.partition("@")[0], "--country", "NZ", "--institution", institution, "--role", role)
        assert self.accept(self.command("account", "add", email, *who), PASSWORD) == 201
        return self.sign_in(email, PASSWORD)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("operated")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PICSAFE_")}
    own = {"PICSAFE_ROLES": "users", "PICSAFE_DATA": str(folder / "data"), "PICSAFE_PUBLIC_URL": url}
    command = [sys.executable, "-m", "picsafe_server.cli", "run", "--port", str(port)]
    serving = subprocess.Popen(command, env=kept | own, stderr=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(base_url=url, transport=transport, timeout=30) as http, ExitStack() as clients:
            assert http.get("/health").status_code == 200
            yield Running(url, kept | own, http, clients)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(30)


@pytest.fixture(scope="module")
def named(server: Running) -> Callable[[str], str]:
    """An institution with the mail domain `<name>.example`; its name."""

    def make(name: str) -> str:
        server.command("institution", "add", name, "--domain", f"{name.lower()}.example")
        return name

    return make


def test_an_administrator_who_lost_her_password_is_back_with_her_institution(
    server: Running, named: Callable[[str], str]
) -> None:
    institution = named("Royal")
    clare = "clare@royal.example"
    before = server.person(clare, institution, "administrator")
    (row,) = server.shown("account", "list", "--institution", institution)
    assert (row["email"], row["role"], row["state"]) == (clare, "administrator", "active")
    link = server.command("account", "invite", clare)
    assert before.get("/users/v1/me").status_code == 401, "who holds her session is out"
    assert server.accept(link, FRESH) == 201
    after = server.sign_in(clare, FRESH)
    me = after.get("/users/v1/me").json()
    assert (me["role"], me["password_reset"]["by"], me["password_reset"]["email"]) == ("administrator", None, None)
    record = after.get("/users/v1/institution/changes").json()["changes"]
    assert [(line["act"], line["who"]) for line in record[:2]] == [
        ("password_reset_used", None),
        ("password_reset", None),
    ]
    happened = after.get("/users/v1/me/security").json()["events"]
    assert ("account.invited", "operator") in [(line["event"], line["actor"]) for line in happened]
    invited = after.post(
        "/users/v1/institution/members", json={"email": "new@royal.example", "name": "New", "country": "NZ"}
    )
    assert invited.status_code == 201


def test_accounts_are_disabled_enabled_signed_out_promoted_and_removed(
    server: Running, named: Callable[[str], str]
) -> None:
    institution = named("Mater")
    admin = server.person("admin@mater.example", institution, "administrator")
    ben = server.person("ben@mater.example", institution)
    server.sign_in("ben@mater.example", PASSWORD)
    assert len(server.shown("account", "show", "BEN@mater.example")["sessions"]) == 2
    assert server.command("account", "end-sessions", "ben@mater.example") == "2"
    assert ben.get("/users/v1/me").status_code == 401
    server.command("account", "disable", "ben@mater.example")
    body = {"email": "ben@mater.example", "password": PASSWORD, "transport": "token"}
    assert server.http.post("/users/v1/sessions", json=body).status_code == 401
    assert "disabled" in server.refused("account", "invite", "ben@mater.example")
    server.command("account", "enable", "ben@mater.example")
    server.command("account", "role", "ben@mater.example", "administrator")
    assert server.sign_in("ben@mater.example", PASSWORD).get("/users/v1/institution").status_code == 200
    assert "--yes" in server.refused("account", "remove", "ben@mater.example")
    server.command("account", "remove", "ben@mater.example", "--yes")
    assert "no account" in server.refused("account", "show", "ben@mater.example")
    record = admin.get("/users/v1/institution/changes").json()["changes"]
    acts = [line["act"] for line in record if line["whom"] and line["whom"]["name"] == "ben@mater.example"]
    assert acts == ["member_removed", "role_changed", "enabled", "disabled", "sessions_ended", "member_added"]
    assert {line["who"] for line in record} == {None}


def test_a_service_account_is_listed_and_revoked(server: Running, named: Callable[[str], str]) -> None:
    institution = named("Harbour")
    token = server.command("service-account", "add", "PACS", "--institution", institution)
    machine = server.client(token)
    assert machine.get("/users/v1/me").status_code == 200
    (row,) = server.shown("service-account", "list", "--institution", institution)
    assert row["name"] == "PACS"
    server.command("service-account", "revoke", row["id"])
    assert machine.get("/users/v1/me").status_code == 401
    assert server.shown("service-account", "list", "--institution", institution) == []
    assert "no such service account" in server.refused("service-account", "revoke", "nonsense")


def test_an_institution_that_is_removed_takes_its_accounts_and_frees_its_domain(
    server: Running, named: Callable[[str], str]
) -> None:
    institution = named("Closing")
    admin = server.person("admin@closing.example", institution, "administrator")
    token = server.command("service-account", "add", "PACS", "--institution", institution)
    shown = server.shown("institution", "show", institution)
    assert shown["administrators"] == ["admin@closing.example"]
    assert shown["domains"] == ["closing.example"]
    assert "--yes" in server.refused("institution", "remove", institution)
    assert admin.get("/users/v1/me").status_code == 200, "nothing was changed"
    server.command("institution", "remove", institution, "--yes")
    machine = server.client(token)
    assert {each.get("/users/v1/me").status_code for each in (admin, machine)} == {401}
    assert institution not in [row["name"] for row in server.shown("institution", "list")]
    assert "no institution" in server.refused("institution", "show", institution)
    server.command("institution", "add", "Successor", "--domain", "closing.example")
    who = ("--name", "A", "--country", "NZ", "--institution", "Successor")
    assert "belonged" in server.refused("account", "add", "admin@closing.example", *who), (
        "an address stays its person's"
    )


def test_the_state_of_a_report_is_shown_without_what_is_in_it(server: Running, named: Callable[[str], str]) -> None:
    institution = named("Lakeside")
    ada, ben = server.person("ada@lakeside.example", institution), server.person("ben@lakeside.example", institution)
    begun = ada.post("/users/v1/reports", json={"recipients": ["ben@lakeside.example"]}).json()
    shown = server.shown("report", "show", begun["report_id"])
    assert (shown["state"], shown["sender"], shown["region"]) == ("draft", "ada@lakeside.example", "au")
    assert shown["recipients"] == ["ben@lakeside.example, not opened"]
    assert ben.get("/users/v1/me").status_code == 200
    assert "state:              draft" in server.command("report", "show", begun["report_id"])
    assert "no such report" in server.refused("report", "show", "nonsense")


def test_the_operator_reads_attempts_on_addresses_that_nobody_has(server: Running) -> None:
    body = {"email": "nobody@nowhere.example", "password": PASSWORD}
    assert server.http.post("/users/v1/sessions", json=body).status_code == 401
    newest = server.shown("security-log", "--limit", "1")
    assert [(line["event"], line["account"], line["network"]) for line in newest] == [
        ("sign_in.refused", None, "127.0.0.0/24")
    ]


def test_an_account_without_an_institution_can_be_helped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("PICSAFE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PICSAFE_ROLES", "users")
    monkeypatch.setenv("PICSAFE_DATA", str(tmp_path))
    assert main(["account", "add", "ada@example.org", "--name", "Ada", "--country", "NZ"]) == 0
    assert main(["account", "disable", "ada@example.org"]) == 0
    assert main(["account", "role", "ada@example.org", "administrator"]) == 1
    capsys.readouterr()
    assert main(["account", "list"]) == 0
    assert "disabled" in capsys.readouterr().out
    assert main(["security-log", "--account", "ada@example.org"]) == 0
    assert "account.disabled" in capsys.readouterr().out
