"""Public reads of the log, without sign-in: the newest checkpoint and consistency proofs, at a bounded cost."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from sqlalchemy import Connection

from picsafe_protocol.contracts.errors import InvalidRequest, LogUnavailable
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.signed_head import SignedHeadFile
from picsafe_server.keys.transactions.appender import Appender, Signed
from picsafe_server.runtime.database import Database

CHECKPOINT_SECONDS: Final = 2.0
"""How long a checkpoint is given out before the log is compared with it again: a flood of requests costs one comparison
in that time."""
PROOFS_WAITING: Final = 256
"""Requests for a proof that wait while one is computed: one takes some milliseconds, so the last waits about two
seconds.
"""
PROOF_SECONDS: Final = 4.0
"""How long such a request may take: less than the five seconds after which a user server gives up."""


class PublicLog:
    """Serves the log of one process's appender to readers without a token."""

    def __init__(self, database: Database, appender: Appender, signed_head: SignedHeadFile) -> None:
        self._database = database
        self._appender = appender
        self._signed_head = signed_head
        self._signing: asyncio.Task[str] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def checkpoint(self) -> str:
        """The newest signed checkpoint of the log; `LogUnavailable` when the log is not written to.

        A recent one is given out again while `log.head` shows that no process has signed a larger head. So answers of
        several processes never seem to come from a log that shrinks.
        """
        self._appender.check()  # nothing is given out of a log that is damaged
        newest = self._appender.newest
        if newest is not None and self._is_current(newest):
            return newest.note
        if self._signing is None or self._signing.done():
            self._signing = asyncio.create_task(self._appender.checkpoint())
        return await asyncio.shield(self._signing)

    def _is_current(self, newest: Signed) -> bool:
        if time.monotonic() - newest.moment >= CHECKPOINT_SECONDS:
            return False
        try:
            return self._signed_head.read() == newest.head
        except log.LogDamaged:
            return False  # which the comparison says in its own way

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the log of `new` entries begins with that of `old`.

        Raises `InvalidRequest` for sizes that the log has not had, and `LogUnavailable` when it is not written to, or
        when too many proofs are asked for at once.
        """
        self._appender.check()
        if self._waiting >= PROOFS_WAITING:
            raise LogUnavailable("Too many proofs of the access log are asked for at once.")
        self._waiting += 1
        try:
            async with asyncio.timeout(PROOF_SECONDS), self._one_at_a_time, self._database.snapshot() as connection:
                return await connection.run_sync(_prove, old, new)
        except (log.LogDamaged, TimeoutError) as error:
            raise LogUnavailable from error
        finally:
            self._waiting -= 1


def _prove(connection: Connection, old: int, new: int) -> list[bytes]:
    if not 0 < old <= new <= log.read_head(connection).size:
        raise InvalidRequest("The log has no two such sizes.", field="from")
    return log.stored_consistency_proof(connection, old, new)
