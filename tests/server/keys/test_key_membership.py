"""A policy of an institution gives keys to who belonged to it when the report was begun, and to nobody who joined later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness.key_server import Someone, World, code

pytestmark = pytest.mark.anyio

CLINIC = "c" * 26
MEMBERS = {"institutions": [{"id": CLINIC, "roles": ["service", "member", "administrator"]}]}


@pytest.mark.parametrize("role", ["service", "member", "administrator"])
async def test_attack_joining_later_gives_no_key(sqlite_world: World, ada: Someone, role: str) -> None:
    who = Someone("Late", institution=CLINIC, role=role)
    sent = await sqlite_world.send(ada, access=MEMBERS)
    now = sqlite_world.clock.now().timestamp()
    assert (await sqlite_world.open(who, sent, inst_since=now - 60)).status_code == 200
    assert code(await sqlite_world.open(who, sent, inst_since=now + 1)) == "not_permitted"
    assert [entry["event"] for entry in await sqlite_world.log_of(sent)] == ["created", "released", "refused"]


async def test_attack_joining_between_the_beginning_and_the_key_gives_no_key(sqlite_world: World, ada: Someone) -> None:
    """Its sender was told who can open it when the report was begun; the key is made a moment later."""
    who = Someone("Late", institution=CLINIC, role="member")
    now = sqlite_world.clock.now().timestamp()
    sent = await sqlite_world.send(ada, access=MEMBERS | {"begun": now - 30})
    assert code(await sqlite_world.open(who, sent, inst_since=now - 10)) == "not_permitted"
    assert (await sqlite_world.open(who, sent, inst_since=now - 40)).status_code == 200
    machine = replace(who, role="service")
    assert code(await sqlite_world.open(machine, sent, since=now - 10, inst_since=now - 10)) == "not_permitted"


async def test_attack_a_grant_cannot_date_a_report_after_its_key(sqlite_world: World, ada: Someone) -> None:
    who = Someone("Late", institution=CLINIC, role="member")
    now = sqlite_world.clock.now().timestamp()
    sent = await sqlite_world.send(ada, access=MEMBERS | {"begun": now + 3600})
    assert code(await sqlite_world.open(who, sent, inst_since=now + 60)) == "not_permitted"


async def test_a_named_recipient_has_the_key_whenever_they_joined(sqlite_world: World, ada: Someone) -> None:
    who = Someone("Bo", institution=CLINIC, role="member")
    sent = await sqlite_world.send(ada, who, access=MEMBERS)
    assert (await sqlite_world.open(who, sent, inst_since=sqlite_world.clock.now().timestamp() + 60)).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", -1, 1e300])
async def test_a_joining_that_is_no_time_is_refused(sqlite_world: World, ada: Someone, since: object) -> None:
    sent = await sqlite_world.send(ada)
    assert code(await sqlite_world.open(ada, sent, inst_since=since)) == "token_refused"
