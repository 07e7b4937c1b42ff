"""`/users/v1/me` and `/users/v1/invitations`: the caller's own account."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, get, patch, post

from picsafe_protocol.contracts.api.accounts import InstitutionFacts, InvitationView, Me, PasswordReset
from picsafe_protocol.contracts.api.requests import Acceptance, InvitationToken, NewPassword, Rename
from picsafe_protocol.contracts.errors import LimitExceeded, TokenRefused, TooManyRequests, WrongPassword
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.accounts.cookies import device_cookie_name
from picsafe_server.users.accounts.known_devices import device_secret
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import PERSON, SIGNED_IN
from picsafe_server.users.api.responses import invitation_view
from picsafe_server.users.container import Services
from picsafe_server.users.principal import Principal


def describe(who: Principal, services: Services) -> Me:
    """The caller, and where their servers are."""
    settings, institution = services.context.settings, who.institution
    return Me(
        id=who.id,
        email=who.email,
        name=who.name,
        country=who.country,
        region=who.region,
        role=who.role.value if who.role else None,
        kind="service" if who.is_service else "person",
        institution=InstitutionFacts(
            institution.id, institution.name, institution.idle_lock_minutes, institution.retention_days
        )
        if institution
        else None,
        server_time=rfc3339(services.context.clock.now()),
        users_url=settings.users_base,
        key_servers=services.grants.key_servers(who),
        clouds={region: settings.cloud_base(region) for region in REGIONS},
        since=rfc3339(who.since) if who.since else None,
        password_reset=PasswordReset(
            who.reset_by,
            who.reset_by_email,
            institution.name if institution and who.reset_by else None,
            rfc3339(who.since),
        )
        if who.since and who.reset_is_news
        else None,
    )


class MeController(Controller):
    """The caller's account."""

    path = "/v1/me"
    tags = ("users",)

    @get("", summary="My account", **route_access(SIGNED_IN))
    async def me(self, caller: Caller, services: ServicesDependency) -> Me:
        """The caller, their institution, and the servers that they may use."""
        return describe(caller, services)

    @patch("", summary="Change my name", **route_access(PERSON, LimitExceeded))
    async def rename(self, data: RequestBody[Rename], caller: Caller, services: ServicesDependency) -> Me:
        """Changes the name that others see."""
        if data.name is not None:
            await services.accounts.rename(caller, data.name)
        return describe(await services.sessions.again(caller), services)

    @post(
        "/password-reset/seen",
        status_code=204,
        summary="Dismiss the notice of a password reset",
        **route_access(PERSON),
    )
    async def put_notice_away(self, caller: Caller, services: ServicesDependency) -> None:
        """`password_reset` becomes null. Reports sent before the reset stay closed."""
        await services.accounts.put_notice_away(caller)

    @post(
        "/password",
        status_code=204,
        summary="Change my password",
        **route_access(PERSON, WrongPassword, TooManyRequests, LimitExceeded),
    )
    async def change_password(
        self,
        request: Request[Any, Any, Any],
        data: RequestBody[NewPassword],
        caller: Caller,
        services: ServicesDependency,
    ) -> None:
        """The caller's other sessions end, and their other browsers are no longer recognised."""
        address = request.client.host if request.client else ""
        cookie = request.cookies.get(device_cookie_name(services.context.settings))
        known = device_secret(cookie) if cookie else None
        await services.accounts.change_password(caller, data.current, data.new, address, known)


@post(
    "/v1/invitations",
    status_code=201,
    summary="Accept an invitation",
    tags=["users"],
    **route_access(PUBLIC, TokenRefused, LimitExceeded),
)
async def accept_invitation(
    request: Request[Any, Any, Any], data: RequestBody[Acceptance], services: ServicesDependency
) -> None:
    """Sets the password of the invited person without signing them in. 401 `token_refused` for a wrong, used or old
    invitation.
    """
    await services.invitations.accept(data.token, data.password, request.client.host if request.client else None)


@post(
    "/v1/invitations/look",
    status_code=200,
    summary="What an invitation is for",
    tags=["users"],
    **route_access(PUBLIC, TokenRefused),
)
async def look_at_invitation(data: RequestBody[InvitationToken], services: ServicesDependency) -> InvitationView:
    """For whom it is, who made it, and until when it can be used; looking does not use it. 401 `token_refused` for a
    wrong, used or old invitation.
    """
    return invitation_view(await services.invitations.look_at(data.token))
