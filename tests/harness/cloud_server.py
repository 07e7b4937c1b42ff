"""A cloud with a user server beside it that only hands out grants: what the tests of this folder live in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from harness.running_app import running_app
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import GRANT_SECONDS, UPLOAD_PART_BYTES
from picsafe_protocol.contracts.tokens import GRANT_TYPE
from picsafe_server.auth.tokens import JWKS_PATH, Signer
from picsafe_server.cloud.role import CloudRole
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings

UPLOAD, DOWNLOAD, DELETE = "package.upload", "package.download", "package.delete"
PUBLIC = "http://localhost:8000"
OTHER_USERS = "https://users.hospital.example"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def bytes_of(length: int, seed: int = 0) -> bytes:
    """`length` bytes that repeat nowhere near a block or part boundary."""
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, number)).digest() for number in range(1021))
    return (block * (length // len(block) + 1))[:length]


def split(content: bytes) -> list[bytes]:
    return [content[start : start + UPLOAD_PART_BYTES] for start in range(0, len(content), UPLOAD_PART_BYTES)]


class UserServers(httpx.MockTransport):
    """Two user servers of which nothing but the JWKS is there: the own one, and one that the cloud trusts besides."""

    def __init__(self, clock: MovableClock) -> None:
        super().__init__(self._answer)
        issuers = [f"{PUBLIC}/users", OTHER_USERS]
        self.signers = {issuer: Signer(issuer, Ed25519PrivateKey.generate(), clock) for issuer in issuers}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        signer = self.signers.get(str(request.url).removesuffix(JWKS_PATH))
        return httpx.Response(200, json=signer.jwks()) if signer else httpx.Response(404)


@dataclass
class World:
    """The running cloud, its clock, and who signs grants for it."""

    app: Litestar
    settings: Settings
    clock: MovableClock
    client: httpx.AsyncClient
    users: UserServers

    @property
    def role(self) -> CloudRole:
        role = self.app.state.roles["cloud"]
        assert isinstance(role, CloudRole)
        return role

    def grant(
        self, action: str, report_id: str, *, region: str = "au", issuer: str = f"{PUBLIC}/users", **claims: Any
    ) -> dict[str, str]:
        """The header with a grant; by default the report is to live seven days."""
        until = int((self.clock.now() + timedelta(days=7)).timestamp())
        body = {"sub": new_identifier(), "act": action, "rid": report_id, "until": until, **claims}
        body = {name: value for name, value in body.items() if value is not None}
        token = self.users.signers[issuer].sign(GRANT_TYPE, f"{PUBLIC}/cloud/{region}", GRANT_SECONDS, **body)
        return {"Authorization": f"Bearer {token}"}

    async def begin(self, report_id: str, size: int, **options: Any) -> httpx.Response:
        return await self.client.post(
            f"/cloud/{options.get('region', 'au')}/v1/uploads/{report_id}",
            json={"size": size},
            headers=self.grant(UPLOAD, report_id, **options.pop("claims", {}), **options),
        )

    async def put(
        self, report_id: str, index: int, part: bytes, digest: str | None = None, **options: Any
    ) -> httpx.Response:
        return await self.client.put(
            f"/cloud/{options.get('region', 'au')}/v1/uploads/{report_id}/parts/{index}",
            content=part,
            headers=self.grant(UPLOAD, report_id, **options) | {"Content-Digest": digest or content_digest(part)},
        )

    async def complete(self, report_id: str, digest: str, **options: Any) -> httpx.Response:
        body = {"sha256": digest} | options.pop("body", {})
        return await self.client.post(
            f"/cloud/{options.get('region', 'au')}/v1/uploads/{report_id}/complete",
            json=body,
            headers=self.grant(UPLOAD, report_id, **options),
        )

    async def upload_state(self, report_id: str, **options: Any) -> httpx.Response:
        return await self.client.get(
            f"/cloud/{options.get('region', 'au')}/v1/uploads/{report_id}",
            headers=self.grant(UPLOAD, report_id, **options),
        )

    async def abort(self, report_id: str, **options: Any) -> httpx.Response:
        return await self.client.delete(
            f"/cloud/{options.get('region', 'au')}/v1/uploads/{report_id}",
            headers=self.grant(UPLOAD, report_id, **options),
        )

    async def download(
        self, report_id: str, headers: Mapping[str, str] | None = None, method: str = "GET", **options: Any
    ) -> httpx.Response:
        return await self.client.request(
            method,
            f"/cloud/{options.get('region', 'au')}/v1/packages/{report_id}",
            headers=self.grant(DOWNLOAD, report_id, **options) | dict(headers or {}),
        )

    async def pieces(self, report_id: str, **options: Any) -> httpx.Response:
        return await self.client.get(
            f"/cloud/{options.get('region', 'au')}/v1/packages/{report_id}/pieces",
            headers=self.grant(DOWNLOAD, report_id, **options),
        )

    async def delete(self, report_id: str, **options: Any) -> httpx.Response:
        return await self.client.delete(
            f"/cloud/{options.get('region', 'au')}/v1/packages/{report_id}",
            headers=self.grant(DELETE, report_id, **options),
        )

    async def upload(self, content: bytes, report_id: str | None = None, **options: Any) -> str:
        """Upload `content` as its sender does; the report's identifier."""
        report_id = report_id or new_identifier()
        assert (await self.begin(report_id, len(content), **options)).status_code == 201
        for index, part in enumerate(split(content)):
            assert (await self.put(report_id, index, part, **options)).status_code == 204
        answer = await self.complete(report_id, sha256(content), **options)
        assert answer.status_code == 201, answer.text
        return report_id

    async def receipt_claims(self, receipt: str, region: str = "au") -> dict[str, Any]:
        """The claims of a receipt, verified as a user server does."""
        jwks = (await self.client.get(f"/cloud/{region}{JWKS_PATH}")).json()
        key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(receipt)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            receipt, key, algorithms=["EdDSA"], options={"verify_aud": False, "verify_iat": False}
        )
        return claims


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["advice"]
    return answer.status_code, body["code"]


@asynccontextmanager
async def running_world(data: Path, **settings: Any) -> AsyncIterator[World]:
    """A cloud of two regions over `data`; settings as in `Settings`."""
    clock = MovableClock()
    users = UserServers(clock)
    chosen = Settings(
        public_url=PUBLIC,
        roles=("cloud",),
        data=data,
        **{"regions": ("au", "de"), "trusted_user_servers": (OTHER_USERS,), **settings},
    )
    async with (
        running_app(chosen, clock, users) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client,  # type: ignore[arg-type]
    ):
        yield World(app, chosen, clock, client, users)


def leftovers(data: Path, region: str = "au") -> list[str]:
    """Files of unfinished work in a region's folder."""
    folder = data / "cloud" / region
    return sorted(
        str(path.relative_to(folder)) for part in ("incoming", "uploads") for path in (folder / part).glob("**/*")
    )
