"""A key is made once for each report, for as long as the report lives, and only for the sender whom the user server names."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from harness.key_server import OTHER_USERS, WEEK, Someone, World, code

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import is_identifier, new_identifier

pytestmark = pytest.mark.anyio


async def test_a_key_is_made_once_and_given_to_its_sender_again(world: World, ada: Someone) -> None:
    report_id = new_identifier()
    first, again = [await world.create(ada, report_id) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert is_identifier(first.json()["key_id"])
    assert [first.json()[name] for name in ("key_id", "key", "expires_at")] == [
        again.json()[name] for name in ("key_id", "key", "expires_at")
    ]
    entries = (await world.get(f"/keys/v1/reports/{report_id}/log", world.users.user_token(ada))).json()["entries"]
    assert [entry["event"] for entry in entries] == ["created", "released"]


async def test_asking_at_the_same_time_makes_one_key(world: World, ada: Someone) -> None:
    report_id = new_identifier()
    answers = await asyncio.gather(*(world.create(ada, report_id) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["key"] for answer in answers}) == 1


async def test_nobody_else_is_given_the_key_of_a_report(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada)
    answer = await world.create(bo, sent.report_id)
    assert (answer.status_code, code(answer)) == (403, "not_permitted")
    assert [entry["event"] for entry in await world.log_of(sent)] == ["created", "refused"]


async def test_reports_of_two_user_servers_may_have_the_same_number(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    twin = Someone("Ada", issuer=OTHER_USERS, id=ada.id)
    answer = await world.create(twin, sent.report_id)
    assert answer.status_code == 201
    assert answer.json()["key"] != sent.key


async def test_no_key_outlives_seven_days(sqlite_world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    for until, days in [
        (timedelta(days=3), 3.0),
        (timedelta(days=7), 7.0),
        (timedelta(days=8), 7.0),
        (timedelta(days=3650), 7.0),
        (None, 7.0),
    ]:
        with subtests.test(until=until, days=days):
            end = None if until is None else int((sqlite_world.clock.now() + until).timestamp())
            answer = await sqlite_world.create(ada, new_identifier(), until=end)
            expires = datetime.fromisoformat(answer.json()["expires_at"])
            lives = expires - sqlite_world.clock.now()
            assert timedelta(days=days) - timedelta(minutes=5) < lives <= timedelta(days=days)


async def test_a_report_that_is_over_gets_no_key(world: World, ada: Someone) -> None:
    answer = await world.create(ada, new_identifier(), until=int(world.clock.now().timestamp()) - 1)
    assert (answer.status_code, code(answer)) == (410, "report_expired")


async def test_a_key_that_is_gone_is_not_made_again(world: World, ada: Someone) -> None:
    over, taken_back = await world.send(ada), await world.send(ada)
    await world.revoke(ada, taken_back)
    assert code(await world.create(ada, taken_back.report_id)) == "key_revoked"
    world.clock.move(WEEK)
    assert code(await world.create(ada, over.report_id)) == "key_destroyed"
    await world.role.sweep()
    assert code(await world.create(ada, over.report_id)) == "key_destroyed"


def access(**changes: Any) -> dict[str, Any]:
    return {"owner": "a" * 26, "recipients": [], "institutions": []} | changes


BAD_GRANTS: dict[str, tuple[dict[str, Any], str]] = {
    "for something else": ({"act": "package.upload"}, "action"),
    "to revoke": ({"act": "key.revoke"}, "action"),
    "for no action": ({"act": None}, "malformed"),
    "for another server": ({"audience": "https://cloud.test/cloud/au"}, "audience"),
    "that is a user token": ({"kind": "picsafe-user+jwt"}, "type"),
    "that is over": ({"seconds": -limits.CLOCK_LEEWAY_SECONDS}, "expired"),
    "for another report": ({"rid": "b" * 26}, "report"),
    "for no report": ({"rid": None}, "malformed"),
    "for a report with a path for a number": ({"rid": "../x"}, "malformed"),
    "without access": ({"access": None}, "malformed"),
    "whose key belongs to somebody else": ({"access": access(owner="b" * 26)}, "malformed"),
    "whose recipients are a text": ({"access": access(recipients="everybody")}, "malformed"),
    "whose recipients are no numbers": ({"access": access(recipients=["bo|ada"])}, "malformed"),
    "with one recipient too many": (
        {"access": access(recipients=[new_identifier() for _ in range(limits.RECIPIENTS + 1)])},
        "malformed",
    ),
    "whose institutions are missing": ({"access": {"owner": "a" * 26, "recipients": []}}, "malformed"),
    "whose institution has no roles": ({"access": access(institutions=[{"id": "x"}])}, "malformed"),
    "that ends on a word": ({"until": "tomorrow"}, "malformed"),
}


async def test_no_key_is_made_for_a_grant(sqlite_world: World, subtests: pytest.Subtests) -> None:
    ada, report_id = Someone("Ada", id="a" * 26), "a" * 26
    for case, (changes, reason) in BAD_GRANTS.items():
        with subtests.test(case):
            grant = sqlite_world.users.grant(ada, "key.create", report_id, **{"access": access()} | changes)
            answer = await sqlite_world.post("/keys/v1/keys", grant, {"report_id": report_id})
            assert (answer.status_code, code(answer), answer.json()["reason"]) == (401, "token_refused", reason)


async def test_as_many_recipients_as_a_report_may_have(sqlite_world: World, ada: Someone, bo: Someone) -> None:
    others = [Someone(f"R{number}") for number in range(limits.RECIPIENTS - 1)]
    sent = await sqlite_world.send(ada, *others, bo)
    assert (await sqlite_world.open(bo, sent)).status_code == 200
