"""`/ready`: whether every role can serve, and if not, why. Checked every other second at most, however often it is
requested.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from litestar import MediaType, Response, get
from litestar.datastructures import State

from picsafe_protocol.contracts.errors import LogUnavailable
from picsafe_protocol.contracts.limits import MIB
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.role import NotReady, ServerRole
from picsafe_server.runtime.database import is_away
from picsafe_server.runtime.sweeper import Sweeper
from picsafe_server.settings import Settings

KEPT_SECONDS: Final = 2
"""How long an answer is given again: anybody may ask, and looking costs the database and the stores a request each."""
ROLE_SECONDS: Final = 8
"""How long a role may take to say that it is well."""
FREE_BYTES: Final = 64 * MIB
"""Room on the disk below which a role is not ready: a database that cannot write is no database."""

_log = logging.getLogger("picsafe.ready")


class ReadinessAnswer(msgspec.Struct):
    """Whether every role of the process can serve; `reasons` says why one cannot.

    `warnings` is what an operator has to look at by role. It stops nothing, so it changes neither `status` nor the HTTP
    status.
    """

    status: Literal["ready", "not ready"]
    roles: dict[str, Literal["ready", "not ready"]]
    reasons: dict[str, list[str]]
    warnings: dict[str, list[str]]


class Readiness:
    """Checks all roles of a process."""

    def __init__(self, roles: Mapping[str, ServerRole], sweeper: Sweeper, settings: Settings) -> None:
        self._roles = roles
        self._sweeper = sweeper
        self._settings = settings
        self._looking = asyncio.Lock()
        self._known: ReadinessAnswer | None = None
        self._looked = 0.0
        self.is_draining = False
        """The process was told to stop and still takes requests: a load balancer should send it no more."""

    async def answer(self) -> ReadinessAnswer:
        """The current state, at most two seconds old."""
        async with self._looking:
            if self._known is None or time.monotonic() - self._looked >= KEPT_SECONDS:
                before, self._known = self._known, await self._look()
                self._looked = time.monotonic()
                if before is None or _details(before) != _details(self._known):
                    _log.info("%s%s", self._known.status, "".join(map(_told, _details(self._known))))
            known = self._known
        if self.is_draining:
            reasons = {**known.reasons, "process": ["it is about to stop"]}
            return msgspec.structs.replace(known, status="not ready", reasons=reasons)
        return known

    def last(self) -> Mapping[str, str]:
        """The state of each role at the last check; checks nothing itself."""
        return {} if self._known is None else self._known.roles

    async def _look(self) -> ReadinessAnswer:
        found = await asyncio.gather(*map(self._look_into, self._roles.values()))
        reasons = {role: why for role, (why, _) in zip(self._roles, found, strict=True) if why}
        warnings = {role: what for role, (_, what) in zip(self._roles, found, strict=True) if what}
        roles: dict[str, Literal["ready", "not ready"]] = {
            role: "not ready" if role in reasons else "ready" for role in self._roles
        }
        return ReadinessAnswer("not ready" if reasons else "ready", roles, reasons, warnings)

    async def _look_into(self, role: ServerRole) -> tuple[list[str], list[str]]:
        """Why the role cannot serve, and its warnings."""
        reasons: list[str] = []
        warnings: list[str] = []
        try:
            async with asyncio.timeout(ROLE_SECONDS):
                await role.ready()
                warnings.extend(await role.warnings())
        except Exception as error:  # noqa: BLE001 whatever it is, the role is not ready
            _log.debug("%s is not ready", role.name, exc_info=error)
            reasons.append(_reason(error))
        if late := self._sweeper.late(role.name):
            reasons.append(f"not finished in time: {', '.join(late)}")
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self._settings.data).free < FREE_BYTES:
                reasons.append("the disk is full")
        return reasons, warnings


def _reason(error: Exception) -> str:
    if isinstance(error, NotReady):
        return str(error)
    if isinstance(error, LogUnavailable):
        return "the access log is not written to"
    if is_away(error):
        return "the database does not answer, or somebody holds a lock in it"
    return f"it cannot serve: {type(error).__name__}"


def _details(answer: ReadinessAnswer) -> list[tuple[str, list[str]]]:
    return [*answer.reasons.items(), *answer.warnings.items()]


def _told(reasons: tuple[str, list[str]]) -> str:
    return f"; {reasons[0]}: {', '.join(reasons[1])}"


@get("/ready", summary="Every role can serve", tags=["process"], media_type=MediaType.JSON, **route_access(PUBLIC))
async def ready(state: State) -> Response[ReadinessAnswer]:
    """503 with the same fields where a role cannot serve, sweeping is late, or the process is about to stop: `reasons`
    says why.

    `warnings` is there with either status: what an operator has to look at although everything serves.
    """
    readiness: Readiness = state.readiness
    answer = await readiness.answer()
    return Response(answer, status_code=200 if answer.status == "ready" else 503)
