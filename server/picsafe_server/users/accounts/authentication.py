"""Authenticates requests, by `Authorization: Bearer …` or the session cookie."""

from __future__ import annotations

from picsafe_protocol.contracts.errors import NotSignedIn
from picsafe_server.auth.tokens import bearer
from picsafe_server.http.guards import Connection
from picsafe_server.settings import Settings
from picsafe_server.users.accounts.cookies import check_same_site, cookie_name
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.principal import Principal

_KEY = "picsafe_principal"


class Authentication:
    """Determines the caller of a request."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self._sessions = sessions
        self._settings = settings

    async def of(self, connection: Connection) -> Principal:
        """The caller; `NotSignedIn` when there is none, `NotPermitted` when another site uses their cookie."""
        header = connection.headers.get("authorization")
        if header is not None:
            return await self._sessions.authenticate(bearer(header))
        token = connection.cookies.get(cookie_name(self._settings))
        if not token:
            raise NotSignedIn
        check_same_site(connection, self._settings)
        return await self._sessions.authenticate(token)


async def authenticate(connection: Connection) -> Principal:
    """The caller of a request to the user server; a request is authenticated once."""
    if _KEY not in connection.state:
        authentication: Authentication = connection.app.state.roles["users"].services.authentication
        connection.state[_KEY] = await authentication.of(connection)
    principal: Principal = connection.state[_KEY]
    return principal
