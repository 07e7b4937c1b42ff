"""`picsafe sync`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from picsafe_cli import durable_files
from picsafe_cli.api import credentials
from picsafe_cli.api.client import Api
from picsafe_cli.api.event_stream import listening
from picsafe_cli.exit_status import ExitStatus
from picsafe_cli.receive.collector import Collector, Summary
from picsafe_cli.receive.sinks.folder import FolderSink
from picsafe_cli.receive.state import FolderLock
from picsafe_cli.signals import Stopped, run
from picsafe_protocol.contracts.errors import InvalidRequest, ServiceError

_log = logging.getLogger("picsafe.sync")


def sync(options: argparse.Namespace) -> ExitStatus:
    """One round, or rounds until it is stopped; a server that cannot be reached ends `--once`, and `--watch` waits for
    it.
    """
    folder: Path = options.folder
    if options.every < 1:
        raise InvalidRequest("The pause is at least one second.", field="--every")
    durable_files.make_folder(folder)
    with FolderLock(folder):
        if options.once:
            return run(_once(folder, options))
        try:
            run(_watch(folder, options))
        except Stopped as error:  # that is how watching ends
            _log.info("%s", error)
        return ExitStatus.DONE


async def _once(folder: Path, options: argparse.Namespace) -> ExitStatus:
    async with credentials.api() as api:
        done = await _collector(api, folder, options).round()
    print(f"{done.stored} stored, {done.refused} refused, {done.waiting} waiting.", flush=True)
    for sentence in sentences(done):
        print(f"picsafe: {sentence}", file=sys.stderr)
    return status_of(done)


def status_of(done: Summary) -> ExitStatus:
    """The worst that a round met."""
    if done.lost:
        return ExitStatus.LOST
    if done.damaged:
        return ExitStatus.DAMAGED
    return ExitStatus.TRY_AGAIN if done.waiting else ExitStatus.DONE


def sentences(done: Summary) -> Iterator[str]:
    """Print what a person has to know about a round, besides the numbers; the log has details of each report."""
    if done.lost:
        yield f"The time of {_reports(done.lost)} was over before it could be stored. Ask the sender to send it again."
    if done.damaged:
        yield (
            f"What arrived of {_reports(done.damaged)} is not what was sent: a proxy or a virus scanner may have changed it. "
            "It is fetched again until it expires; --again fetches it at once."
        )
    if done.waiting > done.damaged:
        waiting = _reports(done.waiting - done.damaged)
        yield f"{waiting} {'waits' if waiting.startswith('1 ') else 'wait'}, and will be tried again by the next run."


def _reports(count: int) -> str:
    return f"{count} report{'s' if count != 1 else ''}"


async def _watch(folder: Path, options: argparse.Namespace) -> None:
    async with credentials.api() as api:
        collector = _collector(api, folder, options)
        async with listening(api) as news:
            while True:
                try:
                    with durable_files.translate_os_errors():
                        await collector.round()
                except ServiceError as error:
                    _log.warning("%s %s Trying again within %d s.", error, error.advice, options.every)
                await news.wait(options.every)


def _collector(api: Api, folder: Path, options: argparse.Namespace) -> Collector:
    collector = Collector(api, FolderSink(folder), folder)
    for report_id in options.again:
        collector.requeue(report_id)
    return collector
