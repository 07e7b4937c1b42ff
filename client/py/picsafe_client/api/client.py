"""HTTP client for PicSafe's servers. JSON becomes Python; media bytes stay JavaScript buffers.

Every refusal arrives as the `PicSafeError` that the server named in its problem details. A connection that fails is
`Unreachable`; one that the person stopped is `Cancelled`, which nobody needs to be told about. JSON calls have
`CALL_SECONDS` from beginning to end, `fetch_bytes` has what its caller says. `fetch` and `send_bytes` have no deadline
of their own: their callers know how long a package may take.

Signals: every call takes `signal`, the `signal` of a JavaScript AbortController (`ui.progress.ProgressIndicator.signal` has one).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.interop import js_object
from picsafe_protocol.contracts.api.accounts import Me, SignedToken
from picsafe_protocol.contracts.api.reports import SignedGrant
from picsafe_protocol.contracts.api.requests import GrantedAction, GrantRequest, TokenRequest
from picsafe_protocol.contracts.errors import (
    Intercepted,
    NotSignedIn,
    ServiceError,
    TooManyRequests,
    Unreachable,
    from_problem,
)
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.messages import read, write

USERS: Final = "/users"
CALL_SECONDS: Final = 60
"""For one JSON call with its whole answer: enough for a full page of a list over a telephone's worst network, and
little enough that a connection that a proxy has forgotten does not keep somebody waiting for good.
"""
GATEWAY_FAILURES: Final = frozenset({502, 503, 504})
NETWORK_SIGN_IN: Final = 511
"""RFC 6585, section 6: the network wants a person to sign in first."""
TOKEN_MARGIN: Final = timedelta(seconds=30)
"""A user token is replaced this long before it ends, so that it survives its journey."""


class Api:
    """The user server by cookie; clouds and key servers by grant or user token."""

    def __init__(self) -> None:
        self.on_signed_out: Callable[[], None] | None = None
        """Called whenever the user server says that nobody is signed in; the app then asks for the password."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The servers' time (`session.Clock.now`), since this machine's clock may be wrong."""
        self._user_tokens: dict[str, tuple[str, datetime]] = {}

    async def users(self, method: str, path: str, body: Any = None, *, signal: Any = None) -> Any:
        """Calls the user server: ``await api.users("GET", "/v1/me")``. The answer is its JSON, None for 204.

        Raises the `PicSafeError` of the answer. `NotSignedIn` has already brought up the sign-in form when it arrives.
        """
        try:
            return await self.request(method, USERS + path, body=body, signal=signal, cookies=True)
        except NotSignedIn:
            if self.on_signed_out is not None:
                self.on_signed_out()
            raise

    async def cloud(
        self,
        url: str,
        method: str,
        path: str,
        token: str,
        body: Any = None,
        *,
        signal: Any = None,
        seconds: float | None = None,
    ) -> Any:
        """Calls a cloud with a grant: ``await api.cloud(grant.url, "POST", f"/v1/uploads/{id}", grant.grant, {...})``.

        `seconds` is how long it may take: a cloud may have to read a whole package before it answers.
        """
        return await self.request(method, url + path, token=token, body=body, signal=signal, seconds=seconds)

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        """Calls a key server with a grant or a user token (`user_token`)."""
        return await self.request(method, url + path, token=token, body=body, signal=signal)

    async def request(
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        body: Any = None,
        signal: Any = None,
        cookies: bool = False,
        seconds: float | None = None,
    ) -> Any:
        """One JSON call to any server; the answer is its JSON, None when it is empty. Raises `Intercepted` for anything
        else.

        It has `seconds` from beginning to end (by default `CALL_SECONDS`); then it is `Unreachable`, and may have been
        done.
        """
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        within = _within(CALL_SECONDS if seconds is None else seconds, signal)
        response = await self.fetch(
            method,
            url,
            headers=headers,
            body=None if body is None else json.dumps(body, ensure_ascii=False),
            signal=within,
            cookies=cookies,
        )
        text = str(await _body(response.text(), within))
        if not text:
            return None
        return _json(text, trusted=cookies)

    async def fetch_bytes(self, url: str, *, seconds: float, token: str | None = None, signal: Any = None) -> Any:
        """A whole body as a Uint8Array. Raises `Unreachable` when it is not there after `seconds`, however steadily it
        comes.

        For files of a few megabytes. A package is read by ranges (`ranges`), each of which is tried again.
        """
        import js

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        within = _within(seconds, signal)
        response = await self.fetch("GET", url, headers=headers, signal=within)
        return js.Uint8Array.new(await _body(response.arrayBuffer(), within))

    async def send_bytes(
        self,
        method: str,
        url: str,
        data: Any,
        token: str,
        headers: Mapping[str, str] | None = None,
        *,
        signal: Any = None,
    ) -> None:
        """Sends a JavaScript buffer or Blob as the raw body."""
        everything = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token}", **(headers or {})}
        await self.fetch(method, url, headers=everything, body=data, signal=signal)

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        """A user token for the key server `audience`; `KeyServerNotAllowed` when the institution does not trust it.

        Kept until shortly before it ends.
        """
        known = self._user_tokens.get(audience)
        if known and known[1] - TOKEN_MARGIN > self.now():
            return known[0]
        body = write(TokenRequest(audience=audience))
        answer = read(SignedToken, await self.users("POST", "/v1/tokens", body, signal=signal))
        self._user_tokens[audience] = (answer.token, datetime.fromisoformat(answer.expires_at))
        return answer.token

    async def me(self) -> Me:
        """Who is signed in."""
        return read(Me, await self.users("GET", "/v1/me"))

    async def grant(self, report_id: str, action: GrantedAction, *, signal: Any = None) -> SignedGrant:
        """A grant for one action on a report."""
        path = f"/v1/reports/{quote(report_id, safe='')}/grants"
        return read(SignedGrant, await self.users("POST", path, write(GrantRequest(action=action)), signal=signal))

    def forget(self) -> None:
        """Drops every token: after a lock, a sign-out, or when another person signs in."""
        self._user_tokens.clear()

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        signal: Any = None,
        cookies: bool = False,
    ) -> Any:
        """One HTTP exchange; the answer is the JavaScript Response, its body unread. Refusals raise.

        Redirects are errors, so that a token never follows one to another server.
        """
        import js

        settings: dict[str, Any] = {
            "method": method,
            "headers": js_object(headers or {}),
            "credentials": "same-origin" if cookies else "omit",
            "cache": "no-store",
            "redirect": "error",
            "referrerPolicy": "no-referrer",
        }
        if body is not None:
            settings["body"] = body
        if signal is not None:
            settings["signal"] = signal
        response = await _body(js.fetch(url, js_object(settings)), signal)
        if not response.ok:
            raise await _refusal(response, signal)
        return response


