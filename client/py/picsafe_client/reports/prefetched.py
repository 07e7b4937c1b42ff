"""The beginning of the encrypted package that is likely to be opened next, fetched while the person looks at another.

It is ciphertext: its key is requested, and logged, only when the person opens the report.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from picsafe_client.api.client import Api
from picsafe_client.errors import Cancelled
from picsafe_client.reports.browser_opening import PackageOpener
from picsafe_client.reports.package_sources import CloudPackage, ReconnectPolicy
from picsafe_client.reports.range_reader import RangedSource
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.format.expectations import Expectations


@dataclass(frozen=True)
class FetchedPackage:
    """What has been fetched for a report of which the index said `expected`. `policy` is that of its connections."""

    report_id: str
    expected: Expectations
    package: CloudPackage
    source: RangedSource[Any]
    policy: ReconnectPolicy


class Prefetched:
    """One package at most, in memory until it is taken, replaced or dropped."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._report_id = ""
        self._fetching: asyncio.Task[FetchedPackage | None] | None = None

    def begin(self, row: ReportView) -> None:
        """Begins to fetch what opening this report reads first. Whatever stands in its way shows when it is opened."""
        if self._fetching is None or self._report_id != row.id:
            self.drop()
            self._report_id, self._fetching = row.id, asyncio.ensure_future(self._fetched(row))

    async def take(self, report_id: str) -> FetchedPackage | None:
        """What was fetched for this report, once; it is the caller's to close. What was fetched for another is dropped."""
        fetching = self._fetching
        if fetching is None or self._report_id != report_id:
            self.drop()
            return None
        try:
            return await fetching
        finally:
            if fetching is self._fetching:
                self._fetching = None

    def drop(self) -> None:
        """Forgets what was fetched, and what is on its way."""
        fetching, self._fetching = self._fetching, None
        if fetching is None:
            return
        fetching.cancel()
        if fetching.done() and not fetching.cancelled() and fetching.exception() is None:
            fetched = fetching.result()
            if fetched is not None:
                fetched.source.close()

    async def _fetched(self, row: ReportView) -> FetchedPackage | None:
        expected, package = Expectations.of_report(row), CloudPackage(self._api, row.id)
        policy = ReconnectPolicy(lambda _waiting: None)
        source = PackageOpener().from_cloud(package, expected, policy)
        try:
            await source.begin()
        except (PicSafeError, Cancelled):
            source.close()
            return None
        except asyncio.CancelledError:
            source.close()
            raise
        policy.begun = True
        return FetchedPackage(row.id, expected, package, source, policy)
