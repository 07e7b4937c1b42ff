"""What anybody may ask of the log costs the key server next to nothing, and is still the newest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from harness.key_server import Someone, UserServers, World, code, key_server
from server.keys.test_access_log import opened
from sqlalchemy import Connection

from picsafe_protocol.contracts.errors import LogUnavailable
from picsafe_server.keys.log import inspection
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.tree import Head
from picsafe_server.keys.operations import public_proofs
from picsafe_server.keys.transactions import appender
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.runtime.database import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """A connection for each time that the stored log was checked."""
    found: list[Connection] = []
    check = log.check

    def counted(connection: Connection) -> Head:
        found.append(connection)
        return check(connection)

    monkeypatch.setattr(log, "check", counted)
    return found


async def size(world: World) -> int:
    jwks = await world.get("/keys/.well-known/jwks.json", None)
    answer = await world.get("/keys/v1/checkpoint", None)
    assert answer.status_code == 200
    return opened(answer.text, jwks.json()["keys"][0]["vkey"])[0]


async def test_attack_a_flood_of_requests_for_the_checkpoint_costs_one_look_at_the_log(
    sqlite_world: World, ada: Someone, looks: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada)
    monkeypatch.setattr(public_proofs, "CHECKPOINT_SECONDS", 3600.0)
    for entries in (2, 3):
        await sqlite_world.open(ada, sent)
        assert await size(sqlite_world) == entries, "a release renews it"
    assert looks == []
    monkeypatch.setattr(public_proofs, "CHECKPOINT_SECONDS", 0.0)
    assert {await size(sqlite_world) for _ in range(2)} == {3}
    assert len(looks) == 2, "an old one is compared again"
    looks.clear()
    sizes = await asyncio.gather(*(size(sqlite_world) for _ in range(40)))
    assert set(sizes) == {3}
    assert 1 <= len(looks) < 40, "those who come meanwhile share one look"


async def test_a_checkpoint_is_never_older_than_one_of_another_process(
    database_url: str,
    tmp_path: Path,
    clock: MovableClock,
    users: UserServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise a user server that is answered now by this process and now by that one would see a log that shrinks."""
    monkeypatch.setattr(public_proofs, "CHECKPOINT_SECONDS", 3600.0)
    ada = Someone("Ada")
    async with (
        key_server(tmp_path, clock, users, keys_database=database_url) as one,
        key_server(tmp_path, clock, users, keys_database=database_url) as two,
    ):
        sent = await one.send(ada)
        for entries, (busy, idle) in enumerate([(one, two), (two, one), (two, one)], 2):
            await busy.open(ada, sent)
            assert [await size(world) for world in (idle, busy, idle)] == [entries] * 3


async def test_no_checkpoint_of_a_log_that_is_damaged_is_given_out_again(sqlite_world: World, ada: Someone) -> None:
    await sqlite_world.send(ada)
    assert await size(sqlite_world) == 1
    sqlite_world.role.services.appender._believe(log.LogDamaged("a node is not stored"))
    answer = await sqlite_world.get("/keys/v1/checkpoint", None)
    assert (answer.status_code, code(answer)) == (503, "log_unavailable")


async def test_nor_where_the_head_that_was_signed_is_no_longer_there(sqlite_world: World, ada: Someone) -> None:
    await sqlite_world.send(ada)
    assert await size(sqlite_world) == 1
    for content in (b"?", None):
        path = sqlite_world.role.largest_head.path
        path.unlink() if content is None else path.write_bytes(content)
        answer = await sqlite_world.get("/keys/v1/checkpoint", None)
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")


async def test_attack_proofs_are_computed_one_at_a_time_and_few_wait(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada)
    await sqlite_world.open(ada, sent)
    under_way = most = 0
    prove = public_proofs._prove

    def counted(connection: Connection, old: int, new: int) -> list[bytes]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        found = prove(connection, old, new)
        under_way -= 1
        return found

    monkeypatch.setattr(public_proofs, "_prove", counted)
    monkeypatch.setattr(public_proofs, "PROOFS_WAITING", 5)

    async def ask() -> int:
        answer = await sqlite_world.get("/keys/v1/consistency", None, **{"from": 1, "to": 2})
        return answer.status_code

    statuses = await asyncio.gather(*(ask() for _ in range(30)))
    assert most == 1
    assert statuses.count(200) >= 5
    assert set(statuses) == {200, 503}
    assert await ask() == 200, "and afterwards everybody is answered"


async def test_a_proof_that_the_database_does_not_give_in_time_is_an_answer(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada)
    await sqlite_world.open(ada, sent)
    monkeypatch.setattr(public_proofs, "PROOF_SECONDS", 0.05)
    async with sqlite_world.role.services.public_log._one_at_a_time:
        answer = await sqlite_world.get("/keys/v1/consistency", None, **{"from": 1, "to": 2})
    assert (answer.status_code, code(answer)) == (503, "log_unavailable")


async def test_attack_a_checkpoint_that_is_being_signed_is_not_given_to_who_asks_later(
    tmp_path: Path,
    sqlite_url: str,
    clock: MovableClock,
    users: UserServers,
    ada: Someone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody may keep a slow comparison under way; an older head must not reach a user server that has seen a newer."""
    async with (
        key_server(tmp_path, clock, users, keys_database=sqlite_url) as one,
        key_server(tmp_path, clock, users, keys_database=sqlite_url) as two,
    ):
        sent = await one.send(ada)
        look, has_looked, may_sign = inspection.inspect, asyncio.Event(), asyncio.Event()

        async def slow(database: Database, work: Any) -> Any:
            found = await look(database, work)
            if database is two.role.services.database and not may_sign.is_set():
                has_looked.set()
                await may_sign.wait()
            return found

        monkeypatch.setattr(appender, "inspect", slow)
        early = asyncio.create_task(size(two))
        await asyncio.wait_for(has_looked.wait(), 30)
        await one.open(ada, sent)
        seen = await size(one)
        late = asyncio.create_task(size(two))
        await asyncio.sleep(0)
        may_sign.set()
        await early
        assert await late >= seen


async def test_attack_one_address_leaves_proofs_for_others(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sqlite_world.send(ada)
    public_log = sqlite_world.role.services.public_log
    monkeypatch.setattr(public_proofs, "PROOFS_WAITING_FROM_ONE", 2)
    async with public_log._one_at_a_time:
        waiting = [asyncio.create_task(public_log.consistency(1, 1, "192.0.2.1")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailable):
            await public_log.consistency(1, 1, "192.0.2.1")
        other = asyncio.create_task(public_log.consistency(1, 1, "192.0.2.2"))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting, other)
    assert not public_log._waiting
