"""The only writer of a key server: operations that arrive at the same time share one transaction and one fsync.

Several processes on one PostgreSQL each have an appender; the lock on the log's head admits one at a time. The next
operations collect while a transaction is under way, so no operation is delayed to fill a batch, and nothing polls.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import LogUnavailable
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.checkpoint import Checkpointer, offline_proof
from picsafe_server.keys.log.created_entry import Created, Proofs
from picsafe_server.keys.log.entries import Entry, milliseconds
from picsafe_server.keys.log.inspection import inspect
from picsafe_server.keys.log.largest_head import LargestHead, LogRolledBack, RollbackGuard
from picsafe_server.keys.log.tree import Head, TreeBuilder
from picsafe_server.keys.transactions.db_writer import writer_for
from picsafe_server.keys.transactions.transaction import Operation, Transaction
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database

T = TypeVar("T")
BATCH = 256
"""Keys that the operations of one transaction look at, and one operation more: enough to hide the fsync, and still a
few milliseconds.
"""

_log = logging.getLogger("picsafe.keys")


@dataclass(frozen=True, slots=True)
class _Waiting:
    operation: Operation[Any]
    outcome: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """What one transaction did; `hashes` is what the proofs of the `told` entries lack."""

    outcomes: list[Any]
    entries: list[Entry]
    growth: TreeBuilder
    told: list[Created]
    hashes: dict[int, list[bytes]]
    before: Head
    compared: LargestHead | None
    """The largest head that was signed when the transaction looked: the log begins with it."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint over `head`, and when it was signed, by the monotonic clock."""

    head: LargestHead
    note: str
    moment: float


class _NotSigned(Exception):
    """The entries are durable, but their head must not be signed. The transaction must not be repeated."""


