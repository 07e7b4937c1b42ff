"""The HTTP interface of the three servers, as a command-line program uses it. Every failure is a `PicSafeError`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx

from picsafe_protocol import strictjson
from picsafe_protocol.errors import (
    InvalidRequest,
    PicSafeError,
    RangeNotSatisfiable,
    ServiceError,
    Tampered,
    Unexpected,
    Unreachable,
    from_problem,
)
from picsafe_protocol.limits import MIB
from picsafe_protocol.package import is_keyserver_url
from picsafe_sync import answers
from picsafe_sync.patience import Patience

TIMEOUT_SECONDS: Final = 60
"""Without a byte for so long, a connection counts as broken."""
ANSWER_BYTES: Final = 16 * MIB
"""The longest JSON answer that is read: many times a page of reports with all their recipients."""

# What arrives is what is counted: nothing is decompressed, so no answer grows after it was accepted.
_ALWAYS: Final = {"Accept-Encoding": "identity", "Accept": "application/json, application/octet-stream"}


class Api:
    """A signed-in connection to a user server, and through its tokens to clouds and key servers."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`url` is where My PicSafe is found, as `https://picsafe.example`; `token` that of a session or a service account.

        Raises `InvalidRequest` for an address that is neither https nor this computer's own.
        """
        self.url = url.rstrip("/")
        check_address(self.url)
        self.users_url = self.url + "/users"
        self.patience = patience or Patience()
        self._token = token
        self._http = httpx.AsyncClient(
            transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False, headers=_ALWAYS
        )

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
        """One call, tried again when the server cannot be reached or is busy. Its JSON; None where the answer has no body."""
        failures = 0
        while True:
            try:
                return await self._once(method, url, token, json, content, headers or {})
            except ServiceError as error:
                failures += 1
                if not again:
                    raise
                await self.patience.after(failures, error)

    @property
    def token(self) -> str | None:
        """The token that the user server knows us by."""
        return self._token

    async def me(self) -> answers.Me:
        """Who the token belongs to."""
        return answers.me(await self.users("GET", "/v1/me"))

    async def report(self, report_id: str) -> answers.Listed:
        """One report of the index."""
        return answers.listed(await self.users("GET", f"/v1/reports/{report_id}"))

    async def report_grant(self, report_id: str, action: str) -> answers.Grant:
        """A grant for one action on one report."""
        return answers.grant(await self.users("POST", f"/v1/reports/{report_id}/grants", {"action": action}))

    async def user_token(self, audience: str) -> str:
        """Who we are, for one key server."""
        return answers.text(await self.users("POST", "/v1/tokens", {"audience": audience}), "token")

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, token: str | None, *, read_timeout: float = TIMEOUT_SECONDS, **request: Any
    ) -> AsyncIterator[httpx.Response]:
        """One attempt at an answer whose body is read as it comes. Raises what the server refuses, and `Unreachable`."""
        check_address(url)
        headers = dict(request.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(TIMEOUT_SECONDS, read=read_timeout)
        try:
            async with self._http.stream(method, url, headers=headers, timeout=timeout, **request) as response:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise _not_picsafe(url, "its answer is compressed, which was not asked for")
                if not response.is_success:
                    raise await _refusal(response)
                yield response
        except httpx.HTTPError as error:
            raise _unreachable(url, error) from error

    async def pieces(self, url: str, token: str, start: int, stop: int, size: int) -> AsyncGenerator[bytes, None]:
        """Bytes `start` up to `stop` of a package of `size` bytes, in one attempt; fewer when the answer ends early.

        Raises `Tampered` when the cloud has a package of another size.
        """
        wanted = {"Range": f"bytes={start}-{stop - 1}"}
        try:
            async with self.stream("GET", url, token, headers=wanted) as response:
                skip = start if response.status_code == 200 else 0  # a server may ignore ranges
                _check_length(response, f"bytes {start}-{stop - 1}/{size}", str(size))
                left = stop - start
                async for piece in response.aiter_raw():
                    fresh = piece[skip : skip + left]
                    skip = max(skip - len(piece), 0)
                    left -= len(fresh)
                    if fresh:
                        yield fresh
                    if left == 0:
                        return
        except RangeNotSatisfiable as error:
            raise Tampered(_OTHER_LENGTH) from error

    async def _once(
        self, method: str, url: str, token: str | None, json: Any, content: bytes | None, headers: Mapping[str, str]
    ) -> Any:
        async with self.stream(method, url, token, json=json, content=content, headers=headers) as response:
            body = await _limited(response)
        if response.status_code == 204 or not body:
            return None
        try:
            return strictjson.parse(body)
        except ValueError:
            raise _not_picsafe(url, "its answer is not JSON") from None


def check_address(url: str) -> None:
    """Raises `InvalidRequest` unless `url` begins with `https://`, or is this computer's own: tokens never travel in clear."""
    base = url.partition("?")[0].split("/")
    if not is_keyserver_url("/".join(base[:3])):
        raise InvalidRequest(
            f"{url[:200]!r} is not an address of a PicSafe server.",
            advice="It begins with https:// and a host name in small letters; http:// is for this computer alone.",
            field="url",
        )


_OTHER_LENGTH: Final = "The cloud holds a file of another length than the one that was sent."


def _check_length(response: httpx.Response, content_range: str, content_length: str) -> None:
    partial = response.status_code == 206
    said = response.headers.get("Content-Range" if partial else "Content-Length")
    if said != (content_range if partial else content_length):
        raise Tampered(_OTHER_LENGTH)


async def _limited(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > ANSWER_BYTES:
            raise _not_picsafe(str(response.url), "its answer does not end")
    return bytes(body)


async def _refusal(response: httpx.Response) -> PicSafeError:
    """The error that the server states. Only what PicSafe itself said counts: a proxy's 404 must not pass for a report's."""
    try:
        problem = strictjson.parse(await _limited(response))
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("code"), str):
        return from_problem(problem, response.status_code)
    if response.is_server_error or response.status_code == 429:
        return ServiceError(f"{response.url.host} answered with status {response.status_code}.")
    return _not_picsafe(str(response.url), f"it answered with status {response.status_code}")


def _not_picsafe(url: str, why: str) -> PicSafeError:
    return Unexpected(
        f"{httpx.URL(url).host} does not answer as a PicSafe server does: {why}.",
        advice="Check the address, and what stands between this computer and the server.",
    )


def _unreachable(url: str, error: httpx.HTTPError) -> PicSafeError:
    host = httpx.URL(url).host
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unexpected(
                f"{host} cannot be trusted: {cause.verify_message}.",
                advice="Check the address. If the server has a certificate of its own, name it in SSL_CERT_FILE.",
            )
        cause = cause.__cause__ or cause.__context__
    return Unreachable(f"{host} cannot be reached.")
