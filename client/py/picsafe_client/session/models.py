"""The signed-in person, and the servers' time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from picsafe_protocol.contracts.limits import IDLE_LOCK_MINUTES, REPORT_DAYS

ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True)
class Institution:
    """The enterprise account that a person belongs to."""

    id: str
    name: str
    idle_lock_minutes: int = IDLE_LOCK_MINUTES
    retention_days: int = REPORT_DAYS


@dataclass(frozen=True)
class PasswordReset:
    """Somebody made an invitation with which the person's password was reset. `by`: what they called themselves then;
    None for the operator.

    `email` and `institution` say who that is; they may be missing for a reset of long ago.
    """

    by: str | None
    at: str
    email: str | None = None
    institution: str | None = None


@dataclass(frozen=True)
class Me:
    """The person who is signed in, as ``GET /v1/me`` tells."""

    id: str
    email: str
    name: str
    country: str
    region: str
    role: str | None
    institution: Institution | None
    key_servers: tuple[str, ...]
    clouds: Mapping[str, str] = field(default_factory=dict)
    password_reset: PasswordReset | None = None

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Me:
        """The person whom the user server describes."""
        found = answer.get("institution")
        institution = None
        if found:
            institution = Institution(
                found["id"],
                found["name"],
                min(int(found.get("idle_lock_minutes") or IDLE_LOCK_MINUTES), IDLE_LOCK_MINUTES),
                int(found.get("retention_days") or REPORT_DAYS),
            )
        return cls(
            id=answer["id"],
            email=answer["email"],
            name=answer["name"],
            country=answer["country"],
            region=answer["region"],
            role=answer.get("role"),
            institution=institution,
            key_servers=tuple(answer.get("key_servers") or ()),
            clouds=dict(answer.get("clouds") or {}),
            password_reset=PasswordReset(reset["by"], reset["at"], reset.get("email"), reset.get("institution"))
            if (reset := answer.get("password_reset"))
            else None,
        )

    @property
    def is_administrator(self) -> bool:
        """Whether this person may see and change the institution's settings."""
        return self.institution is not None and self.role == ADMINISTRATOR

    @property
    def idle_minutes(self) -> int:
        """After how many idle minutes the page locks: the institution's setting, at most `IDLE_LOCK_MINUTES`."""
        return self.institution.idle_lock_minutes if self.institution else IDLE_LOCK_MINUTES


class Clock:
    """The servers' time. Ward computers are often minutes or an hour off; "6 days left" must not be."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def learn(self, server_time: str | None) -> None:
        """Remembers how far this machine's clock is from `server_time`, which has just arrived."""
        if server_time:
            self.offset = datetime.fromisoformat(server_time) - datetime.now(UTC)

    def now(self) -> datetime:
        """The time, in UTC, by the servers' clock."""
        return datetime.now(UTC) + self.offset
