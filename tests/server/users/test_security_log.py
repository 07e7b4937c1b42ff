"""The security log: what it holds, who reads it, and what it never holds."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.user_server import PASSWORD, Caller, World, on_each_database, on_sqlite, problem, running_world
from sqlalchemy import func, select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.audit.security_log import network_of
from picsafe_server.users.db.models import SecurityLine

pytestmark = pytest.mark.anyio

WRONG = "wrong horse battery"
FRESH = "another long password"


async def attempt(world: World, email: str, password: str = WRONG) -> httpx.Response:
    return await world.http.post("/users/v1/sessions", json={"email": email, "password": password, "device": "Ward 3"})


async def lines(caller: Caller, path: str = "/v1/me/security", **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get(path, limit=200, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


async def events(caller: Caller, path: str = "/v1/me/security", **query: Any) -> list[str]:
    """The names of events, oldest first."""
    return [line["event"] for line in reversed(await lines(caller, path, **query))]


async def test_a_person_reads_what_happened_to_their_account(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await attempt(world, ada.email)
    phone = await world.sign_in(ada.email)
    await ada.post("/v1/me/password", {"current": WRONG, "new": FRESH})
    await phone.delete("/v1/sessions/current")
    await ada.post("/v1/me/password", {"current": PASSWORD, "new": FRESH})
    assert await events(ada) == [
        "sign_in.succeeded",
        "sign_in.refused",
        "sign_in.succeeded",
        "password.refused",
        "session.ended",
        "password.changed",
    ]
    assert await events(bo) == ["sign_in.succeeded"]
    refused = (await lines(ada))[4]
    assert (refused["actor"], refused["by"], refused["network"]) == ("unknown", None, "127.0.0.0/24")


async def test_a_lock_out_leaves_one_line_however_long_it_is_knocked_at(world: World) -> None:
    ada = await world.person("Ada")
    for _ in range(limits.SIGN_IN_ATTEMPTS + 5):
        await attempt(world, ada.email)
    assert (await events(ada))[1:] == ["sign_in.refused"] * limits.SIGN_IN_ATTEMPTS + ["sign_in.locked_out"]


async def test_administrators_read_their_institution_by_event_and_member_and_nobody_else(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    ada = await world.person("Ada", institution="Royal")
    other = await world.person("Other", institution="Mater", role=Role.ADMINISTRATOR)
    await attempt(world, ada.email)
    await attempt(world, "nobody@example.org")
    path = "/v1/institution/security"
    await admin.patch(f"/v1/institution/members/{ada.id}", {"role": "administrator"})
    assert await events(admin, path) == [
        "sign_in.succeeded",
        "sign_in.succeeded",
        "sign_in.refused",
        "account.role_changed",
    ]
    assert await events(admin, path, event="sign_in.refused") == ["sign_in.refused"]
    assert await events(admin, path, account=admin.id) == ["sign_in.succeeded"]
    changed = (await lines(admin, path))[0]
    assert (changed["account"], changed["actor"]) == ({"id": ada.id, "name": ada.email}, "administrator")
    assert changed["by"] == {"id": admin.id, "name": admin.email}
    assert await events(other, path) == ["sign_in.succeeded"]
    assert problem(await (await world.person("Cy", institution="Royal")).get(path)) == (403, "not_permitted")
    assert problem(await admin.get(path, event="no.such")) == (400, "invalid_request")


@on_each_database
async def test_pages_follow_one_another_without_a_gap(world: World) -> None:
    ada = await world.person("Ada")
    for _ in range(4):
        await attempt(world, ada.email)
    seen, before = [], None
    while True:
        query = {"limit": 2} | ({"before": before} if before else {})
        page = (await ada.get("/v1/me/security", **query)).json()
        seen += [line["number"] for line in page["events"]]
        if (before := page["next"]) is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


async def test_a_reset_and_what_an_administrator_does_stand_in_the_member_s_log(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    ada = await world.person("Ada", institution="Royal")
    member = f"/v1/institution/members/{ada.id}"
    for disabled in (True, False):
        await admin.patch(member, {"disabled": disabled})
    token = (await admin.post(member + "/invitation")).json()["invitation_token"]
    await world.http.post("/users/v1/invitations", json={"token": token, "password": FRESH})
    ada = await world.sign_in(ada.email, FRESH)
    assert (await events(ada))[1:] == [
        "account.disabled",
        "account.enabled",
        "account.invited",
        "password.reset",
        "sign_in.succeeded",
    ]


async def test_service_accounts_stand_in_it_with_who_made_and_revoked_them(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A token that reads everything an institution gets: the person who made one has to be found."""
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    other = await world.person("Other", institution="Mater", role=Role.ADMINISTRATOR)
    made = (await admin.post("/v1/institution/service-accounts", {"name": "PACS"})).json()
    account = made["id"]
    caplog.clear()  # whether the lines before are seen depends on the level that earlier tests have set
    with caplog.at_level(logging.INFO, logger="picsafe.security"):
        await admin.delete(f"/v1/institution/service-accounts/{account}")
    assert (await admin.delete(f"/v1/institution/service-accounts/{account}")).status_code == 404
    path = "/v1/institution/security"
    found = (await lines(admin, path))[:2]
    assert [line["event"] for line in found] == ["service_account.revoked", "service_account.made"]
    for line in found:
        assert line["account"] == {"id": account, "name": "PACS"}
        assert (line["actor"], line["by"]) == ("administrator", {"id": admin.id, "name": admin.email})
    assert await events(admin, path, event="service_account.made") == ["service_account.made"]
    assert await events(other, path) == ["sign_in.succeeded"]
    (told,) = [json.loads(record.message) for record in caplog.records if record.name == "picsafe.security"]
    assert (told["event"], told["account"], told["by"]) == ("service_account.revoked", account, admin.id)


