"""Erasing somebody from the access log: their rows and salts go, what happened to the keys stays and still proves."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from picsafe_server.database import Database
from picsafe_server.keys.models import log_leaves, log_people
from picsafe_server.keys.writer import writer_for


async def erase_person(database: Database, issuer: str, subject: str, before: int) -> int:
    """Erase everything that says that `subject` of `issuer` acted before a moment (milliseconds since 1970); how many entries."""

    def erase(connection: Connection) -> int:
        earlier = select(log_leaves.c.entry_index).where(log_leaves.c.time < before)
        theirs = (log_people.c.issuer == issuer) & (log_people.c.subject == subject)
        rows = delete(log_people).where(theirs, log_people.c.entry_index.in_(earlier))
        return connection.execute(rows).rowcount

    writer = writer_for(database)
    try:
        erased = await writer.transact(erase)
        await writer.forget()
    finally:
        await writer.close()
    return erased
