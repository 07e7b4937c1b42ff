"""The folder sink: `<folder>/<report id>/` with `report.json` and the media, and a line in `<folder>/manifest.csv`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from picsafe_cli import durable_files
from picsafe_cli.receive.sinks import Outcome
from picsafe_cli.receive.sinks.manifest import Manifest
from picsafe_protocol.contracts.identifiers import checked_identifier

MANIFEST: Final = "manifest.csv"
INCOMING: Final = ".incoming"


class FolderSink:
    """Reports as folders. A report's folder has its name only when everything in it is on the disk.

    A report whose line is in the manifest was stored, even when its folder has been taken away since.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / INCOMING
        self._manifest = Manifest(folder / MANIFEST)
        self.abandon()

    def has(self, report_id: str) -> bool:
        return self._home(report_id).is_dir() or self._manifest.is_stored(report_id)

    def begin(self, report_id: str) -> Path:
        self.abandon()
        folder = self._incoming / checked_identifier(report_id)
        durable_files.make_folder(self._incoming)
        durable_files.make_folder(folder)
        return folder

    def abandon(self) -> None:
        if self._incoming.exists():
            shutil.rmtree(self._incoming)

    def commit(self, outcome: Outcome) -> None:
        home = self._home(outcome.report_id)
        if not self.has(outcome.report_id):
            (self._incoming / outcome.report_id).rename(home)
            durable_files.sync_folder(self.folder)
            self.abandon()
        files = [path for path in home.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        self._manifest.add(_row(outcome) | {"files": str(len(files)), "bytes": str(size)})

    def refuse(self, outcome: Outcome) -> None:
        self.abandon()
        self._manifest.add(_row(outcome))

    def _home(self, report_id: str) -> Path:
        return self.folder / checked_identifier(report_id)


def _row(outcome: Outcome) -> dict[str, str]:
    return {
        "report_id": outcome.report_id,
        "result": outcome.result,
        "sender": outcome.sender,
        "available_at": outcome.available_at,
        "stored_at": outcome.noted_at,
    }
