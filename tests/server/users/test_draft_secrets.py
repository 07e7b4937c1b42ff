"""Secrets for the drafts that browsers keep sealed: only the same account gets them, for a day, and until it is reset."""

from __future__ import annotations

import logging
from base64 import b64decode
from datetime import timedelta

import pytest
from harness.user_server import PASSWORD, Caller, World, on_sqlite, problem, somebody
from sqlalchemy import select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import DraftSecret

pytestmark = pytest.mark.anyio

DRAFTS = "/v1/sealed-drafts"
DAY = timedelta(hours=limits.SEALED_DRAFT_HOURS)


async def kept(who: Caller) -> tuple[str, str]:
    """Identifier and secret of a new draft."""
    answer = await who.post(DRAFTS)
    assert answer.status_code == 201, answer.text
    assert len(b64decode(answer.json()["secret"])) == 32
    return answer.json()["id"], answer.json()["secret"]


async def secrets(who: Caller) -> dict[str, str]:
    answer = await who.post(f"{DRAFTS}/secrets")
    assert answer.status_code == 200, answer.text
    return {each["id"]: each["secret"] for each in answer.json()["secrets"]}


async def stored(world: World) -> list[DraftSecret]:
    async with world.users.services.database.reading() as session:
        return list(await session.scalars(select(DraftSecret)))


async def test_the_same_person_gets_them_again_after_the_next_sign_in(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    mine, other = await kept(ada), await kept(ada)
    assert (await ada.delete("/v1/sessions/current")).status_code == 204
    back = await world.sign_in(ada.email)
    assert await secrets(back) == dict([mine, other])
    assert mine[1] != other[1]
    assert await secrets(bo) == {}, "somebody else does not even learn that there are any"
    assert problem(await ada.post(f"{DRAFTS}/secrets")) == (401, "not_signed_in"), "the session that has ended"
    assert problem(await world.http.post(f"/users{DRAFTS}/secrets")) == (401, "not_signed_in")
    assert problem(await world.http.post(f"/users{DRAFTS}")) == (401, "not_signed_in")


async def test_a_service_account_has_no_drafts(world: World) -> None:
    machine = await world.service("Royal")
    assert problem(await machine.post(DRAFTS)) == (403, "not_permitted")
    assert problem(await machine.post(f"{DRAFTS}/secrets")) == (403, "not_permitted")


async def test_what_was_sent_or_discarded_is_gone_for_good(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    (ended, _), (left, _) = await kept(ada), await kept(ada)
    assert problem(await bo.delete(f"{DRAFTS}/{ended}")) == (404, "not_found")
    assert (await ada.delete(f"{DRAFTS}/{ended}")).status_code == 204
    assert problem(await ada.delete(f"{DRAFTS}/{ended}")) == (404, "not_found")
    assert problem(await ada.delete(f"{DRAFTS}/{somebody()}")) == (404, "not_found")
    assert set(await secrets(ada)) == {left}


async def test_they_end_after_a_day_whatever_is_asked_for_meanwhile(world: World) -> None:
    ada = await world.person("Ada")
    await kept(ada)
    world.clock.move(DAY - timedelta(seconds=1))
    ada = await world.sign_in(ada.email)
    assert len(await secrets(ada)) == 1
    world.clock.move(timedelta(seconds=1))
    assert await secrets(ada) == {}
    assert await world.users.services.draft_secrets.sweep() == 1
    assert await stored(world) == []


@pytest.mark.parametrize("end", ["disabled", "removed", "reset"])
async def test_nothing_opens_them_after_the_account_was(world: World, end: str) -> None:
    boss = await world.person("Boss", institution="Royal", role=Role.ADMINISTRATOR)
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Royal")
    await kept(ada)
    of_bo = await kept(bo)
    member = f"/v1/institution/members/{ada.id}"
    if end == "disabled":
        assert (await boss.patch(member, {"disabled": True})).status_code == 200
        assert (await boss.patch(member, {"disabled": False})).status_code == 200
    elif end == "removed":
        assert (await boss.delete(member)).status_code == 204
    else:
        token = (await boss.post(f"{member}/invitation")).json()["invitation_token"]
        answer = await world.http.post("/users/v1/invitations", json={"token": token, "password": "a whole new secret"})
        assert answer.status_code == 201
    assert [row.id for row in await stored(world)] == [of_bo[0]]
    assert problem(await ada.post(f"{DRAFTS}/secrets")) == (401, "not_signed_in")
    if end != "removed":
        back = await world.sign_in(ada.email, PASSWORD if end == "disabled" else "a whole new secret")
        assert await secrets(back) == {}


async def test_a_copy_of_the_database_has_no_secret(world: World) -> None:
    ada = await world.person("Ada")
    identifier, secret = await kept(ada)
    [row] = await stored(world)
    assert row.id == identifier
    assert b64decode(secret) != row.salt
    assert world.users.services.signer.derive("something else", row.salt) != b64decode(secret)
    async with world.users.services.database.writing() as session:
        (await session.get_one(DraftSecret, identifier)).account_id = (await world.person("Eve")).id
    eve = await world.sign_in("eve@example.org")
    assert (await secrets(eve))[identifier] != secret, "a row that somebody moved gives another secret"


async def test_the_security_log_says_when_they_were_made_and_given(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await world.person("Ada")
    await secrets(ada)  # there is nothing to give
    with caplog.at_level(logging.INFO):
        _, secret = await kept(ada)
        await secrets(ada)
    lines = (await ada.get("/v1/me/security", limit=200)).json()["events"]
    assert [(line["event"], line["network"]) for line in lines if line["event"].startswith("draft.")] == [
        ("draft.unsealed", "127.0.0.0/24"),
        ("draft.kept", "127.0.0.0/24"),
    ]
    assert secret not in caplog.text


@on_sqlite
async def test_one_person_has_only_so_many(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    for _ in range(limits.SEALED_DRAFTS):
        await kept(ada)
    answer = await ada.post(DRAFTS)
    assert problem(answer) == (413, "limit_exceeded")
    assert answer.json()["limit"] == "SEALED_DRAFTS"
    await kept(bo)


@on_sqlite
async def test_they_cannot_be_asked_for_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEALED_DRAFT_REQUESTS", 3)
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await kept(ada)
    for _ in range(2):
        await secrets(ada)
    answer = await ada.post(f"{DRAFTS}/secrets")
    assert problem(answer) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 0
    assert await secrets(bo) == {}
