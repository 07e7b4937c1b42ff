"""Access rules of the user server. Each rule is one small guard."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from picsafe_protocol.contracts.errors import NotPermitted, NotSignedIn, TokenRefused
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.http.guards import Access, Connection
from picsafe_server.users.accounts.authentication import authenticate


async def _signed_in(connection: Connection, handler: BaseRouteHandler) -> None:
    await authenticate(connection)


async def _person(connection: Connection, handler: BaseRouteHandler) -> None:
    if (await authenticate(connection)).is_service:
        raise NotPermitted("This is for people; a service account cannot do it.")


async def _administrator(connection: Connection, handler: BaseRouteHandler) -> None:
    if (await authenticate(connection)).role is not Role.ADMINISTRATOR:
        raise NotPermitted("Only an administrator of the institution can do this.", advice="Ask your administrator.")


async def _service(connection: Connection, handler: BaseRouteHandler) -> None:
    if not (await authenticate(connection)).is_service:
        raise NotPermitted("This is for service accounts.")


_REFUSALS = (NotSignedIn, TokenRefused, NotPermitted)

SIGNED_IN = Access(
    "signed in",
    "a person with a session, or a service account with its token",
    _signed_in,
    _REFUSALS,
    ("session", "cookie", "service"),
)
PERSON = Access("person", "a person with a session", _person, _REFUSALS, ("session", "cookie"))
ADMINISTRATOR = Access(
    "administrator", "an administrator, for their own institution", _administrator, _REFUSALS, ("session", "cookie")
)
SERVICE = Access("service account", "a service account with its token", _service, _REFUSALS, ("service",))
