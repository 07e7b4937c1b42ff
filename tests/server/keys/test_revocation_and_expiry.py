"""A key ends when its owner takes it back or it expires; then nothing is left that could be unwrapped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from harness.key_server import OTHER_USERS, WEEK, Someone, UserServers, World, code, key_server
from sqlalchemy import select

from picsafe_server.keys.db.models import report_keys
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


async def wrapped(world: World) -> list[bytes | None]:
    async with world.role.services.database.reading() as session:
        return list(await session.scalars(select(report_keys.c.wrapped)))


async def test_the_owner_takes_a_key_back(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    assert (await world.revoke(ada, sent)).status_code == 204
    for who in (ada, bo):
        answer = await world.open(who, sent)
        assert (answer.status_code, code(answer)) == (410, "key_revoked")
    assert await wrapped(world) == [None]
    assert [entry["event"] for entry in await world.log_of(sent)] == ["created", "revoked", "refused", "refused"]


async def test_taking_back_what_is_gone_changes_nothing(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    for _ in range(3):
        assert (await world.revoke(ada, sent)).status_code == 204
    assert [entry["event"] for entry in await world.log_of(sent)] == ["created", "revoked"]


async def test_the_user_server_takes_a_key_back(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    grant = world.users.grant(ada, "key.revoke", sent.report_id)
    answer = await world.post(f"/keys/v1/keys/{sent.key_id}/revoke", grant, {"report_id": sent.report_id})
    assert answer.status_code == 204
    assert code(await world.open(bo, sent)) == "key_revoked"


async def test_nobody_else_takes_a_key_back(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    for who in (bo, Someone("Eve"), Someone("Ada", issuer=OTHER_USERS, id=ada.id)):
        answer = await world.revoke(who, sent)
        assert (answer.status_code, code(answer)) == (403, "not_permitted")
    foreign = world.users.grant(Someone("Root", issuer=OTHER_USERS), "key.revoke", sent.report_id)
    answer = await world.post(f"/keys/v1/keys/{sent.key_id}/revoke", foreign, {"report_id": sent.report_id})
    assert (answer.status_code, code(answer)) == (403, "not_permitted")
    assert (await world.open(bo, sent)).status_code == 200
    assert [entry["event"] for entry in await world.log_of(sent)] == ["created", *["refused"] * 4, "released"]


async def test_a_grant_that_does_not_fit_takes_nothing_back(
    sqlite_world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    sent = await sqlite_world.send(ada)
    for action, granted, asked, status in [
        ("key.create", None, None, 401),
        ("package.delete", None, None, 401),
        ("key.revoke", "b" * 26, None, 401),
        ("key.revoke", "b" * 26, "b" * 26, 404),
    ]:
        with subtests.test(action=action, granted=granted, asked=asked, status=status):
            grant = sqlite_world.users.grant(ada, action, granted or sent.report_id)
            body = {"report_id": asked or sent.report_id}
            assert (await sqlite_world.post(f"/keys/v1/keys/{sent.key_id}/revoke", grant, body)).status_code == status
            assert (await sqlite_world.open(ada, sent)).status_code == 200


async def test_a_sweep_destroys_what_is_over_and_nothing_else(world: World, ada: Someone, bo: Someone) -> None:
    sooner = int((world.clock.now() + timedelta(days=1)).timestamp())
    over, living = await world.send(ada, bo, until=sooner), await world.send(ada, bo)
    world.clock.move(timedelta(days=1))
    assert (await world.role.sweep())["destroyed"] == 1
    assert (await world.role.sweep())["destroyed"] == 0
    assert sorted(value is None for value in await wrapped(world)) == [False, True]
    destroyed = (await world.log_of(over))[-1]
    assert (destroyed["event"], destroyed["who"], destroyed["from"]) == ("destroyed", None, None)
    assert (await world.open(bo, living)).status_code == 200
    world.clock.move(timedelta(days=-1))
    assert code(await world.open(bo, over)) == "key_destroyed"


async def test_a_revoked_key_is_not_destroyed_again(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    await world.revoke(ada, sent)
    world.clock.move(WEEK)
    assert (await world.role.sweep())["destroyed"] == 0
    assert code(await world.open(ada, sent)) == "key_revoked"


async def test_many_sweeps_at_once_destroy_each_key_once(world: World, ada: Someone) -> None:
    sent = [await world.send(ada) for _ in range(5)]
    world.clock.move(WEEK)
    done = await asyncio.gather(*(world.role.sweep() for _ in range(4)))
    assert sum(counts["destroyed"] for counts in done) == 5
    for one in sent:
        assert [entry["event"] for entry in await world.log_of(one)] == ["created", "destroyed"]


async def test_nothing_of_a_destroyed_key_stays_in_the_files(
    sqlite_url: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    """Not in free pages, not in the write-ahead log."""
    ada = Someone("Ada")
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        destroyed, revoked = await world.send(ada), await world.send(ada)
        blobs = [blob for blob in await wrapped(world) if blob is not None]
        assert len(blobs) == 2
        assert all(blob in stored(tmp_path) for blob in blobs)
        await world.revoke(ada, revoked)
        world.clock.move(WEEK)
        await world.role.sweep()
        assert not any(blob in stored(tmp_path) for blob in blobs)
        assert code(await world.open(ada, destroyed)) == "key_destroyed"


def stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("keys.sqlite*"))
