"""Sync: fetch every new report once, decrypt it, store it, and only then say so.

The order is what makes it safe. Reports are noted as waiting before the cursor passes them (`State.save`); a report is stored
durably (`Sink.commit`), then the server is told (`collected`), then it is forgotten here. A crash between any two of these
repeats the later ones, which does no harm.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from picsafe_protocol import errors
from picsafe_protocol.errors import NotFound, NotPermitted, PicSafeError, ServiceError
from picsafe_protocol.identifiers import checked_identifier
from picsafe_protocol.media import FileSource
from picsafe_protocol.times import utc_text
from picsafe_sync import answers
from picsafe_sync.answers import Listed
from picsafe_sync.api import Api
from picsafe_sync.download import Downloads
from picsafe_sync.opening import open_report
from picsafe_sync.outages import Outages
from picsafe_sync.saving import write_files
from picsafe_sync.sinks import Outcome, Sink
from picsafe_sync.state import State

PAGE: Final = 100
"""Reports of one question to the server."""

DOWNLOADS: Final = ".downloads"
"""Where packages lie, encrypted, until they are stored."""

_WAIT: Final = (
    errors.KeyServerNotAllowed,  # an administrator may allow it tomorrow
    errors.UnsupportedVersion,  # a newer picsafe will read it
    errors.TokenRefused,  # the clocks of two servers differ
    errors.Conflict,
    errors.NotAsSent,  # a cloud or a proxy, not the sender, may have done it
    ServiceError,
)
"""What may pass. Everything else that a server says of one report, or that its bytes show, is so for good."""

_DAMAGE: Final = (errors.FormatError, errors.DecryptionError, errors.LimitExceeded, errors.NotAsSent)

_log = logging.getLogger("picsafe.sync")


@dataclass
class Summary:
    """What one round did."""

    stored: int = 0
    refused: int = 0
    waiting: int = 0


class Collector:
    """Brings the reports of a service account to a sink. `folder` keeps the state and what is being fetched."""

    def __init__(self, api: Api, sink: Sink, folder: Path) -> None:
        self._api = api
        self._sink = sink
        self._state = State.load(folder)
        self._downloads = Downloads(api, folder / DOWNLOADS)
        self._downloads.keep_only(self._state.waiting)
        self._key_servers: tuple[str, ...] = ()
        self._outages = Outages()
        self._summary = Summary()

    def want_again(self, report_id: str) -> None:
        """Try a report in the next round that could not be stored. `Conflict` when it was."""
        if self._sink.has(checked_identifier(report_id)):
            raise errors.Conflict(f"The report {report_id} is stored already.", advice="Nothing is left to be done.")
        if self._wait_for(report_id):
            self._state.save()

    async def round(self) -> Summary:
        """Fetch everything there is. Raises what concerns all reports (`NotSignedIn`, `Unreachable`, a full disk, …);
        what concerns one is logged, and tried again in the next round unless it is final."""
        self._outages, self._summary = Outages(), Summary()
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
        return self._summary

    async def _sign_in(self) -> None:
        me = await self._api.me()
        if not me.is_service or me.institution is None:
            raise NotPermitted(
                "picsafe sync needs a service account; this token belongs to a person.",
                advice="An administrator of the institution makes one on the page Institution.",
            )
        self._key_servers = me.key_servers
        self._state.belongs_to(f"{self._api.users_url} {me.institution.id}")

    async def _next_page(self) -> answers.Page:
        try:
            return answers.page(await self._api.users("GET", f"/v1/reports/new?{self._question()}"))
        except errors.CursorUnknown as error:
            if not self._state.cursor:
                raise
            _log.warning("%s Looking through all reports again; none is stored twice.", error)
            self._state.cursor = ""
            self._state.save()
            return answers.page(await self._api.users("GET", f"/v1/reports/new?{self._question()}"))

    def _question(self) -> str:
        after = {"after": self._state.cursor} if self._state.cursor else {}
        return urlencode({"limit": PAGE, **after})

    def _wait_for(self, report_id: str) -> bool:
        """Whether it is new here; then it is waited for from now on."""
        if report_id in self._state.waiting:
            return False
        self._state.waiting.append(report_id)
        return True

    async def _collect_waiting(self, report_id: str) -> None:
        """What could not be stored in an earlier round, or when the program ended."""
        try:
            report = await self._api.report(report_id)
        except NotFound as error:
            self._refuse(Outcome(report_id, error.code, noted_at=_now()), error)
        else:
            await self._collect(report)

    async def _collect(self, report: Listed) -> None:
        """Store one report, or say why not. Raises only what concerns all of them."""
        try:
            if self._sink.has(report.id):
                self._sink.commit(_outcome(report, "stored"))
            else:
                await self._store(report)
                self._summary.stored += 1
            await self._tell(report)
        except errors.NotSignedIn as error:
            await self._api.me()  # raises when it is us
            self._put_off(report, error)
        except _WAIT as error:
            self._put_off(report, error)
        except PicSafeError as error:
            self._refuse(_outcome(report, error.code), error)
        except OSError:  # this computer's trouble
            raise
        except Exception as error:  # noqa: BLE001 nobody foresaw it, and still one report must not hold up the others
            # Where it happened, and not what it says: that might hold what the report holds.
            _log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            self._put_off(report, errors.Unexpected("Something went wrong that nobody foresaw."))
        else:
            self._done(report.id)

    async def _tell(self, report: Listed) -> None:
        try:
            await self._api.users("POST", f"/v1/reports/{report.id}/collected")
        except (NotFound, errors.Gone):
            _log.info("report %s is over: the server was not told that it is stored", report.id)

    async def _store(self, report: Listed) -> None:
        """Fetch, open and store. A package that proves damaged is fetched once more: the damage may have come on the way."""
        if report.keyserver_url not in self._key_servers:
            raise errors.KeyServerNotAllowed(keyserver_url=report.keyserver_url)
        try:
            await self._fetch_and_open(report)
        except errors.UnsupportedVersion:
            raise
        except _DAMAGE as error:
            _log.warning("report %s: %s Fetching it again.", report.id, error)
            self._downloads.discard(report.id)
            await self._fetch_and_open(report)
        _log.info("report %s stored", report.id)

    async def _fetch_and_open(self, report: Listed) -> None:
        with self._outages.asking(report.cloud_url):
            try:
                package = await self._downloads.fetch(report)
            except NotFound as error:  # the index knows it: the cloud may find it again
                raise ServiceError(f"The cloud does not find it: {error}") from error
        try:
            with package.open("rb") as file, self._outages.asking(report.keyserver_url):
                opened = await open_report(
                    self._api, FileSource(file), self._key_servers, expected_id=report.id, reason="sync"
                )
                await write_files(opened, self._sink.begin(report.id))
            self._sink.commit(_outcome(report, "stored"))
        except BaseException:
            self._sink.abandon()
            raise

    def _put_off(self, report: Listed, error: PicSafeError) -> None:
        _log.warning("report %s waits: %s %s", report.id, error, error.advice)

    def _refuse(self, outcome: Outcome, error: PicSafeError) -> None:
        """Nothing here will make this one readable: say so, and do not let it hold up the others."""
        _log.error("report %s cannot be stored: %s %s", outcome.report_id, error, error.advice)
        self._sink.refuse(outcome)
        self._summary.refused += 1
        self._done(outcome.report_id)

    def _done(self, report_id: str) -> None:
        self._downloads.discard(report_id)
        self._state.waiting.remove(report_id)
        self._state.save()


def _outcome(report: Listed, result: str) -> Outcome:
    return Outcome(report.id, result, report.sender, report.available_at, _now())


def _now() -> str:
    return utc_text(datetime.now(UTC))
