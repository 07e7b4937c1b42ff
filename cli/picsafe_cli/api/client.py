"""The HTTP interface of the three servers, for a command-line program. Every failure is a `PicSafeError`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx

from picsafe_cli.api.failures import body_of, intercepted, refusal, too_slow, unreachable
from picsafe_cli.api.minimum_speed import Pace
from picsafe_cli.api.retry import RetryPolicy
from picsafe_cli.api.server_clock import ServerClock
from picsafe_protocol.contracts.api.accounts import Me, SignedToken
from picsafe_protocol.contracts.api.reports import NewReports, ReportView, SignedGrant
from picsafe_protocol.contracts.api.requests import GrantedAction, GrantRequest, TokenRequest
from picsafe_protocol.contracts.errors import InvalidRequest, RangeNotSatisfiable, ServiceError
from picsafe_protocol.contracts.limits import KIB
from picsafe_protocol.format.package import is_keyserver_url
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.messages import read, write

IDLE_SECONDS: Final = 30
"""Without a byte for so long, a connection counts as broken."""
HEAD_SECONDS: Final = 90
"""The longest that the head of an answer may take, however slowly its bytes come; and the time that a body takes to
send.
"""
SENT_BYTES_PER_SECOND: Final = 8 * KIB
"""How fast a body goes out at least: a part of 8 MiB may take a quarter of an hour."""
PACKAGE_BEGINS: Final = b"PK\x03\x04"
"""The first bytes of every package: the page of a proxy begins otherwise."""

# What arrives is what is counted: nothing is decompressed, so no answer grows after it was accepted. Caches and proxies
# are asked to leave everything as it is; those that do not are found out, since every byte is authenticated.
_ALWAYS: Final = {
    "Accept-Encoding": "identity",
    "Accept": "application/json, application/octet-stream",
    "Cache-Control": "no-store, no-transform",
}


class Api:
    """A signed-in connection to a user server, and through its tokens to clouds and key servers."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: RetryPolicy | None = None,
    ) -> None:
        """`url` is where My PicSafe is found, as `https://picsafe.example`; `token` that of a session or a service
        account.

        Raises `InvalidRequest` for an address that is neither https nor this computer's own.
        """
        self.url = url.rstrip("/")
        check_address(self.url)
        self.users_url = self.url + "/users"
        self.patience = patience or RetryPolicy()
        self.clock = ServerClock()
        self._answered: set[str] = set()  # hosts
        self._token = token
        self._http = httpx.AsyncClient(
            transport=transport, timeout=IDLE_SECONDS, follow_redirects=False, headers=_ALWAYS
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def users(self, method: str, path: str, json: Any = None, *, again: bool = True) -> Any:
        """Call the user server; `path` as `/v1/me`. `again` is False for requests that must not be repeated."""
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
        """One call, tried again when the server cannot be reached or is busy. Its JSON; None where the answer has no
        body.
        """
        failures = 0
        while True:
            try:
                return await self._once(method, url, token, json, content, headers or {})
            except ServiceError as error:
                failures += 1
                if not again:
                    raise
                await self.patience.after(failures, error, answered=self.has_answered(url))

    @property
    def token(self) -> str | None:
        """The token that authenticates this program to the user server."""
        return self._token

    def has_answered(self, url: str) -> bool:
        """Whether the server at `url` has answered anything yet: one that never did may not exist."""
        return httpx.URL(url).host in self._answered

    async def me(self) -> Me:
        """Who the token belongs to. From then on `clock` goes by the server's."""
        found = read(Me, await self.users("GET", "/v1/me"))
        if found.server_time:
            self.clock.learn(datetime.fromisoformat(found.server_time))
        return found

    async def report(self, report_id: str) -> ReportView:
        """One report of the index."""
        return read(ReportView, await self.users("GET", f"/v1/reports/{report_id}"))

    async def new_reports(self, query: str) -> NewReports:
        """A page of reports that are new."""
        return read(NewReports, await self.users("GET", f"/v1/reports/new?{query}"))

    async def report_grant(self, report_id: str, action: GrantedAction) -> SignedGrant:
        """A grant for one action on one report."""
        body = write(GrantRequest(action=action))
        return read(SignedGrant, await self.users("POST", f"/v1/reports/{report_id}/grants", body))

    async def user_token(self, audience: str) -> str:
        """A user token for one key server."""
        return read(SignedToken, await self.users("POST", "/v1/tokens", write(TokenRequest(audience=audience)))).token

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, token: str | None, *, read_timeout: float = IDLE_SECONDS, **request: Any
    ) -> AsyncIterator[httpx.Response]:
        """One attempt at an answer whose body is read as it comes: the caller bounds it.

        Raises what the server refuses, `Unreachable`, and `Intercepted` when something else has answered.
        """
        check_address(url)
        headers = dict(request.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(IDLE_SECONDS, read=read_timeout)
        deadline = HEAD_SECONDS + len(request.get("content") or b"") / SENT_BYTES_PER_SECOND
        try:
            asked = self._http.build_request(method, url, headers=headers, timeout=timeout, **request)
            response = await self._answer(asked, deadline)
            try:
                self._answered.add(asked.url.host)
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise intercepted(url, "its answer is compressed, which was not asked for")
                if not response.is_success:
                    raise await refusal(response)
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise unreachable(url, error) from error

    async def _answer(self, request: httpx.Request, seconds: float) -> httpx.Response:
        """The head of the answer to `request`. httpx bounds the wait for each byte, this all of them together."""
        try:
            async with asyncio.timeout(seconds):
                return await self._http.send(request, stream=True)
        except TimeoutError:
            raise too_slow(str(request.url)) from None

    async def pieces(
        self, url: str, token: str, start: int, stop: int, size: int, *, pace: Pace | None = None, ranged: bool = True
    ) -> AsyncGenerator[bytes, None]:
        """Bytes `start` up to `stop` of a package of `size` bytes, in one attempt; fewer when the answer ends early.

        `ranged` is False to ask for the whole package: some proxies let no other requests through. Whatever the
        answer's headers say, only decrypting tells whether these are the bytes that were sent. Raises `Intercepted` for
        an answer that cannot be the package, `Unreachable` when it comes too slowly.
        """
        pace = pace or Pace()
        wanted = {"Range": f"bytes={start}-{stop - 1}"} if ranged else {}
        try:
            async with self.stream("GET", url, token, headers=wanted) as response:
                whole = response.status_code == httpx.codes.OK
                _check_length(response, None if whole else f"bytes {start}-{stop - 1}/{size}", str(size))
                skip, left = (start if whole else 0), stop - start
                begin = b"" if whole or start == 0 else PACKAGE_BEGINS
                async for piece in pace.of(response.aiter_raw(), url):
                    if len(begin) < len(PACKAGE_BEGINS):
                        begin += piece[: len(PACKAGE_BEGINS) - len(begin)]
                        if not PACKAGE_BEGINS.startswith(begin):
                            raise intercepted(url, "its answer is no package")
                    fresh = piece[skip : skip + left]
                    skip = max(skip - len(piece), 0)
                    left -= len(fresh)
                    if fresh:
                        yield fresh
                    if left == 0:
                        return
        except RangeNotSatisfiable as error:
            raise intercepted(url, "it has a package of another length") from error

    async def piece_hashes(self, url: str, token: str, most: int) -> bytes:
        """The list of piece hashes of a package, read up to one byte past `most`; a longer list fails the check that
        follows.
        """
        failures = 0
        while True:
            try:
                async with self.stream("GET", url, token) as response:
                    found = bytearray()
                    async for piece in Pace().of(response.aiter_raw(), url):
                        found += piece[: most + 1 - len(found)]
                        if len(found) > most:
                            break
                    return bytes(found)
            except ServiceError as error:
                failures += 1
                await self.patience.after(failures, error)

    async def _once(
        self, method: str, url: str, token: str | None, json: Any, content: bytes | None, headers: Mapping[str, str]
    ) -> Any:
        async with self.stream(method, url, token, json=json, content=content, headers=headers) as response:
            body = await body_of(response)
        if response.status_code == httpx.codes.NO_CONTENT or not body:
            return None
        try:
            return strict_json.parse(body)
        except ValueError:
            raise intercepted(url, "its answer is not JSON") from None


def check_address(url: str) -> None:
    """Raises `InvalidRequest` unless `url` begins with `https://`, or is this computer's own: tokens never travel in
    clear.
    """
    base = url.partition("?")[0].split("/")
    if not is_keyserver_url("/".join(base[:3])):
        raise InvalidRequest(
            f"{url[:200]!r} is not an address of a PicSafe server.",
            advice="It begins with https:// and a host name in small letters; http:// is for this computer alone.",
            field="url",
        )


def _check_length(response: httpx.Response, content_range: str | None, content_length: str) -> None:
    """Raises `Intercepted` when the headers of a response show that it is something else; missing headers are
    accepted.
    """
    if content_range is not None:
        fits = (
            response.status_code == httpx.codes.PARTIAL_CONTENT
            and response.headers.get("Content-Range") == content_range
        )
    else:
        fits = response.headers.get("Content-Length", content_length) == content_length
    if not fits:
        raise intercepted(str(response.url), "its answer is not the part of the package that was asked for")
