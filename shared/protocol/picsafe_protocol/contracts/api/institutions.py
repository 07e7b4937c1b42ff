"""An institution as its administrators see it: policy, members, service accounts, changes and the security log (user
server).
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT
from picsafe_protocol.contracts.api.message import message

__all__ = [
    "ActPage",
    "ActView",
    "Administrator",
    "InstitutionView",
    "InvitedMember",
    "Member",
    "MemberPage",
    "NewServiceView",
    "PersonWho",
    "SecurityEventView",
    "SecurityPage",
    "ServiceList",
    "ServiceView",
    "WaitingReports",
]


@message
class InstitutionView:
    """An institution and its policy. Keys of new reports are made at `key_server`; members may ask PicSafe's own and
    `key_servers`, out of `permitted_key_servers`: those of the operator, PicSafe's own first. `domains`: the mail
    domains within which it adds members; the operator approves them. `labels`: whether members' new reports get a
    sealed label (format, section 10).
    """

    id: str
    name: str
    retention_days: int
    idle_lock_minutes: int
    members_may_open: Literal["recipients", "members"]
    key_servers: list[str]
    key_server: str
    permitted_key_servers: list[str]
    domains: list[str]
    labels: Literal["sealed", "none"] = field(metadata={WHEN_ABSENT: "none"})
    version: str = field(metadata={WHEN_ABSENT: ""})
    """Changes with the policy. Who sends it along with a change is refused when somebody else was faster."""


@message
class Member:
    """A member. `invited`: has not accepted an invitation yet. `version` changes with role and state: an action that
    carries it is refused when the member is no longer as they were listed.
    """

    id: str
    email: str
    name: str
    country: str
    role: Literal["member", "administrator"]
    disabled: bool
    invited: bool
    version: str = field(metadata={WHEN_ABSENT: ""})


@message(kw_only=True)
class InvitedMember(Member):
    """A member and their invitation's token, which is shown this once, and the moment until which it can be used."""

    invitation_token: str
    expires_at: str


@message
class WaitingReports:
    """How many reports wait for a member who has not opened them."""

    unopened: int


@message
class MemberPage:
    """In the order of addresses. `next` goes on as `after`; null at the end."""

    members: list[Member]
    next: str | None


@message
class PersonWho:
    """Somebody, as the administration record names them."""

    id: str
    name: str


@message
class Administrator:
    """Who did something: what they called themselves then, and their address, which they cannot choose (null in old
    lines).
    """

    id: str
    name: str
    email: str | None


@message
class ActView:
    """An administrative act. `who`: null for the operator; `whom`: a member by address, a service account by name, or
    null.
    """

    number: int
    at: str
    who: Administrator | None
    act: str
    whom: PersonWho | None
    before: str | None
    after: str | None


@message
class ActPage:
    """Newest first. `next` goes on as `before`; null at the end."""

    changes: list[ActView]
    next: int | None


@message
class ServiceView:
    """A service account."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None


@message
class ServiceList:
    """Oldest first."""

    service_accounts: list[ServiceView]


@message
class NewServiceView:
    """A service account and its token, which is shown this once."""

    id: str
    name: str
    token: str


@message
class SecurityEventView:
    """A line of the security log. `event` is a stable name of two parts, as `sign_in.refused`; there may be names
    that you do not know.

    `account`: whom it is about, by address, or the service account, by name; null for the whole network. `actor`: who
    made it happen; `by` names an administrator. `network` is the client's, as 203.0.113.0/24; `device` is what the
    device called itself. Both are null where they are not known.
    """

    number: int
    at: str
    event: str
    account: PersonWho | None
    actor: Literal["self", "administrator", "operator", "unknown"]
    by: PersonWho | None
    network: str | None
    device: str | None


@message
class SecurityPage:
    """Newest first. `next` goes on as `before`; null at the end."""

    events: list[SecurityEventView]
    next: int | None
