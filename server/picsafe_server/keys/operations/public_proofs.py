"""Public reads of the log, without sign-in: the newest checkpoint and consistency proofs, at a bounded cost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Final

from sqlalchemy import Connection

from picsafe_protocol.contracts.errors import InvalidRequest, LogUnavailable
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.largest_head import LargestHead, LargestHeadFile
from picsafe_server.keys.transactions.appender import Appender, SignedCheckpoint
from picsafe_server.runtime.database import Database

CHECKPOINT_SECONDS: Final = 2.0
"""How long a checkpoint is given out before the log is compared with it again: a flood of requests costs one comparison
in that time."""
PROOFS_WAITING: Final = 256
"""Requests for a proof that wait while one is computed: one takes some milliseconds, so the last waits about two
seconds.
"""
PROOFS_WAITING_FROM_ONE: Final = 16
"""The same from one address, so that nobody alone keeps user servers from the proofs that they look for."""
PROOF_SECONDS: Final = 4.0
"""How long such a request may take: less than the five seconds after which a user server gives up."""


class PublicLog:
    """Serves the log of one process's appender to readers without a token."""

    def __init__(self, database: Database, appender: Appender, largest_head: LargestHeadFile) -> None:
        self._database = database
        self._appender = appender
        self._largest_head = largest_head
        self._signing: asyncio.Task[str] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        """Requests for a proof, by the address they come from."""

    async def checkpoint(self) -> str:
        """The newest signed checkpoint of the log; `LogUnavailable` when the log is not written to.

        A recent one is given out again while `log.head` shows that no process has signed a larger head. So answers of
        several processes never seem to come from a log that shrinks.
        """
        self._appender.check()  # nothing is given out of a log that is damaged
        newest = self._appender.newest
        if newest is not None and self._is_current(newest):
            return newest.note
        signed = self._known_head()
        note = await self._sign()
        newest = self._appender.newest
        if signed is not None and newest is not None and newest.head.size < signed.size:
            # What was joined began before this request, and another process had signed a larger head by then.
            note = await self._sign()
        return note

    def _known_head(self) -> LargestHead | None:
        """The largest head that was signed; None as well when the file is damaged, which the comparison reports."""
        try:
            return self._largest_head.read()
        except log.LogDamaged:
            return None

    async def _sign(self) -> str:
        """A checkpoint that is being signed, or a new one: requests that wait share one comparison."""
        if self._signing is None or self._signing.done():
            self._signing = asyncio.create_task(self._appender.checkpoint())
        return await asyncio.shield(self._signing)

    def _is_current(self, newest: SignedCheckpoint) -> bool:
        return time.monotonic() - newest.moment < CHECKPOINT_SECONDS and self._known_head() == newest.head

    async def consistency(self, old: int, new: int, address: str) -> list[bytes]:
        """The proof that the log of `new` entries begins with that of `old`.

        Raises `InvalidRequest` for sizes that the log has not had, and `LogUnavailable` when it is not written to, or
        when too many proofs are asked for at once, by all or from `address`.
        """
        self._appender.check()
        if self._waiting.total() >= PROOFS_WAITING or self._waiting[address] >= PROOFS_WAITING_FROM_ONE:
            raise LogUnavailable("Too many proofs of the access log are asked for at once.")
        self._waiting[address] += 1
        try:
            async with asyncio.timeout(PROOF_SECONDS), self._one_at_a_time, self._database.snapshot() as connection:
                return await connection.run_sync(_prove, old, new)
        except (log.LogDamaged, TimeoutError) as error:
            raise LogUnavailable from error
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


def _prove(connection: Connection, old: int, new: int) -> list[bytes]:
    if not 0 < old <= new <= log.read_head(connection).size:
        raise InvalidRequest("The log has never had these sizes.", field="from")
    return log.stored_consistency_proof(connection, old, new)
