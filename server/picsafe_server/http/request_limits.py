"""Per-connection limits: size and duration of the request head, duration of the body, and reading speed of the
response.

Without them a few clients that send slowly or endlessly could keep everybody else out. They apply with and without a
proxy in front, and whether or not a route reads its body.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections.abc import Iterable
from typing import Any

import uvicorn
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import RequestTimedOut

ANSWER_SECONDS = 2
"""Between the end of a body's time, when its reader gets the error, and the end of the connection: for the answer
408.
"""

_ACKNOWLEDGED = slice(120, 128)
"""`tcpi_bytes_acked` in Linux's `struct tcp_info`: buffers of the system hold megabytes, so what it took says
little.
"""

_HEAD_TOO_LARGE = b"431 Request Header Fields Too Large"
_BODY_TOO_LARGE = b"413 Content Too Large"
_TOO_MANY = b"429 Too Many Requests"


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose message is too large or too late.

    `limits` has the values for the head, the body, trailers, the rest of a body after an early response, pipelined
    requests, and a response that the client does not read.
    """

    _in_head = True
    _in_body = False
    _body_bytes = 0
    _steps = 0
    """Counts what brings a message further: its head, a piece of its body, its end."""
    _other_bytes = 0
    """Since the last such step: of a head, of sizes of chunks, of trailers, or between two messages."""
    _deadline: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _look: asyncio.TimerHandle | None = None
    _taken = 0
    """Bytes of answers that the client had taken at the last look."""
    _was_waiting = False
    _drained = 0
    """How often answers went on because the client had taken what waited."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_deadline(limits.REQUEST_HEAD_SECONDS)
        self._look = self.loop.call_later(limits.ANSWER_PROGRESS_SECONDS, self._look_at_answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_deadline(None)
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        steps = self._steps
        super().data_received(data)
        self._other_bytes = self._other_bytes + len(data) if self._steps == steps else 0
        if self._other_bytes > limits.REQUEST_HEAD_BYTES:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._body_bytes > limits.REQUEST_BODY_BYTES:
            self._refuse(_BODY_TOO_LARGE)
        elif len(self.pipeline) > limits.PIPELINED_REQUESTS:
            self._refuse(_TOO_MANY)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._set_deadline(limits.REQUEST_HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # a trailer is no header: checks of the headers have not seen it
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._body_bytes = 0
        self._steps += 1
        self._set_deadline(allowed_seconds(self.headers) + ANSWER_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._steps += 1
        self._set_deadline(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self.pipeline:
            if self._in_body:  # answered early; a connection that is reset at once may lose the answer
                self._set_deadline(limits.REQUEST_REST_SECONDS)
            elif self._deadline is None:  # uvicorn's own ends with any byte, also one that begins no message
                self._set_deadline(limits.REQUEST_HEAD_SECONDS)
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._drained += 1
        super().resume_writing()

    def _look_at_answer(self) -> None:
        """End a connection that holds bytes of an answer which its client does not take, also after `close`, which
        waits for it.
        """
        is_waiting = self.transport.get_write_buffer_size() > 0
        taken = self._taken_bytes()
        if is_waiting and self._was_waiting and taken - self._taken < limits.ANSWER_PROGRESS_BYTES:
            self.transport.abort()
            return
        self._was_waiting, self._taken = is_waiting, taken
        self._look = self.loop.call_later(limits.ANSWER_PROGRESS_SECONDS, self._look_at_answer)

    def _taken_bytes(self) -> int:
        """What the client's system has acknowledged; where ours does not say, what its buffers show, in steps."""
        connection = self.transport.get_extra_info("socket")
        try:
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKNOWLEDGED.stop)
        except (AttributeError, OSError):  # no TCP, or not Linux
            info = b""
        if len(info) >= _ACKNOWLEDGED.stop:
            return int.from_bytes(info[_ACKNOWLEDGED], sys.byteorder)
        return self._drained * limits.ANSWER_PROGRESS_BYTES - self.transport.get_write_buffer_size()

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _end(self) -> None:
        if self._answering is not None:  # from here on nobody may write; uvloop tells of the end a moment later
            self._answering.disconnected = True
            self._answering.message_event.set()
        if self.flow.write_paused:  # it does not read either: `close` would wait for it
            self.transport.abort()
        else:
            self.transport.close()

    def _refuse(self, status: bytes) -> None:
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
                self.transport.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self._end()


class BodyTimeoutMiddleware:
    """Lets a body take `limits.REQUEST_BODY_SECONDS`, and longer only as its declared length demands at
    `limits.UPLOAD_BYTES_PER_SECOND`; then `RequestTimedOut` for its reader."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        latest = asyncio.get_running_loop().time() + allowed_seconds(scope["headers"])
        whole = False

        async def receive_in_time() -> Any:
            nonlocal whole
            if whole:  # what comes now is at most that the client has gone
                return await receive()
            try:
                async with asyncio.timeout_at(latest):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTimedOut from error
            whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)


def allowed_seconds(headers: Iterable[tuple[bytes, bytes]]) -> float:
    """How long the body that these headers announce may take."""
    declared = dict(headers).get(b"content-length", b"0")
    length = int(declared) if declared.isdigit() else 0
    return limits.REQUEST_BODY_SECONDS + min(length, limits.UPLOAD_PART_BYTES) / limits.UPLOAD_BYTES_PER_SECOND


async def end_connections(server: uvicorn.Server) -> None:
    """Close the connections that are still open after the time allowed for ending them. uvicorn would keep the
    connection of a client that does not read its response until the process ends.
    """
    while server.server_state.connections:
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
    await asyncio.sleep(0)


def raise_fd_limit() -> None:
    """Raise this process's limit of open files to the number of connections it accepts, as far as the system
    permits.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * limits.CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
