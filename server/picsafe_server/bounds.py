"""What one connection may take of a server: bytes and seconds of a request's head, seconds of its body.

Without these, a few clients that send slowly, or for ever, keep everybody else out. They hold whether or not a proxy with
limits of its own stands in front.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from picsafe_protocol import limits
from picsafe_protocol.errors import RequestTimedOut

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head is larger than `limits.REQUEST_HEAD_BYTES` or takes longer than
    `limits.REQUEST_HEAD_SECONDS`, the time before its first byte included."""

    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_begins()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ends()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > limits.REQUEST_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_ends()
        self._head_begins()

    def on_headers_complete(self) -> None:
        self._head_ends()
        super().on_headers_complete()

    def _head_begins(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._head_timer = self.loop.call_later(limits.REQUEST_HEAD_SECONDS, self.transport.close)

    def _head_ends(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class BodyInTime:
    """Lets a body take `limits.REQUEST_BODY_SECONDS`, and longer only as its declared length demands at
    `limits.UPLOAD_BYTES_PER_SECOND`; then `RequestTimedOut` to whoever reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        latest = asyncio.get_running_loop().time() + _allowed(scope)
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


def _allowed(scope: Scope) -> float:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    length = int(declared) if declared.isdigit() else 0
    return limits.REQUEST_BODY_SECONDS + min(length, limits.UPLOAD_PART_BYTES) / limits.UPLOAD_BYTES_PER_SECOND


def allow_files() -> None:
    """Let this process hold as many connections as it accepts, as far as the system lets it say so itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * limits.CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
