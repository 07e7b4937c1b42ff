"""Rate limits over a window that begins with the first event; counted in the database, so that all processes count
together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, literal
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.db.models import LookupWindow, SignInFailures

Counter = type[SignInFailures] | type[LookupWindow]


@dataclass(frozen=True)
class Count:
    """What is counted, as a hash, and how often it may happen in a window."""

    subject: bytes
    maximum: int


class Counted(NamedTuple):
    """`seconds` to wait when it was too many, or 0; `is_first`: whether this was the first time too many in its
    window.
    """

    seconds: int
    is_first: bool


async def consume(
    session: AsyncSession, counter: Counter, what: Count, window: timedelta, now: datetime, amount: int = 1
) -> Counted:
    """Count `amount` more."""
    over = counter.began_at <= now - window
    moment = counter.began_at.type
    changes: Mapping[str, object] = {
        "count": case((over, amount), else_=counter.count + amount),
        "began_at": case((over, literal(now, moment)), else_=counter.began_at),
    }
    statement = (
        insert_into(session, counter)
        .values(subject=what.subject, began_at=now, count=amount)
        .on_conflict_do_update(index_elements=[counter.subject], set_=dict(changes))
        .returning(counter.count, counter.began_at)
    )
    times, began_at = (await session.execute(statement)).one()
    if times <= what.maximum:
        return Counted(0, False)
    return Counted(max(1, math.ceil((began_at + window - now).total_seconds())), times - amount <= what.maximum)


async def forget_old(session: AsyncSession, counter: Counter, window: timedelta, now: datetime) -> int:
    """Forget windows that are over; how many there were."""
    old = delete(counter).where(counter.began_at <= now - window)
    return len((await session.scalars(old.returning(counter.subject))).all())
