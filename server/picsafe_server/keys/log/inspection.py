"""Reads the whole state of the log in one snapshot of the database, twice before damage is reported.

A log that is being written changes between two statements. A fault found alike in two snapshots is damage. Anything
else is inconclusive, and no reason to restore a backup.
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
"""Between two checks: longer than any transaction of ours, and short for an operator who waits for the start."""

_log = logging.getLogger("picsafe.keys")


class LooksDiffer(LogDamaged):
    """Two reads of the log found different faults: something is wrong, but the result is not reliable enough to
    act on.
    """


async def inspect(database: Database, look: Callable[[Connection], T]) -> T:
    """The result of `look` in one snapshot.

    Raises `LogDamaged` when two reads find the same fault, `LooksDiffer` when they find different ones.
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
