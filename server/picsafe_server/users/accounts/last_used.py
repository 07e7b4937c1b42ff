"""When sessions and service accounts were last used. Written later and in batches, so that requests that only read wait
for no lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Final

from sqlalchemy import update

from picsafe_server.runtime.database import Database, is_away
from picsafe_server.users.db.models import ServiceAccount, SignedInSession

Used = type[SignedInSession] | type[ServiceAccount]

_RETRY_SECONDS: Final = 5.0

_log = logging.getLogger("picsafe.users")


class LastUsed:
    """Collects uses until they are written. One transaction at a time, so that a locked database occupies one
    connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[tuple[Used, str], datetime] = {}
        self._written: dict[tuple[Used, str], datetime] = {}
        """By the last transaction: who has just read a row may have read it before."""
        self._writing: asyncio.Task[None] | None = None

    def touch(self, kind: Used, identifier: str, now: datetime) -> None:
        """Record a use at the present time."""
        self._pending[kind, identifier] = now
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    def last(self, kind: Used, identifier: str) -> datetime | None:
        """The time of the last use, if it is newer than what a row just read may hold."""
        key = kind, identifier
        return self._pending.get(key, self._written.get(key))

    async def settled(self) -> None:
        """Return when all uses recorded until now are written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def stop(self) -> None:
        """Write what can be written immediately, and stop."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        if self._pending:
            try:
                async with asyncio.timeout(_RETRY_SECONDS):
                    await self._write()
            except Exception as error:  # noqa: BLE001 a session may seem unused for a minute longer than it was
                _log.warning("last uses are lost: %s", type(error).__name__)

    async def _write_all(self) -> None:
        while self._pending:
            try:
                await self._write()
            except Exception as error:  # noqa: BLE001 whatever it is, the uses are remembered until it is over
                _log.warning("last uses cannot be written yet", exc_info=None if is_away(error) else error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _write(self) -> None:
        written = dict(self._pending)
        async with self._database.writing() as session:
            for (kind, identifier), used in sorted(written.items(), key=lambda item: item[0][1]):
                await session.execute(update(kind).where(kind.id == identifier).values(last_used_at=used))
        self._written = written
        for key, used in written.items():
            if self._pending.get(key) == used:
                del self._pending[key]
