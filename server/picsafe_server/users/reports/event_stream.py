"""The live inbox of one caller as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.reports import RemovedReport
from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts.session_checks import SessionChecks
from picsafe_server.users.db.models import AVAILABLE, WITHDRAWN, ChangeEvent
from picsafe_server.users.db.report_rows import ReportFacts, read_facts
from picsafe_server.users.events import channels
from picsafe_server.users.events.change_reader import News
from picsafe_server.users.events.event_log import REMOVED, REPORT, SESSION_ENDED, events_after, last_number
from picsafe_server.users.events.notifier import Listener, Notifier
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.views import MailboxItem, ReportViews

PING_SECONDS = 15.0
"""Proxies close what is silent for longer than half a minute or so, and a page knows by the silence that its connection
is dead; and a session that is over is noticed by then.
"""
RETRY_MILLISECONDS = 2000
_BATCH = 200

_ALIVE = b"event: alive\ndata: {}\n\n"


class EventStreams:
    """Makes streams."""

    def __init__(
        self,
        database: Database,
        live: Notifier,
        open_sessions: SessionChecks,
        views: ReportViews,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._database = database
        self._live = live
        self._open_sessions = open_sessions
        self._views = views
        self._ping_seconds = ping_seconds
        self._open: Counter[str] = Counter()
        """Streams of each session, and of each account. A stream counts from the request on: many that come at once
        must not all find room.
        """

    def of(self, who: Principal, last_seen: int | None) -> AsyncIterator[bytes]:
        """Everything that changes for the caller from now on, or after the event `last_seen`, until their session ends.

        `TooManyRequests` when the session holds too many streams open.
        """
        account = f"account:{who.id}"
        if self._open[who.session_id] >= limits.LIVE_STREAMS or self._open[account] >= limits.ACCOUNT_LIVE_STREAMS:
            raise TooManyRequests("My PicSafe is open in too many tabs.", advice="Close some of them.", retry_after=60)
        self._open[who.session_id] += 1
        self._open[account] += 1
        stream = self._stream(who, last_seen)
        # Not a `finally` in the stream: one whose client is gone before its first byte never begins, and so never ends.
        weakref.finalize(stream, self._closed, who.session_id, account).atexit = False
        return stream

    def _closed(self, *counted: str) -> None:
        for each in counted:
            self._open[each] -= 1
            if not self._open[each]:
                del self._open[each]

    async def _stream(self, who: Principal, last_seen: int | None) -> AsyncIterator[bytes]:
        async with self._live.listening(who.listens_to) as listener:
            async with self._database.reading() as session:
                newest = await last_number(session)
            position = newest if last_seen is None else min(last_seen, newest)
            # An event without data is not shown to the page, but its number is what the browser resumes from.
            yield f"retry: {RETRY_MILLISECONDS}\nid: {position}\n\n".encode()
            behind = position < newest  # until the database has nothing after `position`
            while not self._live.closing.is_set():
                news = listener.take()
                behind = behind or news is None
                if behind:
                    found, texts = await self._read(who, listener, position)
                    behind = bool(found)
                else:
                    found, texts = self._told(who, listener, news or (), position)
                for text in texts:
                    yield text
                if any(event.kind == SESSION_ENDED for event in found):
                    return
                if found:
                    position = found[-1].sequence
                if not behind and not await self._woken(listener):
                    if not await self._open_sessions.is_open(who):
                        yield _event(SESSION_ENDED, {}, None)
                        return
                    yield _ALIVE

    async def _woken(self, listener: Listener) -> bool:
        """Wait until there may be something to take; False when it is time for a ping instead."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._ping_seconds):  # `wait_for` may swallow an end before Python 3.12
                return await listener.woken.wait()
        return False

    async def _read(
        self, who: Principal, listener: Listener, position: int
    ) -> tuple[Sequence[ChangeEvent], list[bytes]]:
        """From the database: events after `position`, and what they tell the caller."""
        async with self._database.reading() as session:
            found = await events_after(session, listener.audiences, position, _BATCH)
            reports = {event.report_id for event in found if event.kind == REPORT and event.report_id is not None}
            facts = await read_facts(session, dict.fromkeys(reports, (who.id,)))
        return found, self._texts(who, found, facts)

    def _told(
        self, who: Principal, listener: Listener, handed: Sequence[News], position: int
    ) -> tuple[Sequence[ChangeEvent], list[bytes]]:
        """The same, from what the poller has read for all listeners."""
        events: list[ChangeEvent] = []
        texts: list[bytes] = []
        for news in handed:
            found = news.of(listener.audiences, position)
            events += found
            texts += self._texts(who, found, news.facts)
        return events, texts

    def _texts(self, who: Principal, events: Sequence[ChangeEvent], facts: ReportFacts) -> list[bytes]:
        """The events as text. A change that reaches the caller in two ways is sent once for each box."""
        entries: dict[tuple[int, MailboxItem], ChangeEvent] = {}
        for event in events:
            known = entries.setdefault((event.sequence, _entry(event)), event)
            if event.audience == channels.inbox(who.id) != known.audience:  # what is meant for one alone goes first
                entries[event.sequence, _entry(event)] = event
        wanted = [entry for (_, entry), event in entries.items() if event.kind == REPORT]
        shown = {(view.id, view.box): view for view in self._views.of(who, wanted, facts)}
        texts = []
        for (number, entry), event in entries.items():
            view = shown.get((entry.report_id, entry.box))
            if event.kind == SESSION_ENDED:
                texts.append(_event(SESSION_ENDED, {}, number))
            elif event.kind == REMOVED:
                texts.append(_event(REMOVED, RemovedReport(entry.report_id), number))
            elif view is not None and _belongs(who, entry, view.state, view.sender.id, event.audience):
                texts.append(_event(REPORT, view, number))
        return texts


def _entry(event: ChangeEvent) -> MailboxItem:
    return MailboxItem(event.report_id or "", "sent" if channels.is_sent(event.audience) else "inbox")


def _belongs(who: Principal, entry: MailboxItem, state: str, sender_id: str, audience: str) -> bool:
    """Whether the list of that box shows the report. Expired reports leave the inbox, withdrawn ones stay; reports of
    one's own never appear in a shared one.
    """
    if entry.box == "sent":
        return True
    shared = audience != channels.inbox(who.id)
    return state in {AVAILABLE, WITHDRAWN} and not (shared and sender_id == who.id)


def _event(kind: str, data: Any, number: int | None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\n".encode() + b"data: " + msgspec.json.encode(data) + b"\n\n"
