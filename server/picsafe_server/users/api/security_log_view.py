"""The security log as returned by the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.api.responses import PersonWho
from picsafe_server.users.audit.security_log import Named


class SecurityEventView(Struct, frozen=True):
    """A line of the security log. `event` is a stable name of two parts, as `sign_in.refused`; there may be names that
    you do not know.

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

    @classmethod
    def of(cls, named: Named) -> SecurityEventView:
        line = named.line
        return cls(
            line.number,
            rfc3339(line.at),
            line.event,
            PersonWho(line.account_id, named.email or "") if line.account_id else None,
            line.actor,  # type: ignore[arg-type]
            PersonWho(line.by_id, named.by_email or "") if line.by_id else None,
            line.network,
            line.device,
        )


class SecurityPage(Struct, frozen=True):
    """Newest first. `next` goes on as `before`; null at the end."""

    events: list[SecurityEventView]
    next: int | None

    @classmethod
    def of(cls, rows: Sequence[Named], limit: int) -> SecurityPage:
        """The first `limit` of `rows`, which has one more where there is a further page."""
        following = rows[limit - 1].line.number if len(rows) > limit else None
        return cls([SecurityEventView.of(row) for row in rows[:limit]], following)
