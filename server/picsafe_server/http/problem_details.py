"""Maps exceptions to RFC 9457 problem details: the one place where domain errors become HTTP."""

from __future__ import annotations

import errno
import logging
import secrets
from typing import Any

from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.routes import HTTPRoute
from sqlalchemy.exc import DBAPIError

from picsafe_protocol.contracts.errors import (
    InternalError,
    InvalidRequest,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    PicSafeError,
    RequestTimedOut,
    ServiceError,
    StorageFull,
    TooManyRequests,
)
from picsafe_server.runtime.database import is_away

RETRY_SECONDS = 5
"""What `Retry-After` says of a server that cannot answer at the moment: a database that starts again needs a few
seconds.
"""
MEDIA_TYPE = "application/problem+json"
_GONE = "client disconnected prematurely"  # what Litestar says of a lid that closes in the middle of a body
_log = logging.getLogger("picsafe.problem")

AnyRequest = Request[Any, Any, Any]


def as_picsafe_error(error: Exception) -> PicSafeError:
    """The typed error for an exception. An unexpected one is logged under an incident number, and the caller gets only
    the number.
    """
    if isinstance(error, PicSafeError):
        return error
    if isinstance(error, ValidationException):
        return InvalidRequest(_sentence(error))
    if isinstance(error, NotFoundException):
        return NotFound("There is no such address.")
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed()
    if isinstance(
        error, RecursionError
    ):  # a body of brackets in brackets: the only thing here whose depth others choose
        return InvalidRequest("The body is nested too deeply.")
    if isinstance(error, HTTPException) and error.status_code == 413:
        return LimitExceeded("The request is larger than this address accepts.")
    if isinstance(error, UnicodeDecodeError) and error.encoding == "utf-8":  # what Litestar lets through of a JSON body
        return InvalidRequest("The body is not UTF-8.")
    if isinstance(error, ClientException):
        return InvalidRequest(error.detail or None)
    if isinstance(error, InternalServerException) and error.detail == _GONE:
        return RequestTimedOut("The connection ended before the request had arrived.")
    if _is_out_of_space(error):
        _log.error("no space left: %s", type(error).__name__)
        return StorageFull()
    if is_away(error):
        _log.error("the database is away: %s: %s", type(error).__name__, getattr(error, "orig", None) or "")
        return ServiceError("The server cannot reach its database at the moment.")
    incident = secrets.token_hex(4)
    _log.exception("incident %s", incident, exc_info=error)
    return InternalError(f"Something went wrong on the server (incident {incident}).", incident=incident)


def problem_response(request: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
    """Litestar's exception handler for everything."""
    problem = as_picsafe_error(error)
    headers = {"Cache-Control": "no-store"}
    if isinstance(problem, TooManyRequests) and problem.retry_after:
        headers["Retry-After"] = str(problem.retry_after)
    elif problem.status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(_methods(request)))  # RFC 9110, section 15.5.6
    if isinstance(problem, RequestTimedOut):
        headers["Connection"] = "close"  # or the rest of the body would be taken for the next request
    return Response(problem.to_problem(), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def _methods(request: AnyRequest) -> set[str]:
    """The methods that the address of a request takes."""
    path = [part for part in request.scope["path"].split("/") if part]
    found = {
        str(method)
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and len(route.path_components) == len(path)
        if all(
            not isinstance(known, str) or known == part for known, part in zip(route.path_components, path, strict=True)
        )
        for method in route.methods
    }
    return found | {"HEAD"} if "GET" in found else found


def _is_out_of_space(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    text = str(getattr(error, "orig", "")).lower()
    return isinstance(error, DBAPIError) and ("disk is full" in text or "no space left" in text)


def _sentence(error: ValidationException) -> str:
    # Only the names of fields: values may be patient data, and are the client's own business.
    extra = error.extra if isinstance(error.extra, list) else []
    parts = [
        f"{item.get('key', 'body')}: {item.get('message', 'not valid')}" for item in extra if isinstance(item, dict)
    ]
    return "The request is not valid. " + "; ".join(parts[:5]) if parts else "The request is not valid."
