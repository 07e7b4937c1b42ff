"""Operations that come together are written together; none is lost at the end, and several servers keep one log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from harness.key_server import Someone, UserServers, World, code, key_server
from sqlalchemy import Connection, select

from picsafe_server.keys.db.models import log_leaves
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.tree import Head
from picsafe_server.keys.operations.revoke import Destroy
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations each transaction had."""
    seen: list[int] = []
    commit = Appender._commit

    async def watched(self: Appender, waiting: Sequence[object]) -> None:
        seen.append(len(waiting))
        await commit(self, waiting)  # type: ignore[arg-type]

    monkeypatch.setattr(Appender, "_commit", watched)
    return seen


async def audited(world: World) -> Head:
    async with world.role.services.database.reading() as session:
        head: Head = await (await session.connection()).run_sync(recompute)
        return head


async def test_what_comes_together_is_written_together(
    world: World, ada: Someone, bo: Someone, sizes: list[int]
) -> None:
    sent = await world.send(ada, bo)
    sizes.clear()
    answers = await asyncio.gather(*(world.open(bo, sent) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(sizes) == 30
    assert max(sizes) > 3
    assert sorted(answer.json()["entry"]["index"] for answer in answers) == list(range(1, 31))
    assert (await audited(world)).size == 31


async def test_within_one_transaction_later_ones_see_what_earlier_ones_did(
    world: World, ada: Someone, bo: Someone
) -> None:
    sent = [await world.send(ada, bo) for _ in range(6)]
    for one in sent:
        answers = await asyncio.gather(
            world.open(bo, one), world.revoke(ada, one), world.open(bo, one), world.open(bo, one)
        )
        events = [entry["event"] for entry in await world.log_of(one)]
        given = [answer for answer in answers if answer.status_code == 200]
        assert len(given) == events.count("released")
        assert events.index("revoked") > max((i for i, event in enumerate(events) if event == "released"), default=0)
        assert set(events[events.index("revoked") + 1 :]) <= {"refused"}


async def test_what_was_asked_before_the_end_is_answered(
    sqlite_url: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    ada = Someone("Ada")
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        sent = await world.send(ada)
        asking = [asyncio.create_task(world.open(ada, sent)) for _ in range(10)]
        while world.role.services.appender._queue.empty():
            await asyncio.sleep(0)
        stopping = asyncio.create_task(world.role.services.appender.stop())
        answers = await asyncio.gather(*asking)
        await stopping
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert any(answer.status_code == 200 for answer in answers)
        late = await world.open(ada, sent)
        assert (late.status_code, code(late)) == (503, "log_unavailable")
        given = sum(answer.status_code == 200 for answer in answers)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        assert (await audited(world)).size == 1 + given


async def test_somebody_who_hangs_up_does_not_disturb_the_others(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    leaving = asyncio.create_task(world.role.services.appender.submit(Destroy("a" * 26)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await world.open(ada, sent)).status_code == 200
    assert leaving.cancelled()


async def test_a_bug_in_one_operation_is_its_own(world: World, ada: Someone) -> None:
    class Broken(Destroy):
        def decide(self, transaction: object) -> bool:
            raise ZeroDivisionError

    sent = await world.send(ada)
    broken, answer, also_broken = await asyncio.gather(
        world.role.services.appender.submit(Broken("a" * 26)),
        world.open(ada, sent),
        world.role.services.appender.submit(Broken("a" * 26)),
        return_exceptions=True,
    )
    assert isinstance(broken, ZeroDivisionError)
    assert isinstance(also_broken, ZeroDivisionError)
    assert getattr(answer, "status_code", None) == 200
    assert (await audited(world)).size == 2


async def test_several_servers_on_one_database_keep_one_log(
    database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    """As containers do that share a database, the master keys and the log's signing key."""
    ada, bo = Someone("Ada"), Someone("Bo")
    async with (
        key_server(tmp_path, clock, users, keys_database=database_url) as one,
        key_server(tmp_path, clock, users, keys_database=database_url) as two,
        key_server(tmp_path, clock, users, keys_database=database_url) as three,
    ):
        sent = await one.send(ada, bo)
        asked = [server.open(bo, sent) for _ in range(8) for server in (one, two, three)]
        report = "b" * 26
        created = [server.create(ada, report) for server in (one, two, three)]
        answers = await asyncio.gather(*asked, *created)
        assert {answer.status_code for answer in answers[:-3]} == {200}
        assert sorted(answer.status_code for answer in answers[-3:]) == [200, 200, 201]
        assert len({answer.json()["key"] for answer in answers[-3:]}) == 1
        assert sorted(answer.json()["entry"]["index"] for answer in answers) == list(range(1, 28))
        await two.revoke(ada, sent)
        for server in (one, two, three):
            assert code(await server.open(bo, sent)) == "key_revoked"
        head = await audited(three)
        assert head.size == 32

        def indexes(connection: Connection) -> list[int]:
            return list(connection.scalars(select(log_leaves.c.entry_index).order_by(log_leaves.c.entry_index)))

        async with two.role.services.database.reading() as session:
            assert await (await session.connection()).run_sync(indexes) == list(range(32))
