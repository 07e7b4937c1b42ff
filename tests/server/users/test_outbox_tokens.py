"""Delivering a report without a session: what its token allows, and everything that ends it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from harness.user_server import PASSWORD, Caller, World, handed_in, on_sqlite, problem, somebody
from sqlalchemy import select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.label import SEALED_LABEL_SIZES
from picsafe_server.users.db.models import OutboxToken
from picsafe_server.users.operator_actions import Operator

pytestmark = pytest.mark.anyio

LABEL = b"l" * SEALED_LABEL_SIZES[0]
FRESH = "another long password"


@dataclass
class Kept:
    """A report in somebody's outbox."""

    world: World
    report_id: str
    token: str

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        client = self.world.new_client(self.token)
        return await client.post(f"/users/v1/outbox/{path}", json=body)

    async def receipt(self, **changes: Any) -> httpx.Response:
        given = self.world.fake_servers.receipt(self.report_id, "au", **changes)
        return await self.post("receipt", {"receipt": given})


def declared(world: World, report_id: str, **changes: Any) -> dict[str, Any]:
    receipt = handed_in(world.fake_servers.receipt(report_id, "au"))
    return {"package": receipt["package"] | changes, "label": b64encode(LABEL).decode()}


async def keep(world: World, sender: Caller, *recipients: Caller) -> Kept:
    report_id = await world.draft(sender, *recipients)
    answer = await sender.post(f"/v1/reports/{report_id}/outbox", declared(world, report_id))
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    assert token.startswith("picsafe_ob_")
    return Kept(world, report_id, token)


async def state(who: Caller, kept: Kept) -> str:
    return str((await who.get(f"/v1/reports/{kept.report_id}")).json()["state"])


