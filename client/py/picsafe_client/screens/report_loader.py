"""Opens a report by its identifier or from a file: fetches it, requests the key, and shows progress meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

from picsafe_client.api import reports
from picsafe_client.app import App
from picsafe_client.i18n.texts import Phrase, moment, t
from picsafe_client.reports.browser_opening import PackageOpener
from picsafe_client.reports.open_report import OpenReport, PackageSource, key_releaser
from picsafe_client.reports.package_sources import CloudPackage, DiskSource, ReconnectPolicy
from picsafe_client.reports.prefetched import FetchedPackage, Prefetched
from picsafe_client.reports.range_reader import RangedSource
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import KeyRevoked, NotFound, PicSafeError, ReportExpired, Unreachable
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.opening import GivenKey, KeyReleaser
from picsafe_protocol.format.package import Header

Opened: TypeAlias = OpenReport[Any]


class ReportLoader:
    """One attempt to open a report. `row` is what the user server says of the report, once it is known; of a file, if
    it is the one that was sent.
    """

    def __init__(self, app: App, policy: ReconnectPolicy) -> None:
        self._app = app
        self._policy = policy
        self._opener = PackageOpener()
        self.row: ReportView | None = None

    async def from_cloud(self, report_id: str, wait: ProgressIndicator, prefetched: Prefetched | None = None) -> Opened:
        """A report that was sent. Raises whatever stands in its way. What was prefetched is believed no more than what
        is fetched now.
        """
        fetched = await prefetched.take(report_id) if prefetched is not None else None
        package = CloudPackage(self._app.api, report_id) if fetched is None else fetched.package
        try:
            source, expected = await self._begun(report_id, package, wait, fetched)
        except BaseException:
            if fetched is not None:
                fetched.source.close()
            raise
        self._policy.begun = True
        return await self._trusted(source, wait, expected, key_releaser(self._app.api))

    async def _begun(
        self, report_id: str, package: CloudPackage, wait: ProgressIndicator, fetched: FetchedPackage | None
    ) -> tuple[RangedSource[Any], Expectations]:
        """The package, its first bytes here and compared with what the index says of it."""
        answers: tuple[Any, Any] = await asyncio.gather(
            reports.report(self._app.api, report_id), package.prepare(), return_exceptions=True
        )
        row, grant = answers
        if isinstance(row, BaseException):
            raise row
        self.row = row
        if (error := state_error(row)) is not None:
            raise error
        if isinstance(grant, BaseException):
            raise grant
        expected = Expectations.of_report(row)
        if fetched is not None:
            if fetched.expected == expected:
                fetched.policy.waiting = self._policy.waiting
                await self._prefetch_token(row.keyserver_url)
                return fetched.source, expected
            fetched.source.close()
        source = self._opener.from_cloud(package, expected, self._policy)
        done, total = 0, source.first_bytes()

        def arrived(length: int) -> None:
            nonlocal done
            done += length
            wait.progress(done, total)

        try:
            await asyncio.gather(source.begin(arrived), self._prefetch_token(row.keyserver_url))
        except BaseException:
            source.close()
            raise
        return source, expected

    async def from_disk(self, file: Any, wait: ProgressIndicator) -> Opened:
        """A file of this computer. Nothing of it is sent anywhere; the user server is asked for the report of its name,
        and its key server for the key.
        """
        source = DiskSource(file)
        row: ReportView | None = None

        async def known(report_id: str) -> Expectations:
            nonlocal row
            row = await reports.report(self._app.api, report_id)
            wait.set_label(t("report.checking_file"))
            return Expectations.of_report(row)

        try:
            wait.progress(0, 0)
            expected = await self._opener.expectations(source, known)
        except BaseException:
            source.close()
            raise
        if expected is not None:
            self.row = row
        return await self._trusted(source, wait, expected, self._release)

    async def tell_opened(self) -> None:
        """Tells the user server that this person has opened the report, when it was sent to them."""
        if self.row is None or self.row.box != "inbox":
            return
        report_id = self.row.id
        await reports.mark_opened(self._app.api, report_id)
        if (box := self._app.boxes.get("inbox")) is not None:
            box.mark_opened(report_id)

    async def _trusted(
        self, source: PackageSource[Any], wait: ProgressIndicator, expected: Expectations | None, release: KeyReleaser
    ) -> Opened:
        wait.progress(0, 0)
        wait.set_label(t("report.asking_key"))
        try:
            allowed = self._app.require_me().key_servers
            return await self._opener.open(source, expected, allowed_key_servers=allowed, release=release)
        except BaseException:
            source.close()
            raise

    async def _release(self, header: Header) -> GivenKey:
        """The key of a file from disk: all that is missing when there is no connection, which is worth saying."""
        try:
            return await key_releaser(self._app.api)(header)
        except Unreachable as error:
            raise Unreachable(
                Phrase(t("report.key_unreachable")), advice=Phrase(t("report.key_unreachable_advice"))
            ) from error

    async def _prefetch_token(self, keyserver_url: str) -> None:
        """Gets the user token while the package comes; it is for the server that the index names, if that is
        allowed.
        """
        if keyserver_url not in self._app.require_me().key_servers:
            return
        try:
            await self._app.api.user_token(keyserver_url)
        except PicSafeError:
            # It is asked for again when the header has been read, and then the failure counts.
            return


def state_error(row: ReportView) -> PicSafeError | None:
    """Why a report that the user server knows cannot be opened; None when it can."""
    state = row.state
    if state == "expired":
        return ReportExpired()
    if state == "withdrawn":
        if row.box == "sent" or row.withdrawn_at is None:
            return KeyRevoked()
        return KeyRevoked(Phrase(t("report.withdrawn_by", name=row.sender.name, moment=moment(row.withdrawn_at))))
    if state == "draft":
        return NotFound(Phrase(t("report.not_arrived")), advice=Phrase(t("report.not_arrived_advice")))
    return None
