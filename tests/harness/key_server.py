"""A key server with everything around it, in memory: user servers that really sign, and people who really ask."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from harness.running_app import running_app
from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.tokens import GRANT_TYPE, USER_TOKEN_TYPE
from picsafe_server.auth.tokens import Signer
from picsafe_server.keys.role import KeysRole
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings

USERS = "https://users.test/users"
OTHER_USERS = "https://hospital.test/users"
UNTRUSTED_USERS = "https://stranger.test/users"
KEYS = "https://keys.test/keys"
WEEK = timedelta(days=limits.REPORT_DAYS)


@dataclass(frozen=True)
class Someone:
    """An account at a user server."""

    name: str
    issuer: str = USERS
    id: str = field(default_factory=new_identifier)
    institution: str | None = None
    role: str | None = None

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@clinic.test"


class UserServers:
    """Three user servers, one of them unknown to the key server: they sign tokens and publish their keys, as ASGI."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.signers = {
            issuer: Signer(issuer, Ed25519PrivateKey.generate(), clock)
            for issuer in (USERS, OTHER_USERS, UNTRUSTED_USERS)
        }
        self.down = False
        self.hangs: asyncio.Event | None = None
        self.asked = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        self.asked += 1
        if self.hangs is not None:
            await self.hangs.wait()
        issuer = f"https://{dict(scope['headers'])[b'host'].decode()}/users"
        body = json.dumps(self.signers[issuer].jwks()).encode()
        status = 503 if self.down or scope["path"] != "/users/.well-known/jwks.json" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def user_token(self, who: Someone, **changes: Any) -> str:
        """A user token for the key server; `changes` replace claims, or `seconds`, `kind` and `audience`."""
        claims: dict[str, Any] = {"sub": who.id, "name": who.name, "email": who.email}
        if who.institution is not None:
            claims |= {"inst": who.institution, "inst_name": "Example Clinic", "role": who.role}
        kind = changes.pop("kind", USER_TOKEN_TYPE)
        audience = changes.pop("audience", KEYS)
        seconds = changes.pop("seconds", limits.USER_TOKEN_SECONDS)
        return self.signers[who.issuer].sign(kind, audience, seconds, **claims | changes)

    def grant(self, who: Someone, action: str, report_id: str, **changes: Any) -> str:
        """A grant for the key server; `changes` as in `user_token`."""
        kind = changes.pop("kind", GRANT_TYPE)
        audience = changes.pop("audience", KEYS)
        seconds = changes.pop("seconds", limits.GRANT_SECONDS)
        claims = {"sub": who.id, "act": action, "rid": report_id, "name": who.name, "email": who.email}
        return self.signers[who.issuer].sign(kind, audience, seconds, **claims | changes)


@dataclass
class Sent:
    """A report whose key was made."""

    report_id: str
    key_id: str
    key: str
    owner: Someone
    answer: dict[str, Any]


class World:
    """The key server `app`, and what people do with it."""

    def __init__(self, app: Litestar, clock: MovableClock, users: UserServers) -> None:
        self.app = app
        self.clock = clock
        self.users = users
        self.role: KeysRole = app.state.roles["keys"]
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("192.0.2.7", 50000)),  # type: ignore[arg-type]
            base_url="https://keys.test",
        )

    async def post(self, path: str, token: str | None, body: object) -> httpx.Response:
        return await self.http.post(path, headers=_bearer(token), json=body)

    async def get(self, path: str, token: str | None, **query: Any) -> httpx.Response:
        return await self.http.get(path, headers=_bearer(token), params=query)

    async def create(self, owner: Someone, report_id: str, **changes: Any) -> httpx.Response:
        """Ask for a new key with a grant; `access` says for whom."""
        access = {"owner": owner.id, "recipients": [], "institutions": []} | changes.pop("access", {})
        until = changes.pop("until", int((self.clock.now() + WEEK).timestamp()))
        grant = self.users.grant(owner, "key.create", report_id, access=access, until=until, **changes)
        return await self.post("/keys/v1/keys", grant, {"report_id": report_id})

    async def send(self, owner: Someone, *recipients: Someone, **changes: Any) -> Sent:
        """A report of `owner` for `recipients`, whose key is there."""
        report_id = new_identifier()
        access = {"recipients": [one.id for one in recipients]} | changes.pop("access", {})
        answer = await self.create(owner, report_id, access=access, **changes)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return Sent(report_id, body["key_id"], body["key"], owner, body)

    async def open(self, who: Someone, sent: Sent, **changes: Any) -> httpx.Response:
        """Ask for the key of a report with a fresh user token."""
        body = {"report_id": changes.pop("report_id", sent.report_id)} | changes.pop("body", {})
        key_id = changes.pop("key_id", sent.key_id)
        return await self.post(f"/keys/v1/keys/{key_id}/release", self.users.user_token(who, **changes), body)

    async def revoke(self, who: Someone, sent: Sent) -> httpx.Response:
        """Take a key back as `who`, with a user token."""
        return await self.post(
            f"/keys/v1/keys/{sent.key_id}/revoke", self.users.user_token(who), {"report_id": sent.report_id}
        )

    async def log_of(self, sent: Sent) -> list[dict[str, Any]]:
        """The entries of a report, as its owner reads them."""
        answer = await self.get(f"/keys/v1/reports/{sent.report_id}/log", self.users.user_token(sent.owner))
        assert answer.status_code == 200, answer.text
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries


@asynccontextmanager
async def key_server(data: Path, clock: MovableClock, users: UserServers, **settings: Any) -> AsyncIterator[World]:
    """A running key server on `data`."""
    chosen = Settings(
        public_url="https://keys.test",
        users_url=USERS,
        trusted_user_servers=(OTHER_USERS,),
        roles=("keys",),
        data=data,
        **settings,
    )
    async with running_app(chosen, clock, httpx.ASGITransport(users)) as app:
        world = World(app, clock, users)
        async with world.http:
            yield world


def raw_key(text: str) -> bytes:
    """The bytes of a key as it travels."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def code(answer: httpx.Response) -> str:
    """The code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["code"])


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}
