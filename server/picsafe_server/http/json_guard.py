"""Accepts only JSON requests that are declared as JSON and have exactly one reading.

A form on another site cannot declare its body as JSON, so a browser does not send one for another site without a
preflight. A duplicate field is refused: a proxy, a log or a firewall may read the first value and the server the last.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler

from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.json import strict_json
from picsafe_server.http.guards import Connection

_JSON = "application/json"


class StrictJsonRequest(Request[Any, Any, Any]):
    """A request whose JSON body is refused with `InvalidRequest` unless it follows
    `picsafe_protocol.json.strict_json`.
    """

    async def body(self) -> bytes:
        """The whole body; read and checked once."""
        raw = await super().body()
        if raw and _media_type(self) == _JSON and not self.scope["state"].get(_CHECKED):
            try:
                strict_json.parse(raw)
            except strict_json.NotStrictJson as error:
                raise InvalidRequest(f"The body {error}.") from error
            self.scope["state"][_CHECKED] = True
        return raw

    @property
    def content_length(self) -> int | None:
        """The length that the request declares; None when it declares none."""
        declared = _header(self, b"content-length")
        return int(declared) if declared.isdigit() else super().content_length


_CHECKED = "picsafe_strict_json"


def json_only(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard for routers: `InvalidRequest` when a request has a body that is not declared as application/json."""
    headers = connection.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and _media_type(connection) != _JSON:
        raise InvalidRequest("The body must be JSON, with Content-Type: application/json.", field="Content-Type")


def _media_type(connection: Connection) -> str:
    return _header(connection, b"content-type").decode("latin-1").partition(";")[0].strip().lower()


def _header(connection: Connection, name: bytes) -> bytes:
    """A header as it came; empty when it is not there. The framework would parse all of them to read one."""
    return next((value for key, value in connection.scope["headers"] if key == name), b"")
