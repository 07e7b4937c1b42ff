"""Taking a report back: at once in the index, then at the key server and in the cloud, however often those have to be asked."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
from sqlalchemy import delete, select

from picsafe_protocol.errors import ReportExpired
from picsafe_protocol.tokens import Action
from picsafe_server.clock import Clock
from picsafe_server.database import Database
from picsafe_server.users import audiences
from picsafe_server.users.changes import REMOVED, REPORT, Change, Changes
from picsafe_server.users.grants import Grants
from picsafe_server.users.models import EXPIRED, WITHDRAWN, Account, Listing, Report, WithdrawalCall
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports import received_by
from picsafe_server.users.visibility import own, state_of

_CALL_SECONDS = 5.0
"""How long a call may take: somebody waits for the withdrawal, and there is another attempt."""
_FIRST_PAUSE = timedelta(seconds=30)
"""Before a call is tried again, and twice as long after each failure. Longer than a call takes, so that no two processes make it at once."""
_LONGEST_PAUSE = timedelta(minutes=15)
_AT_ONCE = 20
_DONE = frozenset({200, 204, 410})
"""Done, or there is nothing left to be done. Not 404: a server that does not know the route has not revoked anything."""

_log = logging.getLogger("picsafe.users.withdrawals")


class Withdrawals:
    """Withdraws reports, and sees to it that the other servers follow."""

    def __init__(
        self, database: Database, clock: Clock, changes: Changes, grants: Grants, http: httpx.AsyncClient
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._grants = grants
        self._http = http

    async def withdraw(self, who: Principal, report_id: str) -> None:
        """Nobody can open the report from now on; doing it again changes nothing. `ReportExpired` when its time is over anyway."""
        now = self._clock.now()
        async with self._database.writing() as session:
            report = await own(session, who, report_id)
            if state_of(report, now) == EXPIRED:
                raise ReportExpired
            if report.state == WITHDRAWN:
                return
            was_available = report.available_at is not None
            report.state, report.withdrawn_at = WITHDRAWN, now
            session.add_all(
                WithdrawalCall(report_id=report.id, action=action.value, next_at=now)
                for action in (Action.KEY_REVOKE, Action.PACKAGE_DELETE)
            )
            if was_available:
                received = await received_by(session, report)
                await session.execute(
                    delete(Listing).where(Listing.report_id == report.id, Listing.audience.in_(received))
                )
                await self._changes.append(
                    session,
                    Change(REMOVED, received, report.id),
                    Change(REPORT, [audiences.sent(who.id)], report.id),
                )
        await self.make_calls(report_id)

    async def make_all_calls(self) -> int:
        """Make all calls that are due; how many succeeded. Many to a server that is away are put off, and keep the others waiting for seconds only."""
        total = 0
        while calls := await self._claim(None):
            total += sum(await asyncio.gather(*(self._attempt(call) for call in calls)))
        return total

    async def make_calls(self, report_id: str | None = None) -> int:
        """Make the calls that are due, all or those of one report; how many succeeded."""
        outcomes = await asyncio.gather(*(self._attempt(call) for call in await self._claim(report_id)))
        return sum(outcomes)

    async def _claim(self, report_id: str | None) -> list[WithdrawalCall]:
        """Calls that are due, put off for all others meanwhile: for longer after each failure."""
        now = self._clock.now()
        query = select(WithdrawalCall).where(WithdrawalCall.next_at <= now).order_by(WithdrawalCall.next_at)
        if report_id is not None:
            query = query.where(WithdrawalCall.report_id == report_id)
        async with self._database.writing() as session:
            calls = (await session.scalars(query.limit(_AT_ONCE).with_for_update(skip_locked=True))).all()
            for call in calls:
                call.next_at = now + min(_FIRST_PAUSE * 2 ** min(call.attempts, 10), _LONGEST_PAUSE)
                call.attempts += 1
        return list(calls)

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
