"""A policy that lets members open what colleagues received counts for who belonged to the institution when a report was begun."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from harness.user_server import Caller, World, ids, on_each_database, problem
from sqlalchemy import update

from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import Account

pytestmark = pytest.mark.anyio


async def claims_of(caller: Caller, world: World) -> dict[str, object]:
    token = (await caller.post("/v1/tokens", {"audience": world.settings.keys_base})).json()["token"]
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def sees(caller: Caller, report_id: str) -> set[str]:
    """In which ways the caller comes to a report."""
    found = set()
    if report_id in ids(await caller.get("/v1/reports")):
        found.add("list")
    if report_id in ids(await caller.get("/v1/reports/new")):
        found.add("polling")
    if (await caller.get(f"/v1/reports/{report_id}")).status_code == 200:
        found.add("view")
    if (await caller.post(f"/v1/reports/{report_id}/grants", {"action": "package.download"})).status_code == 200:
        found.add("download")
    if (await caller.post(f"/v1/reports/{report_id}/opened")).status_code == 204:
        found.add("opened")
    return found


ALL = {"list", "polling", "view", "download", "opened"}


async def open_institution(world: World, name: str = "Open") -> tuple[Caller, Caller]:
    """Its administrator, and a member; the policy lets members open."""
    await world.institution(name, members_may_open="members")
    return (
        await world.person(f"Admin{name}", institution=name, role=Role.ADMINISTRATOR),
        await world.person(f"Ben{name}", institution=name),
    )


async def test_attack_a_member_added_later_opens_nothing_that_was_begun_before(world: World) -> None:
    admin, ben = await open_institution(world)
    cy = await world.person("Cy")
    earlier = await world.report(cy, ben)
    world.clock.move(timedelta(seconds=5))
    late = await world.person("Late", institution="Open")
    later = await world.report(cy, ben)
    assert await sees(late, earlier) == set()
    assert problem(await late.get(f"/v1/reports/{earlier}")) == (404, "not_found")
    assert await sees(late, later) == ALL
    assert await sees(admin, earlier) == ALL, "who belonged to it then is not touched"
    # taking the policy back closes nothing for those whom senders were told of, and opens nothing for others
    await admin.patch("/v1/institution", {"members_may_open": "recipients"})
    assert await sees(late, earlier) == set()
    assert await sees(late, later) == ALL
    assert await sees(late, await world.report(cy, ben)) == set()


async def test_attack_a_draft_begun_before_and_sent_after_the_joining_is_an_earlier_report(world: World) -> None:
    _, ben = await open_institution(world)
    cy = await world.person("Cy")
    draft = await world.draft(cy, ben)
    world.clock.move(timedelta(seconds=5))
    late = await world.person("Late", institution="Open")
    assert (await world.deliver(cy, draft)).status_code == 200
    assert await sees(late, draft) == set()


@on_each_database
async def test_attack_removed_and_added_again_begins_again(world: World) -> None:
    admin, ben = await open_institution(world)
    cy, gone = await world.person("Cy"), await world.person("Gone", institution="Open")
    earlier = await world.report(cy, ben)
    assert await sees(gone, earlier) == ALL
    await admin.delete(f"/v1/institution/members/{gone.id}")
    world.clock.move(timedelta(seconds=5))
    again = await world.person("Gone", institution="Open")
    assert again.id != gone.id
    assert await sees(again, earlier) == set()


async def test_attack_moving_to_another_institution_begins_again_there(world: World) -> None:
    _, ben = await open_institution(world)
    cy, mover = await world.person("Cy"), await world.person("Mover")
    own = await world.report(cy, mover)
    shared = await world.report(cy, ben)
    world.clock.move(timedelta(seconds=5))
    async with world.users.services.database.writing() as session:
        values = {
            "institution_id": world.institutions["Open"],
            "role": Role.MEMBER.value,
            "joined_at": world.clock.now(),
        }
        await session.execute(update(Account).where(Account.id == mover.id).values(values))
    assert await sees(mover, shared) == set()
    assert await sees(mover, own) == ALL, "what names them is theirs wherever they work"
    assert await sees(mover, await world.report(cy, ben)) == ALL


async def test_a_named_recipient_needs_no_policy(world: World) -> None:
    _, ben = await open_institution(world)
    assert await sees(ben, await world.report(await world.person("Cy"), ben)) == ALL


async def test_a_machine_made_later_gets_nothing_that_was_begun_before(world: World) -> None:
    _, ben = await open_institution(world)
    cy = await world.person("Cy")
    earlier = await world.report(cy, ben)
    world.clock.move(timedelta(seconds=5))
    pacs = await world.service("Open")
    assert problem(await pacs.get(f"/v1/reports/{earlier}")) == (404, "not_found")
    later = await world.report(cy, ben)
    assert ids(await pacs.get("/v1/reports/new")) == [later]


async def test_tokens_say_since_when_somebody_belongs_to_their_institution(world: World) -> None:
    _, ben = await open_institution(world)
    pacs, cy = await world.service("Open"), await world.person("Cy")
    now = world.clock.now().timestamp()
    for caller, claim in ((ben, "inst_since"), (pacs, "since")):
        joined = (await claims_of(caller, world))[claim]
        assert isinstance(joined, float)
        assert now - 60 < joined <= now
    assert "inst_since" not in await claims_of(cy, world)


async def test_the_grant_for_a_key_says_when_the_report_was_begun(world: World) -> None:
    cy = await world.person("Cy")
    draft = await world.draft(cy, cy)
    answer = await cy.post(f"/v1/reports/{draft}/grants", {"action": "key.create"})
    access = jwt.decode(answer.json()["grant"], options={"verify_signature": False})["access"]
    assert abs(access["begun"] - world.clock.now().timestamp()) < 60


async def test_recipients_do_not_see_when_others_opened(world: World) -> None:
    """The sender sees all of them, everybody else their own: docs/access-log.md promises that."""
    ada, bo, cy = await world.person("Ada"), await world.person("Bo"), await world.person("Cy")
    report_id = await world.report(ada, bo, cy)
    await bo.post(f"/v1/reports/{report_id}/opened")

    async def opened(who: Caller) -> list[bool]:
        one = (await who.get(f"/v1/reports/{report_id}")).json()
        (listed,) = (await who.get("/v1/reports", box="sent" if who is ada else "inbox")).json()["reports"]
        assert one == listed
        return [person["opened_at"] is not None for person in one["recipients"]]

    assert await opened(ada) == [True, False]
    assert await opened(bo) == [True, False]
    assert await opened(cy) == [False, False]