def _within(seconds: float, signal: Any) -> Any:
    """A signal that aborts with `signal`, and when the time is over."""
    import js
    from pyodide.ffi import to_js

    deadline = js.AbortSignal.timeout(seconds * 1000)
    return deadline if signal is None else js.AbortSignal.any(to_js([signal, deadline]))


async def _body(promise: Any, signal: Any) -> Any:
    """Awaits a JavaScript promise of the network, turning its three ways of failing into ours."""
    from pyodide.ffi import JsException

    try:
        return await promise
    except JsException as error:
        name = getattr(error, "name", "")
        if name == "AbortError" and signal is not None:
            # Firefox says so of every body that ends while it is read; the signal knows whether it was its deadline.
            name = getattr(signal.reason, "name", name)
        if name == "AbortError":
            raise Cancelled from None
        if name == "TimeoutError":
            raise localized_error(Unreachable, "late") from None
        raise Unreachable from error


def _json(text: str, *, trusted: bool) -> Any:
    """What an answer says. Not every key server is ours: what others send is not nested deeper than Python can follow
    here.
    """
    try:
        return json.loads(text) if trusted else strict_json.parse(text.encode("utf-8"))
    except ValueError:
        raise Intercepted from None


async def _refusal(response: Any, signal: Any) -> Exception:
    status = int(response.status)
    text = str(await _body(response.text(), signal))
    try:
        problem = strict_json.parse(text.encode("utf-8"))
    except ValueError:
        problem = None
    if isinstance(problem, dict) and "code" in problem:
        error: Exception = from_problem(problem, status)
    elif status in GATEWAY_FAILURES:
        error = localized_error(Unreachable, "gateway")
    elif status == TooManyRequests.status:
        error = TooManyRequests(retry_after=60)
    elif status < 500 or status == NETWORK_SIGN_IN:
        error = Intercepted()
    else:
        error = localized_error(ServiceError, "strange", status=status)
    wanted = _retry_after(str(response.headers.get("Retry-After") or ""))
    if isinstance(error, ServiceError) and wanted is not None:
        error.details["retry_after"] = wanted
    return error


def _retry_after(said: str) -> int | None:
    """Seconds that a server wants to be left alone for: it says so, or until when."""
    import js

    if said.isascii() and said.isdecimal():
        return int(said[:6])
    moment = float(js.Date.parse(said)) if said else math.nan
    return max(0, int((moment - float(js.Date.now())) / 1000)) if math.isfinite(moment) else None
