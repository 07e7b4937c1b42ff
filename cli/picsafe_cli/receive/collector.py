"""Sync: fetches every new report once, decrypts it, stores it, and only then reports it as collected.

The order is what makes it safe. Reports are noted as waiting before the cursor passes them (`State.save`); a report is
stored durably (`Sink.commit`), then confirmed to the server (`collected`), then forgotten here. A crash between any
two of these repeats the later ones, which does no harm.

Only the user server can declare a report over. A response of a cloud or a key server, or a download, may come from a
proxy: errors in them are reported, and retried until the report expires.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from picsafe_cli.api.circuit_breaker import CircuitBreaker
from picsafe_cli.api.client import Api
from picsafe_cli.receive.download import Downloads
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.receive.refetch_policy import Retry, as_arrived, is_damage
from picsafe_cli.receive.save_report import write_files
from picsafe_cli.receive.sinks import Outcome, Sink
from picsafe_cli.receive.state import State
from picsafe_media import FileSource
from picsafe_protocol.contracts import errors
from picsafe_protocol.contracts.api.reports import NewReports, ReportView
from picsafe_protocol.contracts.errors import NotFound, NotPermitted, PicSafeError, ServiceError
from picsafe_protocol.contracts.identifiers import checked_identifier
from picsafe_protocol.contracts.tokens import Action
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.json.timestamps import utc_text

PAGE: Final = 100
"""Reports of one question to the server."""

DOWNLOADS: Final = ".downloads"
"""Where packages lie, encrypted, until they are stored."""

_PASSING: Final = (
    errors.TokenRefused,  # the clocks of two servers differ
    errors.Conflict,
    ServiceError,
)
"""What may pass: it is tried again in every round. Any other error is tried again with growing pauses."""

_OVER: Final = (errors.Gone, errors.ReportPredatesAccess, NotFound)
"""What the user server says of a report that is over for us. Nobody else can say so: neither a cloud, nor a key server
that was asked because of bytes that are not authenticated, nor those bytes themselves.
"""

_log = logging.getLogger("picsafe.sync")


@dataclass
class Summary:
    """The result of one round. Of those `waiting`, `damaged` ones arrived different from what was sent; of those
    `refused`, `lost` ones were over before they could be stored.
    """

    stored: int = 0
    refused: int = 0
    waiting: int = 0
    damaged: int = 0
    lost: int = 0


class Collector:
    """Brings the reports of a service account to a sink. `folder` keeps the state and what is being fetched."""

    def __init__(self, api: Api, sink: Sink, folder: Path) -> None:
        self._api = api
        self._sink = sink
        self._state = State.load(folder)
        self._downloads = Downloads(api, folder / DOWNLOADS)
        self._downloads.keep_only(self._state.waiting)
        self._key_servers: list[str] = []
        self._outages = CircuitBreaker()
        self._summary = Summary()

    def requeue(self, report_id: str) -> None:
        """Try a report in the next round that could not be stored, or that waits. `Conflict` when it was stored."""
        if self._sink.has(checked_identifier(report_id)):
            raise errors.Conflict(f"The report {report_id} is stored already.", advice="Nothing is left to be done.")
        waited = self._state.retries.pop(report_id, None) is not None
        if self._wait_for(report_id) or waited:
            self._state.save()

    async def round(self) -> Summary:
        """Fetch everything there is. Raises what concerns all reports (`NotSignedIn`, `Unreachable`, a full disk, …);
        what concerns one is logged, and tried again in the next round unless it is final."""
        self._outages, self._summary = CircuitBreaker(), Summary()
        await self._sign_in()
        waiting = list(self._state.waiting)
        more = True
        while more:
            page = await self._next_page()
            more = page.more and page.cursor != self._state.cursor
            # Noted before anything is fetched: however this ends, none of the page is forgotten.
            fresh = [report for report in page.reports if self._wait_for(report.id)]
            if fresh or page.cursor != self._state.cursor:
                self._state.cursor = page.cursor
                self._state.save()
            for report in fresh:
                await self._collect(report)
        for report_id in waiting:
            await self._collect_waiting(report_id)
        self._summary.waiting = len(self._state.waiting)
        self._summary.damaged = sum(retry.is_damage for retry in self._state.retries.values())
        return self._summary

    async def _sign_in(self) -> None:
        me = await self._api.me()
        if me.kind != "service" or me.institution is None:
            raise NotPermitted(
                "picsafe sync needs a service account; this token belongs to a person.",
                advice="An administrator of the institution makes one on the page Institution.",
            )
        self._key_servers = me.key_servers
        self._state.belongs_to(f"{self._api.users_url} {me.institution.id}")

    async def _next_page(self) -> NewReports:
        try:
            return await self._api.new_reports(self._question())
        except errors.CursorUnknown as error:
            if not self._state.cursor:
                raise
            _log.warning("%s Looking through all reports again; none is stored twice.", error)
            self._state.cursor = ""
            self._state.save()
            return await self._api.new_reports(self._question())

    def _question(self) -> str:
        after = {"after": self._state.cursor} if self._state.cursor else {}
        return urlencode({"limit": PAGE, **after})

    def _wait_for(self, report_id: str) -> bool:
        """Whether the report is new here; it is added to the waiting ones then."""
        if report_id in self._state.waiting:
            return False
        self._state.waiting.append(report_id)
        return True

    async def _collect_waiting(self, report_id: str) -> None:
        """Store reports that an earlier round, or an earlier run of the program, could not store."""
        try:
            report = await self._api.report(report_id)
        except _OVER as error:
            unknown = Outcome(report_id, error.code, noted_at=self._now())
            if not await self._is_over(unknown):  # a cache may have answered: what is asked with POST is never cached
                _log.warning("report %s waits: %s", report_id, error)
            return
        over = report.state != "available" and not self._sink.has(report_id)
        if over and await self._is_over(self._outcome(report, report.state)):
            return
        retry = self._state.retries.get(report_id)
        if retry is None or retry.is_due(self._api.clock.now()):
            await self._collect(report)

    async def _collect(self, report: ReportView) -> None:
        """Store one report, or log why not. Raises only errors that concern all reports."""
        try:
            if self._sink.has(report.id):
                self._sink.commit(self._outcome(report, "stored"))
            else:
                await self._store(report)
                self._summary.stored += 1
            await self._tell(report)
        except errors.NotSignedIn as error:
            await self._api.me()  # raises when it is us
            self._defer(report, error)
        except _PASSING as error:
            self._defer(report, error)
        except PicSafeError as error:
            if report.keyserver_url not in self._key_servers:  # an administrator may allow it tomorrow
                self._defer(report, error)
            elif not await self._is_over(self._outcome(report, error.code)):
                self._fetch_later(report, error)
        except OSError:  # this computer's trouble
            raise
        except Exception as error:  # noqa: BLE001 nobody foresaw it, and still one report must not hold up the others
            # Where it happened, and not what it says: that might hold what the report holds.
            _log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            self._defer(report, errors.InternalError("Something went wrong that nobody foresaw."))
        else:
            self._done(report.id)

    async def _is_over(self, outcome: Outcome) -> bool:
        """Whether the user server says that a report is over; then it has been refused for that, whatever `outcome`
        says.
        """
        try:
            await self._api.report_grant(outcome.report_id, Action.PACKAGE_DOWNLOAD.value)
        except _OVER as over:
            self._refuse(replace(outcome, result=over.code), over)
            return True
        except PicSafeError as unknown:
            _log.debug("report %s: the user server does not say whether it is over: %s", outcome.report_id, unknown)
        return False

    def _fetch_later(self, report: ReportView, error: PicSafeError) -> None:
        """Discard what arrived, to fetch the report again after a pause."""
        now = self._api.clock.now()
        retry = Retry.after(self._state.retries.get(report.id), error, now)
        self._state.retries[report.id] = retry
        self._state.save()
        self._downloads.discard(report.id)
        self._defer(report, error)
        _log.warning(
            "report %s is fetched again after %s (UTC), until it expires on %s.",
            report.id,
            f"{datetime.fromtimestamp(retry.again_at, UTC):%Y-%m-%d %H:%M}",
            report.expires_at[:10],
        )

    async def _tell(self, report: ReportView) -> None:
        try:
            await self._api.users("POST", f"/v1/reports/{report.id}/collected")
        except (NotFound, errors.Gone):
            _log.info("report %s is over: the server was not told that it is stored", report.id)

    async def _store(self, report: ReportView) -> None:
        """Fetch, open and store. A package that proves damaged is fetched again: the damage may have come on the
        way.
        """
        if report.keyserver_url not in self._key_servers:
            raise errors.KeyServerNotAllowed(keyserver_url=report.keyserver_url)
        try:
            await self._fetch_and_open(report)
        except PicSafeError as error:
            if not is_damage(error) or report.id in self._state.retries:
                raise as_arrived(error) from error.__cause__
            _log.warning("report %s: %s Fetching it again.", report.id, as_arrived(error))
            self._downloads.discard(report.id)
            try:
                await self._fetch_and_open(report)
            except PicSafeError as again:
                raise as_arrived(again) from again.__cause__
        _log.info("report %s stored", report.id)

    async def _fetch_and_open(self, report: ReportView) -> None:
        with self._outages.asking(report.cloud_url):
            try:
                package = await self._downloads.fetch(report)
            except (NotFound, errors.LimitExceeded) as error:  # the index knows it: the cloud may find it again
                raise ServiceError(f"The cloud does not give it: {error}") from error
        try:
            expected = Expectations.of_report(report)
            with package.open("rb") as file, self._outages.asking(report.keyserver_url):
                opened = await open_report(
                    self._api, FileSource(file), self._key_servers, expected=expected, reason="sync"
                )
                await write_files(opened, self._sink.begin(report.id))
            self._sink.commit(self._outcome(report, "stored"))
        except BaseException:
            self._sink.abandon()
            raise

    def _defer(self, report: ReportView, error: PicSafeError) -> None:
        _log.warning("report %s waits: %s %s", report.id, error, error.advice)

    def _refuse(self, outcome: Outcome, error: PicSafeError) -> None:
        """Log a report that the user server declares over, and continue with the others."""
        _log.error("report %s cannot be stored: %s %s", outcome.report_id, error, error.advice)
        self._sink.refuse(outcome)
        self._summary.refused += 1
        self._summary.lost += isinstance(error, errors.ReportExpired | errors.KeyDestroyed | NotFound)
        self._done(outcome.report_id)

    def _done(self, report_id: str) -> None:
        self._downloads.discard(report_id)
        self._state.waiting.remove(report_id)
        self._state.retries.pop(report_id, None)
        self._state.save()

    def _outcome(self, report: ReportView, result: str) -> Outcome:
        return Outcome(report.id, result, report.sender.email, report.available_at or "", self._now())

    def _now(self) -> str:
        return utc_text(self._api.clock.now())
