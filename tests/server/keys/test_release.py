"""A key is given to those whom the report was sent to, and to nobody else; and never without an entry in the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from server.keys.world import Someone, World, code, raw_key

pytestmark = pytest.mark.anyio


async def test_sender_and_recipient_are_given_the_same_key(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    assert len(raw_key(sent.key)) == 32
    for who in (ada, bo):
        answer = await world.open(who, sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["key"] == sent.key


async def test_log_has_each_event_with_who_when_from_where_and_why(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    await world.open(bo, sent, body={"reason": "ward round"})
    created, released = await world.log_of(sent)
    assert created["event"] == "created"
    assert released == {
        "index": 1,
        "time": released["time"],
        "event": "released",
        "result_code": None,
        "report_id": sent.report_id,
        "key_id": sent.key_id,
        "who": {"id": bo.id, "name": "Bo", "email": "bo@clinic.test", "institution": None},
        "from": "192.0.2.7",
        "reason": "ward round",
    }


async def test_key_is_gone_by_the_clock_before_any_sweep(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    world.clock.move(timedelta(days=7))
    answer = await world.open(bo, sent)
    assert (answer.status_code, code(answer)) == (410, "key_destroyed")
