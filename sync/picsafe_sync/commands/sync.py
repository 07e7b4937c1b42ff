"""`picsafe sync`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from picsafe_protocol.errors import InvalidRequest, ServiceError
from picsafe_sync import credentials, durable
from picsafe_sync.api import Api
from picsafe_sync.collecting import Collector
from picsafe_sync.running import Stopped, run
from picsafe_sync.sinks.folder import FolderSink
from picsafe_sync.state import FolderLock
from picsafe_sync.waking import listening

_log = logging.getLogger("picsafe.sync")


def sync(options: argparse.Namespace) -> None:
    """One round, or rounds for ever; a server that cannot be reached ends `--once` and is waited for by `--watch`."""
    folder: Path = options.folder
    if options.every < 1:
        raise InvalidRequest("The pause is at least one second.", field="--every")
    durable.make_folder(folder)
    with FolderLock(folder):
        if options.once:
            run(_once(folder, options))
            return
        try:
            run(_watch(folder, options))
        except Stopped as error:  # that is how watching ends
            _log.info("%s", error)


async def _once(folder: Path, options: argparse.Namespace) -> None:
    async with credentials.api() as api:
        done = await _collector(api, folder, options).round()
    print(f"{done.stored} stored, {done.refused} refused, {done.waiting} waiting.", flush=True)
    if done.waiting:
        raise ServiceError(
            f"{done.waiting} {'report waits' if done.waiting == 1 else 'reports wait'}, and will be tried again by the next run.",
            advice="The lines above say why.",
        )


async def _watch(folder: Path, options: argparse.Namespace) -> None:
    async with credentials.api() as api:
        collector = _collector(api, folder, options)
        async with listening(api) as news:
            while True:
                try:
                    with durable.explained():
                        await collector.round()
                except ServiceError as error:
                    _log.warning("%s %s Trying again within %d s.", error, error.advice, options.every)
                await news.wait(options.every)


def _collector(api: Api, folder: Path, options: argparse.Namespace) -> Collector:
    collector = Collector(api, FolderSink(folder), folder)
    for report_id in options.again:
        collector.want_again(report_id)
    return collector
