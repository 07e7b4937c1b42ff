"""Erases a person from the access log: their rows and salts are deleted; what happened to the keys stays and can still
be proved.

An erasure is itself a log entry. It states when, by whom, and from how many entries, with a digest of their numbers. So
a release to somebody never becomes a release to nobody without a trace, and yet nobody is named.
"""

from __future__ import annotations

from sqlalchemy import Connection, Select, delete, insert, literal, select

from picsafe_protocol.contracts.api.keys import Event
from picsafe_server.keys.db.models import log_audience, log_erasures, log_leaves, log_people
from picsafe_server.keys.log.entries import Person, details, digest_of_entries, milliseconds
from picsafe_server.keys.transactions.db_writer import writer_for
from picsafe_server.keys.transactions.transaction import Transaction
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database


async def erase_person(database: Database, clock: Clock, issuer: str, subject: str, before: int, *, by: Person) -> int:
    """Erase all traces that `subject` of `issuer` acted before a time (milliseconds since 1970); returns how many
    entries.

    Runs in one transaction with the entry that records it. Writes nothing when there is nothing to erase.
    """
    earlier = select(log_leaves.c.entry_index).where(log_leaves.c.time < before)
    theirs = (log_people.c.issuer == issuer) & (log_people.c.subject == subject)
    named = select(log_people.c.entry_index).where(theirs, log_people.c.entry_index.in_(earlier))

    def erase(connection: Connection) -> int:
        transaction = Transaction(connection, milliseconds(clock.now()))
        indexes = connection.scalars(named).all()
        if not indexes:
            return 0
        said = details(count=len(indexes), entries=digest_of_entries(indexes))
        entry = transaction.log_event(Event.ERASED, by, said, _audience(connection, named))
        transaction.write()
        listed = named.add_columns(literal(entry.index))
        connection.execute(insert(log_erasures).from_select(["entry_index", "erased_by"], listed))
        written = select(log_erasures.c.entry_index).where(log_erasures.c.erased_by == entry.index)
        connection.execute(delete(log_people).where(log_people.c.entry_index.in_(written)))
        return len(indexes)

    writer = writer_for(database)
    try:
        erased = await writer.transact(erase)
        await writer.forget()
    finally:
        await writer.close()
    return erased


def _audience(connection: Connection, indexes: Select[tuple[int]]) -> list[tuple[str, str]]:
    """The institutions whose administrators could read any of the entries."""
    readers = select(log_audience.c.issuer, log_audience.c.institution).where(log_audience.c.entry_index.in_(indexes))
    return [(row.issuer, row.institution) for row in connection.execute(readers.distinct())]
