"""`/keys/v1/keys…`: issue, release, revoke."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from picsafe_protocol.contracts.api.keys import IssuedKey, LabelKeys, ReleasedKey
from picsafe_protocol.contracts.api.requests import KeyRequest, LabelsRequest, ReleaseRequest
from picsafe_protocol.contracts.errors import (
    Conflict,
    KeyDestroyed,
    KeyRevoked,
    LimitExceeded,
    LogUnavailable,
    NotFound,
    NotPermitted,
    ReportExpired,
    ReportPredatesAccess,
    TokenRefused,
    TooManyRequests,
)
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_server.http.guards import route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.keys.api.guards import CREATE_GRANT, REVOKE, REVOKE_GRANT, USER_TOKEN, address_of, services_of
from picsafe_server.keys.api.responses import Identifier, issued_key, label_keys, released_key
from picsafe_server.keys.operations.callers import KeyGrant
from picsafe_server.keys.operations.issue import issue
from picsafe_server.keys.operations.release import Release, release
from picsafe_server.keys.operations.release_labels import LabelRelease, release_labels
from picsafe_server.keys.operations.revoke import revoke, revoke_of_report
from picsafe_server.keys.policy import Caller


def _check(key_id: str) -> None:
    if not is_identifier(key_id):  # a database need not be asked, and PostgreSQL would not take a NUL
        raise NotFound("There is no key with this id.")


@post(
    "/v1/keys",
    summary="Make the key of a new report",
    tags=["keys"],
    **route_access(
        CREATE_GRANT,
        Conflict,
        KeyRevoked,
        KeyDestroyed,
        LimitExceeded,
        LogUnavailable,
        TooManyRequests,
        NotPermitted,
        ReportExpired,
    ),
)
async def create_key(request: Request[KeyGrant, Any, Any], data: RequestBody[KeyRequest]) -> Response[IssuedKey]:
    """201 with a new key; 200 with the same key when the same sender repeats the request."""
    services, grant = services_of(request), request.user
    if grant.report_id != data.report_id:
        raise TokenRefused("The grant is for another report.", reason="report")
    services.allowance.take(grant.caller)
    released, new = await issue(
        services.appender,
        services.wrapper,
        grant,
        now=services.clock.now(),
        report_days=services.report_days,
        address=address_of(request),
    )
    return Response(issued_key(released), status_code=201 if new else 200)


@post(
    "/v1/keys/{key_id:str}/release",
    status_code=200,
    summary="Release a report key; the release is logged before the key is returned",
    tags=["keys"],
    **route_access(
        USER_TOKEN,
        NotPermitted,
        ReportPredatesAccess,
        NotFound,
        KeyRevoked,
        KeyDestroyed,
        LimitExceeded,
        LogUnavailable,
        TooManyRequests,
    ),
)
async def release_key(
    request: Request[Caller, Any, Any], key_id: FromPath[Identifier], data: RequestBody[ReleaseRequest]
) -> ReleasedKey:
    """The key, with the proof that this release is in the access log. 404, 403, 410 or 503 otherwise."""
    services = services_of(request)
    _check(key_id)
    services.allowance.take(request.user)
    asked = Release(request.user, key_id, data.report_id, data.reason, address_of(request))
    return released_key(await release(services.appender, services.wrapper, asked))


@post(
    "/v1/labels/release",
    status_code=200,
    summary="Release the keys of the labels of many reports; each release is logged before any key is returned",
    tags=["keys"],
    **route_access(USER_TOKEN, LimitExceeded, LogUnavailable, TooManyRequests),
)
async def release_label_keys(request: Request[Caller, Any, Any], data: RequestBody[LabelsRequest]) -> LabelKeys:
    """For a list that shows whose reports they are. A label key opens no package, and nothing counts as opened.

    The rules are those of a release, for each report separately: a report that the caller may not open is in `refused`,
    and the others are not affected.
    """
    services = services_of(request)
    report_ids = tuple(dict.fromkeys(data.report_ids))
    services.allowance.take_labels(request.user, len(report_ids))
    asked = LabelRelease(request.user, report_ids, address_of(request))
    return label_keys(await release_labels(services.appender, services.wrapper, asked))


@post(
    "/v1/keys/{key_id:str}/revoke",
    status_code=204,
    summary="Revoke a key permanently",
    tags=["keys"],
    **route_access(
        REVOKE, NotPermitted, NotFound, KeyRevoked, KeyDestroyed, LimitExceeded, LogUnavailable, TooManyRequests
    ),
)
async def revoke_key(
    request: Request[Caller | KeyGrant, Any, Any], key_id: FromPath[Identifier], data: RequestBody[KeyRequest]
) -> None:
    """Wipes the wrapped key: from now on nobody can open the report."""
    services = services_of(request)
    _check(key_id)
    services.allowance.take(request.user.caller if isinstance(request.user, KeyGrant) else request.user)
    await revoke(services.appender, request.user, key_id, data.report_id, address_of(request))


@post(
    "/v1/reports/{report_id:str}/revoke",
    status_code=204,
    summary="Revoke the key of a report permanently",
    tags=["keys"],
    **route_access(REVOKE_GRANT, KeyRevoked, KeyDestroyed, LimitExceeded, LogUnavailable),
)
async def revoke_report(
    request: Request[KeyGrant, Any, Any], report_id: FromPath[Identifier], data: RequestBody[KeyRequest]
) -> None:
    """For the user server, when a report is withdrawn. 204 also when the report has no key yet: then none is ever
    made.
    """
    if data.report_id != report_id:
        raise TokenRefused("The grant is for another report.", reason="report")
    await revoke_of_report(services_of(request).appender, request.user, report_id, address_of(request))
