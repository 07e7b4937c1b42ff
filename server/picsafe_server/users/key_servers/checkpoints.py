"""Keeps the newest checkpoint of every key server, and detects when a later one contradicts it.

A key server can be reset to an earlier state together with everything it stores itself. The user server, on another
machine, fetches its checkpoint every few minutes and requires that the log begins with what it saw before. The kept
checkpoint advances only with a proof of that. A key server that gives none is *unproven*, which operators see at once,
and after a while that is a contradiction. A contradiction is never ignored: both checkpoints are kept, it is logged, it
appears in the administration record of every institution concerned, and it stays until an operator declares it
explained. Until then `/ready` and a metric report it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import Conflict, NotFound, ProofInvalid
from picsafe_protocol.crypto.merkle import verify_consistency
from picsafe_server.role import WatchedLog
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.audit.audit_log import AuditAction, AuditLog
from picsafe_server.users.db.models import Institution, KeyServerLog
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.key_servers.log_client import LogClient, NoAnswer
from picsafe_server.users.key_servers.signed_notes import Checkpoint, said

LOOK_SECONDS = 300
"""Between two checks at a key server: rarely enough to cost nothing, and often enough that a rollback is news."""
UNSEEN_SECONDS = 3600
"""How long no look at a key server may succeed before operators see that: longer than an update or a restart takes."""
PATIENCE: Final = timedelta(hours=6)
"""How long a larger log may lack a proof before that is a contradiction: key servers can be updated meanwhile."""
PATIENCE_ONCE_PROVEN: Final = timedelta(minutes=30)
"""The same for a key server that gave a proof before: several looks, so that a proxy's bad minute accuses nobody."""
_log = logging.getLogger("picsafe.users.checkpoints")


@dataclass(frozen=True)
class _Finding:
    """The result of a comparison: a contradiction, a response that is no proof, or neither."""

    contradiction: str | None = None
    lack: str | None = None


