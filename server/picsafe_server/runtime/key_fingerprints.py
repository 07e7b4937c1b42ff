"""Fingerprints of the signing and master keys that a database was used with, so that a wrong folder of keys is noticed
at start.

A role creates keys that it does not find. With the right database and the wrong folder it would go on with new ones:
tokens, receipts and checkpoints that nobody accepts, and report keys that cannot be unwrapped.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import BigInteger, Column, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into

LOST = "lost"
"""Stored instead of a fingerprint: an operator has said that the role goes on without this key."""
_TAG = b"picsafe/known-key/v1\x00"


def known_keys_table(metadata: MetaData) -> Table:
    """The table, for the metadata of a role's own database."""
    return Table(
        "known_keys",
        metadata,
        Column("name", String(64), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("since", BigInteger, nullable=False),  # milliseconds since 1970
    )


_log = logging.getLogger("picsafe.keys")


def refused(sentence: str) -> SettingsError:
    """The error of a role that does not start, logged: what starts the roles may wrap it in others."""
    _log.critical("%s", sentence)
    return SettingsError(sentence)


@dataclass(frozen=True)
class KeyFile:
    """A key, and the file that it is in. Only a fingerprint is ever written to the database."""

    path: Path
    fingerprint: str

    @classmethod
    def of(cls, path: Path, key: bytes) -> KeyFile:
        """For a public key, or a secret one: nothing of it can be found out from the fingerprint."""
        return cls(path, hashlib.sha256(_TAG + key).hexdigest())


class KnownKeys:
    """What one role's database remembers of its keys."""

    def __init__(self, database: Database, table: Table, role: str, clock: Clock) -> None:
        self._database = database
        self._table = table
        self._role = role
        self._clock = clock

    async def check(self, found: Mapping[str, KeyFile]) -> None:
        """Remember keys of names that are new; `SettingsError`, which says what to do, for one that is another than
        remembered.
        """
        known = await self._read()
        if all(known.get(name) == key.fingerprint for name, key in found.items()):
            return
        try:
            async with self._database.writing() as session:
                # In one statement: another process may start in this moment. Keys that are known stay as they are.
                await self._write(session, found, only_lost=True)
                known = await _fingerprints(session, self._table)
                for name, key in found.items():
                    if known[name] != key.fingerprint:
                        raise refused(
                            f"{key.path} is another key ({name}) than the one that the database of the role {self._role} was used "
                            f"with. Is PICSAFE_DATA the folder that it was? Put the right file there. For a deliberate new key: "
                            f"picsafe-server accept-keys {self._role}"
                        )
        except SettingsError:
            await self._database.close()  # the role does not start
            raise

    async def accept(self, found: Mapping[str, KeyFile]) -> list[str]:
        """Make the keys that are there the ones that the database knows; the names of those that were others."""
        known = await self._read()
        others = [name for name, key in found.items() if known.get(name, key.fingerprint) != key.fingerprint]
        await self._store(found)
        return others

    async def lose(self, keys: Mapping[str, Path]) -> None:
        """Remember that the role goes on without these keys, which were in those files."""
        await self._store({name: KeyFile(path, LOST) for name, path in keys.items()})

    async def lost(self) -> set[str]:
        """The names of the keys without which the role goes on."""
        return {name for name, fingerprint in (await self._read()).items() if fingerprint == LOST}

    async def knows(self, name: str) -> bool:
        """Whether a key of this name is remembered."""
        return name in await self._read()

    async def _read(self) -> dict[str, str]:
        async with self._database.reading() as session:
            return await _fingerprints(session, self._table)

    async def _store(self, keys: Mapping[str, KeyFile]) -> None:
        async with self._database.writing() as session:
            await self._write(session, keys, only_lost=False)

    async def _write(self, session: AsyncSession, keys: Mapping[str, KeyFile], *, only_lost: bool) -> None:
        """Store `keys`; of those whose names are there, `only_lost` replaces the lost ones alone."""
        if not keys:
            return
        now = int(self._clock.now().timestamp() * 1000)
        ordered = sorted(keys.items())  # two processes lock the rows in the same order
        rows = [{"name": name, "fingerprint": key.fingerprint, "since": now} for name, key in ordered]
        statement = insert_into(session, self._table).values(rows)
        new = {"fingerprint": statement.excluded.fingerprint, "since": statement.excluded.since}
        lost = self._table.c.fingerprint == LOST if only_lost else None
        await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=new, where=lost))


async def _fingerprints(session: AsyncSession, table: Table) -> dict[str, str]:
    rows = await session.execute(select(table.c.name, table.c.fingerprint))
    return {row.name: row.fingerprint for row in rows}
