"""The signed-in person, and the servers' time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from picsafe_protocol.contracts.api.accounts import InstitutionFacts, Me, PasswordReset
from picsafe_protocol.contracts.errors import InternalError
from picsafe_protocol.contracts.limits import IDLE_LOCK_MINUTES

ADMINISTRATOR: Final = "administrator"


@dataclass(frozen=True)
class Person:
    """The person who is signed in: `Me` of the user server, which has an address and a country for every person."""

    id: str
    email: str
    name: str
    country: str
    region: str
    role: str | None
    institution: InstitutionFacts | None
    key_servers: Collection[str]
    password_reset: PasswordReset | None = None

    @classmethod
    def of(cls, me: Me) -> Person:
        """Raises `InternalError` for a service account, which nobody signs in with here."""
        if me.email is None or me.country is None or me.region is None:
            raise InternalError
        return cls(
            me.id,
            me.email,
            me.name,
            me.country,
            me.region,
            me.role,
            me.institution,
            me.key_servers,
            me.password_reset,
        )

    @property
    def is_administrator(self) -> bool:
        """Whether this person may see and change the institution's settings."""
        return self.institution is not None and self.role == ADMINISTRATOR

    @property
    def idle_minutes(self) -> int:
        """After how many idle minutes the page locks: the institution's setting, at most `IDLE_LOCK_MINUTES`."""
        return min(self.institution.idle_lock_minutes, IDLE_LOCK_MINUTES) if self.institution else IDLE_LOCK_MINUTES


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
