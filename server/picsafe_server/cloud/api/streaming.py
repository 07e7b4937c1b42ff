"""Streams a package to a client block by block, no faster than the client reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from anyio import CancelScope, create_task_group
from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

MEDIA_TYPE = "application/octet-stream"

Opening = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]


class Content(Response[None]):
    """Streams what `opening` yields; `Content-Length` must be among the headers. `opening` is closed even when the
    client disconnects.
    """

    def __init__(self, opening: Opening, *, status_code: int, headers: dict[str, str]) -> None:
        super().__init__(None, status_code=status_code, headers=headers, media_type=MEDIA_TYPE)
        self._opening = opening

    def to_asgi_response(
        self, app: object, request: Request[Any, Any, Any], *, headers: dict[str, str] | None = None, **others: Any
    ) -> ASGIResponse:
        """The response for Litestar to send."""
        return _StreamedContent(
            self._opening, status_code=self.status_code, headers={**(headers or {}), **self.headers}
        )


class _StreamedContent(ASGIResponse):
    def __init__(self, opening: Opening, *, status_code: int | None, headers: dict[str, str]) -> None:
        super().__init__(status_code=status_code, headers=headers, media_type=MEDIA_TYPE)
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Opened before the first byte of the answer: what is not there becomes a problem, not a broken download.
        async with self._opening() as blocks:
            await self.start_response(send)
            async with create_task_group() as group:
                group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
                async for block in blocks:
                    await send({"type": "http.response.body", "body": block, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                group.cancel_scope.cancel()


async def _cancel_when_gone(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
