"""Retention: what is over is buried in the ledger first and deleted from the store after; what fails is tried again.

Reading compares with the clock, so nothing here has to be punctual for a report to be over.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from picsafe_protocol.limits import REPORT_DAYS, UPLOAD_HOURS
from picsafe_server.cloud.ledger import upload_of
from picsafe_server.cloud.region import RegionCloud
from picsafe_server.cloud.stores import Upload

ORPHAN_MARGIN = timedelta(hours=1)
"""What no row leads to is deleted so long after any row could have led to it: the clocks of disk, bucket and server differ."""

_log = logging.getLogger("picsafe.cloud")


async def delete(cloud: RegionCloud, report_id: str, issuer: str) -> None:
    """Delete a report's package for good; also one that never came, so that it cannot come later."""
    now = cloud.clock.now()
    try:
        upload = await cloud.ledger.delete(report_id, issuer=issuer, now=now)
    except IntegrityError:  # an upload of it began at this very moment: now there is a row
        upload = await cloud.ledger.delete(report_id, issuer=issuer, now=now)
    if upload is not None:
        await discard_now(cloud, upload)


async def discard_now(cloud: RegionCloud, upload: Upload) -> bool:
    """Delete from the store what the ledger has let go of. A failure is logged and left to the next sweep."""
    try:
        await cloud.store.discard(upload)
    except Exception as error:  # noqa: BLE001 whatever the store's trouble is, the ledger remembers
        _log.warning("%s: could not discard %s yet", cloud.region, upload.name, exc_info=error)
        return False
    await cloud.ledger.discarded(upload.name)
    return True


async def sweep(cloud: RegionCloud) -> dict[str, int]:
    """All that is due in one region; counts."""
    now = cloud.clock.now()
    expired = await _all(cloud.ledger.expire, now)
    abandoned = await _all(cloud.ledger.forget_abandoned, now)
    discarded = await _discard_all(cloud)
    orphans = await cloud.store.sweep(
        abandoned=now - timedelta(hours=UPLOAD_HOURS) - ORPHAN_MARGIN,
        expired=now - timedelta(days=REPORT_DAYS) - ORPHAN_MARGIN,
    )
    return {"expired": expired, "abandoned": abandoned, "discarded": discarded, "orphans": orphans}


async def _discard_all(cloud: RegionCloud) -> int:
    done, last = 0, ""
    while rows := await cloud.ledger.discards(after=last):
        for row in rows:
            done += await discard_now(cloud, upload_of(row))
        last = rows[-1].name  # on past those that fail: they must not keep the others
    return done


async def _all(step: Callable[[datetime], Awaitable[int]], now: datetime) -> int:
    total = 0
    while done := await step(now):
        total += done
    return total
