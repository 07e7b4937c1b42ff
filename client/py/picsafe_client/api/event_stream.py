"""Delivers new reports without a reload: one stream of server-sent events for all tabs of this browser.

A browser allows six connections to a server over HTTP/1.1, tabs together; so the tabs elect one, by a lock that the
browser gives to the next when its holder closes, and that one passes on what it receives. Reconnecting after a break is
the EventSource's own work; of a connection that died without a word (a laptop that slept, a network that forgot it)
only the silence tells, and the stream is reopened. After every connection the inbox asks for what it may have missed
(`connected`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from picsafe_client.api.client import USERS
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import RemovedReport, ReportView
from picsafe_protocol.json.messages import read

CHANNEL: Final = "picsafe-live"
KINDS: Final = ("report", "removed", "session-ended")
ALIVE: Final = "alive"
"""What the server says when there is nothing to say, every 15 seconds."""
SILENT_AFTER: Final = 40_000
"""Milliseconds without a word from the server after which the connection is taken for dead."""
RECONNECT_AFTER: Final = 5000
"""Milliseconds before an EventSource that gave up (the server refused it) is tried again."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session of this person has ended; not necessarily this one."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The stream has begun: something may have been missed before."""


LiveEvent: TypeAlias = ReportView | RemovedReport | SessionEnded | Connected


class EventStream:
    """Calls `on_event` with each event, and `connected(bool)` when the stream begins or breaks."""

    def __init__(self, on_event: Callable[[LiveEvent], None], connected: Callable[[bool], None]) -> None:
        self._on_event = on_event
        self._connected = connected
        self._source: Any = None
        self._channel: Any = None
        self._let_go: Callable[[], None] | None = None
        self._offs: list[dom.Dispose] = []
        self._source_offs: list[dom.Dispose] = []
        self._silence: dom.Dispose | None = None
        self._wanted = False
        self._turn = 0

    def start(self) -> None:
        """Listens, until `stop`."""
        self.stop()
        import js

        self._wanted = True
        self._turn += 1
        self._channel = js.BroadcastChannel.new(CHANNEL)
        self._offs.append(dom.on(self._channel, "message", self._from_other_tab))
        if js.Reflect.has(js.navigator, "locks"):
            self._stand_for_election(self._turn)
        else:
            self._connect(self._turn)

    def stop(self) -> None:
        """Ends the stream, and lets another tab have the lock."""
        self._wanted = False
        self._close()
        for off in self._offs:
            off()
        self._offs.clear()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._let_go is not None:
            self._let_go()
            self._let_go = None

    def _stand_for_election(self, turn: int) -> None:
        import js
        from pyodide.ffi import create_once_callable

        def elected(_lock: Any) -> Any:
            if not self._wanted or turn != self._turn:
                return None
            self._connect(turn)
            held = js.Promise.withResolvers() if js.Reflect.has(js.Promise, "withResolvers") else _resolvers()
            self._let_go = held.resolve
            return held.promise

        js.navigator.locks.request(CHANNEL, create_once_callable(elected))

    def _connect(self, turn: int) -> None:
        if not self._wanted or turn != self._turn or self._source is not None:
            return
        import js

        source = self._source = js.EventSource.new(f"{USERS}/v1/events")
        for kind in KINDS:
            self._source_offs.append(dom.on(source, kind, self._from_server))
        self._source_offs.append(dom.on(source, ALIVE, lambda _event: self._listen_on()))
        self._source_offs.append(dom.on(source, "open", self._opened))
        self._source_offs.append(dom.on(source, "error", lambda _event: self._broke(source)))
        self._listen_on()

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        if self._silence is not None:
            self._silence()
            self._silence = None
        for off in self._source_offs:
            off()
        self._source_offs.clear()

    def _opened(self, _event: Any) -> None:
        self._listen_on()
        self._tell("connected", {})

    def _broke(self, source: Any) -> None:
        self._tell("disconnected", {})
        if int(source.readyState) == 2:  # closed: the server refused, it will not retry itself
            self._close()
            turn = self._turn
            dom.set_timeout(lambda: self._connect(turn), RECONNECT_AFTER)

    def _listen_on(self) -> None:
        """Something came from the server."""
        if self._silence is not None:
            self._silence()
        self._silence = dom.set_timeout(self._begin_anew, SILENT_AFTER)

    def _begin_anew(self) -> None:
        self._tell("disconnected", {})
        self._close()
        self._connect(self._turn)

    def _from_server(self, event: Any) -> None:
        self._listen_on()
        data = str(event.data or "")
        self._tell(str(event.type), json.loads(data) if data else {})

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        if self._channel is not None:
            self._channel.postMessage(json.dumps({"kind": kind, "data": data}))
        self._deliver(kind, data)

    def _from_other_tab(self, event: Any) -> None:
        message = json.loads(str(event.data))
        self._deliver(message["kind"], message["data"])

    def _deliver(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind in ("connected", "disconnected"):
            self._connected(kind == "connected")
        elif kind == "report":
            self._on_event(read(ReportView, data))
        elif kind == "removed":
            self._on_event(read(RemovedReport, data))
        else:
            self._on_event(SessionEnded())


def _resolvers() -> Any:
    """`Promise.withResolvers` for engines that lack it."""
    import js
    from pyodide.ffi import create_once_callable

    held = js.Object.new()

    def take(resolve: Any, _reject: Any) -> None:
        held.resolve = resolve

    held.promise = js.Promise.new(create_once_callable(take))
    return held