class Appender:
    """`await submit(operation)` returns what the operation decided, once that and its log entry are durable."""

    def __init__(self, database: Database, clock: Clock, checkpointer: Checkpointer, guard: RollbackGuard) -> None:
        self._database = database
        self._writer = writer_for(database)
        self._clock = clock
        self._checkpointer = checkpointer
        self._guard = guard
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._damage: log.LogDamaged | None = None
        self._wiped = False
        self._proofs = Proofs()
        self._closed = False
        self.newest: SignedCheckpoint | None = None
        """The checkpoint that this process signed last."""

    async def start(self) -> None:
        """Check the stored log, then begin to write. A damaged log is not written to: `check` reports it and `submit`
        refuses.
        """
        try:
            await self._signable()
        except log.LogDamaged as damage:
            self._believe(damage)
            return
        self._task = asyncio.create_task(self._run_writer())

    async def stop(self) -> None:
        """Write what is waiting, then stop. May be called more than once."""
        task, self._task = self._task, None
        if task is not None:
            self._queue.put_nowait(None)
            await task
        if not self._closed:
            self._closed = True
            await self._writer.close()

    def _believe(self, damage: log.LogDamaged) -> None:
        self._damage = damage
        _log.critical("the access log is damaged: %s; no key is given out", damage)

    async def checkpoint(self) -> str:
        """A signed checkpoint of the log as it is now; `LogUnavailable` when the log is not written to."""
        self.check()  # nothing is signed of a log that is damaged
        try:
            head = await self._signable()
        except log.LogDamaged as damage:
            self._believe(damage)
            raise LogUnavailable from damage
        return self._sign(head)

    def _sign(self, head: Head) -> str:
        note = self._checkpointer.checkpoint(head)
        self.newest = SignedCheckpoint(LargestHead.of(head), note, time.monotonic())
        return note

    async def _signable(self) -> Head:
        """The head as it is now, compared with what was signed before, and remembered."""
        head, compared = await inspect(self._database, self._guard.check_read)
        overtaken_by = await asyncio.to_thread(self._guard.remember, head, compared)
        await self._compare_again(head, overtaken_by)
        return head

    async def _compare_again(self, head: Head, overtaken_by: LargestHead | None) -> None:
        """Compare the log with what another process has signed since it was compared; `head` may be signed afterwards.

        Each round finds a larger head in the file, and one that is as large as ours ends it: whatever is signed later
        was compared with that one.
        """
        while overtaken_by is not None:
            signed = overtaken_by
            await inspect(self._database, functools.partial(self._guard.check_overtaken, head=head, signed=signed))
            if signed.size >= head.size:
                return
            overtaken_by = await asyncio.to_thread(self._guard.remember, head, signed)

    def check(self) -> None:
        """`LogUnavailable` when the log is not written to."""
        if self._damage is not None or self._task is None or self._task.done():
            raise LogUnavailable from self._damage

    async def forget(self) -> None:
        """Remove leftover copies of the wrapped keys that were wiped since the last call."""
        if self._wiped:
            self._wiped = False
            await self._writer.forget()

    async def submit(self, operation: Operation[T]) -> T:
        """Let `operation` decide, and make it durable; `LogUnavailable` when that fails, and then nothing has
        happened.
        """
        self.check()
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(operation, outcome))
        return await outcome

    async def _run_writer(self) -> None:
        ended = False
        while not ended:
            waiting: list[_Waiting] = []
            size = 0
            item = await self._queue.get()
            while item is not None:
                waiting.append(item)
                size += max(1, len(item.operation.key_ids) + len(item.operation.reports))
                if size >= BATCH or self._queue.empty():
                    break
                item = self._queue.get_nowait()
            ended = item is None
            if waiting:
                await self._commit(waiting)

    async def _commit(self, waiting: Sequence[_Waiting]) -> None:
        try:
            outcomes = await self._transact([one.operation for one in waiting])
        except Exception as error:  # noqa: BLE001 handed on to the callers
            if isinstance(error, LogRolledBack):
                self._believe(error)
            elif len(waiting) > 1 and not isinstance(error, (OperationalError, InterfaceError, OSError, _NotSigned)):
                for one in waiting:  # one that the database does not take must not fail the others
                    await self._commit([one])
                return
            failure = _failure(error)
            for one in waiting:
                if not one.outcome.done():
                    one.outcome.set_exception(failure)
        else:
            for one, outcome in zip(waiting, outcomes, strict=True):
                if not one.outcome.done():  # the caller may have gone
                    one.outcome.set_result(outcome)

    async def _transact(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        def decide_and_write(connection: Connection) -> _Written:
            transaction = Transaction(connection, milliseconds(self._clock.now()))
            before = transaction.head
            compared = self._guard.check(connection, before)
            transaction.load(operations)
            outcomes = [operation.decide(transaction) for operation in operations]
            self._wiped = self._wiped or transaction.wipes
            entries, growth = transaction.write()
            told = list(transaction.told.values())
            hashes = self._proofs.hashes(connection, told, growth.size)
            return _Written(outcomes, entries, growth, told, hashes, before, compared)

        overtaken_by: LargestHead | None = None

        def remember(written: _Written) -> None:
            nonlocal overtaken_by
            if written.entries:
                before = LargestHead.of(written.before)
                overtaken_by = self._guard.remember(written.growth.head, written.compared, before=before)

        done = await self._writer.transact(decide_and_write, remember)
        if overtaken_by is not None:
            await self._sign_after_all(done.growth.head, overtaken_by)
        if done.entries:  # durable and remembered from here on, so it may be signed
            checkpoint = self._sign(done.growth.head)
            for entry in done.entries:
                path = done.growth.inclusion_proof(entry.index)
                entry.inclusion_proof = offline_proof(entry.index, path, checkpoint)
                if entry.event is Event.CREATED:
                    self._proofs.keep(entry.index, entry.inclusion_proof)
            self._proofs.fill(done.told, done.hashes, checkpoint)
        return done.outcomes

    async def _sign_after_all(self, head: Head, overtaken_by: LargestHead) -> None:
        """Return when `head`, which is durable, may be signed; `_NotSigned` otherwise."""
        try:
            await self._compare_again(head, overtaken_by)
        except log.LogDamaged as damage:
            self._believe(damage)
            raise _NotSigned(str(damage)) from damage
        except Exception as error:
            raise _NotSigned(str(error)) from error


def _failure(error: Exception) -> Exception:
    if isinstance(error, (SQLAlchemyError, OSError, log.LogDamaged, _NotSigned)):
        _log.error("the access log cannot be written: %s: %s", type(error).__name__, getattr(error, "orig", error))
        unavailable = LogUnavailable()
        unavailable.__cause__ = error
        return unavailable
    return error
