"""All roles in one process: a report from its beginning to each of its ends, by HTTP alone, as a third party would do it."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from picsafe_protocol.contracts import limits
from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_protocol.format.composing import Uploaded, completion
from picsafe_server.app import create_app
from picsafe_server.role import ServerRole
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import UsersRole

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
PACKAGE = os.urandom(100_000)
HERE = "http://localhost:8000"


@dataclass
class Clinic:
    """The server and two people of different countries."""

    http: httpx.AsyncClient
    clock: MovableClock
    roles: dict[str, ServerRole]
    sender: str
    recipient: str

    async def call(self, method: str, url: str, token: str, **request: Any) -> httpx.Response:
        return await self.http.request(method, url, headers={"Authorization": f"Bearer {token}"}, **request)

    async def sign_in(self, email: str) -> str:
        body = {"email": email, "password": PASSWORD, "transport": "token"}
        token: str = (await self.http.post("/users/v1/sessions", json=body)).json()["token"]
        return token

    async def send(self) -> tuple[str, str]:
        """A report that is available: its identifier and its key's."""
        begun = (
            await self.call("POST", "/users/v1/reports", self.sender, json={"recipients": ["bo@example.org"]})
        ).json()
        report_id, cloud, grant = begun["report_id"], begun["cloud"]["url"], begun["cloud"]["grant"]
        body = {"report_id": report_id}
        key = await self.call("POST", f"{begun['keyserver']['url']}/v1/keys", begun["keyserver"]["grant"], json=body)
        assert key.status_code == 201, key.text
        upload = f"{cloud}/v1/uploads/{report_id}"
        assert (await self.call("POST", upload, grant, json={"size": len(PACKAGE)})).status_code == 201
        digest = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
        headers = {"Authorization": f"Bearer {grant}", "Content-Digest": f"sha-256=:{digest}:"}
        assert (await self.http.put(f"{upload}/parts/0", content=PACKAGE, headers=headers)).status_code == 204
        sha256, pieces = hashlib.sha256(PACKAGE).hexdigest(), Pieces(len(PACKAGE), hash_pieces(PACKAGE))
        whole = completion(sha256, pieces)
        receipt = (await self.call("POST", f"{upload}/complete", grant, json=whole)).json()["receipt"]
        handed_in = Uploaded(receipt, sha256, pieces).to_json()
        made = await self.call("POST", f"/users/v1/reports/{report_id}/receipt", self.sender, json=handed_in)
        assert made.json()["state"] == "available", made.text
        return report_id, key.json()["key_id"]

    async def download(self, report_id: str) -> httpx.Response:
        body = {"action": "package.download"}
        granted = await self.call("POST", f"/users/v1/reports/{report_id}/grants", self.recipient, json=body)
        if granted.status_code != 200:
            return granted
        grant = granted.json()
        return await self.call("GET", f"{grant['url']}/v1/packages/{report_id}", grant["grant"])

    async def release(self, report_id: str, key_id: str) -> httpx.Response:
        body = {"audience": f"{HERE}/keys"}
        token = (await self.call("POST", "/users/v1/tokens", self.recipient, json=body)).json()["token"]
        url = f"{HERE}/keys/v1/keys/{key_id}/release"
        return await self.call("POST", url, token, json={"report_id": report_id})


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    clock = MovableClock()
    app = create_app(Settings(roles=("users", "cloud", "keys"), data=tmp_path), clock)
    async with app.lifespan():
        roles: dict[str, ServerRole] = app.state.roles
        users = roles["users"]
        assert isinstance(users, UsersRole)
        await provisioning.create_account(users, "ada@example.org", "Ada", "NZ", PASSWORD)
        await provisioning.create_account(users, "bo@example.org", "Bo", "DE", PASSWORD)
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
            clinic = Clinic(http, clock, roles, "", "")
            clinic.sender = await clinic.sign_in("ada@example.org")
            clinic.recipient = await clinic.sign_in("bo@example.org")
            yield clinic


