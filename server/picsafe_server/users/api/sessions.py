"""`/users/v1/sessions`: signing in and out."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import FromPath

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.accounts import SessionBegun, SessionList
from picsafe_protocol.contracts.api.requests import SignIn
from picsafe_protocol.contracts.errors import LimitExceeded, NotFound, NotPermitted, TooManyRequests, WrongPassword
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.http.messages import RequestBody, Written, written
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.accounts.cookies import (
    check_not_foreign,
    device_cookie,
    device_cookie_name,
    no_cookie,
    session_cookie,
)
from picsafe_server.users.accounts.known_devices import device_secret
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import PERSON
from picsafe_server.users.api.me import describe
from picsafe_server.users.api.responses import session_view
from picsafe_server.users.names.display_names import checked_name

_UNNAMED = ""
"""A device that did not send its name. Clients have words for that, in the reader's language."""


class SessionController(Controller):
    """Sessions of people."""

    path = "/v1/sessions"
    tags = ("users",)

    @post("", summary="Sign in", **route_access(PUBLIC, WrongPassword, TooManyRequests, NotPermitted, LimitExceeded))
    async def sign_in(
        self, request: Request[Any, Any, Any], data: RequestBody[SignIn], services: ServicesDependency
    ) -> Response[Written[SessionBegun]]:
        """Begins a session. 401 `wrong_password` for every mismatch alike; 429 with `Retry-After` after too many.

        A browser also gets a cookie by which it is recognised next time, so that wrong passwords from elsewhere do not
        delay it.
        """
        settings = services.context.settings
        check_not_foreign(request, settings)
        device = checked_name(data.device, "device", limits.DEVICE_CHARACTERS) if data.device.strip() else _UNNAMED
        address = request.client.host if request.client else ""
        by_token = data.transport == "token"
        known = "" if by_token else device_secret(request.cookies.get(device_cookie_name(settings)))
        signed_in = await services.sessions.sign_in(data.email, data.password, device, address, known)
        body = SessionBegun(
            me=describe(signed_in.principal, services),
            expires_at=rfc3339(signed_in.expires_at),
            token=signed_in.token if by_token else None,
        )
        cookies = [session_cookie(settings, signed_in.token), device_cookie(settings, known)]
        return Response(written(body), cookies=[] if by_token else cookies)

    @get("", summary="My sessions", **route_access(PERSON))
    async def sessions(self, caller: Caller, services: ServicesDependency) -> SessionList:
        """The caller's open sessions, last used first."""
        rows = await services.sessions.of(caller)
        return SessionList([session_view(row, caller.session_id) for row in rows])

    @delete("", summary="Sign out everywhere", **route_access(PERSON))
    async def sign_out_everywhere(
        self, request: Request[Any, Any, Any], caller: Caller, services: ServicesDependency
    ) -> Response[None]:
        """Ends all of the caller's sessions at once, this one too, and the delivery of reports without a session."""
        address = request.client.host if request.client else ""
        await services.sessions.end_everywhere(caller, address)
        return Response(None, cookies=[no_cookie(services.context.settings)])

    @delete("/{session_id:str}", summary="Sign out", **route_access(PERSON, NotFound))
    async def sign_out(self, session_id: FromPath[str], caller: Caller, services: ServicesDependency) -> Response[None]:
        """Ends one of the caller's sessions at once; `current` names the one that asks."""
        current = session_id in {"current", caller.session_id}
        await services.sessions.end(caller, caller.session_id if current else session_id)
        cookies = [no_cookie(services.context.settings)] if current else []
        return Response(None, cookies=cookies)