class Checkpoints:
    """Compares what key servers sign with what they signed before."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key_servers: KeyServers,
        administration: AuditLog,
        logs: LogClient,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key_servers = key_servers
        self._administration = administration
        self._logs = logs
        self._began = time.monotonic()
        self._seen: dict[str, float] = {}
        self.last_known: Mapping[str, WatchedLog] = {}
        """By key server: how its log is, as `states` found it last."""

    async def sweep(self) -> int:
        """Check every key server that is due; returns how many contradict themselves.

        A failed check is repeated in the next round. The response of one key server does not affect the checks of
        others.
        """
        now = time.monotonic()
        due = [url for url in self._watched() if url not in self._seen or now - self._seen[url] >= LOOK_SECONDS]
        found = await asyncio.gather(*map(self.look, due), return_exceptions=True)
        await self.states()
        for outcome in found:
            if isinstance(outcome, BaseException):
                raise outcome  # the database's, so that the step does not count as finished
        return sum(outcome is True for outcome in found)

    async def states(self) -> Mapping[str, WatchedLog]:
        """The state of the log of each key server that is watched or has a kept checkpoint, whichever process detected
        it.
        """
        async with self._database.reading() as session:
            rows = {row.key_server: row for row in await session.scalars(select(KeyServerLog))}
        self.last_known = {url: self._state(url, rows.get(url)) for url in sorted({*rows, *self._watched()})}
        return self.last_known

    def _watched(self) -> list[str]:
        return [self._key_servers.own, *self._key_servers.permitted]

    def _state(self, url: str, row: KeyServerLog | None) -> WatchedLog:
        return WatchedLog(
            is_contradicted=row is not None and row.contradiction is not None,
            is_unproven=row is not None and row.unproven is not None,
            is_unseen=url in self._watched() and time.monotonic() - self._seen.get(url, self._began) > UNSEEN_SECONDS,
        )

    async def look(self, url: str) -> bool:
        """Whether the key server contradicts what it signed before. One that does not answer is checked later."""
        # What is known is read first: what another process learns meanwhile may well be newer than this answer.
        async with self._database.reading() as session:
            known = await session.get(KeyServerLog, url)
        try:
            found = await self._logs.checkpoint(url)
        except NoAnswer as error:
            _log.warning("the checkpoint of %s cannot be had: %s", url, error)
            return False
        finding = await self._compare(url, known, found)
        async with self._database.writing() as session:
            is_contradicted = await self._keep(session, url, known, found, finding)
        self._seen[url] = time.monotonic()
        return is_contradicted

    async def accept(self, url: str) -> str:
        """For an operator: continue from the contradicting checkpoint; returns what was wrong. `NotFound` when nothing
        is.
        """
        async with self._database.writing() as session:
            known = await session.get(KeyServerLog, url.rstrip("/"), with_for_update=True)
            if known is None or known.contradiction is None:
                raise NotFound("No contradiction of this key server is recorded.")
            problem = known.contradiction
            await self._record(session, known.key_server, AuditAction.LOG_ACCEPTED, problem)
            await session.delete(known)
        if await self.look(known.key_server):
            raise Conflict("The key server contradicts itself again.")
        return problem

    async def _compare(self, url: str, known: KeyServerLog | None, found: Checkpoint) -> _Finding:
        """Compare `found` with each checkpoint that was seen before."""
        if known is None or known.size == 0:
            return _Finding()
        earlier = [Checkpoint(known.size, known.root, known.note)]
        if known.unproven is not None:
            earlier.append(said(known.unproven))
        for each in earlier:
            if found.size < each.size:
                return _Finding(f"The log had {each.size} entries, and now it has {found.size}.")
            if found.size == each.size and found.root != each.root:
                return _Finding(f"Two different logs of {found.size} entries were signed.")
        for each in earlier:
            if found.size > each.size:
                try:
                    proof = await self._logs.consistency(url, each.size, found.size)
                    verify_consistency(each.size, found.size, proof, each.root, found.root)
                except NoAnswer as error:
                    return _Finding(lack=str(error))
                except ProofInvalid:
                    return _Finding(f"The log of {found.size} entries does not begin with that of {each.size}.")
        return _Finding()

    async def _keep(
        self, session: AsyncSession, url: str, known: KeyServerLog | None, found: Checkpoint, finding: _Finding
    ) -> bool:
        now = self._clock.now()
        row = await session.get(KeyServerLog, url, with_for_update=True)
        if row is None:
            first = insert_into(session, KeyServerLog).values(
                key_server=url, size=found.size, root=found.root, note=found.note, seen_at=now
            )
            await session.execute(first.on_conflict_do_nothing())  # another process may look for the first time too
            return False
        if row.contradiction is not None:
            _log.critical("%s still contradicts itself: %s", url, row.contradiction)
            return True
        if known is None or (row.note, row.unproven) != (known.note, known.unproven):
            return False  # another process has looked meanwhile; the next look compares with what it found
        problem = finding.contradiction or (finding.lack and _lacks(row, found, finding.lack, now))
        if problem:
            await self._contradict(session, row, found, problem, now)
            return True
        if finding.lack is None:
            if found.size > row.size > 0:
                row.proven_at = now
            row.size, row.root, row.note, row.seen_at = found.size, found.root, found.note, now
            row.unproven = row.unproven_since = None
        return False

    async def _contradict(
        self, session: AsyncSession, row: KeyServerLog, found: Checkpoint, problem: str, now: datetime
    ) -> None:
        row.contradiction, row.contradicted_by, row.contradicted_at = problem, found.note, now
        _log.critical("the key server %s contradicts what it signed before: %s", row.key_server, problem)
        await self._record(session, row.key_server, AuditAction.LOG_CONTRADICTED, problem)

    async def _record(self, session: AsyncSession, url: str, act: AuditAction, problem: str) -> None:
        for institution in await session.scalars(select(Institution).order_by(Institution.id)):
            if url in self._key_servers.allowed(institution):
                self._administration.record(session, institution.id, None, act, before=url, after=problem)


def _lacks(row: KeyServerLog, found: Checkpoint, came: str, now: datetime) -> str | None:
    """Record that no proof came for `found`; returns the message once that has lasted too long."""
    _log.warning("nothing proves that the log of %s has only grown: %s", row.key_server, came)
    if row.unproven is None or row.unproven_since is None:
        row.unproven, row.unproven_since = found.note, now
        return None
    if now - row.unproven_since < (PATIENCE if row.proven_at is None else PATIENCE_ONCE_PROVEN):
        return None
    return f"The log of {found.size} entries was signed, and no proof is given that it begins with that of {row.size}."