async def test_a_report_arrives_with_its_key(clinic: Clinic) -> None:
    report_id, key_id = await clinic.send()
    inbox = (await clinic.call("GET", "/users/v1/reports", clinic.recipient)).json()["reports"]
    assert [(row["id"], row["region"], row["size"]) for row in inbox] == [(report_id, "au", len(PACKAGE))]
    assert (await clinic.download(report_id)).content == PACKAGE
    released = await clinic.release(report_id, key_id)
    assert released.status_code == 200
    assert len(base64.urlsafe_b64decode(released.json()["key"] + "=")) == 32


async def test_withdrawing_takes_key_and_ciphertext_away(clinic: Clinic) -> None:
    report_id, key_id = await clinic.send()
    grant = (
        await clinic.call(
            "POST", f"/users/v1/reports/{report_id}/grants", clinic.recipient, json={"action": "package.download"}
        )
    ).json()
    assert (await clinic.call("DELETE", f"/users/v1/reports/{report_id}", clinic.sender)).status_code == 204
    assert (await clinic.release(report_id, key_id)).json()["code"] == "key_revoked"
    assert (await clinic.download(report_id)).json()["code"] == "key_revoked"
    late = await clinic.call("GET", f"{grant['url']}/v1/packages/{report_id}", grant["grant"])
    assert late.status_code in {404, 410}
    assert (await clinic.roles["users"].sweep())["withdrawal calls made"] == 0, "nothing was left to be done"


async def test_a_withdrawn_draft_can_neither_be_uploaded_nor_completed(clinic: Clinic) -> None:
    body = {"recipients": ["bo@example.org"]}
    begun = (await clinic.call("POST", "/users/v1/reports", clinic.sender, json=body)).json()
    report_id, cloud = begun["report_id"], begun["cloud"]
    assert (await clinic.call("DELETE", f"/users/v1/reports/{report_id}", clinic.sender)).status_code == 204
    upload = await clinic.call("POST", f"{cloud['url']}/v1/uploads/{report_id}", cloud["grant"], json={"size": 10})
    assert upload.status_code == 410
    assert (await clinic.roles["users"].sweep())["withdrawal calls made"] == 0


@pytest.mark.parametrize("swept", [False, True])
async def test_after_seven_days_every_server_says_that_it_is_over(clinic: Clinic, swept: bool) -> None:
    report_id, key_id = await clinic.send()
    clinic.clock.move(timedelta(days=limits.REPORT_DAYS))
    if swept:
        for role in clinic.roles.values():
            await role.sweep()
    clinic.recipient = await clinic.sign_in("bo@example.org")
    assert (await clinic.download(report_id)).json()["code"] == "report_expired"
    assert (await clinic.release(report_id, key_id)).json()["code"] == "key_destroyed"
    assert (await clinic.call("GET", "/users/v1/reports", clinic.recipient)).json()["reports"] == []


async def test_a_field_that_stands_twice_is_refused_by_every_role(clinic: Clinic) -> None:
    begun = (
        await clinic.call("POST", "/users/v1/reports", clinic.sender, json={"recipients": ["bo@example.org"]})
    ).json()
    report_id, cloud, keyserver = begun["report_id"], begun["cloud"], begun["keyserver"]
    for url, token, body in (
        ("/users/v1/tokens", clinic.sender, f'{{"audience": "https://evil.example", "audience": "{HERE}/keys"}}'),
        (f"{cloud['url']}/v1/uploads/{report_id}", cloud["grant"], '{"size": 1, "size": 100000}'),
        (f"{keyserver['url']}/v1/keys", keyserver["grant"], f'{{"report_id": "x", "report_id": "{report_id}"}}'),
        ("/users/v1/sessions", "", '{"email": "a@b.example", "password": "x", "\\u0070assword": "y"}'),
    ):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await clinic.http.post(url, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), url
        assert "twice" in answer.json()["detail"], url
