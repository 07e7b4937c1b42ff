"""Continues a log that lost entries: only on an operator's explicit command, and always with an entry that
records it.
"""

from __future__ import annotations

import base64

from sqlalchemy import Connection, select

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import Conflict
from picsafe_server.keys.db.models import log_audience
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.entries import Person, details, milliseconds
from picsafe_server.keys.log.largest_head import LargestHead, LargestHeadFile, LogRolledBack, RollbackGuard
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.keys.log.tree import Head
from picsafe_server.keys.transactions.db_writer import writer_for
from picsafe_server.keys.transactions.transaction import Transaction
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database


async def accept_restored_log(
    database: Database, clock: Clock, file: LargestHeadFile, lost: int | None, *, by: Person
) -> Head:
    """Append an entry `restored` to a log that is behind what was signed, and sign from then on what the database has.

    `lost` is the size of the largest log that was signed, None where the file that knows it is gone: giving it confirms
    having read what is given up. `Conflict` when it is another number, or when nothing was lost.
    """

    def go_on(connection: Connection) -> Head:
        transaction = Transaction(connection, milliseconds(clock.now()))
        log.check(connection)
        signed = _lost(connection, transaction.head, file, lost)
        said = details(
            root=None if signed is None else base64.b64encode(signed.root).decode("ascii"),
            size=None if signed is None else signed.size,
        )
        everybody = select(log_audience.c.issuer, log_audience.c.institution).distinct()
        readers = [(row.issuer, row.institution) for row in connection.execute(everybody)]
        transaction.log_event(Event.RESTORED, by, said, readers)
        return transaction.write()[1].head

    writer = writer_for(database)
    try:
        return await writer.transact(go_on, lambda head: file.replace(LargestHead.of(head)))
    finally:
        await writer.close()


def _lost(connection: Connection, head: Head, file: LargestHeadFile, lost: int | None) -> LargestHead | None:
    try:
        signed = file.read()
    except LogDamaged:
        signed = None
    if signed is None:
        if lost is not None:
            raise Conflict(f"{file.path} does not say how large the log was.", advice="Give `--lost unknown`.")
        return None
    try:
        RollbackGuard(file).check(connection, head)
    except LogRolledBack:
        if lost != signed.size:
            raise Conflict(
                f"The largest log that was signed has {signed.size} entries, this one has {head.size}.",
                advice=f"To give up what is missing for good: --lost {signed.size}",
            ) from None
        return signed
    raise Conflict("Nothing is missing in this log: it is not behind what was signed.")