async def test_it_uploads_and_delivers_after_the_session_has_ended(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    kept = await keep(world, ada, bo)
    assert (await ada.delete("/v1/sessions/current")).status_code == 204
    grant = await kept.post("grant")
    assert grant.status_code == 200, grant.text
    assert grant.json()["url"].endswith("/cloud/au")
    for _ in range(2):  # the answer to the first may be lost
        answer = await kept.receipt()
        assert (answer.status_code, answer.content) == (204, b""), "it says nothing about anybody"
    assert [each["id"] for each in (await bo.get("/v1/reports")).json()["reports"]] == [kept.report_id]
    labels = (await bo.post("/v1/reports/labels", {"report_ids": [kept.report_id]})).json()["labels"]
    assert [each["label"] for each in labels] == [b64encode(LABEL).decode()]
    assert problem(await kept.post("grant")) == (409, "conflict"), "it has been sent"


async def test_it_allows_nothing_else(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    kept, other = await keep(world, ada, bo), await keep(world, ada, bo)
    client = world.new_client(kept.token)
    for method, path in [
        ("GET", "/v1/me"),
        ("GET", f"/v1/reports/{kept.report_id}"),
        ("POST", f"/v1/reports/{kept.report_id}/grants"),
        ("DELETE", f"/v1/reports/{kept.report_id}"),
        ("POST", "/v1/sealed-drafts/secrets"),
        ("GET", "/v1/events"),
    ]:
        answer = await client.request(method, f"/users{path}", json={} if method == "POST" else None)
        assert problem(answer) == (401, "not_signed_in"), path
    foreign = world.fake_servers.receipt(other.report_id, "au")
    assert problem(await kept.post("receipt", {"receipt": foreign})) == (401, "token_refused")
    assert await state(ada, other) == "draft"


async def test_only_the_declared_package_is_delivered(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    body = declared(world, report_id, digest="0" * 64)
    token = (await ada.post(f"/v1/reports/{report_id}/outbox", body)).json()["token"]
    kept = Kept(world, report_id, token)
    assert problem(await kept.receipt()) == (409, "conflict")
    answer = await kept.post(
        "receipt", {"receipt": world.fake_servers.receipt(report_id, "au"), "package": body["package"]}
    )
    assert problem(answer) == (400, "invalid_request"), "what is delivered is not for the token to say"
    assert await state(ada, kept) == "draft"


async def test_nobody_else_declares_and_a_session_is_no_token(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    kept = await keep(world, ada, bo)
    path = f"/v1/reports/{kept.report_id}/outbox"
    assert problem(await bo.post(path, declared(world, kept.report_id))) == (404, "not_found")
    assert problem(await world.http.post(f"/users{path}", json=declared(world, kept.report_id))) == (
        401,
        "not_signed_in",
    )
    for wrong in (ada.token, "", "picsafe_ob_" + "x" * 43, kept.token + "x", kept.token.removeprefix("picsafe_ob_")):
        for route in ("grant", "receipt"):
            assert problem(
                await Kept(world, kept.report_id, wrong).post(route, {"receipt": "x"} if route == "receipt" else None)
            ) == (401, "token_refused")
    assert problem(await world.http.post("/users/v1/outbox/grant")) == (401, "token_refused")


async def test_a_new_token_ends_the_earlier_one_and_none_is_given_for_what_was_sent(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    first = await keep(world, ada, bo)
    path = f"/v1/reports/{first.report_id}/outbox"
    second = Kept(world, first.report_id, (await ada.post(path, declared(world, first.report_id))).json()["token"])
    assert problem(await first.post("grant")) == (401, "token_refused")
    assert (await second.post("grant")).status_code == 200
    assert (await second.receipt()).status_code == 204
    assert problem(await ada.post(path, declared(world, first.report_id))) == (409, "conflict")
    assert problem(await ada.post(f"/v1/reports/{somebody()}/outbox", declared(world, first.report_id))) == (
        404,
        "not_found",
    )


@pytest.mark.parametrize(
    "end", ["withdrawn", "disabled", "removed", "reset", "invited", "password", "everywhere", "operator"]
)
async def test_what_ends_it(world: World, end: str) -> None:
    boss = await world.person("Boss", institution="Royal", role=Role.ADMINISTRATOR)
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Royal")
    kept, of_bo = await keep(world, ada, bo), await keep(world, bo, ada)
    member = f"/v1/institution/members/{ada.id}"
    if end == "withdrawn":
        assert (await ada.delete(f"/v1/reports/{kept.report_id}")).status_code == 204
    elif end == "disabled":
        assert (await boss.patch(member, {"disabled": True})).status_code == 200
        assert (await boss.patch(member, {"disabled": False})).status_code == 200
    elif end == "removed":
        assert (await boss.delete(member)).status_code == 204
    elif end in ("reset", "invited"):
        token = (await boss.post(f"{member}/invitation")).json()["invitation_token"]
        if end == "reset":
            await world.http.post("/users/v1/invitations", json={"token": token, "password": FRESH})
    elif end == "password":
        assert (await ada.post("/v1/me/password", {"current": PASSWORD, "new": FRESH})).status_code == 204
    elif end == "everywhere":
        other = await world.sign_in(ada.email)
        assert (await ada.delete("/v1/sessions")).status_code == 204
        for session in (ada, other):
            assert problem(await session.get("/v1/me")) == (401, "not_signed_in")
    else:
        await Operator(world.users).end_sessions(ada.email)
    for path, body in (("grant", None), ("receipt", {"receipt": world.fake_servers.receipt(kept.report_id, "au")})):
        assert problem(await kept.post(path, body)) == (401, "token_refused")
    assert (await of_bo.post("grant")).status_code == 200, "somebody else's goes on"


async def test_it_ends_after_a_day_and_only_its_hash_is_stored(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    kept = await keep(world, ada, bo)
    async with world.users.services.database.reading() as session:
        row = (await session.scalars(select(OutboxToken))).one()
    assert kept.token.encode() not in row.token_hash
    world.clock.move(timedelta(hours=limits.OUTBOX_HOURS) - timedelta(seconds=1))
    assert (await kept.post("grant")).status_code == 200
    world.clock.move(timedelta(seconds=1))
    assert problem(await kept.post("grant")) == (401, "token_refused")
    assert await world.users.services.outbox.sweep() == 1


@on_sqlite
@pytest.mark.parametrize(
    "change",
    [
        {"label": "AAAA"},
        {"package": None},
        {"package": {"size": 0, "sha256": "0" * 64, "digest": "0" * 64}},
        {"more": 1},
    ],
)
async def test_a_declaration_that_makes_no_sense_gives_no_token(world: World, change: dict[str, Any]) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    answer = await ada.post(f"/v1/reports/{report_id}/outbox", declared(world, report_id) | change)
    assert problem(answer) == (400, "invalid_request")
    async with world.users.services.database.reading() as session:
        assert (await session.scalars(select(OutboxToken))).all() == []
