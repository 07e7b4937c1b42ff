"""Access rules of the key server: which token a route needs, verified before the route runs. Operations decide what it
permits.
"""

from __future__ import annotations

from typing import Protocol

from litestar.handlers import BaseRouteHandler

from picsafe_protocol.contracts.errors import InvalidRequest, NotPermitted, ServiceError, TokenRefused
from picsafe_protocol.contracts.tokens import Action
from picsafe_server.auth.tokens import bearer
from picsafe_server.http.guards import Access, Connection
from picsafe_server.keys.container import Services
from picsafe_server.keys.policy import is_administrator

_HEADERS = frozenset({b"authorization", b"content-type"})


class _Role(Protocol):
    @property
    def services(self) -> Services: ...


def services_of(connection: Connection) -> Services:
    """The parts of the key server that a request is for."""
    role: _Role = connection.app.state.roles["keys"]
    return role.services


def address_of(connection: Connection) -> str:
    """The address that a request came from, as the access log has it; empty when nobody knows."""
    return connection.client.host[:64] if connection.client else ""


def _token(connection: Connection) -> str:
    # Two of the headers as they came: of what this does, parsing them all is the larger part.
    sent = {name: value for name, value in connection.scope["headers"] if name in _HEADERS}
    # No form of another site can say so.
    kind = sent.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if connection.scope.get("method") == "POST" and kind != b"application/json":
        raise InvalidRequest("Send JSON, with Content-Type: application/json.", field="Content-Type")
    return bearer(sent.get(b"authorization", b"").decode("latin-1"))


async def _user(connection: Connection, handler: BaseRouteHandler) -> None:
    connection.scope["user"] = await services_of(connection).callers.user(_token(connection))


async def _administrator(connection: Connection, handler: BaseRouteHandler) -> None:
    caller = await services_of(connection).callers.user(_token(connection))
    if not is_administrator(caller):
        raise NotPermitted("Only an administrator may read an institution's access log.")
    connection.scope["user"] = caller


async def _creator(connection: Connection, handler: BaseRouteHandler) -> None:
    connection.scope["user"] = await services_of(connection).callers.grant(_token(connection), Action.KEY_CREATE)


async def _revoker_by_grant(connection: Connection, handler: BaseRouteHandler) -> None:
    connection.scope["user"] = await services_of(connection).callers.grant(_token(connection), Action.KEY_REVOKE)


async def _revoker(connection: Connection, handler: BaseRouteHandler) -> None:
    connection.scope["user"] = await services_of(connection).callers.user_or_grant(
        _token(connection), Action.KEY_REVOKE
    )


_REFUSALS = (TokenRefused, ServiceError)

USER_TOKEN = Access("user-token", "somebody with a user token for this key server", _user, _REFUSALS, ("user_token",))
ADMINISTRATOR_TOKEN = Access(
    "administrator-token",
    "an administrator with a user token for this key server",
    _administrator,
    (*_REFUSALS, NotPermitted),
    ("user_token",),
)
CREATE_GRANT = Access(
    "grant key.create", "the sender of a new report, with the user server's grant", _creator, _REFUSALS, ("grant",)
)
REVOKE = Access(
    "owner or grant key.revoke",
    "the report's owner, or the user server's grant to revoke",
    _revoker,
    _REFUSALS,
    ("user_token", "grant"),
)
REVOKE_GRANT = Access(
    "grant key.revoke",
    "the user server, with its own grant to revoke a report's key",
    _revoker_by_grant,
    _REFUSALS,
    ("grant",),
)

__all__ = ["ADMINISTRATOR_TOKEN", "CREATE_GRANT", "REVOKE", "REVOKE_GRANT", "USER_TOKEN", "address_of", "services_of"]
