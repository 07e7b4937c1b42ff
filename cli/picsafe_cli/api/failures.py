"""Interprets failed exchanges: an error from a PicSafe server, or a response from something else in between."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from picsafe_protocol.contracts.errors import Intercepted, PicSafeError, ServiceError, Unreachable, from_problem
from picsafe_protocol.contracts.limits import MIB
from picsafe_protocol.json import strict_json

ANSWER_BYTES: Final = 16 * MIB
"""The longest JSON answer that is read: many times a page of reports with all their recipients."""
REQUEST_TIMEOUT_SECONDS: Final = 120
"""The longest that the body of a JSON answer may take to arrive, however slowly its bytes come."""
RETRY_AFTER_SECONDS: Final = 24 * 3600
"""The longest pause that a server may ask for; a later date is a mistake in a clock."""


async def body_of(response: httpx.Response) -> bytes:
    """The body of a JSON answer. Raises `Intercepted` for one that does not end, `Unreachable` for one that takes too
    long.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > ANSWER_BYTES:
                    raise intercepted(str(response.url), "its answer does not end")
    except TimeoutError:
        raise too_slow(str(response.url)) from None
    return bytes(body)


async def refusal(response: httpx.Response) -> PicSafeError:
    """The error that the server returned. Only PicSafe's own responses count: a proxy's 404 must not be taken for a
    report's.
    """
    if response.is_redirect:
        return intercepted(str(response.url), f"it sends this computer on to {_target(response)}")
    try:
        problem = strict_json.parse(await body_of(response))
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("code"), str):
        error = from_problem(problem, response.status_code)
    elif response.status_code == httpx.codes.NETWORK_AUTHENTICATION_REQUIRED:
        return intercepted(str(response.url), "this network wants you to sign in first")
    elif response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        error = ServiceError(f"{response.url.host} answered with status {response.status_code}.")
    else:
        return intercepted(str(response.url), f"it answered with status {response.status_code}")
    wanted = retry_after(response.headers)
    if isinstance(error, ServiceError) and wanted is not None:
        error.details.setdefault("retry_after", wanted)
    return error


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, section 10.2.3); None when there is none that makes
    sense.
    """
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return min(int(said[:9]), RETRY_AFTER_SECONDS)
    until = _date(said)
    if until is None:
        return None
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0, min(int((until - now).total_seconds()), RETRY_AFTER_SECONDS))


def intercepted(url: str, why: str) -> Intercepted:
    """The error for a response that does not come from the PicSafe server at `url`."""
    return Intercepted(f"{httpx.URL(url).host} does not answer as a PicSafe server does: {why}.")


def too_slow(url: str) -> Unreachable:
    """The error for a server at `url` that took too long."""
    return Unreachable(f"{httpx.URL(url).host} answers too slowly.")


def unreachable(url: str, error: httpx.HTTPError) -> PicSafeError:
    """The error for no response, or a certificate that is not valid."""
    host = httpx.URL(url).host
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Intercepted(
                f"{host} cannot be trusted: {cause.verify_message}.",
                advice="A guest network may want you to sign in first, and some proxies open every connection with a "
                "certificate of their own: ask who runs the network. Otherwise check the address. If the server has a "
                "certificate of its own, name it in SSL_CERT_FILE.",
            )
        cause = cause.__cause__ or cause.__context__
    return Unreachable(f"{host} cannot be reached.")


def _target(response: httpx.Response) -> str:
    try:
        host = response.url.join(response.headers["Location"]).host
    except (KeyError, httpx.InvalidURL):
        host = ""
    return host if host and host.isprintable() and len(host) <= 253 else "another address"


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
