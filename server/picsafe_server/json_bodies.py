"""JSON requests say that they are JSON: a form on another site cannot, so no browser sends one on a stranger's behalf unasked."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from picsafe_protocol.errors import InvalidRequest
from picsafe_server.access import Connection


def json_only(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard for routers: `InvalidRequest` when a request has a body that is not declared as application/json."""
    headers = connection.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise InvalidRequest("The body must be JSON, with Content-Type: application/json.", field="Content-Type")
