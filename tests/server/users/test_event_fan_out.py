"""A change that many see is read once, not once for each of them; and none of them loses anything by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from harness.user_server import Caller, World, ids, on_each_database
from sqlalchemy import event

from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts.session_checks import SessionChecks
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.events import notifier as live_module
from picsafe_server.users.principal import Principal

pytestmark = pytest.mark.anyio


@dataclass
class Counted:
    """SELECT statements."""

    statements: list[str] = field(default_factory=list)

    def note(self, connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT"):
            self.statements.append(statement)


@contextmanager
def counting(database: Database) -> Iterator[Counted]:
    counted = Counted()
    event.listen(database.engine.sync_engine, "before_cursor_execute", counted.note)
    yield counted
    event.remove(database.engine.sync_engine, "before_cursor_execute", counted.note)


async def listening(world: World, callers: list[Principal]) -> list[AsyncIterator[bytes]]:
    """Streams of these callers that have read all there is."""
    streams = [world.users.services.streams.of(who, None) for who in callers]
    for stream in streams:
        await anext(stream)
    return streams


async def colleagues(world: World, count: int) -> list[Principal]:
    """Members of an institution whose members see what all of them get. Each has a session of their own."""
    await world.institution("Open", members_may_open="members")
    sessions: Sessions = world.users.services.sessions
    tokens = [(await world.person(f"N{number}", institution="Open")).token for number in range(count)]
    return [await sessions.authenticate(token) for token in tokens]


async def told(streams: list[AsyncIterator[bytes]], report_id: str) -> None:
    for text in await asyncio.gather(*(anext(stream) for stream in streams)):
        assert report_id in text.decode()


async def test_one_change_for_thirty_listeners_takes_the_queries_of_one(world: World) -> None:
    callers = await colleagues(world, 30)
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Open")
    taken = {}
    for count in (1, 30):
        streams = await listening(world, callers[:count])
        waiting = asyncio.gather(*(anext(stream) for stream in streams))
        with counting(world.users.services.database) as counted:
            report_id = await world.report(ada, bo)
            texts = await waiting
        assert not [text for text in texts if report_id not in text.decode()]
        taken[count] = [each for each in counted.statements if "FROM reports" in each or "openings" in each]
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]
    assert len(taken[30]) == len(taken[1])


async def test_each_listener_gets_its_own_changes(world: World) -> None:
    callers = await colleagues(world, 3)
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Open")
    reader = await world.sign_in("n0@example.org")
    streams = await listening(world, callers)
    report_id = await world.report(ada, bo)
    await told(streams, report_id)
    await reader.post(f"/v1/reports/{report_id}/opened")
    text = (await anext(streams[0])).decode()
    assert '"unread":false' in text
    await ada.delete(f"/v1/reports/{report_id}")
    for stream in streams:
        assert '"state":"withdrawn"' in (await anext(stream)).decode()


async def test_who_reads_slowly_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "PENDING", 2)
    ada, bo = await world.person("Ada"), await world.person("Bo")
    who = await world.users.services.sessions.authenticate(bo.token)
    (slow,) = await listening(world, [who])
    sent = []
    for _ in range(6):
        sent.append(await world.report(ada, bo))
        await asyncio.sleep(0.1)  # the poller hands them over one by one
    texts = [(await anext(slow)).decode() for _ in sent]
    assert [report_id for report_id in sent if not any(report_id in text for text in texts)] == []
    assert sorted(ids(await bo.get("/v1/reports"))) == sorted(sent)


@on_each_database
async def test_pings_of_many_streams_are_one_question(world: World) -> None:
    callers = await colleagues(world, 20)
    machine = await world.users.services.sessions.authenticate((await world.service("Open")).token)
    gone: Caller = await world.sign_in("n0@example.org")
    ended = await world.users.services.sessions.authenticate(gone.token)
    await gone.delete("/v1/sessions/current")
    open_sessions = SessionChecks(world.users.services.database, world.clock)
    with counting(world.users.services.database) as counted:
        answers = await asyncio.gather(*(open_sessions.is_open(who) for who in [*callers, machine, ended]))
    assert answers == [True] * 21 + [False]
    assert len(counted.statements) == 2


@on_each_database
async def test_a_database_that_is_away_for_a_moment_ends_no_live_inbox(world: World) -> None:
    (who,) = await colleagues(world, 1)

    class Away:
        """A database that nobody reaches."""

        def reading(self) -> Any:
            raise ConnectionError

    assert await SessionChecks(Away(), world.clock).is_open(who)  # type: ignore[arg-type]
