"""What a wrapped key is bound to: a row that was changed in the database gives nobody its key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from harness.key_server import Someone, World
from sqlalchemy import Connection, update

from picsafe_server.keys.db.models import report_keys
from picsafe_server.keys.operations.rotate_master import add_master_key, rewrap
from picsafe_server.keys.vault import keystore
from picsafe_server.keys.vault.wrapping import MasterKeyFile, WrappedKey

pytestmark = pytest.mark.anyio


async def change(world: World, key_id: str, **values: Any) -> None:
    async with world.role.services.database.writing() as session:
        await session.execute(update(report_keys).where(report_keys.c.key_id == key_id).values(values))


@pytest.mark.parametrize("column", ["created_at", "until"])
async def test_attack_moving_a_key_in_time_makes_it_useless(
    sqlite_world: World, ada: Someone, bo: Someone, column: str
) -> None:
    """A later `created_at` would let in who joined since; a later `until` would keep a report open."""
    sent = await sqlite_world.send(ada, bo)
    await change(sqlite_world, sent.key_id, **{column: report_keys.c[column] + 1})
    answer = await sqlite_world.open(bo, sent)
    assert answer.status_code >= 500
    assert sent.key not in answer.text


async def test_a_key_that_was_wrapped_before_still_unwraps_and_is_bound_better_when_wrapped_again(
    sqlite_world: World, ada: Someone, bo: Someone
) -> None:
    sent, wrapper = await sqlite_world.send(ada, bo), sqlite_world.role.services.wrapper

    def stored(connection: Connection) -> keystore.KeyRecord:
        return keystore.by_id(connection, [sent.key_id])[sent.key_id]

    async with sqlite_world.role.services.database.snapshot() as now:
        record = await now.run_sync(stored)
    assert record.wrapped is not None
    key = await wrapper.unwrap(WrappedKey(record.master, record.wrapped), record.context())
    former = await wrapper.wrap(key, record.former_context())
    await change(sqlite_world, sent.key_id, wrapped=former.blob, master=former.master)
    assert (await sqlite_world.open(bo, sent)).json()["key"] == sent.key
    later = msgspec.structs.replace(record, created_at=record.created_at + 1)
    assert later.context() != record.context()
    assert later.former_context() == record.former_context()


async def test_wrapping_again_binds_to_the_moment_too(sqlite_world: World, ada: Someone, bo: Someone) -> None:
    sent = await sqlite_world.send(ada, bo)
    assert isinstance(sqlite_world.role.services.wrapper, MasterKeyFile)
    add_master_key(sqlite_world.role.services.wrapper.path)
    assert (await rewrap(sqlite_world.role.services.database, sqlite_world.role.services.wrapper)).done == 1
    assert (await sqlite_world.open(bo, sent)).json()["key"] == sent.key
    await change(sqlite_world, sent.key_id, created_at=report_keys.c.created_at + 1)
    assert (await sqlite_world.open(bo, sent)).status_code >= 500
