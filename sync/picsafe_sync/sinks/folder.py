"""The folder sink: `<folder>/<report id>/` with `report.json` and the media, and a line in `<folder>/manifest.csv`."""

from __future__ import annotations

import csv
import io
import os
import shutil
from pathlib import Path
from typing import Any, Final

from picsafe_sync import durable

MANIFEST: Final = "manifest.csv"
COLUMNS: Final = ("report_id", "result", "sender", "available_at", "stored_at", "files", "bytes")
_INCOMING: Final = ".incoming"


class FolderSink:
    """Reports as folders. A report's folder has its name only when everything in it is on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._incoming = folder / _INCOMING
        self._listed = self._read_manifest()

    def has(self, report_id: str) -> bool:
        return (self.folder / report_id).is_dir()

    def begin(self, report_id: str) -> Path:
        shutil.rmtree(self._incoming, ignore_errors=True)  # what a broken attempt decrypted must not stay behind
        folder = self._incoming / report_id
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def commit(self, report_id: str, row: dict[str, Any]) -> None:
        if not self.has(report_id):
            source = self._incoming / report_id
            durable.sync_tree(source)
            source.rename(self.folder / report_id)
            durable.sync_folder(self.folder)
            shutil.rmtree(self._incoming, ignore_errors=True)
        self._list(report_id, row)

    def refuse(self, report_id: str, row: dict[str, Any]) -> None:
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._list(report_id, row)

    def _list(self, report_id: str, row: dict[str, Any]) -> None:
        """Add a line once: a crash between the rename and the line is made good by the next run."""
        if report_id in self._listed:
            return
        path = self.folder / MANIFEST
        text = io.StringIO()
        writer = csv.writer(text)
        if not path.exists():
            writer.writerow(COLUMNS)
        writer.writerow([_safe(str({**row, "report_id": report_id}.get(column, ""))) for column in COLUMNS])
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(text.getvalue().encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        self._listed.add(report_id)

    def _read_manifest(self) -> set[str]:
        path = self.folder / MANIFEST
        if not path.exists():
            return set()
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):  # a power cut in the middle of a line
            whole = content[: content.rfind(b"\n") + 1]
            durable.write(path, whole)
            content = whole
        rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
        return {row["report_id"] for row in rows if row.get("report_id")}


def _safe(text: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
