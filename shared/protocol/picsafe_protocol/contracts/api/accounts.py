"""The caller's account: who they are, their sessions, their user tokens (user server)."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT, Base64, Identifier, Moment
from picsafe_protocol.contracts.api.message import message

__all__ = [
    "DraftSecret",
    "DraftSecrets",
    "InstitutionFacts",
    "InvitationView",
    "Me",
    "PasswordReset",
    "SessionBegun",
    "SessionList",
    "SessionView",
    "SignedToken",
]


@message
class InstitutionFacts:
    """What a member needs to know of their institution."""

    id: Identifier
    name: str
    idle_lock_minutes: int
    retention_days: int


@message
class PasswordReset:
    """Who made the invitation with which the caller's password was reset, and when that was used.

    `by` is what they called themselves then, `email` their address, `institution` the name of theirs and the
    caller's: people choose their names, not their addresses. All three are null for the operator.
    """

    by: str | None
    email: str | None
    institution: str | None
    at: str


@message
class InvitationView:
    """What an invitation is for. `by` is what the inviting administrator called themselves then, `by_email` their
    address; both are null for the operator. `resets`: the account has a password, which the invitation replaces.
    """

    name: str
    email: str
    institution: str | None
    by: str | None
    by_email: str | None
    expires_at: Moment
    resets: bool


@message
class Me:
    """The caller, and where their servers are. `email`, `country` and `region` are null for a service account.

    `password_reset` is there until the caller has put the notice away. `since`: older reports cannot be opened by the
    caller.
    """

    id: str
    email: str | None
    name: str
    country: str | None
    region: str | None
    role: Literal["member", "administrator", "service"] | None
    kind: Literal["person", "service"]
    institution: InstitutionFacts | None
    server_time: Moment = field(metadata={WHEN_ABSENT: ""})
    users_url: str
    key_servers: list[str]
    clouds: dict[str, str]
    since: str | None
    password_reset: PasswordReset | None


@message
class SessionBegun:
    """`token` is there for `transport: token` only. `expires_at` is the latest end; 12 idle hours end it earlier."""

    me: Me
    expires_at: str
    token: str | None = None


@message
class SessionView:
    """A session of the caller. `current` is the one that asks."""

    id: str
    device: str
    created_at: str
    last_used_at: str
    current: bool


@message
class SessionList:
    """Last used first."""

    sessions: list[SessionView]


@message
class SignedToken:
    """A user token."""

    token: str
    expires_at: Moment


@message
class DraftSecret:
    """The secret for one draft that the caller's page keeps sealed: 32 bytes in base64."""

    id: Identifier
    secret: Base64
    created_at: Moment
    ends_at: Moment


@message
class DraftSecrets:
    """Newest first."""

    secrets: list[DraftSecret]
