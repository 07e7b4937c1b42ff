"""Withdraws reports: immediately in the index, then at the key server and in the cloud, with retries until they
confirm.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import httpx
from sqlalchemy import ColumnElement, case, delete, func, select

from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import ReportExpired
from picsafe_protocol.contracts.tokens import Action
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import EXPIRED, WITHDRAWN, Account, MailboxEntry, Report, WithdrawalCall
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import REMOVED, REPORT, Change, EventLog
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports import labels, outbox
from picsafe_server.users.reports.grants import Grants
from picsafe_server.users.reports.lifecycle import received_by
from picsafe_server.users.reports.visibility import own, state_of

_CALL_SECONDS = 5.0
"""How long a call may take: somebody waits for the withdrawal, and there is another attempt."""
_BACKOFF: Final = Backoff(first=30, longest=15 * 60)
"""Before a call is tried again. Longer than a call takes, so that no two processes make it at once."""
_AT_ONCE: Final = 20
"""Calls to one server."""
_SERVER_SECONDS: Final = 60
"""How long a round goes on with one server: half of the round's deadline, so that a server that hangs never makes the
round late.
"""
_DONE = frozenset({200, 204, 410})
"""Done, or there is nothing left to be done. Not 404: a server that does not know the route has not revoked
anything.
"""

_log = logging.getLogger("picsafe.users.withdrawals")

_SERVER: Final = case(
    (WithdrawalCall.action == Action.KEY_REVOKE.value, func.coalesce(Report.key_server, "")), else_=Report.region
)
"""What distinguishes the servers of one action: the key server, or the cloud's region."""


class _Server(NamedTuple):
    action: str
    name: str

    def is_called(self) -> ColumnElement[bool]:
        return (WithdrawalCall.action == self.action) & (self.name == _SERVER)


class Withdrawals:
    """Withdraws reports, and passes withdrawals on to the other servers."""

    def __init__(
        self, database: Database, clock: Clock, changes: EventLog, grants: Grants, http: httpx.AsyncClient
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._grants = grants
        self._http = http

    async def withdraw(self, who: Principal, report_id: str) -> None:
        """Nobody can open the report from now on; doing it again changes nothing. `ReportExpired` when it expires
        anyway.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            report = await own(session, who, report_id)
            if state_of(report, now) == EXPIRED:
                raise ReportExpired
            if report.state == WITHDRAWN:
                return
            was_available = report.available_at is not None
            report.state, report.withdrawn_at = WITHDRAWN, now
            await labels.drop(session, [report])
            await outbox.end_of_report(session, report)
            session.add_all(
                WithdrawalCall(report_id=report.id, action=action.value, next_at=now)
                for action in (Action.KEY_REVOKE, Action.PACKAGE_DELETE)
            )
            if was_available:
                received = await received_by(session, report)
                machines = list(filter(channels.is_services, received))
                people = [audience for audience in received if not channels.is_services(audience)]
                await session.execute(
                    delete(MailboxEntry).where(MailboxEntry.report_id == report.id, MailboxEntry.audience.in_(machines))
                )
                # People keep the row until the report expires: it says who withdrew it, and when.
                changes = [Change(REPORT, [channels.sent(who.id), *people], report.id)]
                if machines:
                    changes.append(Change(REMOVED, machines, report.id))
                await self._changes.append(session, *changes)
        await self.make_calls(report_id)

    async def make_all_calls(self) -> int:
        """Make the calls that are due; returns how many succeeded. Servers are called separately, so one that hangs
        delays only its own calls.
        """
        now = self._clock.now()
        query = select(WithdrawalCall.action, _SERVER).join(Report, Report.id == WithdrawalCall.report_id)
        async with self._database.reading() as session:
            found = await session.execute(query.where(WithdrawalCall.next_at <= now).distinct())
            servers = [_Server(action, name) for action, name in found]
        outcomes = await asyncio.gather(*map(self._call_server, servers), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(outcome for outcome in outcomes if isinstance(outcome, int))

    async def make_calls(self, report_id: str) -> int:
        """Make the calls of one report that are due; how many succeeded."""
        return await self._attempt_all(await self._claim(WithdrawalCall.report_id == report_id))

    async def _call_server(self, server: _Server) -> int:
        began, total = time.monotonic(), 0
        while calls := await self._claim(server.is_called()):
            total += await self._attempt_all(calls)
            if time.monotonic() - began >= _SERVER_SECONDS:
                break  # the rest is still due, and first in the next round
        return total

    async def _claim(self, wanted: ColumnElement[bool]) -> Sequence[WithdrawalCall]:
        """Claim the calls that are due: other processes skip them meanwhile, for longer after each failure."""
        now = self._clock.now()
        query = (
            select(WithdrawalCall)
            .join(Report, Report.id == WithdrawalCall.report_id)
            .where(WithdrawalCall.next_at <= now, wanted)
            .order_by(WithdrawalCall.next_at)
            .limit(_AT_ONCE)
            .with_for_update(of=WithdrawalCall, skip_locked=True)
        )
        async with self._database.writing() as session:
            calls = (await session.scalars(query)).all()
            for call in calls:
                call.next_at = now + timedelta(seconds=_BACKOFF.pause(call.attempts + 1))
                call.attempts += 1
        return calls

    async def _attempt_all(self, calls: Sequence[WithdrawalCall]) -> int:
        return sum(await asyncio.gather(*map(self._attempt, calls)))

    async def _attempt(self, call: WithdrawalCall) -> bool:
        try:
            succeeded = await self._make(call)
        except httpx.HTTPError as error:
            _log.warning("%s for a withdrawn report: %s; will be tried again", call.action, type(error).__name__)
            return False
        if succeeded:
            await self._finish(call)
        return succeeded

    async def _make(self, call: WithdrawalCall) -> bool:
        async with self._database.reading() as session:
            report = await session.get_one(Report, call.report_id)
            sender = await session.get_one(Account, report.sender_id)
        if report.expires_at <= self._clock.now():
            return True  # key server and cloud have destroyed it by their own clocks
        action = Action(call.action)
        grant = self._grants.grant_for_sender(sender, report, action)
        headers = {"Authorization": f"Bearer {grant.token}"}
        http, seconds = self._http, _CALL_SECONDS
        if action is Action.KEY_REVOKE:
            body = {"report_id": report.id}
            url = f"{grant.url}/v1/reports/{report.id}/revoke"
            answer = await http.post(url, json=body, headers=headers, timeout=seconds)
        else:
            url = f"{grant.url}/v1/packages/{report.id}"
            answer = await http.delete(url, headers=headers, timeout=seconds)
        if answer.status_code in _DONE:
            return True
        _log.warning("%s for a withdrawn report: status %s; will be tried again", call.action, answer.status_code)
        return False

    async def _finish(self, call: WithdrawalCall) -> None:
        async with self._database.writing() as session:
            await session.execute(
                delete(WithdrawalCall).where(
                    WithdrawalCall.report_id == call.report_id, WithdrawalCall.action == call.action
                )
            )
