"""What administrators can do is written down; and neither a reset password nor a new machine opens what was sent before."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from harness.user_server import PASSWORD, Caller, World, ids, on_each_database, problem, running_world
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users import provisioning

pytestmark = pytest.mark.anyio

FRESH = "the administrator chose this"
KEYS = "http://localhost:8000/keys"
HOUSE = "https://keys.royal.example"


async def administrator(world: World, name: str = "Clare Doyle", institution: str = "Royal") -> Caller:
    return await world.person(name.replace(" ", ""), institution=institution, role=Role.ADMINISTRATOR)


async def reset(world: World, admin: Caller, member: Caller) -> Caller:
    """What an administrator does who wants to be somebody else, or whom a member asked for a new password."""
    invitation = (await admin.post(f"/v1/institution/members/{member.id}/invitation")).json()["invitation_token"]
    accepted = await world.http.post("/users/v1/invitations", json={"token": invitation, "password": FRESH})
    assert accepted.status_code == 201
    return await world.sign_in(member.email, FRESH)


async def since_of(caller: Caller) -> float | None:
    token = (await caller.post("/v1/tokens", {"audience": KEYS})).json()["token"]
    since: float | None = jwt.decode(token, options={"verify_signature": False}).get("since")
    return since


async def download(caller: Caller, report_id: str) -> Any:
    answer = await caller.post(f"/v1/reports/{report_id}/grants", {"action": "package.download"})
    return 200 if answer.status_code == 200 else problem(answer)


# Service accounts


async def test_a_service_account_gets_only_what_is_sent_after_it_was_made(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Royal")
    before, begun_before = await world.report(ada, bo), await world.draft(ada, bo)
    first_event = "0"
    pacs = await world.service("Royal")
    await world.deliver(ada, begun_before)
    after = await world.report(ada, bo)
    assert ids(await pacs.get("/v1/reports/new")) == [after]
    for older in (before, begun_before):  # its sender was told who could open it, and the key is of then
        assert problem(await pacs.get(f"/v1/reports/{older}")) == (404, "not_found")
        assert await download(pacs, older) == (404, "not_found")
        assert problem(await pacs.post(f"/v1/reports/{older}/collected")) == (404, "not_found")
    assert await download(pacs, after) == 200
    services = world.users.services
    stream = services.streams.of(await services.sessions.authenticate(pacs.token), int(first_event))
    told = b"".join([await anext(stream) for _ in range(2)]).decode()
    assert after in told
    assert before not in told
    assert begun_before not in told
    await stream.aclose()  # type: ignore[attr-defined]


async def test_the_user_token_of_a_service_account_says_when_it_was_made(world: World) -> None:
    earlier = world.clock.now().timestamp()
    since = await since_of(await world.service("Royal"))
    assert since is not None
    assert earlier - 0.001 <= since <= world.clock.now().timestamp()


# Resetting passwords


async def test_a_password_reset_opens_nothing_that_was_sent_before(world: World) -> None:
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    ana = await world.person("Ana")
    before, own, draft = await world.report(ana, ben), await world.report(ben, ana), await world.draft(ben, ana)
    assert await since_of(ben) is None
    assert await download(ben, before) == 200
    taken = await reset(world, admin, ben)
    after = await world.report(ana, ben)
    assert ids(await taken.get("/v1/reports")) == [after]
    assert ids(await taken.get("/v1/reports/new")) == [after]
    for answer in (
        await taken.get(f"/v1/reports/{before}"),
        await taken.post(f"/v1/reports/{before}/grants", {"action": "package.download"}),
        await taken.post(f"/v1/reports/{own}/grants", {"action": "package.download"}),
        await taken.post(f"/v1/reports/{draft}/grants", {"action": "key.create"}),
        await taken.post(f"/v1/reports/{before}/opened"),
    ):
        assert problem(answer) == (403, "sent_before")
        assert "Your password was reset on" in answer.json()["detail"]
        assert "send it again" in answer.json()["advice"]
    assert await download(taken, after) == 200
    since, me = await since_of(taken), (await taken.get("/v1/me")).json()
    assert since is not None
    assert datetime.fromisoformat(me["since"]).timestamp() == pytest.approx(since, abs=0.002)


async def test_the_other_recipients_and_the_sender_keep_theirs(world: World) -> None:
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    ana, cy = await world.person("Ana"), await world.person("Cy")
    report_id = await world.report(ana, ben, cy)
    await reset(world, admin, ben)
    assert [await download(who, report_id) for who in (ana, cy)] == [200, 200]


async def test_what_a_colleague_received_is_closed_too(world: World) -> None:
    await world.institution("Royal", members_may_open="members")
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    cy = await world.person("Cy", institution="Royal")
    report_id = await world.report(cy, cy)
    taken = await reset(world, admin, ben)
    assert ids(await taken.get("/v1/reports")) == []
    assert await download(taken, report_id) == (403, "sent_before")


async def test_the_sender_of_an_older_report_can_still_take_it_back(world: World) -> None:
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    own = await world.report(ben, admin)
    again = await reset(world, admin, ben)
    assert ids(await again.get("/v1/reports", box="sent")) == [own]
    assert (await again.delete(f"/v1/reports/{own}")).status_code == 204


async def test_who_is_reset_is_signed_out_and_told_by_whom_until_they_put_it_away(world: World) -> None:
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    assert (await ben.get("/v1/me")).json()["password_reset"] is None
    await admin.post(f"/v1/institution/members/{ben.id}/invitation")
    assert problem(await ben.get("/v1/me")) == (401, "not_signed_in")
    ben = await world.sign_in(ben.email)  # the old password counts until there is a new one
    assert (await ben.get("/v1/me")).json()["password_reset"] is None
    again = await reset(world, admin, ben)
    assert problem(await ben.get("/v1/me")) == (401, "not_signed_in")
    told = (await again.get("/v1/me")).json()["password_reset"]
    assert (told["by"], told["email"], told["institution"]) == ("ClareDoyle", "claredoyle@example.org", "Royal")
    elsewhere = await world.sign_in(ben.email, FRESH)
    assert (await elsewhere.get("/v1/me")).json()["password_reset"] == told
    assert (await elsewhere.post("/v1/me/password-reset/seen")).status_code == 204
    me = (await again.get("/v1/me")).json()
    assert me["password_reset"] is None
    assert me["since"] == told["at"], "the notice is gone, what was sent before stays closed"


async def test_a_first_password_is_no_reset(world: World) -> None:
    admin = await administrator(world)
    body = {"email": "new@example.org", "name": "New", "country": "AU"}
    first = (await admin.post("/v1/institution/members", body)).json()
    sent = await admin.post("/v1/reports", {"recipients": ["new@example.org"]})
    await world.deliver(admin, sent.json()["report_id"])
    again = (await admin.post(f"/v1/institution/members/{first['id']}/invitation")).json()["invitation_token"]
    await world.http.post("/users/v1/invitations", json={"token": again, "password": FRESH})
    new = await world.sign_in("new@example.org", FRESH)
    me = (await new.get("/v1/me")).json()
    assert (me["since"], me["password_reset"]) == (None, None)
    assert ids(await new.get("/v1/reports")) == [sent.json()["report_id"]]


async def test_changing_one_s_own_password_is_no_reset(world: World) -> None:
    ben = await world.person("Ben")
    assert (await ben.post("/v1/me/password", {"current": PASSWORD, "new": FRESH})).status_code == 204
    assert (await ben.get("/v1/me")).json()["since"] is None


# The administration record


async def record(admin: Caller) -> list[tuple[str, str | None, str | None, str | None, str | None]]:
    """Act, who, whom, before and after, oldest first."""
    page = (await admin.get("/v1/institution/changes", limit=200)).json()
    assert page["next"] is None
    return [
        (
            line["act"],
            line["who"] and line["who"]["name"],
            line["whom"] and line["whom"]["name"],
            line["before"],
            line["after"],
        )
        for line in reversed(page["changes"])
    ]


@on_each_database
async def test_every_administrative_act_is_written_down(database_url: str, tmp_path: Path) -> None:
    async with running_world(tmp_path, database_url, allowed_key_servers=(HOUSE,)) as world:
        await _every_act(world)


async def _every_act(world: World) -> None:
    admin, ben = await administrator(world), await world.person("Ben", institution="Royal")
    me, path = "ClareDoyle", f"/v1/institution/members/{ben.id}"
    started = await record(admin)
    assert started == [
        ("institution_made", None, None, None, "Royal"),
        ("domain_added", None, None, None, "example.org"),
        ("member_added", None, admin.email, None, "administrator"),
        ("member_added", None, ben.email, None, "member"),
    ]
    new = {"email": "new@example.org", "name": "New", "country": "AU"}
    invited = (await admin.post("/v1/institution/members", new)).json()
    await admin.post(f"/v1/institution/members/{invited['id']}/invitation")
    await reset(world, admin, ben)
    await admin.patch(path, {"role": "administrator"})
    await admin.patch(path, {"role": "administrator"})  # as it is already
    await admin.patch(path, {"role": "member", "disabled": True})
    await admin.patch(path, {"disabled": False})
    await admin.delete(path)
    made = (await admin.post("/v1/institution/service-accounts", {"name": "PACS"})).json()
    await admin.delete(f"/v1/institution/service-accounts/{made['id']}")
    change = {"retention_days": 3, "idle_lock_minutes": 2, "members_may_open": "members", "labels": "none"}
    await admin.patch("/v1/institution", change | {"key_servers": [HOUSE], "key_server": HOUSE})
    await admin.patch("/v1/institution", change)
    await provisioning.add_domain(world.users, world.institutions["Royal"], "royal.example")
    await world.users.services.institutions.rename(world.institutions["Royal"], "Royal Hospital")
    assert (await record(admin))[len(started) :] == [
        ("member_added", me, "new@example.org", None, "member"),
        ("member_invited", me, "new@example.org", None, None),
        ("password_reset", me, ben.email, None, None),
        ("password_reset_used", None, ben.email, None, f"{me} <{admin.email}>"),
        ("role_changed", me, ben.email, "member", "administrator"),
        ("role_changed", me, ben.email, "administrator", "member"),
        ("disabled", me, ben.email, None, None),
        ("enabled", me, ben.email, None, None),
        ("member_removed", me, ben.email, None, None),
        ("service_account_made", me, "PACS", None, None),
        ("service_account_revoked", me, "PACS", None, None),
        ("retention_days_changed", me, None, "7", "3"),
        ("idle_lock_minutes_changed", me, None, "10", "2"),
        ("members_may_open_changed", me, None, "recipients", "members"),
        ("labels_changed", me, None, "sealed", "none"),
        ("key_servers_changed", me, None, "", HOUSE),
        ("key_server_changed", me, None, "", HOUSE),
        ("domain_added", None, None, None, "royal.example"),
        ("name_changed", None, None, "Royal", "Royal Hospital"),
    ]


async def test_what_was_refused_is_not_in_the_record(world: World) -> None:
    admin = await administrator(world)
    before = await record(admin)
    for answer in (
        await admin.delete(f"/v1/institution/members/{admin.id}"),
        await admin.post("/v1/institution/members", {"email": admin.email, "name": "Twin", "country": "AU"}),
        await admin.patch("/v1/institution", {"retention_days": 8}),
    ):
        assert answer.status_code >= 400
    assert await record(admin) == before


@on_each_database
async def test_the_record_comes_in_pages_and_is_each_institution_s_own(world: World) -> None:
    admin, other = await administrator(world), await administrator(world, "Otto", "Other")
    for days in (6, 5, 4):
        await admin.patch("/v1/institution", {"retention_days": days})
    found: list[str | None] = []
    before: int | None = 2**31 - 1
    while before is not None:
        page = (await admin.get("/v1/institution/changes", limit=2, before=before)).json()
        found += [line["after"] for line in page["changes"]]
        before = page["next"]
    assert found == ["4", "5", "6", "administrator", "example.org", "Royal"]
    assert len(await record(other)) == 3


async def test_the_record_is_for_administrators(world: World) -> None:
    callers = [await world.person("Ben", institution="Royal"), await world.service("Royal"), await world.person("Cy")]
    for caller in callers:
        assert problem(await caller.get("/v1/institution/changes")) == (403, "not_permitted")


@on_each_database
@pytest.mark.parametrize("verb", ["UPDATE administrative_acts SET who_name = 'Ben'", "DELETE FROM administrative_acts"])
async def test_nobody_rewrites_the_record(world: World, verb: str) -> None:
    admin = await administrator(world)
    before = await record(admin)
    with pytest.raises(DBAPIError, match="append-only"):
        async with world.users.services.database.writing() as session:
            await session.execute(text(verb))
    assert await record(admin) == before


async def test_a_page_that_there_cannot_be(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    for before in ["0", "-1", "x", str(2**31)]:
        with subtests.test(before=before):
            answer = await admin.get("/v1/institution/changes", before=before)
            assert problem(answer) == (400, "invalid_request")


async def test_a_reset_by_the_operator_is_shown_as_such(world: World) -> None:
    ben = await world.person("Ben", institution="Royal")
    async with world.users.services.database.writing() as session:
        token = await world.users.services.invitations.invite(session, ben.id)
    world.clock.move(timedelta(minutes=1))
    await world.http.post("/users/v1/invitations", json={"token": token, "password": FRESH})
    again = await world.sign_in(ben.email, FRESH)
    assert (await again.get("/v1/me")).json()["password_reset"]["by"] is None


async def test_an_administrator_who_calls_herself_somebody_else_for_a_moment_is_named_by_her_address(
    world: World,
) -> None:
    admin = await administrator(world)
    ben = await world.person("Ben", institution="Royal")
    await admin.patch("/v1/me", {"name": "Dr Ben Hart"})
    again = await reset(world, admin, ben)
    await admin.patch("/v1/me", {"name": "Clare Doyle"})
    told = (await again.get("/v1/me")).json()["password_reset"]
    assert (told["by"], told["email"], told["institution"]) == ("Dr Ben Hart", admin.email, "Royal")
    record = (await admin.get("/v1/institution/changes")).json()["changes"]
    made = next(line for line in record if line["act"] == "password_reset")
    assert made["who"] == {"id": admin.id, "name": "Dr Ben Hart", "email": admin.email}
    assert next(line for line in record if line["act"] == "password_reset_used")["after"] == (
        f"Dr Ben Hart <{admin.email}>"
    )
