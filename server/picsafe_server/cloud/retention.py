"""Retention: expired packages are first marked as gone in the database, then deleted from the store; failures are
retried.

Reads compare expiry with the clock, so a report ends on time even when a sweep runs late.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from picsafe_protocol.contracts.limits import REPORT_DAYS, UPLOAD_HOURS
from picsafe_server.cloud.db.models import Discard
from picsafe_server.cloud.db.repository import upload_of
from picsafe_server.cloud.region import RegionCloud
from picsafe_server.cloud.stores import Upload
from picsafe_server.runtime.sweeper import Step

ORPHAN_MARGIN = timedelta(hours=1)
"""What no row leads to is deleted so long after any row could have led to it: the clocks of disk, bucket and server
differ.
"""

ORPHAN_SECONDS = 1800.0
"""Looking through all that a store holds, once an hour: a long list in a bucket takes its time."""
DISCARDS_AT_ONCE = 4
"""Deletions under way at a time: a few that hang must not hold up the rest, nor take all of the region's threads."""
DISCARD_WITHIN = timedelta(hours=1)
"""After so long the operator has to know that the store does not delete."""

_log = logging.getLogger("picsafe.cloud")


class DeletionLate(Exception):
    """Ciphertext that should have been deleted is still in the store."""


async def delete(cloud: RegionCloud, report_id: str, issuer: str) -> None:
    """Delete a report's package permanently. Works also for one that was never uploaded, which can then not be uploaded
    later.
    """
    now = cloud.clock.now()
    try:
        upload = await cloud.ledger.delete(report_id, issuer=issuer, now=now)
    except IntegrityError:  # an upload of it began at this very moment: now there is a row
        upload = await cloud.ledger.delete(report_id, issuer=issuer, now=now)
    if upload is not None:
        await discard_now(cloud, upload)


async def discard_now(cloud: RegionCloud, upload: Upload) -> bool:
    """Delete from the store what the database no longer refers to. A failure is logged and left to the next sweep."""
    try:
        await cloud.store.discard(upload)
    except Exception as error:  # noqa: BLE001 whatever the store's trouble is, the ledger remembers
        _log.warning("%s: could not discard %s yet", cloud.region, upload.name, exc_info=error)
        return False
    await cloud.ledger.discarded(upload.name)
    return True


def steps(cloud: RegionCloud) -> list[Step]:
    """The scheduled work of one region."""

    async def expire() -> int:
        return await _all(cloud.ledger.expire, cloud.clock.now())

    async def forget_abandoned() -> int:
        return await _all(cloud.ledger.forget_abandoned, cloud.clock.now())

    async def discard() -> int:
        return await _discard_all(cloud)

    async def delete_orphans() -> int:
        now = cloud.clock.now()
        return await cloud.store.sweep(
            abandoned=now - timedelta(hours=UPLOAD_HOURS) - ORPHAN_MARGIN,
            expired=now - timedelta(days=REPORT_DAYS) - ORPHAN_MARGIN,
        )

    region = cloud.region
    return [
        Step("expired", expire, region=region),
        Step("abandoned", forget_abandoned, region=region),
        Step("discarded", discard, region=region),
        Step("orphans", delete_orphans, ORPHAN_SECONDS, region),
    ]


async def _discard_all(cloud: RegionCloud) -> int:
    """Delete from the store what the database no longer refers to; `DeletionLate` when something has waited for too
    long.
    """
    done, last = 0, ""
    late: list[Discard] = []
    while rows := await cloud.ledger.discards(after=last):
        for some in (rows[start : start + DISCARDS_AT_ONCE] for start in range(0, len(rows), DISCARDS_AT_ONCE)):
            outcomes = await asyncio.gather(*(discard_now(cloud, upload_of(row)) for row in some))
            done += sum(outcomes)
            late += [
                row
                for row, gone in zip(some, outcomes, strict=True)
                if not gone and row.since <= cloud.clock.now() - DISCARD_WITHIN
            ]
        last = rows[-1].name  # on past those that fail: they must not keep the others
    if late:
        raise DeletionLate(f"{cloud.region}: {len(late)} expired packages could not be deleted for an hour or more")
    return done


async def _all(step: Callable[[datetime], Awaitable[int]], now: datetime) -> int:
    total = 0
    while done := await step(now):
        total += done
    return total
