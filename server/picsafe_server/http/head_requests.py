"""HEAD for every GET route: the same status and headers, `Content-Length` included, and no body.

Implemented once, for all routes. The route handles a GET. After its headers are sent it sees a disconnect, which ends a
live stream, and the rest of its output is dropped.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers HEAD with what `app` answers to GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answered = asyncio.Event()

        async def receive_until_answered() -> Any:
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered.set()

        headers = [
            (name, value) for name, value in scope["headers"] if name != b"range"
        ]  # of GET alone: RFC 9110, 14.2
        as_get: Any = {**scope, "method": "GET", "headers": headers}
        await self._app(as_get, receive_until_answered, send_head)
