"""Calls between roles: over the network, or in process for roles that run in the same one.

Every call has a deadline, from its beginning to the last byte of the response, and a response has a few hundred
kilobytes at most. Proxies and certificate authorities come from the environment (`HTTPS_PROXY`, `NO_PROXY`,
`SSL_CERT_FILE`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

import httpx
from litestar.types import ASGIApp

from picsafe_protocol.contracts.limits import JSON_BODY_BYTES

CALL_SECONDS: Final = 15
"""A call as a whole, unless its caller says less with `timeout=`."""
ANSWER_BYTES: Final = JSON_BODY_BYTES
"""An answer between roles is a small piece of JSON, or nothing."""


class RoleTransport(httpx.AsyncBaseTransport):
    """Sends requests for `local_bases` to `app`, which is set once it exists, and all others over `network`.

    `httpx.ReadTimeout` when a call takes too long as a whole, `httpx.RemoteProtocolError` when its answer is too large
    or compressed.
    """

    def __init__(self, local_bases: Collection[str], network: httpx.AsyncBaseTransport | None = None) -> None:
        self._local = tuple(base + "/" for base in local_bases)
        self._network = network or _Network()
        self.app: ASGIApp | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # Nothing is unpacked, so that few bytes stay few.
        request.headers["Accept-Encoding"] = "identity"
        try:
            async with asyncio.timeout(_seconds(request)):
                return await self._whole(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("The response did not arrive in time.", request=request) from error

    async def _whole(self, request: httpx.Request) -> httpx.Response:
        answer = await self._sent(request)
        try:
            if "content-encoding" in answer.headers:
                raise httpx.RemoteProtocolError("The answer is compressed.", request=request)
            content = bytearray()
            assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 an asynchronous transport has no other
            async for piece in answer.stream:
                content += piece
                if len(content) > ANSWER_BYTES:
                    raise httpx.RemoteProtocolError("The answer is too large.", request=request)
        finally:
            await answer.aclose()
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(content))

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        if self.app is not None and str(request.url).startswith(self._local):
            return await httpx.ASGITransport(self.app).handle_async_request(request)  # type: ignore[arg-type]
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


class _Network(httpx.AsyncBaseTransport):
    """The network, through the proxies of the environment. httpx reads those for a client only, not for a transport."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=True)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        await self._client.aclose()


def _seconds(request: httpx.Request) -> float:
    given = request.extensions.get("timeout", {}).get("read")
    return float(CALL_SECONDS if given is None else given)


def role_client(transport: RoleTransport) -> httpx.AsyncClient:
    """The client that roles are given. It follows no redirect: a role's URL is exact. `timeout=` is for a call as a
    whole.
    """
    return httpx.AsyncClient(transport=transport, timeout=CALL_SECONDS, follow_redirects=False)
