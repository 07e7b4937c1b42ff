"""The HTTP interface of the three servers, as a command-line program uses it. Every failure is a `PicSafeError`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx

from picsafe_protocol.errors import NotFound, PicSafeError, ServiceError, TooManyRequests, Unreachable, from_problem

ATTEMPTS: Final = 5
"""How often an idempotent request is tried before its failure is the caller's."""
FIRST_PAUSE_SECONDS: Final = 0.5
"""Before the second try; doubled each time."""
TIMEOUT_SECONDS: Final = 60
"""Without a byte for so long, a connection counts as broken."""


class Api:
    """A signed-in connection to a user server, and through its tokens to clouds and key servers."""

    def __init__(
        self, url: str, token: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`url` is where My PicSafe is found, as `https://picsafe.example`; `token` that of a session or a service account."""
        self.url = url.rstrip("/")
        self.users_url = self.url + "/users"
        self._token = token
        self._http = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def users(self, method: str, path: str, json: Any = None, *, again: bool = True) -> Any:
        """Call the user server; `path` as `/v1/me`. `again` is False for what must not be done twice."""
        return await self.call(method, self.users_url + path, self._token, json, again=again)

    async def call(
        self,
        method: str,
        url: str,
        token: str | None = None,
        json: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool = True,
    ) -> Any:
        """One JSON call, tried again when the server cannot be reached or is busy. None where the answer has no body."""
        response = await self._request(method, url, token, json, content, headers or {}, again)
        if response.status_code == 204 or not response.content:
            return None
        return response.json()

    async def read_range(self, url: str, token: str, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop` of a package."""
        wanted = {"Range": f"bytes={start}-{stop - 1}"}
        response = await self._request("GET", url, token, None, None, wanted, again=True)
        body = response.content
        if response.status_code == 200:  # a server may ignore ranges
            body = body[start:stop]
        return body

    async def report_grant(self, report_id: str, action: str) -> Any:
        """`{url, grant, expires_at}` for one action on one report."""
        return await self.users("POST", f"/v1/reports/{report_id}/grants", {"action": action})

    async def user_token(self, audience: str) -> str:
        """Who we are, for one key server."""
        answer = await self.users("POST", "/v1/tokens", {"audience": audience})
        token: str = answer["token"]
        return token

    async def release_key(self, keyserver_url: str, key_id: str, report_id: str, reason: str = "") -> str:
        """The key of a report, base64url; the key server has logged it by then."""
        token = await self.user_token(keyserver_url)
        body = {"report_id": report_id} | ({"reason": reason} if reason else {})
        answer = await self.call("POST", f"{keyserver_url}/v1/keys/{key_id}/release", token, body)
        key: str = answer["key"]
        return key

    @asynccontextmanager
    async def stream(self, url: str, token: str) -> AsyncIterator[httpx.Response]:
        """A whole body, piece by piece."""
        try:
            async with self._http.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as response:
                if response.status_code >= 400:
                    await response.aread()
                    raise _error_of(response)
                yield response
        except httpx.TransportError as error:
            raise _unreachable(url) from error

    async def _request(
        self,
        method: str,
        url: str,
        token: str | None,
        json: Any,
        content: bytes | None,
        headers: Mapping[str, str],
        again: bool,
    ) -> httpx.Response:
        sent = dict(headers)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        for attempt in range(1, (ATTEMPTS if again else 1) + 1):
            last = attempt == ATTEMPTS or not again
            pause = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
            try:
                response = await self._http.request(method, url, json=json, content=content, headers=sent)
                if response.status_code < 400:
                    return response
                raise _error_of(response)
            except httpx.TransportError as error:
                if last:
                    raise _unreachable(url) from error
            except TooManyRequests as error:
                if last or (error.retry_after or 0) > TIMEOUT_SECONDS:
                    raise
                pause = max(pause, error.retry_after or 0)
            except ServiceError:
                if last:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")


def _error_of(response: httpx.Response) -> PicSafeError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return from_problem(problem, response.status_code)
    if response.status_code == 404:
        return NotFound("There is no PicSafe server at this address.")
    if response.status_code >= 500:
        return ServiceError(f"The server answered with status {response.status_code}.")
    return from_problem({}, response.status_code)


def _unreachable(url: str) -> Unreachable:
    return Unreachable(f"{httpx.URL(url).host} cannot be reached.")
