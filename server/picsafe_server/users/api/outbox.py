"""`/users/v1/outbox`: delivering one report with its token, without a session."""

from __future__ import annotations

from litestar import Controller, post
from litestar.handlers import BaseRouteHandler

from picsafe_protocol.contracts.api.reports import SignedGrant
from picsafe_protocol.contracts.api.requests import OutboxReceipt
from picsafe_protocol.contracts.errors import (
    Conflict,
    KeyRevoked,
    NotFound,
    ReportExpired,
    ReportPredatesAccess,
    TokenRefused,
)
from picsafe_server.auth.tokens import bearer
from picsafe_server.http.guards import Access, Connection, route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.api.dependencies import OutboxParcel, ServicesDependency
from picsafe_server.users.container import Services
from picsafe_server.users.reports.outbox import Parcel

_KEY = "picsafe_outbox_parcel"


async def parcel_of(connection: Connection) -> Parcel:
    """What the caller's token stands for; a request is authenticated once."""
    if _KEY not in connection.state:
        services: Services = connection.app.state.roles["users"].services
        connection.state[_KEY] = await services.outbox.authenticate(bearer(connection.headers.get("authorization")))
    parcel: Parcel = connection.state[_KEY]
    return parcel


async def _outbox(connection: Connection, handler: BaseRouteHandler) -> None:
    await parcel_of(connection)


OUTBOX = Access(
    "outbox token", "the page that delivers one report, with that report's token", _outbox, (TokenRefused,), ("outbox",)
)


class OutboxController(Controller):
    """An encrypted report goes on while its sender is away. The token allows nothing else, and answers say nothing."""

    path = "/v1/outbox"
    tags = ("users",)

    @post(
        "/grant",
        status_code=200,
        summary="Continue an upload",
        **route_access(OUTBOX, NotFound, Conflict, ReportExpired, KeyRevoked, ReportPredatesAccess),
    )
    async def grant(self, parcel: OutboxParcel, services: ServicesDependency) -> SignedGrant:
        """A grant to upload the declared package. 409 `conflict` once the report has been sent."""
        signed = await services.outbox.grant(parcel)
        return SignedGrant(signed.url, signed.token, rfc3339(signed.expires_at))

    @post(
        "/receipt",
        status_code=204,
        summary="Make a declared report available",
        **route_access(OUTBOX, NotFound, Conflict, ReportExpired, KeyRevoked),
    )
    async def receipt(
        self, data: RequestBody[OutboxReceipt], parcel: OutboxParcel, services: ServicesDependency
    ) -> None:
        """The cloud's receipt for the declared package; its recipients see the report at once. 409 `conflict` for any
        other package.
        """
        await services.outbox.accept_receipt(parcel, data.receipt)
