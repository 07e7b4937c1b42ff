"""A user server with people in it. The other servers are played by one small ASGI application that signs real receipts."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from harness.running_app import running_app
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_protocol.contracts.tokens import RECEIPT_TYPE, Role
from picsafe_server.auth.tokens import Signer
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.institutions.policy import Policy
from picsafe_server.users.role import UsersRole

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tables of inputs that are judged before any database is asked: one of the databases is enough."""

on_each_database = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""For tests of what the databases do differently: locks and races, order and pages, case and search, sweeps, constraints. All
others meet SQLite in `make test-all` only.
"""

PASSWORD = "correct horse battery"
SHA256 = "ab" * 32
DIGEST = "ef" * 32
SIZE = 12_345


Send = Callable[[Mapping[str, Any]], Awaitable[None]]


def handed_in(receipt: str, **package: Any) -> dict[str, Any]:
    """What a sender hands in with a receipt; `package` is what she says otherwise."""
    return {"receipt": receipt, "package": {"size": SIZE, "sha256": SHA256, "digest": DIGEST} | package}


class FakeServers:
    """The clouds of all regions and the key server: they publish keys, sign receipts, and take back what was withdrawn."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self._settings = settings
        self.signers = {
            region: Signer(settings.cloud_base(region), Ed25519PrivateKey.generate(), clock) for region in REGIONS
        }
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        """Method, path and the claims of the grant of each call that changes something."""
        self.answer_with = 204
        self.are_away = False
        self.key_server_answers = asyncio.Event()
        """Calls that change something at the key server are answered once this is set, as it is at first."""
        self.key_server_answers.set()

    def receipt(self, report_id: str, region: str = "au", **claims: Any) -> str:
        """The receipt of this region's cloud for a report."""
        said = {"rid": report_id, "size": SIZE, "sha256": SHA256, "digest": DIGEST, "until": 0} | claims
        return self.signers[region].sign(RECEIPT_TYPE, self._settings.users_base, None, **said)

    async def __call__(self, scope: Mapping[str, Any], receive: object, send: Send) -> None:
        if self.are_away:
            raise httpx.ConnectError("no route to host")
        path, headers = scope["path"], dict(scope["headers"])
        if path.startswith("/keys/") and scope["method"] == "GET":  # this key server has no log to look at
            await _answer(send, 404, None)
            return
        if path.endswith("/.well-known/jwks.json"):
            region = path.split("/")[2]
            await _answer(send, 200, self.signers[region].jwks())
            return
        token = headers[b"authorization"].decode().removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        self.calls.append((scope["method"], path, claims))
        if path.startswith("/keys/"):
            await self.key_server_answers.wait()
        await _answer(send, self.answer_with, None)


async def _answer(send: Send, status: int, body: object) -> None:
    raw = json.dumps(body).encode() if body is not None else b""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": raw, "more_body": False})


@dataclass
class Caller:
    """Somebody who is signed in by a token, or a service account."""

    id: str
    email: str
    http: httpx.AsyncClient
    token: str

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.http.get("/users" + path, params=parameters)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post("/users" + path, json=body)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self.http.patch("/users" + path, json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.http.delete("/users" + path)


@dataclass
class World:
    """A running user server. `http` is nobody in particular."""

    app: Litestar
    settings: Settings
    clock: MovableClock
    fake_servers: FakeServers
    http: httpx.AsyncClient
    new_client: Callable[[str | None], httpx.AsyncClient]
    institutions: dict[str, str] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)

    @property
    def users(self) -> UsersRole:
        role = self.app.state.roles["users"]
        assert isinstance(role, UsersRole)
        return role

    async def institution(self, name: str, **policy: Any) -> str:
        """The identifier of an institution, made at its first mention. The first one has the mail domain `example.org`."""
        if name not in self.institutions:
            domain = f"i{len(self.institutions)}.example.org" if self.institutions else "example.org"
            made = await provisioning.create_institution(self.users, name, Policy(**policy), [domain])
            self.institutions[name], self.domains[name] = made, domain
        return self.institutions[name]

    async def account(
        self, name: str, country: str = "AU", institution: str | None = None, role: Role | None = None
    ) -> provisioning.NewAccount:
        """An account `<name>@example.org`, or of its institution's domain, with the password `PASSWORD`."""
        where = await self.institution(institution) if institution else None
        local = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
        email = f"{local}@{self.domains[institution] if institution else 'example.org'}"
        return await provisioning.create_account(self.users, email, name, country, PASSWORD, where, role)

    async def person(
        self, name: str, country: str = "AU", institution: str | None = None, role: Role | None = None
    ) -> Caller:
        """An account, signed in."""
        account = await self.account(name, country, institution, role)
        return await self.sign_in(account.email)

    async def sign_in(self, email: str, password: str = PASSWORD) -> Caller:
        """One more session of an account."""
        answer = await self.http.post(
            "/users/v1/sessions", json={"email": email, "password": password, "transport": "token"}
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["token"]
        return Caller(answer.json()["me"]["id"], email, self.new_client(token), token)

    async def service(self, institution: str, name: str = "PACS") -> Caller:
        """A service account of an institution."""
        token = await provisioning.create_service_account(self.users, name, await self.institution(institution))
        return Caller(token.split("_")[2], "", self.new_client(token), token)

    async def draft(self, sender: Caller, *recipients: Caller) -> str:
        """The identifier of a report that has been begun."""
        answer = await sender.post("/v1/reports", {"recipients": [recipient.email for recipient in recipients]})
        assert answer.status_code == 201, answer.text
        report_id: str = answer.json()["report_id"]
        return report_id

    async def deliver(self, sender: Caller, report_id: str) -> httpx.Response:
        """Hand in the receipt of the cloud where the sender's reports lie."""
        region = (await sender.get("/v1/me")).json()["region"]
        receipt = self.fake_servers.receipt(report_id, region)
        return await sender.post(f"/v1/reports/{report_id}/receipt", handed_in(receipt))

    async def report(self, sender: Caller, *recipients: Caller) -> str:
        """The identifier of a report that is available."""
        report_id = await self.draft(sender, *recipients)
        answer = await self.deliver(sender, report_id)
        assert answer.status_code == 200, answer.text
        return report_id


@asynccontextmanager
async def running_world(folder: Path, database: str = "", **settings: Any) -> AsyncIterator[World]:
    """A user server on `database` (SQLite in `folder` when empty) and its fake servers."""
    clock = MovableClock()
    chosen = Settings(roles=("users",), data=folder, users_database=database, **settings)
    fake_servers = FakeServers(chosen, clock)
    network = httpx.ASGITransport(fake_servers)  # type: ignore[arg-type]
    async with running_app(chosen, clock, network) as app:
        clients: list[httpx.AsyncClient] = []

        def new_client(token: str | None) -> httpx.AsyncClient:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
                base_url=chosen.public_url,
                headers=headers,
            )
            clients.append(client)
            return client

        yield World(app, chosen, clock, fake_servers, new_client(None), new_client)
        for client in clients:
            await client.aclose()


def ids(answer: httpx.Response) -> Sequence[str]:
    """The identifiers of the reports in an answer, in their order."""
    assert answer.status_code == 200, answer.text
    return [report["id"] for report in answer.json()["reports"]]


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def somebody() -> str:
    """An identifier that nobody and nothing has."""
    return new_identifier()
