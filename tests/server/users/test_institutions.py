"""What administrators do: policy, members, invitations, service accounts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from harness.user_server import PASSWORD, Caller, World, on_each_database, on_sqlite, problem, running_world
from sqlalchemy import select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import Account

pytestmark = pytest.mark.anyio

OWN = "http://localhost:8000/keys"
NEW = {"email": "New@Example.org", "name": "New Person", "country": "FR"}


async def administrator(world: World, name: str = "Admin", institution: str = "Royal") -> Caller:
    return await world.person(name, institution=institution, role=Role.ADMINISTRATOR)


# Policy


async def test_an_institution_begins_with_the_defaults(world: World) -> None:
    admin = await administrator(world)
    assert (await admin.get("/v1/institution")).json() == {
        "id": world.institutions["Royal"],
        "name": "Royal",
        "retention_days": 7,
        "idle_lock_minutes": 10,
        "members_may_open": "recipients",
        "key_servers": [],
        "key_server": OWN,
        "permitted_key_servers": [OWN],
        "domains": ["example.org"],
        "labels": "sealed",
        "version": ANY,
    }


async def test_every_part_of_the_policy_can_be_changed(database_url: str, tmp_path: Path) -> None:
    permitted = ["https://keys.royal.example", "http://localhost:9000/keys"]
    async with running_world(tmp_path, database_url, allowed_key_servers=tuple(permitted)) as world:
        admin = await administrator(world)
        change = {
            "retention_days": 3,
            "idle_lock_minutes": 2,
            "members_may_open": "members",
            "labels": "none",
            "key_servers": [permitted[0] + "/", *permitted],
            "key_server": permitted[1] + "/",
        }
        expected = change | {
            "id": world.institutions["Royal"],
            "name": "Royal",
            "key_servers": permitted,
            "key_server": permitted[1],
            "permitted_key_servers": [OWN, *permitted],
            "domains": ["example.org"],
            "version": ANY,
        }
        assert (await admin.patch("/v1/institution", change)).json() == expected
        assert (await admin.patch("/v1/institution", {})).json() == expected
        assert (await admin.get("/v1/institution")).json() == expected
        me = (await admin.get("/v1/me")).json()
        assert me["institution"] == {
            "id": world.institutions["Royal"],
            "name": "Royal",
            "idle_lock_minutes": 2,
            "retention_days": 3,
        }
        assert me["key_servers"][1:] == expected["key_servers"]


async def test_only_the_operator_names_an_institution(world: World) -> None:
    """An administrator could otherwise let her members write in the name of another house."""
    admin = await administrator(world)
    answer = await admin.patch("/v1/institution", {"name": "Royal Melbourne Hospital"})
    assert problem(answer) == (400, "invalid_request")
    for _ in range(2):
        await world.users.services.institutions.rename(world.institutions["Royal"], "  Royal  Hospital ")
        assert (await admin.get("/v1/institution")).json()["name"] == "Royal Hospital"
    with pytest.raises(InvalidRequest):
        await world.users.services.institutions.rename(world.institutions["Royal"], "\x1b[31m")


@on_sqlite
async def test_what_is_no_policy_changes_nothing(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    before = (await admin.get("/v1/institution")).json()
    changes: list[dict[str, Any]] = [
        {"retention_days": 0},
        {"retention_days": limits.REPORT_DAYS + 1},
        {"retention_days": 3.5},
        {"retention_days": "three"},
        {"retention_days": None},
        {"idle_lock_minutes": 0},
        {"idle_lock_minutes": limits.IDLE_LOCK_MINUTES + 1},
        {"members_may_open": "everybody"},
        {"name": "Royal Melbourne Hospital"},
        {"id": "aaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"key_servers": "https://keys.example"},
        {"key_servers": [None]},
        {"key_servers": [""]},
        {"key_servers": ["keys.example"]},
        {"key_servers": ["http://keys.example"]},
        {"key_servers": ["http://localhost.evil.example"]},
        {"key_servers": ["ftp://keys.example"]},
        {"key_servers": ["javascript:alert(1)"]},
        {"key_servers": ["https://"]},
        {"key_servers": ["https://keys.example?x=1"]},
        {"key_servers": ["https://keys.example#x"]},
        {"key_servers": ["https://keys.example/a b"]},
        {"key_servers": ["https://kéys.example"]},
        {"key_servers": ["https://[::1"]},
        {"key_servers": ["https://user:secret@keys.example"]},
        {"key_server": "keys.example"},
        {"key_server": "http://keys.example"},
        {"key_server": None},
        {"key_servers": ["https://keys.example/" + "x" * limits.URL_CHARACTERS]},
    ]
    for change in changes:
        with subtests.test(change=change):
            assert problem(await admin.patch("/v1/institution", {"retention_days": 4} | change)) == (
                400,
                "invalid_request",
            )
            assert (await admin.get("/v1/institution")).json() == before


async def test_twenty_key_servers_and_not_one_more(tmp_path: Path) -> None:
    many = tuple(f"https://keys{number}.example" for number in range(limits.KEY_SERVERS + 1))
    async with running_world(tmp_path, allowed_key_servers=many) as world:
        admin = await administrator(world)
        answer = await admin.patch("/v1/institution", {"key_servers": many[: limits.KEY_SERVERS]})
        assert answer.status_code == 200
        assert problem(await admin.patch("/v1/institution", {"key_servers": many})) == (413, "limit_exceeded")


# Members


async def test_a_member_is_invited_chooses_a_password_and_signs_in(world: World) -> None:
    admin = await administrator(world)
    answer = await admin.post("/v1/institution/members", NEW)
    assert answer.status_code == 201
    made = answer.json()
    token = made.pop("invitation_token")
    expected = {"id": made["id"], "email": "new@example.org", "name": "New Person", "country": "FR", "role": "member"}
    assert made == expected | {"disabled": False, "invited": True, "version": ANY, "expires_at": ANY}
    accepted = await world.http.post("/users/v1/invitations", json={"token": token, "password": PASSWORD})
    assert accepted.status_code == 201
    assert "set-cookie" not in accepted.headers
    assert (await world.sign_in("new@example.org")).id == made["id"]
    members = (await admin.get("/v1/institution/members")).json()["members"]
    assert [(member["email"], member["invited"]) for member in members] == [
        ("admin@example.org", False),
        ("new@example.org", False),
    ]
    assert all("invitation_token" not in member for member in members)


@on_each_database
async def test_members_come_in_pages(world: World) -> None:
    admin = await administrator(world)
    for number in range(5):
        await world.account(f"N{number}", institution="Royal")
    await world.account("Other", institution="Elsewhere")
    found: list[str] = []
    after = None
    while True:
        page = (await admin.get("/v1/institution/members", limit=2, **({"after": after} if after else {}))).json()
        found += [member["name"] for member in page["members"]]
        after = page["next"]
        if after is None:
            break
    assert found == ["Admin", "N0", "N1", "N2", "N3", "N4"]


@on_sqlite
async def test_who_is_no_member_is_not_added(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    changes: list[dict[str, Any]] = [
        {"email": ""},
        {"email": "nobody"},
        {"email": None},
        {"name": ""},
        {"country": "ZZ"},
        {"country": "France"},
        {"country": "F1"},
        {"role": "service"},
        {"role": "owner"},
        {"role": None},
        {"password": PASSWORD},
        {"institution": "x"},
    ]
    for change in changes:
        with subtests.test(change=change):
            assert problem(await admin.post("/v1/institution/members", NEW | change)) == (400, "invalid_request")
            assert len((await admin.get("/v1/institution/members")).json()["members"]) == 1


@on_each_database
async def test_an_address_that_has_an_account_anywhere_is_a_conflict(world: World) -> None:
    admin = await administrator(world)
    await world.account("Cy")
    for email in ("cy@example.org", "CY@example.org", admin.email):
        answer = await admin.post("/v1/institution/members", NEW | {"email": email})
        assert problem(answer) == (409, "conflict")


async def test_disabling_ends_every_session_at_once_and_enabling_lets_in_again(world: World) -> None:
    admin, bo = await administrator(world), await world.person("Bo", institution="Royal")
    path = f"/v1/institution/members/{bo.id}"
    assert (await admin.patch(path, {"disabled": True})).json()["disabled"] is True
    assert problem(await bo.get("/v1/me")) == (401, "not_signed_in")
    assert (await admin.patch(path, {"disabled": False})).json()["disabled"] is False
    assert problem(await bo.get("/v1/me")) == (401, "not_signed_in")
    assert (await world.sign_in(bo.email)).id == bo.id


async def test_roles_change_what_one_may_do_from_the_next_request(world: World) -> None:
    admin, bo = await administrator(world), await world.person("Bo", institution="Royal")
    assert problem(await bo.get("/v1/institution")) == (403, "not_permitted")
    await admin.patch(f"/v1/institution/members/{bo.id}", {"role": "administrator"})
    assert (await bo.get("/v1/institution")).status_code == 200
    await bo.patch(f"/v1/institution/members/{admin.id}", {"role": "member"})
    assert problem(await admin.get("/v1/institution")) == (403, "not_permitted")


async def test_an_action_on_a_member_who_is_no_longer_as_listed_is_refused(world: World) -> None:
    """Two administrators, one list: what the second decides by what it shows must not be done to something else."""
    admin = await administrator(world)
    made = (await admin.post("/v1/institution/members", NEW)).json()
    path, stale = f"/v1/institution/members/{made['id']}", {"version": made["version"]}
    body = {"token": made["invitation_token"], "password": PASSWORD}
    assert (await world.http.post("/users/v1/invitations", json=body)).status_code == 201
    member = await world.sign_in(made["email"])
    for answer in (
        await admin.http.post(f"/users{path}/invitation", params=stale),
        await admin.http.patch(f"/users{path}", params=stale, json={"disabled": True}),
        await admin.http.patch(f"/users{path}", params=stale, json={"role": "administrator"}),
        await admin.http.delete(f"/users{path}", params=stale),
    ):
        assert problem(answer) == (412, "changed_meanwhile")
    assert (await member.get("/v1/me")).status_code == 200  # neither signed out nor disabled
    (listed,) = [
        each for each in (await admin.get("/v1/institution/members")).json()["members"] if each["id"] == made["id"]
    ]
    assert listed["version"] != made["version"]
    now = {"version": listed["version"]}
    changed = await admin.http.patch(f"/users{path}", params=now, json={"role": "administrator"})
    assert changed.json()["role"] == "administrator"
    assert problem(await admin.http.delete(f"/users{path}", params=now)) == (412, "changed_meanwhile")
    assert (await admin.http.delete(f"/users{path}", params={"version": changed.json()["version"]})).status_code == 204


async def test_a_policy_that_somebody_else_has_changed_is_not_overwritten(world: World) -> None:
    admin = await administrator(world)
    read = (await admin.get("/v1/institution")).json()["version"]
    first = await admin.http.patch("/users/v1/institution", params={"version": read}, json={"retention_days": 2})
    assert first.status_code == 200
    second = await admin.http.patch("/users/v1/institution", params={"version": read}, json={"idle_lock_minutes": 1})
    assert problem(second) == (412, "changed_meanwhile")
    again = await admin.http.patch(
        "/users/v1/institution", params={"version": first.json()["version"]}, json={"idle_lock_minutes": 1}
    )
    assert (again.json()["retention_days"], again.json()["idle_lock_minutes"]) == (2, 1)


async def test_what_waits_for_a_member_is_said_before_they_are_removed(world: World) -> None:
    admin, bo = await administrator(world), await world.person("Bo", institution="Royal")
    sender = await world.person("Ada")
    path = f"/v1/institution/members/{bo.id}/waiting"
    assert (await admin.get(path)).json() == {"unopened": 0}
    first, second, third = [await world.report(sender, bo) for _ in range(3)]
    await bo.post(f"/v1/reports/{first}/opened")
    await sender.delete(f"/v1/reports/{second}")
    assert (await admin.get(path)).json() == {"unopened": 1}, third
    assert problem(await bo.get(path)) == (403, "not_permitted")
    stranger = await administrator(world, "Eve", "Elsewhere")
    assert problem(await stranger.get(path)) == (404, "not_found")


async def test_the_last_administrator_stays(world: World) -> None:
    admin = await administrator(world)
    await world.account("Bo", institution="Royal")
    disabled = await administrator(world, "Gone")
    await admin.patch(f"/v1/institution/members/{disabled.id}", {"disabled": True})
    await admin.post("/v1/institution/members", NEW | {"role": "administrator"})  # has no password yet
    path = f"/v1/institution/members/{admin.id}"
    assert problem(await admin.patch(path, {"role": "member"})) == (409, "last_administrator")
    assert problem(await admin.patch(path, {"disabled": True})) == (409, "last_administrator")
    assert problem(await admin.delete(path)) == (409, "last_administrator")
    assert (await admin.patch(path, {"role": "administrator", "disabled": False})).status_code == 200


@on_each_database
async def test_two_administrators_cannot_demote_each_other_at_once(world: World) -> None:
    for number in range(5):
        where = f"Hospital {number}"
        one = await administrator(world, f"One{number}", where)
        other = await administrator(world, f"Other{number}", where)
        await asyncio.gather(
            one.patch(f"/v1/institution/members/{other.id}", {"role": "member"}),
            other.patch(f"/v1/institution/members/{one.id}", {"disabled": True}),
        )
        async with world.users.services.database.reading() as session:
            left = await session.scalars(
                select(Account.id).where(
                    Account.institution_id == world.institutions[where],
                    Account.role == Role.ADMINISTRATOR.value,
                    Account.disabled_at.is_(None),
                )
            )
            assert left.all()


@on_each_database
async def test_a_removed_member_is_gone_and_the_address_is_free(world: World) -> None:
    admin, bo = await administrator(world), await world.person("Bo", institution="Royal")
    report_id = await world.report(bo, admin)
    path = f"/v1/institution/members/{bo.id}"
    assert (await admin.delete(path)).status_code == 204
    assert problem(await bo.get("/v1/me")) == (401, "not_signed_in")
    assert [member["id"] for member in (await admin.get("/v1/institution/members")).json()["members"]] == [admin.id]
    for answer in (await admin.delete(path), await admin.patch(path, {"disabled": False})):
        assert problem(answer) == (404, "not_found")
    assert (await admin.get(f"/v1/reports/{report_id}")).json()["sender"]["name"] == "Bo"
    again = (await admin.post("/v1/institution/members", NEW | {"email": bo.email})).json()
    assert again["id"] != bo.id
    await world.http.post("/users/v1/invitations", json={"token": again["invitation_token"], "password": PASSWORD})
    successor = await world.sign_in(bo.email)
    assert problem(await successor.get(f"/v1/reports/{report_id}")) == (404, "not_found")


# Invitations


async def test_an_invitation_says_for_whom_by_whom_and_until_when(world: World) -> None:
    admin = await administrator(world)
    made = (await admin.post("/v1/institution/members", NEW)).json()
    looking = {"token": made["invitation_token"]}
    for _ in range(2):  # looking does not use it
        answer = await world.http.post("/users/v1/invitations/look", json=looking)
        assert answer.json() == {
            "name": "New Person",
            "email": "new@example.org",
            "institution": "Royal",
            "by": "Admin",
            "by_email": admin.email,
            "expires_at": ANY,
            "resets": False,
        }
    assert answer.json()["expires_at"][:16] == made["expires_at"][:16]
    await world.http.post("/users/v1/invitations", json=looking | {"password": PASSWORD})
    assert problem(await world.http.post("/users/v1/invitations/look", json=looking)) == (401, "token_refused")
    reset = (await admin.post(f"/v1/institution/members/{made['id']}/invitation")).json()["invitation_token"]
    assert (await world.http.post("/users/v1/invitations/look", json={"token": reset})).json()["resets"]
    guessed = await world.http.post("/users/v1/invitations/look", json={"token": reset[:-4] + "AAAA"})
    assert problem(guessed) == (401, "token_refused")


async def test_an_invitation_works_once(world: World) -> None:
    admin = await administrator(world)
    token = (await admin.post("/v1/institution/members", NEW)).json()["invitation_token"]
    body = {"token": token, "password": PASSWORD}
    answers = await asyncio.gather(*(world.http.post("/users/v1/invitations", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
    again = await world.http.post("/users/v1/invitations", json=body)
    assert problem(again) == (401, "token_refused")
    assert again.json()["reason"] == "used"


async def test_a_password_that_is_refused_does_not_use_the_invitation_up(world: World) -> None:
    admin = await administrator(world)
    token = (await admin.post("/v1/institution/members", NEW)).json()["invitation_token"]
    refused = await world.http.post("/users/v1/invitations", json={"token": token, "password": "short"})
    assert problem(refused) == (400, "invalid_request")
    accepted = await world.http.post("/users/v1/invitations", json={"token": token, "password": PASSWORD})
    assert accepted.status_code == 201


async def test_an_invitation_is_old_after_seven_days(world: World) -> None:
    admin = await administrator(world)
    tokens = [
        (await admin.post("/v1/institution/members", NEW | {"email": f"n{number}@example.org"})).json()[
            "invitation_token"
        ]
        for number in range(2)
    ]
    world.clock.move(timedelta(days=limits.INVITATION_DAYS, minutes=-1))
    good = await world.http.post("/users/v1/invitations", json={"token": tokens[0], "password": PASSWORD})
    assert good.status_code == 201
    world.clock.move(timedelta(minutes=1))
    late = await world.http.post("/users/v1/invitations", json={"token": tokens[1], "password": PASSWORD})
    assert problem(late) == (401, "token_refused")
    assert late.json()["reason"] == "expired"


async def test_a_new_invitation_replaces_the_old_and_resets_a_forgotten_password(world: World) -> None:
    admin, bo = await administrator(world), await world.person("Bo", institution="Royal")
    path = f"/v1/institution/members/{bo.id}/invitation"
    first = (await admin.post(path)).json()["invitation_token"]
    second = (await admin.post(path)).json()["invitation_token"]
    assert (await world.sign_in(bo.email)).id == bo.id
    fresh = "a whole new password"
    old = await world.http.post("/users/v1/invitations", json={"token": first, "password": fresh})
    assert problem(old) == (401, "token_refused")
    new = await world.http.post("/users/v1/invitations", json={"token": second, "password": fresh})
    assert new.status_code == 201
    assert problem(await bo.get("/v1/me")) == (401, "not_signed_in")
    assert (await world.sign_in(bo.email, fresh)).id == bo.id


async def test_who_is_disabled_is_not_invited(world: World) -> None:
    admin, bo = await administrator(world), await world.account("Bo", institution="Royal")
    token = (await admin.post(f"/v1/institution/members/{bo.id}/invitation")).json()["invitation_token"]
    await admin.patch(f"/v1/institution/members/{bo.id}", {"disabled": True})
    assert problem(await admin.post(f"/v1/institution/members/{bo.id}/invitation")) == (409, "conflict")
    answer = await world.http.post("/users/v1/invitations", json={"token": token, "password": PASSWORD})
    assert problem(answer) == (401, "token_refused")


@on_sqlite
async def test_a_token_that_is_no_invitation(world: World, subtests: pytest.Subtests) -> None:
    for token in ["", "x", "picsafe_in_", "picsafe_in_" + "A" * 43, "picsafe_st_a_b", "\ud800", "'"]:
        with subtests.test(token=token):
            body = b'{"token":"\\ud800","password":"correct horse battery"}' if token == "\ud800" else None
            request = {"content": body, "headers": {"Content-Type": "application/json"}} if body else {}
            json = None if body else {"token": token, "password": PASSWORD}
            answer = await world.http.post("/users/v1/invitations", json=json, **request)  # type: ignore[arg-type]
            assert answer.status_code in {400, 401}


# Service accounts


async def test_a_service_account_s_token_is_shown_once_and_works_until_revoked(world: World) -> None:
    admin = await administrator(world)
    made = (await admin.post("/v1/institution/service-accounts", {"name": "PACS"})).json()
    assert made["token"].startswith(f"picsafe_st_{made['id']}_")
    pacs = world.new_client(made["token"])
    me = (await pacs.get("/users/v1/me")).json()
    assert (me["kind"], me["role"], me["name"], me["email"]) == ("service", "service", "PACS", None)
    assert me["institution"]["name"] == "Royal"
    await world.users.services.sessions.touches.settled()
    (listed,) = (await admin.get("/v1/institution/service-accounts")).json()["service_accounts"]
    assert set(listed) == {"id", "name", "created_at", "last_used_at"}
    assert listed["last_used_at"] is not None
    assert (await admin.delete(f"/v1/institution/service-accounts/{made['id']}")).status_code == 204
    assert problem(await pacs.get("/users/v1/me")) == (401, "not_signed_in")
    assert (await admin.get("/v1/institution/service-accounts")).json() == {"service_accounts": []}
    again = await admin.delete(f"/v1/institution/service-accounts/{made['id']}")
    assert problem(again) == (404, "not_found")


async def test_a_service_account_does_not_do_what_people_do(world: World) -> None:
    pacs = await world.service("Royal")
    refusals = [
        await pacs.post("/v1/reports", {"recipients": ["a@example.org"]}),
        await pacs.get("/v1/reports"),
        await pacs.patch("/v1/me", {"name": "Root"}),
        await pacs.post("/v1/me/password", {"current": PASSWORD, "new": PASSWORD}),
        await pacs.get("/v1/sessions"),
        await pacs.get("/v1/recipients"),
        await pacs.get("/v1/institution"),
        await pacs.post("/v1/institution/members", NEW),
        await pacs.post("/v1/institution/service-accounts", {"name": "Another"}),
    ]
    assert {problem(answer) for answer in refusals} == {(403, "not_permitted")}


@on_sqlite
async def test_fifty_service_accounts_and_not_one_more(world: World) -> None:
    admin = await administrator(world)
    for number in range(limits.SERVICE_ACCOUNTS):
        assert (await admin.post("/v1/institution/service-accounts", {"name": f"S{number}"})).status_code == 201
    answer = await admin.post("/v1/institution/service-accounts", {"name": "One more"})
    assert problem(answer) == (413, "limit_exceeded")


@on_sqlite
async def test_what_is_no_service_account(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    for body in [{}, {"name": ""}, {"name": None}, {"name": "x" * 401}, {"name": "PACS", "role": "x"}]:
        with subtests.test(body=body):
            answer = await admin.post("/v1/institution/service-accounts", body)
            assert problem(answer) == (400, "invalid_request")
