"""Calls between roles: over the network, or straight into this process for roles that live in it too."""

from __future__ import annotations

from collections.abc import Collection

import httpx
from litestar.types import ASGIApp

TIMEOUT_SECONDS = 15


class RoleTransport(httpx.AsyncBaseTransport):
    """Requests to `local_bases` go to `app`, which is handed in once it exists; all others over `network`."""

    def __init__(self, local_bases: Collection[str], network: httpx.AsyncBaseTransport | None = None) -> None:
        self._local = tuple(base + "/" for base in local_bases)
        self._network = network or httpx.AsyncHTTPTransport(retries=1)
        self.app: ASGIApp | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.app is not None and str(request.url).startswith(self._local):
            return await httpx.ASGITransport(self.app).handle_async_request(request)  # type: ignore[arg-type]
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def role_client(transport: RoleTransport) -> httpx.AsyncClient:
    """The client that roles are given. It follows no redirect: a role's URL is exact."""
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False)
