"""`/users/v1/tokens`: user tokens for key servers."""

from __future__ import annotations

from litestar import post

from picsafe_protocol.contracts.api.accounts import SignedToken
from picsafe_protocol.contracts.api.requests import TokenRequest
from picsafe_protocol.contracts.errors import KeyServerNotAllowed, LimitExceeded
from picsafe_server.http.guards import route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import SIGNED_IN


@post(
    "/v1/tokens",
    status_code=200,
    summary="Make a user token",
    tags=["users"],
    **route_access(SIGNED_IN, KeyServerNotAllowed, LimitExceeded),
)
async def make_token(data: RequestBody[TokenRequest], caller: Caller, services: ServicesDependency) -> SignedToken:
    """Identifies the caller to one key server. 403 `key_server_not_allowed` unless the server is on the caller's
    allow-list.

        The claim `since`, where present, excludes keys that were made earlier: see integrate.md.
    """
    signed = services.grants.user_token(caller, data.audience)
    return SignedToken(signed.token, rfc3339(signed.expires_at))
