"""Access rules of the cloud: callers need a grant for this cloud, this report and this action. Nothing else is known
about them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from picsafe_protocol.contracts.errors import NotFound, ServiceError, TokenRefused
from picsafe_protocol.contracts.identifiers import checked_identifier
from picsafe_protocol.contracts.tokens import GRANT_TYPE, Action
from picsafe_server.auth.tokens import bearer
from picsafe_server.cloud.grants import CloudGrant
from picsafe_server.cloud.region import RegionCloud, cloud_of
from picsafe_server.http.guards import Access

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


def grant_of(request: AnyRequest) -> CloudGrant:
    """The verified grant of this request."""
    grant = request.state.grant
    assert isinstance(grant, CloudGrant)  # noqa: S101 the guard of the same route put it there
    return grant


def _guard(action: Action) -> Callable[[Connection, BaseRouteHandler], Coroutine[Any, Any, None]]:
    async def check(connection: Connection, handler: BaseRouteHandler) -> None:
        cloud = cloud_of(connection)
        connection.state.grant = await _verified(connection, cloud, action)

    return check


async def _verified(connection: Connection, cloud: RegionCloud, action: Action) -> CloudGrant:
    token = bearer(connection.headers.get("authorization"))
    claims = await cloud.verifier.verify(token, GRANT_TYPE, cloud.base)
    if not isinstance(claims.get("exp"), int):
        raise TokenRefused("A grant needs an expiry time.", reason="malformed")
    if claims.get("act") != action.value:
        raise TokenRefused(f"The grant is not for {action.value}.", reason="action")
    report_id = checked_identifier(connection.path_params["report_id"], "report_id")
    if claims.get("rid") != report_id:
        raise TokenRefused("The grant is for another report.", reason="report")
    size = claims.get("size")
    if size is not None and type(size) is not int:
        raise TokenRefused("The grant's `size` is not a number of bytes.", reason="malformed")
    return CloudGrant(report_id, str(claims["iss"]), _until(claims.get("until")), size)


def _until(claim: object) -> datetime | None:
    if claim is None:
        return None
    if not isinstance(claim, int) or isinstance(claim, bool):
        raise TokenRefused("The grant's `until` is not a time.", reason="malformed")
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TokenRefused("The grant's `until` is not a time.", reason="malformed") from error


def _access(action: Action, meaning: str) -> Access:
    return Access(
        f"grant {action.value}",
        f"who holds a grant of the user server to {meaning}",
        _guard(action),
        (TokenRefused, NotFound, ServiceError),
        ("grant",),
    )


UPLOAD = _access(Action.PACKAGE_UPLOAD, "upload this report's package")
DOWNLOAD = _access(Action.PACKAGE_DOWNLOAD, "download this report's package")
DELETE = _access(Action.PACKAGE_DELETE, "delete this report's package")
