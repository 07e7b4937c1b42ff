"""The cookies of sessions and known browsers, and the checks that a request with one comes from our own page."""

from __future__ import annotations

from litestar.datastructures import Cookie

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import NotPermitted
from picsafe_server.http.guards import Connection
from picsafe_server.settings import Settings

_HOST = "__Host-picsafe-session"
_LOOPBACK = "picsafe-session"
"""WebKit refuses Secure cookies on plain http, even on this machine's own address; and `__Host-` demands Secure."""

_DEVICE_HOST = "__Host-picsafe-device"
_DEVICE_LOOPBACK = "picsafe-device"

_READS_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(settings: Settings) -> str:
    """The name of the session cookie. The name without a prefix is used only on plain http to this machine."""
    return _LOOPBACK if settings.is_loopback_http else _HOST


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie of a session. It has no date: on a shared ward computer, closing the browser signs out."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        path="/",
        secure=not settings.is_loopback_http,
        httponly=True,
        samesite="strict",
    )


def device_cookie_name(settings: Settings) -> str:
    """As `cookie_name`, for the cookie by which a browser is recognised."""
    return _DEVICE_LOOPBACK if settings.is_loopback_http else _DEVICE_HOST


def device_cookie(settings: Settings, secret: str) -> Cookie:
    """The cookie by which a browser is recognised that somebody has signed in with; see `known_devices`. It signs
    nobody in, and outlives sessions.
    """
    return Cookie(
        key=device_cookie_name(settings),
        value=secret,
        path="/",
        max_age=limits.KNOWN_DEVICE_DAYS * 24 * 3600,
        secure=not settings.is_loopback_http,
        httponly=True,
        samesite="strict",
    )


def no_cookie(settings: Settings) -> Cookie:
    """A cookie that makes the browser delete the session cookie."""
    cookie = session_cookie(settings, "")
    cookie.max_age = 0
    return cookie


def check_same_site(connection: Connection, settings: Settings) -> None:
    """`NotPermitted` when a request that changes something comes with the cookie but not from our page (OWASP:
    CSRF).
    """
    if connection.scope.get("method") in _READS_ONLY:
        return
    if connection.headers.get("sec-fetch-site") == "same-origin":
        return
    if connection.headers.get("origin") not in {settings.origin, *settings.client_origins}:
        raise NotPermitted(
            "This request comes from another site than My PicSafe.", advice="Open My PicSafe at its own address."
        )


def check_not_foreign(connection: Connection, settings: Settings) -> None:
    """For signing in: `NotPermitted` when a browser says that the request comes from another site; programs say
    nothing.
    """
    if "origin" in connection.headers or "sec-fetch-site" in connection.headers:
        check_same_site(connection, settings)
