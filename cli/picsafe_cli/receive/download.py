"""Reads packages from the cloud, by ranges or as a whole; resumes after a lost connection and renews the grant when it
ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Final

from picsafe_cli import durable_files, os_support
from picsafe_cli.api.client import Api
from picsafe_cli.api.minimum_speed import Pace
from picsafe_protocol.contracts.api.reports import GrantAt, ReportView
from picsafe_protocol.contracts.errors import (
    Conflict,
    Intercepted,
    NotAsSent,
    NotFound,
    ServiceError,
    StorageFull,
    TokenRefused,
    Unreachable,
)
from picsafe_protocol.contracts.limits import KIB, MIB
from picsafe_protocol.contracts.tokens import Action
from picsafe_protocol.crypto.buffers import BYTES
from picsafe_protocol.crypto.package_digest import HASH, Pieces, PiecewiseSource, piece_count, sha256_of_pieces
from picsafe_protocol.format.package import EXTENSION

REPORT_SECONDS: Final = 3600
"""The longest that one report is fetched in one round: then others have their turn, and the next round goes on
with it.
"""

_log = logging.getLogger("picsafe.sync")


class CloudSource:
    """The package of one report as a `Source`."""

    def __init__(self, api: Api, report_id: str, size: int) -> None:
        self._api = api
        self._report_id = report_id
        self._size = size
        self._grant: GrantAt | None = None

    @property
    def size(self) -> int:
        return self._size

    async def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop`. Raises `ReportExpired`, `Unreachable`, `Intercepted` for what cannot be the
        package, …
        """
        return b"".join([piece async for piece in self.pieces(start, stop)])

    async def pieces(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The same bytes as they come. A broken connection is taken up again where it broke, as long as there is
        progress.

        Where something in between rejects range requests, every second attempt asks for the whole.
        """
        failures, odd = 0, 0
        renewed = False
        pace = Pace()
        while start < stop:
            grant = self._grant or await self._renew()
            ranged = odd % 2 == 0
            try:
                attempt = self._api.pieces(grant.url, grant.grant, start, stop, self._size, pace=pace, ranged=ranged)
                async with aclosing(attempt) as pieces:
                    async for piece in pieces:
                        start += len(piece)
                        failures, renewed = 0, False
                        yield piece
                if start < stop:
                    raise Unreachable("The connection ended before everything had arrived.")
            except TokenRefused:
                if renewed:
                    raise
                self._grant, renewed = None, True
            except ServiceError as error:
                if pace.is_too_slow:
                    raise
                failures += 1
                odd += isinstance(error, Intercepted)
                pace.waited(await self._api.patience.after(failures, error))

    async def checked(self, digest: str) -> PiecewiseSource[bytes]:
        """The same package, each piece compared with the list that `digest` is of. Raises `NotAsSent` for another list,
        or none.
        """
        most = piece_count(self._size) * HASH
        grant = self._grant or await self._renew()
        try:
            hashes = await self._api.piece_hashes(f"{grant.url}/pieces", grant.grant, most)
        except NotFound:
            raise NotAsSent(what="list") from None
        return PiecewiseSource(self, Pieces.trusted(self._size, hashes, digest), BYTES, sha256_of_pieces)

    async def _renew(self) -> GrantAt:
        grant = await self._api.report_grant(self._report_id, Action.PACKAGE_DOWNLOAD.value)
        self._grant = GrantAt(f"{grant.url}/v1/packages/{self._report_id}", grant.grant)
        return self._grant


class Downloads:
    """Partial downloads, as files in a separate folder. They are kept until they are discarded, so a restarted program
    resumes them. Nothing in the folder is decrypted or trusted.
    """

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder

    async def fetch(self, report: ReportView) -> Path:
        """The whole package of `report`. Raises as `CloudSource.pieces`, and `StorageFull` when there is no room to
        decrypt it.
        """
        durable_files.make_folder(self._folder)
        path = self._path(report.id)
        try:
            async with asyncio.timeout(REPORT_SECONDS):
                await self._go_on(report, path)
        except TimeoutError:
            raise Unreachable(
                "It arrives too slowly.", advice="What has arrived is kept; the next round goes on with it."
            ) from None
        except OSError:  # no room, most likely: what lies here must not keep it so
            path.unlink(missing_ok=True)
            raise
        return path

    async def _go_on(self, report: ReportView, path: Path) -> None:
        if report.size is None:
            raise Conflict("This report has not been sent completely yet.")
        with self._opened(path) as file:
            arrived = file.seek(0, os.SEEK_END)
            if arrived > report.size:
                file.truncate(0)
                arrived = file.seek(0)
            self._check_room(2 * report.size - arrived)
            _log.info("report %s: fetching %d KiB of %d", report.id, (report.size - arrived) // KIB, report.size // KIB)
            source = CloudSource(self._api, report.id, report.size)
            async with aclosing(source.pieces(arrived, report.size)) as pieces:
                async for piece in pieces:
                    file.write(piece)

    def discard(self, report_id: str) -> None:
        """Take away what has arrived of a report."""
        self._path(report_id).unlink(missing_ok=True)

    def keep_only(self, report_ids: Collection[str]) -> None:
        """Discard whatever belongs to no report of these."""
        if self._folder.is_dir():
            kept = {self._path(report_id) for report_id in report_ids}
            for path in self._folder.iterdir():
                if path not in kept:
                    path.unlink()

    def _path(self, report_id: str) -> Path:
        return self._folder / f"{report_id}{EXTENSION}"

    def _opened(self, path: Path) -> BinaryIO:
        return os.fdopen(os_support.open_file(path, os.O_RDWR | os.O_CREAT, durable_files.FILE_MODE), "r+b")

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise StorageFull(
                f"It needs {needed // MIB + 1} MiB on this computer, and {free // MIB} MiB are free.",
                advice="Free some space; it is fetched then.",
            )
