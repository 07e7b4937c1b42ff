"""Makes the answers of the security log."""

from __future__ import annotations

from collections.abc import Sequence

from picsafe_protocol.contracts.api.institutions import PersonWho, SecurityEventView, SecurityPage
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.audit.security_log import Named


def security_page(rows: Sequence[Named], limit: int) -> SecurityPage:
    """The first `limit` of `rows`, which has one more where there is a further page."""
    following = rows[limit - 1].line.number if len(rows) > limit else None
    return SecurityPage([_event(row) for row in rows[:limit]], following)


def _event(named: Named) -> SecurityEventView:
    line = named.line
    return SecurityEventView(
        line.number,
        rfc3339(line.at),
        line.event,
        PersonWho(line.account_id, named.email or "") if line.account_id else None,
        line.actor,  # type: ignore[arg-type]
        PersonWho(line.by_id, named.by_email or "") if line.by_id else None,
        line.network,
        line.device,
    )
