"""`/users/v1/events`: the live inbox."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.response import Stream

from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_server.http.guards import route_access
from picsafe_server.openapi.operations import TextAnswer
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import SIGNED_IN
from picsafe_server.users.reports.pagination import number_of


@get(
    "/v1/events",
    media_type="text/event-stream",
    operation_class=TextAnswer,
    summary="Live changes",
    tags=["users"],
    **route_access(SIGNED_IN, TooManyRequests),
)
async def events(request: Request[Any, Any, Any], caller: Caller, services: ServicesDependency) -> Stream:
    """Server-sent events: `report` with a report, `removed` with an id, `session-ended`, and `alive` after 15 seconds
    with nothing else. `Last-Event-ID` resumes.
    """
    last_seen = request.headers.get("last-event-id")
    position = number_of(last_seen, "Last-Event-ID") if last_seen else None
    return Stream(
        services.streams.of(caller, position),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
