"""Rotates the master key while the key server runs: add a new one, rewrap every living report key, retire the old one.

Each step can be repeated after a crash, because the work left to do is read from the database. Running key servers
notice a changed file by themselves; those on other machines need it copied before anything is wrapped under the new
key.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, update

from picsafe_protocol.contracts.errors import Conflict, InvalidRequest
from picsafe_server.keys.db.models import known_keys, report_keys
from picsafe_server.keys.log import store as log
from picsafe_server.keys.operations.release import unwrap_record
from picsafe_server.keys.transactions.db_writer import writer_for
from picsafe_server.keys.vault import keystore
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.keys.vault.wrapping import (
    MASTER_KEY_BYTES,
    KeyWrapper,
    WrappedKey,
    WrappingError,
    changing_master_keys,
)
from picsafe_server.runtime.database import Database

BATCH = 200
"""Keys rewrapped in one transaction: a few milliseconds, between which releases go on."""


@dataclass(frozen=True)
class Rewrapped:
    """The result of a round of rewrapping. `failed` counts keys that cannot be unwrapped because their master key is
    missing.
    """

    done: int
    failed: tuple[str, ...]


def add_master_key(path: Path) -> int:
    """Add a new master key to the file, which is used for wrapping from now on; returns its number."""
    with changing_master_keys(path) as keys:
        number = max(keys) + 1
        keys[number] = secrets.token_bytes(MASTER_KEY_BYTES)
    return number


async def rewrap(database: Database, wrapper: KeyWrapper) -> Rewrapped:
    """Rewrap every report key that is not yet under the newest master key."""
    done, failed, after = 0, [], ""
    writer = writer_for(database)
    try:
        while records := await _outdated(database, wrapper.newest(), after):
            after = records[-1].key_id
            renewed: list[tuple[KeyRecord, WrappedKey]] = []
            for record in records:
                try:
                    renewed.append((record, await _renewed(wrapper, record)))
                except WrappingError:
                    failed.append(record.key_id)

            def store(connection: Connection, renewed: Sequence[tuple[KeyRecord, WrappedKey]] = tuple(renewed)) -> int:
                return sum(_replace(connection, record, wrapped) for record, wrapped in renewed)

            done += await writer.transact(store)
        await writer.forget()
    finally:
        await writer.close()
    return Rewrapped(done, tuple(failed))


async def retire_master_key(database: Database, path: Path, number: int) -> None:
    """Remove master key `number` from the file. `Conflict` while it still wraps a report key, or is the newest."""

    def retire(connection: Connection) -> None:
        log.read_head(connection, lock=True)  # a process that issues a key waits here, and then sees the new file
        with changing_master_keys(path) as keys:
            if number not in keys:
                raise InvalidRequest(f"There is no master key number {number}.", field="number")
            if number == max(keys):
                raise Conflict(f"Master key {number} is the newest: it wraps what is made now.")
            used = select(func.count()).where(report_keys.c.master == number, report_keys.c.wrapped.is_not(None))
            count = connection.execute(used).scalar_one()
            if count:
                raise Conflict(f"Master key {number} still wraps {count} report keys: rewrap them first.")
            del keys[number]
        connection.execute(delete(known_keys).where(known_keys.c.name == f"master.keys {number}"))

    writer = writer_for(database)
    try:
        await writer.transact(retire)
    finally:
        await writer.close()


async def _outdated(database: Database, newest: int, after: str) -> list[KeyRecord]:
    async with database.reading() as session:
        connection = await session.connection()
        return await connection.run_sync(keystore.not_wrapped_under, newest, after, BATCH)


async def _renewed(wrapper: KeyWrapper, record: KeyRecord) -> WrappedKey:
    key = await unwrap_record(wrapper, record.master, record.wrapped or b"", record)
    return await wrapper.wrap(key, record.context())


def _replace(connection: Connection, record: KeyRecord, wrapped: WrappedKey) -> int:
    # Only where it is still what was read: a key that was wiped meanwhile stays wiped.
    unchanged = (report_keys.c.key_id == record.key_id) & (report_keys.c.wrapped == record.wrapped)
    values = {"master": wrapped.master, "wrapped": wrapped.blob}
    return connection.execute(update(report_keys).where(unchanged).values(values)).rowcount
