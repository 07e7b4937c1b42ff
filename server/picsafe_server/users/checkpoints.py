"""Keeps the newest checkpoint of every key server, and notices when a later one contradicts it.

A key server can be put back to an earlier state together with all that it remembers itself. The user server is another machine:
it asks for the checkpoint every few minutes, and what it has seen must be the beginning of what it sees. A contradiction is
never passed over: both checkpoints are kept, it is logged, every institution concerned finds it in its administration record,
and it stays until an operator says that it is explained. Until then `/ready` warns of it, and a metric has it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.errors import Conflict, NotFound, ProofInvalid
from picsafe_protocol.merkle import verify_consistency
from picsafe_server.clock import Clock
from picsafe_server.database import Database
from picsafe_server.tokens import JWKS_PATH
from picsafe_server.users.administration import Act, Administration
from picsafe_server.users.key_servers import KeyServers
from picsafe_server.users.models import Institution, KeyServerLog
from picsafe_server.users.signed_notes import Checkpoint, opened, public_keys

LOOK_SECONDS = 300
"""Between two looks at a key server: rarely enough to cost nothing, and often enough that a rollback is news."""
_CALL_SECONDS = 5.0
_log = logging.getLogger("picsafe.users.checkpoints")


class Checkpoints:
    """Compares what key servers sign with what they signed before."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key_servers: KeyServers,
        administration: Administration,
        http: httpx.AsyncClient,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key_servers = key_servers
        self._administration = administration
        self._http = http
        self._looked: float | None = None
        self.last_known: Mapping[str, bool] = {}
        """By key server: whether its log contradicts what it was, as `contradictions` found it last."""

    async def sweep(self) -> int:
        """Look at every key server when it is time to; how many contradict themselves."""
        if self._looked is not None and time.monotonic() - self._looked < LOOK_SECONDS:
            return 0
        self._looked = time.monotonic()
        urls = [self._key_servers.own, *self._key_servers.permitted]
        found = sum(await asyncio.gather(*(self.look(url) for url in urls)))
        await self.contradictions()
        return found

    async def contradictions(self) -> Mapping[str, bool]:
        """By key server of which a checkpoint is kept: whether a later one contradicts it, whoever noticed that."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(KeyServerLog.key_server, KeyServerLog.contradiction.is_not(None)).order_by(
                    KeyServerLog.key_server
                )
            )
            self.last_known = {key_server: bool(is_contradicted) for key_server, is_contradicted in rows}
        return self.last_known

    async def look(self, url: str) -> bool:
        """Whether the key server contradicts what it signed before. One that does not answer is looked at another time."""
        try:
            found = await self._fetch(url)
            async with self._database.reading() as session:
                known = await session.get(KeyServerLog, url)
            problem = await self._compare(url, known, found)
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("the checkpoint of %s cannot be had: %s", url, type(error).__name__)
            return False
        except ProofInvalid as error:
            _log.warning("the checkpoint of %s cannot be verified: %s", url, error)
            return False
        async with self._database.writing() as session:
            return await self._keep(session, url, known, found, problem)

    async def accept(self, url: str) -> str:
        """For an operator: go on from the checkpoint that contradicts; what was wrong. `NotFound` when nothing is."""
        async with self._database.writing() as session:
            known = await session.get(KeyServerLog, url.rstrip("/"), with_for_update=True)
            if known is None or known.contradiction is None:
                raise NotFound("No contradiction of this key server is recorded.")
            problem = known.contradiction
            await self._record(session, known.key_server, Act.LOG_ACCEPTED, problem)
            await session.delete(known)
        if await self.look(known.key_server):
            raise Conflict("The key server contradicts itself again.")
        return problem

    async def _fetch(self, url: str) -> Checkpoint:
        keys = await self._get(url + JWKS_PATH)
        note = await self._get(url + "/v1/checkpoint")
        return opened(note.text, url.partition("://")[2] + "/v1", public_keys(keys.json()))

    async def _get(self, url: str) -> httpx.Response:
        async with asyncio.timeout(_CALL_SECONDS * 2):
            answer = await self._http.get(url, timeout=_CALL_SECONDS)
        answer.raise_for_status()
        return answer

    async def _compare(self, url: str, known: KeyServerLog | None, found: Checkpoint) -> str | None:
        """How `found` contradicts what is known; None when it does not."""
        if known is None or known.size == 0:
            return None
        if found.size < known.size:
            return f"The log had {known.size} entries, and now it has {found.size}."
        if found.size == known.size:
            return None if found.root == known.root else f"Two different logs of {found.size} entries were signed."
        answer = await self._http.get(
            f"{url}/v1/consistency", params={"from": known.size, "to": found.size}, timeout=_CALL_SECONDS
        )
        if answer.status_code == 404:
            _log.warning("%s is an older server: nothing proves that its log has only grown", url)
            return None
        answer.raise_for_status()
        try:
            verify_consistency(known.size, found.size, _hashes(answer.json()), known.root, found.root)
        except ProofInvalid:
            return f"The log of {found.size} entries does not begin with that of {known.size}."
        return None

    async def _keep(
        self, session: AsyncSession, url: str, known: KeyServerLog | None, found: Checkpoint, problem: str | None
    ) -> bool:
        now = self._clock.now()
        row = await session.get(KeyServerLog, url, with_for_update=True)
        if row is None:
            session.add(KeyServerLog(key_server=url, size=found.size, root=found.root, note=found.note, seen_at=now))
            return False
        if row.contradiction is not None:
            _log.critical("%s still contradicts itself: %s", url, row.contradiction)
            return True
        if known is None or row.size != known.size or row.root != known.root:
            return False  # another process has looked meanwhile; the next look compares with what it found
        if problem is not None:
            await self._contradict(session, row, found, problem, now)
            return True
        row.size, row.root, row.note, row.seen_at = found.size, found.root, found.note, now
        return False

    async def _contradict(
        self, session: AsyncSession, row: KeyServerLog, found: Checkpoint, problem: str, now: datetime
    ) -> None:
        row.contradiction, row.contradicted_by, row.contradicted_at = problem, found.note, now
        _log.critical("the key server %s contradicts what it signed before: %s", row.key_server, problem)
        await self._record(session, row.key_server, Act.LOG_CONTRADICTED, problem)

    async def _record(self, session: AsyncSession, url: str, act: Act, problem: str) -> None:
        for institution in await session.scalars(select(Institution).order_by(Institution.id)):
            if url in self._key_servers.allowed(institution):
                self._administration.record(session, institution.id, None, act, before=url, after=problem)


def _hashes(answer: Any) -> list[bytes]:
    try:
        return [base64.b64decode(text, validate=True) for text in answer["proof"]]
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise ProofInvalid("This is no proof.") from error
