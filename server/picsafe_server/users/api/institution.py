"""`/users/v1/institution`: administrators read and change their own institution."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, QueryParameter

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.institutions import (
    ActPage,
    InstitutionView,
    InvitedMember,
    Member,
    MemberPage,
    NewServiceView,
    ServiceList,
    WaitingReports,
)
from picsafe_protocol.contracts.api.requests import PRINTED, InstitutionChange, MemberChange, NewMember, NewService
from picsafe_protocol.contracts.errors import (
    ChangedMeanwhile,
    Conflict,
    DomainNotApproved,
    KeyServerNotPermitted,
    LastAdministrator,
    LimitExceeded,
    NotFound,
)
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.http.guards import route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import ADMINISTRATOR
from picsafe_server.users.api.responses import act_view, institution_view, invited_member, member, service_view
from picsafe_server.users.container import Services
from picsafe_server.users.db.models import Institution
from picsafe_server.users.institutions.policy import Policy

_ONLY = route_access(ADMINISTRATOR)

Limit = Annotated[int, QueryParameter(ge=1, le=limits.PAGE_ROWS, description="rows of the page")]
After = Annotated[
    str | None,
    QueryParameter(max_length=limits.EMAIL_CHARACTERS, pattern=PRINTED, description="`next` of the page before"),
]

Believed = Annotated[
    str | None,
    QueryParameter(
        name="version",
        max_length=64,
        pattern=PRINTED,
        description="`version` as it was read: 412 when it is another by now",
    ),
]

_NEWEST = 2**31 - 1
Before = Annotated[int, QueryParameter(ge=1, le=_NEWEST, description="`next` of the page before")]


class InstitutionController(Controller):
    """The caller's institution."""

    path = "/v1/institution"
    tags = ("users",)

    @get("", summary="My institution and its policy", **_ONLY)
    async def institution(self, caller: Caller, services: ServicesDependency) -> InstitutionView:
        """As its administrators see it. `domains` are the mail domains that the operator approved."""
        assert caller.institution is not None  # noqa: S101 an administrator has one
        return await _view(caller.institution, services)

    @patch(
        "",
        summary="Change the policy",
        **route_access(ADMINISTRATOR, KeyServerNotPermitted, ChangedMeanwhile, Conflict, LimitExceeded),
    )
    async def change(
        self,
        data: RequestBody[InstitutionChange],
        caller: Caller,
        services: ServicesDependency,
        believed: Believed = None,
    ) -> InstitutionView:
        """Applies to reports begun from now on. Retention and idle lock can only be shortened. `key_servers` must be
        among those that the operator permits: otherwise 403 `key_server_not_permitted`. Keys of new reports are made at
        `key_server`, which is one of them or PicSafe's own.
        """
        policy = Policy(
            retention_days=data.retention_days,
            idle_lock_minutes=data.idle_lock_minutes,
            members_may_open=data.members_may_open,
            labels=data.labels,
            key_servers=data.key_servers,
            key_server=data.key_server,
        )
        return await _view(await services.institutions.change(caller, policy, believed), services)

    @get("/members", summary="Members", **_ONLY)
    async def members(
        self, caller: Caller, services: ServicesDependency, after: After = None, limit: Limit = limits.PAGE_ROWS
    ) -> MemberPage:
        """A page of members, ordered by address."""
        rows = await services.members.page(caller, after, limit + 1)
        following = rows[limit - 1].email if len(rows) > limit else None
        return MemberPage([member(row) for row in rows[:limit]], following)

    @post("/members", summary="Add a member", **route_access(ADMINISTRATOR, DomainNotApproved, Conflict, LimitExceeded))
    async def add_member(
        self, data: RequestBody[NewMember], caller: Caller, services: ServicesDependency
    ) -> InvitedMember:
        """The invitation's token is shown only once; the member uses it to choose a password. 409 when the address has
        an account.

        400 `domain_not_approved` outside the institution's mail domains.
        """
        invited = await services.members.add(
            caller, email=data.email, name=data.name, country=data.country, role=Role(data.role)
        )
        return invited_member(invited)

    @patch(
        "/members/{member_id:str}",
        summary="Change a member",
        **route_access(ADMINISTRATOR, NotFound, ChangedMeanwhile, LastAdministrator, LimitExceeded),
    )
    async def change_member(
        self,
        member_id: FromPath[str],
        data: RequestBody[MemberChange],
        caller: Caller,
        services: ServicesDependency,
        believed: Believed = None,
    ) -> Member:
        """Changes the role, or disables or enables the member. Disabling ends their sessions. 409 `last_administrator`
        for the only one left.
        """
        role = None if data.role is None else Role(data.role)
        changed = await services.members.change(caller, member_id, role=role, disabled=data.disabled, believed=believed)
        return member(changed)

    @delete(
        "/members/{member_id:str}",
        summary="Remove a member",
        **route_access(ADMINISTRATOR, NotFound, ChangedMeanwhile, LastAdministrator),
    )
    async def remove_member(
        self, member_id: FromPath[str], caller: Caller, services: ServicesDependency, believed: Believed = None
    ) -> None:
        """Closes the account permanently. Their name stays on the reports they sent."""
        await services.members.remove(caller, member_id, believed)

    @get(
        "/members/{member_id:str}/waiting",
        summary="What waits for a member",
        **route_access(ADMINISTRATOR, NotFound),
    )
    async def waiting_for(
        self, member_id: FromPath[str], caller: Caller, services: ServicesDependency
    ) -> WaitingReports:
        """What nobody will open if the member is removed: reports that they received and have not opened."""
        return WaitingReports(await services.members.waiting(caller, member_id))

    @post(
        "/members/{member_id:str}/invitation",
        summary="Invite a member again",
        **route_access(ADMINISTRATOR, NotFound, ChangedMeanwhile, Conflict),
    )
    async def invite_member(
        self, member_id: FromPath[str], caller: Caller, services: ServicesDependency, believed: Believed = None
    ) -> InvitedMember:
        """For a lost invitation or a forgotten password; an older invitation becomes invalid.

        A member who has a password is signed out everywhere: send `version` along, so that a lost invitation is not taken
        for a forgotten password when the member has accepted it meanwhile. Once a new one is set with the invitation, the account can
        open only reports sent from then on, and the notice of the reset names the administrator.
        """
        invited = await services.members.invite_again(caller, member_id, believed)
        return invited_member(invited)

    @get("/service-accounts", summary="Service accounts", **_ONLY)
    async def service_accounts(self, caller: Caller, services: ServicesDependency) -> ServiceList:
        """Service accounts that are not revoked."""
        rows = await services.service_accounts.of(caller.institution_id or "")
        return ServiceList([service_view(row) for row in rows])

    @post("/service-accounts", summary="Make a service account", **route_access(ADMINISTRATOR, LimitExceeded))
    async def make_service_account(
        self, data: RequestBody[NewService], caller: Caller, services: ServicesDependency
    ) -> NewServiceView:
        """Its token is shown only once. It gets every report of the institution that is sent from now on, and polls for
        new ones.
        """
        made = await services.service_accounts.create(caller.institution_id or "", data.name, caller)
        return NewServiceView(made.account.id, made.account.name, made.token)

    @delete(
        "/service-accounts/{account_id:str}",
        summary="Revoke a service account",
        **route_access(ADMINISTRATOR, NotFound),
    )
    async def revoke_service_account(
        self, account_id: FromPath[str], caller: Caller, services: ServicesDependency
    ) -> None:
        """Its token becomes invalid immediately."""
        await services.service_accounts.revoke(caller.institution_id or "", account_id, caller)

    @get("/changes", summary="The administration record", **_ONLY)
    async def changes(
        self, caller: Caller, services: ServicesDependency, before: Before = _NEWEST, limit: Limit = 50
    ) -> ActPage:
        """Who changed what, when, and for whom: a page, newest first. Entries are never changed or deleted."""
        rows = await services.administration.page(caller, before, limit + 1)
        following = rows[limit - 1].number if len(rows) > limit else None
        return ActPage([act_view(row) for row in rows[:limit]], following)


async def _view(institution: Institution, services: Services) -> InstitutionView:
    return institution_view(institution, services.key_servers, await services.institutions.domains(institution.id))
