"""What each `picsafe` command does, between the arguments and the parts that do the work."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import logging
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from picsafe_protocol.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.errors import InvalidRequest, NotFound, ServiceError
from picsafe_protocol.identifiers import is_identifier
from picsafe_protocol.report import Laterality, Patient
from picsafe_protocol.times import is_date, is_time, utc_text
from picsafe_sync import credentials
from picsafe_sync.api import Api
from picsafe_sync.collecting import Collector
from picsafe_sync.download import CloudSource
from picsafe_sync.opening import FileSource, OpenedReport, open_report, save_report
from picsafe_sync.preparing import prepare
from picsafe_sync.sending import ReportFacts
from picsafe_sync.sending import send as send_report
from picsafe_sync.sinks.folder import FolderSink
from picsafe_sync.state import FolderLock

_log = logging.getLogger("picsafe.sync")


def _api() -> Api:
    found = credentials.load()
    return Api(found.url, found.token)


async def login(options: argparse.Namespace) -> None:
    """Exchange the password for a session token and keep that; the password itself is never stored."""
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    body = {
        "email": options.email,
        "password": password,
        "device": f"picsafe on {platform.node()}"[:100],
        "transport": "token",
    }
    async with Api(options.url) as api:
        answer = await api.users("POST", "/v1/sessions", body, again=False)
    credentials.save(credentials.Credentials(options.url, answer["token"]))
    print(f"Signed in as {answer['me']['name']}.")


async def logout(options: argparse.Namespace) -> None:
    """End the session at the server and forget its token."""
    async with _api() as api:
        try:
            await api.users("DELETE", "/v1/sessions/current")
        finally:
            credentials.forget()
    print("Signed out.")


async def send(options: argparse.Namespace) -> None:
    """Prepare, say what was removed, send, and say where it arrived."""
    facts = _facts(options)
    prepared = prepare(options.files)
    if not options.quiet:
        for item in prepared:
            for removed in item.cleaned.removed:
                print(f"{item.source.name}: removed: {removed.sentence}", file=sys.stderr)
    for item in prepared:
        for warning in item.cleaned.warnings:
            print(f"{item.source.name}: note: {warning.sentence}", file=sys.stderr)
    with _Bar(quiet=options.quiet) as bar:
        async with _api() as api:
            report = await send_report(api, prepared, facts, options.to, bar)
    print(f"Sent {report['id']}: arrived in region {report['region']}, kept until {report['expires_at'][:10]}.")


def _facts(options: argparse.Namespace) -> ReportFacts:
    if options.birth_date is not None and not is_date(options.birth_date):
        raise InvalidRequest("A birth date is written 1970-01-31.", field="--birth-date")
    if options.captured_at and not is_time(options.captured_at):
        raise InvalidRequest("A time is written 2026-11-22T10:15:00+10:00.", field="--captured-at")
    return ReportFacts(
        patient=Patient(options.patient_name, options.birth_date, options.record_number),
        body_site=options.body_site,
        laterality=Laterality(options.side) if options.side else None,
        notes=options.notes,
        consent=(_consent(options),) if options.consent else (),
        captured_at=options.captured_at,
    )


def _consent(options: argparse.Namespace) -> ConsentRecord:
    return ConsentRecord(
        recorded_at=utc_text(datetime.now(UTC)),
        status=Status.GIVEN,
        giver=Giver(GiverRole(options.consent_by), options.consent_name),
        method=Method(options.consent),
        purposes=frozenset(Purpose(purpose) for purpose in options.purpose or ["treatment"]),
    )


class _Bar:
    """The progress bar of `send`, on standard error; nothing where that is not a terminal or `--quiet` is given."""

    def __init__(self, *, quiet: bool) -> None:
        self._off = quiet or not sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def phase(self, name: str, total: int) -> None:
        self.__exit__()
        self._bar = tqdm(total=total, desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=self._off)

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)


async def open_(options: argparse.Namespace) -> None:
    """Open a file from the disk, or a report of the inbox by its id."""
    output: Path = options.output
    names_patient: bool = options.patient_name_in_file_names
    async with _api() as api:
        me = await api.users("GET", "/v1/me")
        if is_identifier(options.source) and not Path(options.source).exists():
            report = await api.users("GET", f"/v1/reports/{options.source}")
            source = CloudSource(api, options.source, int(report["size"]))
            opened = await open_report(api, source, me["key_servers"], expected_id=options.source)
            await _save(opened, output, patient_name=names_patient)
            if me["kind"] == "person":
                await api.users("POST", f"/v1/reports/{options.source}/opened")
            return
        path = Path(options.source)
        if not path.is_file():
            raise NotFound(f"There is no file {options.source}.", advice="Check the name.")
        with path.open("rb") as file:
            opened = await open_report(api, FileSource(file), me["key_servers"])
            await _save(opened, output, patient_name=names_patient)


async def _save(opened: OpenedReport, output: Path, *, patient_name: bool) -> None:
    output.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in await save_report(opened, output, patient_name=patient_name):
        print(file)


async def sync(options: argparse.Namespace) -> None:
    """One round, or rounds for ever; a server that cannot be reached ends `--once` and is waited for by `--watch`."""
    folder: Path = options.folder
    if options.every < 1:
        raise InvalidRequest("The pause is at least one second.", field="--every")
    sink = FolderSink(folder)
    with FolderLock(folder):
        async with _api() as api:
            collector = Collector(api, sink, folder)
            while True:
                try:
                    summary = await collector.round()
                except ServiceError as error:
                    if options.once:
                        raise
                    _log.warning("%s Trying again in %d s.", error, options.every)
                else:
                    if options.once:
                        print(f"{summary.stored} stored, {summary.refused} refused, {summary.waiting} waiting.")
                        return
                await asyncio.sleep(options.every)
