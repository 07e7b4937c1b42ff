"""Response messages; rows of reports are in `reports/views.py`. Times are RFC 3339 in UTC; sizes are bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.api.requests import PersonRole
from picsafe_server.users.db.models import Account, AdministrativeAct, Institution, ServiceAccount, SignedInSession
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.reports.audience import InstitutionReaders, Recipient
from picsafe_server.users.reports.views import ReportView


class InstitutionFacts(Struct, frozen=True):
    """What a member needs to know of their institution."""

    id: str
    name: str
    idle_lock_minutes: int
    retention_days: int


class PasswordReset(Struct, frozen=True):
    """Who made the invitation with which the caller's password was reset, and when that was used.

    `by` is what they called themselves then, `email` their address, `institution` the name of theirs and the caller's: people choose
    their names, not their addresses. All three are null for the operator.
    """

    by: str | None
    email: str | None
    institution: str | None
    at: str


class Me(Struct, frozen=True):
    """The caller, and where their servers are. `email`, `country` and `region` are null for a service account.

    `password_reset` is there until the caller has put the notice away. `since`: older reports cannot be opened by the caller.
    """

    id: str
    email: str | None
    name: str
    country: str | None
    region: str | None
    role: Literal["member", "administrator", "service"] | None
    kind: Literal["person", "service"]
    institution: InstitutionFacts | None
    server_time: str
    users_url: str
    key_servers: list[str]
    clouds: dict[str, str]
    since: str | None
    password_reset: PasswordReset | None


class SessionBegun(Struct, frozen=True, omit_defaults=True):
    """`token` is there for `transport: token` only. `expires_at` is the latest end; 12 idle hours end it earlier."""

    me: Me
    expires_at: str
    token: str | None = None


class SessionView(Struct, frozen=True):
    """A session of the caller. `current` is the one that asks."""

    id: str
    device: str
    created_at: str
    last_used_at: str
    current: bool

    @classmethod
    def of(cls, row: SignedInSession, current: str) -> SessionView:
        return cls(row.id, row.device, rfc3339(row.created_at), rfc3339(row.last_used_at), row.id == current)


class SessionList(Struct, frozen=True):
    """Last used first."""

    sessions: list[SessionView]


class SignedGrant(Struct, frozen=True):
    """A grant for the server at `url`."""

    url: str
    grant: str
    expires_at: str


class GrantAt(Struct, frozen=True):
    """A grant for the server at `url`."""

    url: str
    grant: str


class SignedToken(Struct, frozen=True):
    """A user token."""

    token: str
    expires_at: str


class ReportBegun(Struct, frozen=True):
    """A draft: what its sender needs to encrypt and upload it. `institutions` as in `Readers`: who else can open it."""

    report_id: str
    region: str
    expires_at: str
    cloud: GrantAt
    keyserver: GrantAt
    recipients: list[Recipient]
    institutions: list[InstitutionReaders]


class ReportPage(Struct, frozen=True):
    """Newest first. `next` goes on as `before`; null at the end."""

    reports: list[ReportView]
    next: str | None


class NewReports(Struct, frozen=True):
    """Oldest first. `cursor` goes on as `after`, now or later; `more`: there is more already."""

    reports: list[ReportView]
    cursor: str
    more: bool


class Suggestion(Struct, frozen=True):
    """Somebody whom the caller may want to write to. `institution` is its name."""

    id: str
    email: str
    name: str
    institution: str | None


class Suggestions(Struct, frozen=True):
    """Those last written to first."""

    recipients: list[Suggestion]


class InstitutionView(Struct, frozen=True):
    """An institution and its policy. Keys of new reports are made at `key_server`; members may ask PicSafe's own and `key_servers`, out of
    `permitted_key_servers`: those of the operator, PicSafe's own first. `domains`: the mail domains within which it adds members; the
    operator approves them."""

    id: str
    name: str
    retention_days: int
    idle_lock_minutes: int
    members_may_open: Literal["recipients", "members"]
    key_servers: list[str]
    key_server: str
    permitted_key_servers: list[str]
    domains: list[str]

    @classmethod
    def of(cls, row: Institution, key_servers: KeyServers, domains: Sequence[str]) -> InstitutionView:
        return cls(
            row.id,
            row.name,
            row.retention_days,
            row.idle_lock_minutes,
            row.members_may_open,  # type: ignore[arg-type]
            key_servers.of(row),
            key_servers.chosen(row),
            [key_servers.own, *key_servers.permitted],
            list(domains),
        )


class Member(Struct, frozen=True):
    """A member. `invited`: has not accepted an invitation yet."""

    id: str
    email: str
    name: str
    country: str
    role: PersonRole
    disabled: bool
    invited: bool

    @classmethod
    def of(cls, row: Account) -> Member:
        return cls(**_member(row))


class InvitedMember(Member, frozen=True):
    """A member and their invitation's token, which is shown this once."""

    invitation_token: str

    @classmethod
    def with_token(cls, row: Account, token: str) -> InvitedMember:
        return cls(**_member(row), invitation_token=token)


def _member(row: Account) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "country": row.country,
        "role": row.role,
        "disabled": row.disabled_at is not None,
        "invited": row.password_hash is None,
    }


class MemberPage(Struct, frozen=True):
    """In the order of addresses. `next` goes on as `after`; null at the end."""

    members: list[Member]
    next: str | None


class PersonWho(Struct, frozen=True):
    """Somebody, as the administration record names them."""

    id: str
    name: str


class Administrator(Struct, frozen=True):
    """Who did something: what they called themselves then, and their address, which they cannot choose (null in old lines)."""

    id: str
    name: str
    email: str | None


class ActView(Struct, frozen=True):
    """An administrative act. `who`: null for the operator; `whom`: a member by address, a service account by name, or null."""

    number: int
    at: str
    who: Administrator | None
    act: str
    whom: PersonWho | None
    before: str | None
    after: str | None

    @classmethod
    def of(cls, row: AdministrativeAct) -> ActView:
        who = Administrator(row.who_id, row.who_name or "", row.who_email) if row.who_id else None
        whom = PersonWho(row.whom_id, row.whom_name or "") if row.whom_id else None
        return cls(row.number, rfc3339(row.at), who, row.act, whom, row.before, row.after)


class ActPage(Struct, frozen=True):
    """Newest first. `next` goes on as `before`; null at the end."""

    changes: list[ActView]
    next: int | None


class ServiceView(Struct, frozen=True):
    """A service account."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None

    @classmethod
    def of(cls, row: ServiceAccount) -> ServiceView:
        used = rfc3339(row.last_used_at) if row.last_used_at else None
        return cls(row.id, row.name, rfc3339(row.created_at), used)


class ServiceList(Struct, frozen=True):
    """Oldest first."""

    service_accounts: list[ServiceView]


class NewServiceView(Struct, frozen=True):
    """A service account and its token, which is shown this once."""

    id: str
    name: str
    token: str
