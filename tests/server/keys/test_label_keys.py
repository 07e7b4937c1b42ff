"""Keys of labels: given for many reports at once by the rules of opening, logged as what they are, and good for no
package.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from harness.key_server import OTHER_USERS, WEEK, Sent, Someone, World, code, raw_key
from sqlalchemy import text

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.format.label import label_key
from picsafe_server.keys.log.audit import recompute

pytestmark = pytest.mark.anyio

CLINIC = new_identifier()
STRANGER = Someone("Eve")


async def ask(world: World, who: Someone, *reports: Sent | str, **changes: Any) -> httpx.Response:
    ids = [one if isinstance(one, str) else one.report_id for one in reports]
    return await world.post("/keys/v1/labels/release", world.users.user_token(who, **changes), {"report_ids": ids})


def refusals(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {each["report_id"]: each["code"] for each in answer.json()["refused"]}


def given(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    return {each["report_id"]: raw_key(each["key"]) for each in answer.json()["keys"]}


async def test_sender_and_recipient_are_given_the_label_keys_of_many_reports(
    world: World, ada: Someone, bo: Someone
) -> None:
    reports = [await world.send(ada, bo) for _ in range(5)]
    expected = {one.report_id: label_key(raw_key(one.key), one.report_id, one.key_id) for one in reports}
    for who in (ada, bo):
        answer = await ask(world, who, *reports, reports[0])  # one of them twice
        assert (given(answer), refusals(answer)) == (expected, {})
        assert [each["key_id"] for each in answer.json()["keys"]] == [one.key_id for one in reports]
    assert not {raw_key(one.key) for one in reports} & set(expected.values())


async def test_looking_at_whose_it_is_is_an_event_of_its_own(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    (key,) = (await ask(world, bo, sent)).json()["keys"]
    statement = json.loads(key["entry"]["statement"])
    assert (statement["event"], statement["v"]) == ("label_released", 3)
    created, looked = await world.log_of(sent)
    assert (looked["event"], looked["who"]["name"], looked["index"]) == ("label_released", "Bo", key["entry"]["index"])
    assert looked["key_id"] == created["key_id"] == sent.key_id
    assert key["entry"]["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    async with world.role.services.database.snapshot() as connection:
        assert (await connection.run_sync(recompute)).size == 2


async def test_each_report_is_decided_by_the_rules_of_opening_it(world: World, ada: Someone, bo: Someone) -> None:
    old = await world.send(ada, bo)
    world.clock.move(timedelta(hours=1))
    since = world.clock.now().timestamp()
    mine, others = await world.send(ada, bo), await world.send(ada)
    withdrawn, short = await world.send(ada, bo), await world.send(ada, bo, until=int(since) + 60)
    assert (await world.revoke(ada, withdrawn)).status_code == 204
    world.clock.move(timedelta(seconds=60))
    unknown = new_identifier()
    asked = (old, mine, others, withdrawn, short, unknown)
    answer = await ask(world, bo, *asked, since=since)
    assert set(given(answer)) == {mine.report_id}
    assert refusals(answer) == {
        old.report_id: "sent_before",
        others.report_id: "not_permitted",
        withdrawn.report_id: "key_revoked",
        short.report_id: "key_destroyed",
        unknown: "not_found",
    }
    for one in asked[:-1]:
        assert isinstance(one, Sent)
        opened = await world.open(bo, one, since=since)
        assert opened.json().get("code") == refusals(answer).get(one.report_id)
    refused = [entry for entry in await world.log_of(others) if entry["event"] == "refused"]
    assert [entry["result_code"] for entry in refused] == ["not_permitted"] * 2  # the label, and opening


async def test_members_are_given_label_keys_of_what_was_begun_since_they_joined(
    sqlite_world: World, ada: Someone
) -> None:
    member = Someone("Mia", institution=CLINIC, role="member")
    access = {"institutions": [{"id": CLINIC, "roles": ["member"]}]}
    before = await sqlite_world.send(ada, access=access)
    sqlite_world.clock.move(timedelta(hours=1))
    after = await sqlite_world.send(ada, access=access)
    joined = sqlite_world.clock.now().timestamp() - 1800
    answer = await ask(sqlite_world, member, before, after, inst_since=joined)
    assert set(given(answer)) == {after.report_id}
    assert refusals(answer) == {before.report_id: "not_permitted"}


async def test_label_keys_end_with_the_report(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    sqlite_world.clock.move(WEEK)
    assert refusals(await ask(sqlite_world, ada, sent)) == {sent.report_id: "key_destroyed"}


async def test_attack_somebody_of_another_user_server_asks_for_labels(
    sqlite_world: World, ada: Someone, bo: Someone
) -> None:
    sent = await sqlite_world.send(ada, bo)
    twin = Someone("Bo", issuer=OTHER_USERS, id=bo.id)
    assert refusals(await ask(sqlite_world, twin, sent)) == {sent.report_id: "not_found"}


async def test_nobody_without_a_user_token_is_given_a_label_key(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    grant = sqlite_world.users.grant(ada, "key.create", sent.report_id)
    for token in (None, grant, sqlite_world.users.user_token(ada, audience="https://other.test/keys")):
        answer = await sqlite_world.post("/keys/v1/labels/release", token, {"report_ids": [sent.report_id]})
        assert answer.status_code == 401, answer.text
    assert len(await sqlite_world.log_of(sent)) == 1


async def test_as_many_labels_as_one_request_takes_and_one_more(sqlite_world: World, ada: Someone) -> None:
    ids = [new_identifier() for _ in range(limits.LABELS_AT_ONCE)]
    assert len(refusals(await ask(sqlite_world, ada, *ids))) == limits.LABELS_AT_ONCE
    answer = await ask(sqlite_world, ada, *ids, new_identifier())
    assert (answer.status_code, code(answer)) == (400, "invalid_request")
    for bad in ("A" * 26, "a" * 25, "a\x00" * 13, ""):
        assert (await ask(sqlite_world, ada, bad)).status_code == 400
    assert (given(await ask(sqlite_world, ada)), refusals(await ask(sqlite_world, ada))) == ({}, {})


async def test_attack_asking_for_labels_without_end(
    sqlite_world: World, ada: Someone, bo: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LABEL_KEYS", 5)
    sent = [await sqlite_world.send(ada, bo) for _ in range(3)]
    assert len(given(await ask(sqlite_world, bo, *sent))) == 3
    refused = await ask(sqlite_world, bo, *sent)  # two are left, and no request is done in part
    assert (refused.status_code, code(refused)) == (429, "too_many_requests")
    assert len(given(await ask(sqlite_world, bo, *sent[:2]))) == 2
    assert (await sqlite_world.open(bo, sent[0])).status_code == 200  # opening has a count of its own
    sqlite_world.clock.move(timedelta(seconds=limits.KEY_REQUEST_WINDOW_SECONDS))
    assert len(given(await ask(sqlite_world, bo, *sent))) == 3


async def test_attack_refusals_of_a_hundred_labels_do_not_fill_the_log(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REFUSALS_LOGGED", 2)
    sent = [await sqlite_world.send(ada) for _ in range(5)]
    assert set(refusals(await ask(sqlite_world, STRANGER, *sent)).values()) == {"not_permitted"}
    events = [entry["event"] for one in sent for entry in await sqlite_world.log_of(one)]
    assert events.count("refused") == 2


async def test_a_key_that_was_damaged_does_not_hide_the_other_labels(
    sqlite_world: World, ada: Someone, bo: Someone
) -> None:
    damaged, whole = await sqlite_world.send(ada, bo), await sqlite_world.send(ada, bo)
    async with sqlite_world.role.services.database.writing() as session:
        await session.execute(
            text("UPDATE report_keys SET wrapped = x'00' WHERE key_id = :key"), {"key": damaged.key_id}
        )
    answer = await ask(sqlite_world, bo, damaged, whole)
    assert set(given(answer)) == {whole.report_id}
    assert refusals(answer) == {damaged.report_id: "service"}


async def test_no_label_key_without_an_entry(
    sqlite_world: World, ada: Someone, bo: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada, bo)

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("picsafe_server.keys.log.store.append", fail)
    answer = await ask(sqlite_world, bo, sent)
    assert (answer.status_code, code(answer)) == (503, "log_unavailable")
    assert "keys" not in answer.json()
