"""Sync: fetch every new report once, decrypt it, store it, and only then say so.

The order is what makes it safe: store durably (`Sink.commit`), tell the server (`collected`), remember the cursor. A crash
between any two repeats the later ones, which does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from picsafe_protocol.errors import (
    DecryptionError,
    FormatError,
    Gone,
    KeyServerNotAllowed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    PicSafeError,
    ServiceError,
    TokenRefused,
)
from picsafe_protocol.identifiers import checked_identifier
from picsafe_protocol.times import utc_text
from picsafe_sync.api import Api
from picsafe_sync.download import CloudSource
from picsafe_sync.opening import open_report, save_report
from picsafe_sync.sinks import Sink
from picsafe_sync.state import State

PAGE: Final = 100
"""Reports of one question to the server."""

FAILURES_IN_A_ROW: Final = 3
"""After so many reports that a server could not serve, the trouble is not one report's: the round ends."""

_log = logging.getLogger("picsafe.sync")


@dataclass
class Summary:
    """What one round did."""

    stored: int = 0
    refused: int = 0
    waiting: int = 0


class Collector:
    """Brings the reports of a service account to a sink. `folder` keeps the state."""

    def __init__(self, api: Api, sink: Sink, folder: Path) -> None:
        self._api = api
        self._sink = sink
        self._folder = folder
        self._state = State.load(folder)
        self._key_servers: list[str] = []
        self._failures = 0

    async def round(self) -> Summary:
        """Fetch everything there is. Raises what concerns all reports (`NotSignedIn`, `Unreachable`, `StorageFull`, …);
        what concerns one is logged, and tried again in the next round unless it is final."""
        summary = Summary()
        self._failures = 0
        me = await self._api.users("GET", "/v1/me")
        self._key_servers = me["key_servers"]
        for report_id in list(self._state.waiting):
            try:
                report = await self._api.users("GET", f"/v1/reports/{checked_identifier(report_id)}")
            except (NotFound, Gone) as error:
                self._refuse({"id": report_id}, error, summary)
            else:
                await self._collect(report, summary)
        more = True
        while more:
            page = await self._api.users("GET", f"/v1/reports/new?{self._question()}")
            # Noted before anything is fetched: however this ends, none of the page is forgotten.
            fresh = [report for report in page["reports"] if report["id"] not in self._state.waiting]
            self._state.waiting += [checked_identifier(report["id"]) for report in fresh]
            self._state.cursor = page["cursor"]
            self._state.save(self._folder)
            for report in fresh:
                await self._collect(report, summary)
            more = page["more"]
        summary.waiting = len(self._state.waiting)
        return summary

    def _question(self) -> str:
        after = {"after": self._state.cursor} if self._state.cursor else {}
        return urlencode({"limit": PAGE, **after})

    async def _collect(self, report: Mapping[str, Any], summary: Summary) -> None:
        report_id = checked_identifier(report["id"])
        try:
            if self._sink.has(report_id):
                self._sink.commit(report_id, {**_row(report), "result": "stored"})
            else:
                await self._store(report_id, report)
                summary.stored += 1
            await self._api.users("POST", f"/v1/reports/{report_id}/collected")
        except (NotSignedIn, TokenRefused):
            raise
        except (Gone, FormatError, DecryptionError, NotFound, NotPermitted) as error:
            self._refuse(report, error, summary)
            return
        except KeyServerNotAllowed as error:  # an administrator may allow it tomorrow
            _log.warning("report %s waits: %s", report_id, error)
            return
        except ServiceError as error:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW:
                raise
            _log.warning("report %s waits: %s", report_id, error)
            return
        self._failures = 0
        self._done(report_id)

    async def _store(self, report_id: str, report: Mapping[str, Any]) -> None:
        source = CloudSource(self._api, report_id, int(report["size"]))
        folder = self._sink.begin(report_id)
        opened = await open_report(self._api, source, self._key_servers, expected_id=report_id, reason="sync")
        files = await save_report(opened, folder)
        size = sum(file.stat().st_size for file in files)
        self._sink.commit(report_id, {**_row(report), "result": "stored", "files": len(files), "bytes": size})
        _log.info("report %s stored: %d files, %d bytes", report_id, len(files), size)

    def _refuse(self, report: Mapping[str, Any], error: PicSafeError, summary: Summary) -> None:
        """Nothing will ever make this one readable: say so, and do not let it hold up the others."""
        _log.error("report %s cannot be stored: %s %s", report["id"], error, error.advice)
        self._sink.refuse(report["id"], {**_row(report), "result": error.code})
        summary.refused += 1
        self._done(report["id"])

    def _done(self, report_id: str) -> None:
        if report_id in self._state.waiting:
            self._state.waiting.remove(report_id)
            self._state.save(self._folder)


def _row(report: Mapping[str, Any]) -> dict[str, Any]:
    sender = report.get("sender") or {}
    return {
        "sender": sender.get("email", ""),
        "available_at": report.get("available_at", ""),
        "stored_at": utc_text(datetime.now(UTC)),
    }
