"""Limits how many refusals of one person are logged: entries are never deleted, so a flood must not fill the log.

Keeps one row per person instead of counting log entries, so the cost of a refusal does not grow with the flood.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from picsafe_protocol.contracts import limits
from picsafe_server.keys.db.models import refusal_windows
from picsafe_server.keys.log.entries import Person, milliseconds
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database

_WINDOW = limits.REFUSAL_WINDOW_SECONDS * 1000


def should_log(connection: Connection, person: Person, now: int) -> bool:
    """Whether to log a refusal of `person` at `now` (milliseconds since 1970); counts it if so."""
    table = refusal_windows
    whose = (table.c.issuer == person.issuer) & (table.c.subject == person.subject)
    row = connection.execute(select(table.c.since, table.c.logged).where(whose)).one_or_none()
    if row is None:
        values = {"issuer": person.issuer, "subject": person.subject, "since": now, "logged": 1}
        connection.execute(insert(table), [values])
        return True
    if now - row.since >= _WINDOW:
        connection.execute(update(table).where(whose).values(since=now, logged=1))
        return True
    if row.logged < limits.REFUSALS_LOGGED:
        connection.execute(update(table).where(whose).values(logged=row.logged + 1))
        return True
    return False


async def close_windows(database: Database, clock: Clock) -> int:
    """Delete windows that are over; returns how many."""
    over = refusal_windows.c.since <= milliseconds(clock.now()) - _WINDOW
    async with database.reading() as session:
        if (await session.execute(select(refusal_windows.c.since).where(over).limit(1))).first() is None:
            return 0
    async with database.writing() as session:
        connection = await session.connection()
        return (await connection.execute(delete(refusal_windows).where(over))).rowcount
