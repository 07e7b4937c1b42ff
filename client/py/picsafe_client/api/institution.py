"""The caller's institution at the user server, for its administrators: policy, members, service accounts, record."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.api.institutions import (
    ActPage,
    InstitutionView,
    InvitedMember,
    Member,
    MemberPage,
    NewServiceView,
    ServiceList,
    ServiceView,
    WaitingReports,
)
from picsafe_protocol.contracts.api.requests import InstitutionChange, MemberChange, NewMember, NewService
from picsafe_protocol.contracts.limits import PAGE_ROWS
from picsafe_protocol.json.messages import read, write

_INSTITUTION: Final = "/v1/institution"
_MEMBERS: Final = f"{_INSTITUTION}/members"
_SERVICES: Final = f"{_INSTITUTION}/service-accounts"


async def policy(api: Api) -> InstitutionView:
    """The institution and its policy."""
    return read(InstitutionView, await api.users("GET", _INSTITUTION))


async def change_policy(api: Api, change: InstitutionChange, believed: InstitutionView) -> InstitutionView:
    """Changes what is given; the policy after that. Raises `ChangedMeanwhile` when it is no longer as `believed`,
    `KeyServerNotPermitted` and what else is refused.
    """
    path = f"{_INSTITUTION}?{urlencode({'version': believed.version})}"
    return read(InstitutionView, await api.users("PATCH", path, write(change)))


async def members(api: Api, after: str | None = None) -> MemberPage:
    """A page in the order of addresses; `after` is `next` of the page before."""
    query = urlencode({"limit": PAGE_ROWS} | ({"after": after} if after else {}))
    return read(MemberPage, await api.users("GET", f"{_MEMBERS}?{query}"))


async def add_member(api: Api, member: NewMember) -> InvitedMember:
    """Adds and invites somebody. Raises `Conflict` for an address that has an account, and `DomainNotApproved`."""
    return read(InvitedMember, await api.users("POST", _MEMBERS, write(member)))


# Each takes the member as they were listed, and raises `ChangedMeanwhile` when they are no longer like that.


async def change_member(api: Api, member: Member, change: MemberChange) -> Member:
    """Changes what is given; the member after that. Raises `LastAdministrator` for the only one left."""
    return read(Member, await api.users("PATCH", _member(member), write(change)))


async def remove_member(api: Api, member: Member) -> None:
    """Closes the account for good. Raises `LastAdministrator` for the only one left."""
    await api.users("DELETE", _member(member))


async def invite_again(api: Api, member: Member) -> InvitedMember:
    """A new invitation; older ones become invalid, and so does the member's password."""
    return read(InvitedMember, await api.users("POST", _member(member, "/invitation"), {}))


async def waiting_for(api: Api, member: Member) -> WaitingReports:
    """What a member leaves behind who is removed."""
    return read(WaitingReports, await api.users("GET", f"{_MEMBERS}/{quote(member.id, safe='')}/waiting"))


async def service_accounts(api: Api) -> list[ServiceView]:
    """Those that are not revoked, oldest first."""
    return read(ServiceList, await api.users("GET", _SERVICES)).service_accounts


async def make_service_account(api: Api, name: str) -> NewServiceView:
    """A new one, with its token, which is shown this once."""
    return read(NewServiceView, await api.users("POST", _SERVICES, write(NewService(name=name))))


async def revoke_service_account(api: Api, account_id: str) -> None:
    """Its token becomes invalid immediately."""
    await api.users("DELETE", f"{_SERVICES}/{quote(account_id, safe='')}")


async def administration_record(api: Api, before: int | None, limit: int, *, signal: Any = None) -> ActPage:
    """`limit` administrative acts, newest first: those before number `before`, or the newest."""
    query = {"limit": limit} | ({} if before is None else {"before": before})
    return read(ActPage, await api.users("GET", f"{_INSTITUTION}/changes?{urlencode(query)}", signal=signal))


def _member(member: Member, action: str = "") -> str:
    return f"{_MEMBERS}/{quote(member.id, safe='')}{action}?{urlencode({'version': member.version})}"
