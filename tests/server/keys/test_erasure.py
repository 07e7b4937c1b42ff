"""Erasing somebody is an entry of the log: "given to X" never becomes "given to nobody" without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness.key_server import KEYS, USERS, Someone, World
from sqlalchemy import Connection, delete, select, text, update

from picsafe_server.keys.db.models import log_erasures, log_leaves
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.entries import milliseconds, operator
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.keys.operations.erase_person import erase_person

pytestmark = pytest.mark.anyio

CLINIC, ELSEWHERE = "c" * 26, "e" * 26
ANN = Someone("Ann", institution=CLINIC, role="administrator")


def of(*institutions: str) -> dict[str, Any]:
    return {"institutions": [{"id": id_, "roles": []} for id_ in institutions]}


async def in_database(world: World, work: Callable[[Connection], Any]) -> Any:
    async with world.role.services.database.writing() as session:
        return await (await session.connection()).run_sync(work)


async def erase(world: World, who: Someone, *, issuer: str = USERS, before: int = 2**62, reason: str = "asked") -> int:
    by = operator(KEYS, reason)
    return await erase_person(world.role.services.database, world.clock, issuer, who.id, before, by=by)


async def read(world: World, administrator: Someone, **query: Any) -> list[dict[str, Any]]:
    answer = await world.get("/keys/v1/log", world.users.user_token(administrator), oldest_first=True, **query)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


async def test_erasing_is_an_entry_that_administrators_read(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo, access=of(CLINIC))
    await world.open(bo, sent)
    await world.open(ada, sent)
    size = (await in_database(world, recompute)).size
    assert await erase(world, bo) == 1
    assert (await in_database(world, recompute)).size == size + 1
    created, gone, released, erased = await read(world, ANN)
    assert (gone["event"], gone["who"], gone["from"], gone["reason"]) == ("released", None, None, None)
    assert (gone["erased_by"], gone["erased_at"]) == (erased["index"], erased["time"])
    assert created["who"]["name"] == released["who"]["name"] == "Ada"
    assert (released["erased_at"], released["erased_by"]) == (None, None)
    assert (erased["event"], erased["report_id"], erased["key_id"], erased["reason"]) == ("erased", None, None, "asked")
    assert erased["who"]["name"] == "Operator of the key server"
    assert await read(world, ANN, event="erased") == [erased]
    assert [entry["erased_at"] for entry in await world.log_of(sent)] == [None, erased["time"], None]
    assert bo.id not in json.dumps(await read(world, ANN))


async def test_the_export_says_when_somebody_was_erased(sqlite_world: World, ada: Someone, bo: Someone) -> None:
    sent = await sqlite_world.send(ada, bo, access=of(CLINIC))
    await sqlite_world.open(bo, sent)
    await erase(sqlite_world, bo)
    token = sqlite_world.users.user_token(ANN)
    rows = (await sqlite_world.get("/keys/v1/log.csv", token, oldest_first=True)).text.split("\r\n")
    assert rows[0].endswith(",erased_at,erased_by")
    assert rows[2].endswith(",2")
    assert rows[3].split(",")[2:6] == ["erased", "", "", ""]


async def test_only_administrators_of_the_entries_concerned_read_of_it(sqlite_world: World, bo: Someone) -> None:
    for institution in (CLINIC, ELSEWHERE):
        await sqlite_world.open(bo, await sqlite_world.send(Someone("Ada"), bo, access=of(institution)))
    other = await sqlite_world.send(Someone("Ada"), access=of("o" * 26))
    await erase(sqlite_world, bo)
    for institution, seen in ((CLINIC, 1), (ELSEWHERE, 1), ("o" * 26, 0)):
        reader = Someone("Ann", institution=institution, role="administrator")
        assert len(await read(sqlite_world, reader, event="erased")) == seen
    assert [entry["event"] for entry in await sqlite_world.log_of(other)] == ["created"]


async def test_erasing_keeps_younger_entries_and_writes_nothing_for_nobody(
    world: World, ada: Someone, bo: Someone
) -> None:
    sent = await world.send(ada, bo)
    await world.open(bo, sent)
    before = await in_database(world, recompute)
    assert await erase(world, bo, before=0) == 0
    assert await erase(world, bo, issuer="https://elsewhere.test/users") == 0
    assert await in_database(world, recompute) == before
    world.clock.move(timedelta(hours=1))
    line = milliseconds(world.clock.now())
    await world.open(bo, sent)
    assert await erase(world, bo, before=line) == 1
    assert await erase(world, bo) == 1, "the younger one is an entry of its own"
    assert (await in_database(world, recompute)).size == before.size + 3


async def test_an_erased_person_is_no_longer_in_the_file(sqlite_world: World, tmp_path: Path) -> None:
    eve = Someone("Evelina-Unmistakable")
    await sqlite_world.open(eve, await sqlite_world.send(Someone("Ada"), eve))
    await erase(sqlite_world, eve)
    held = b"".join(file.read_bytes() for file in tmp_path.glob("keys.sqlite*"))
    assert (tmp_path / "keys.sqlite").exists()
    assert b"Evelina-Unmistakable" not in held


async def test_erasing_and_its_entry_are_one_transaction(sqlite_world: World, ada: Someone, bo: Someone) -> None:
    await sqlite_world.open(bo, await sqlite_world.send(ada, bo))
    before = await in_database(sqlite_world, recompute)
    trouble = "CREATE TRIGGER trouble BEFORE DELETE ON log_people BEGIN SELECT RAISE(ABORT, 'the disk said no'); END"
    await in_database(sqlite_world, lambda connection: connection.execute(text(trouble)))
    with pytest.raises(Exception, match="the disk said no"):
        await erase(sqlite_world, bo)
    await in_database(sqlite_world, lambda connection: connection.execute(text("DROP TRIGGER trouble")))
    assert await in_database(sqlite_world, recompute) == before


def _forget_the_list(connection: Connection) -> None:
    connection.execute(delete(log_erasures).where(log_erasures.c.entry_index == 1))


def _count_less(connection: Connection) -> None:
    details = connection.execute(select(log_leaves.c.details).where(log_leaves.c.event == "erased")).scalar_one()
    changed = details.replace('"count":1', '"count":0')
    connection.execute(update(log_leaves).where(log_leaves.c.event == "erased").values(details=changed))


def _blame_another(connection: Connection) -> None:
    connection.execute(update(log_erasures).values(entry_index=0))


@pytest.mark.parametrize("attack", [_forget_the_list, _count_less, _blame_another])
async def test_attack_on_what_an_erasing_entry_names(
    sqlite_world: World, ada: Someone, bo: Someone, attack: Callable[[Connection], None]
) -> None:
    await sqlite_world.open(bo, await sqlite_world.send(ada, bo))
    await erase(sqlite_world, bo)
    await in_database(sqlite_world, recompute)

    def without_triggers(connection: Connection) -> None:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
        attack(connection)

    await in_database(sqlite_world, without_triggers)
    with pytest.raises(LogDamaged):
        await in_database(sqlite_world, recompute)
