"""The sequence of changes: no gaps, visible in order, so that a cursor never skips an available report. On both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from harness.user_server import World, ids, on_each_database
from sqlalchemy import select

from picsafe_server.users.db.models import ChangeEvent
from picsafe_server.users.events.event_log import REPORT, Change, EventLog, last_number

pytestmark = [pytest.mark.anyio, on_each_database]


async def numbers(world: World) -> list[int]:
    async with world.users.services.database.reading() as session:
        return list(await session.scalars(select(ChangeEvent.sequence).order_by(ChangeEvent.sequence)))


async def test_a_later_change_waits_for_an_earlier_one_that_is_not_yet_there(world: World) -> None:
    database = world.users.services.database
    changes = EventLog(world.clock, lambda: None)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.writing() as session:
            assert await changes.append(session, Change(REPORT, ["a"], "slow")) == [1]
            entered.set()
            await leave.wait()

    async def quick() -> None:
        async with database.writing() as session:
            assert await changes.append(session, Change(REPORT, ["a"], "quick")) == [2]

    first = asyncio.create_task(slow())
    await entered.wait()
    second = asyncio.create_task(quick())
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done
    assert await numbers(world) == []
    leave.set()
    await asyncio.gather(first, second)
    assert await numbers(world) == [1, 2]


async def test_a_change_that_fails_leaves_no_gap(world: World) -> None:
    database = world.users.services.database
    woken: list[int] = []
    changes = EventLog(world.clock, lambda: woken.append(1))

    async def fail() -> None:
        async with database.writing() as session:
            await changes.append(session, Change(REPORT, ["a"], "x"), Change(REPORT, ["a"], "y"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert woken == []
    async with database.writing() as session:
        assert await changes.append(session, Change(REPORT, ["a", "b"], "x"), Change(REPORT, ["a"], "y")) == [1, 2]
    assert woken == [1]
    assert await numbers(world) == [1, 1, 2]
    async with database.reading() as session:
        assert await last_number(session) == 2


async def test_many_senders_at_once_and_polling_skips_nothing(world: World) -> None:
    senders = [await world.person(f"N{number}", institution="Royal") for number in range(6)]
    pacs = await world.service("Royal")
    drafts = [(sender, await world.draft(sender, sender)) for sender in senders for _ in range(6)]
    polled: list[str] = []
    finished = asyncio.Event()

    async def poll() -> None:
        cursor = None
        while True:
            last_round = finished.is_set()
            answer = await pacs.get("/v1/reports/new", limit=2, **({"after": cursor} if cursor else {}))
            polled.extend(ids(answer))
            cursor = answer.json()["cursor"]
            if last_round and not answer.json()["more"]:
                return

    polling = asyncio.create_task(poll())
    answers = await asyncio.gather(*(world.deliver(sender, draft) for sender, draft in drafts))
    assert {answer.status_code for answer in answers} == {200}
    finished.set()
    await polling
    assert sorted(polled) == sorted(draft for _, draft in drafts)
    assert len(set(polled)) == len(polled)
    seen = sorted(set(await numbers(world)))
    assert seen == list(range(1, len(drafts) + 1))


async def test_sweeps_of_many_processes_end_each_report_once(world: World) -> None:
    ada = await world.person("Ada")
    reports = [await world.report(ada, ada) for _ in range(5)]
    before = max(await numbers(world))
    world.clock.move(timedelta(days=7))
    counts = await asyncio.gather(*(world.users.services.expiry.expire() for _ in range(4)))
    assert sum(counts) == len(reports)
    told = sorted(set(await numbers(world)))
    assert told == list(range(1, before + 2 * len(reports) + 1))
