"""Looking at the whole state of the log: in one snapshot of the database, and twice before damage is believed.

A log that is being written to changes between two statements. What two snapshots of it make of the same fault is damage;
everything else is doubt, and nobody should restore a backup because of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.runtime.database import Database

T = TypeVar("T")
SECOND_LOOK_SECONDS = 1.0
"""Between two looks: longer than any transaction of ours, and short for an operator who waits for the start."""

_log = logging.getLogger("picsafe.keys")


class LooksDiffer(LogDamaged):
    """Two looks at the log found different faults: something is wrong, but nothing is known of it that can be acted on."""


async def inspect(database: Database, look: Callable[[Connection], T]) -> T:
    """What `look` returns in one snapshot.

    Raises `LogDamaged` when two looks find the same fault, `LooksDiffer` when each finds another.
    """
    try:
        return await _look(database, look)
    except LogDamaged as damage:
        first = damage
    _log.warning("the access log seems to be damaged: %s; looking again", first)
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    try:
        found = await _look(database, look)
    except LogDamaged as second:
        if str(second) == str(first):
            raise
        raise LooksDiffer(f"first: {first}; then: {second}") from second
    _log.warning("the access log is whole at a second look; the first one found: %s", first)
    return found


async def _look(database: Database, look: Callable[[Connection], T]) -> T:
    async with database.snapshot() as connection:
        return await connection.run_sync(look)