@on_sqlite
async def test_the_server_s_log_has_lines_of_json_without_addresses_names_or_devices(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await world.person("Ada")
    caplog.clear()  # as above
    with caplog.at_level(logging.INFO, logger="picsafe.security"):
        await attempt(world, ada.email)
        await attempt(world, ada.email, PASSWORD)
        await attempt(world, "patient.name@example.org")
    told = [json.loads(record.message) for record in caplog.records if record.name == "picsafe.security"]
    assert [(line["event"], line.get("account")) for line in told] == [
        ("sign_in.refused", ada.id),
        ("sign_in.succeeded", ada.id),
        ("sign_in.refused", None),
    ]
    for record in caplog.records:
        assert not [word for word in ("example.org", "Ward 3", PASSWORD, WRONG, "127.0.0.1") if word in record.message]


async def test_an_unknown_address_costs_what_a_known_one_costs(world: World) -> None:
    await world.account("Ada")
    async with world.users.services.database.reading() as session:
        before = await session.scalar(select(func.count()).select_from(SecurityLine)) or 0
    for email in ("ada@example.org", "nobody@example.org"):
        await attempt(world, email)
    async with world.users.services.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(SecurityLine)) == before + 2


async def test_lines_are_kept_for_as_long_as_the_operator_set(tmp_path: Path) -> None:
    async with running_world(tmp_path, security_log_days=30) as world:
        ada = await world.person("Ada")
        world.clock.move(timedelta(days=29))
        assert (await world.users.sweep())["security log lines forgotten"] == 0
        ada = await world.sign_in(ada.email)
        world.clock.move(timedelta(days=1))
        assert (await world.users.sweep())["security log lines forgotten"] == 1
        assert await events(await world.sign_in(ada.email)) == ["sign_in.succeeded"] * 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("unix", None),
        ("", None),
        (None, None),
    ],
)
def test_of_an_address_only_its_network_is_kept(address: str | None, network: str | None) -> None:
    assert network_of(address) == network
