"""`manifest.csv`: what became of every report, a line each, for people and for the program that takes the reports further."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from picsafe_protocol.csvcells import inert
from picsafe_sync import durable

COLUMNS: Final = ("report_id", "result", "sender", "available_at", "stored_at", "files", "bytes")
"""Times are UTC; `files` and `bytes` count what the report's folder holds."""

STORED: Final = "stored"


class Manifest:
    """The file at `path`. What a crash left of a line is taken away first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: list[str] = list(COLUMNS)
        self._results: dict[str, str] = {}
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:  # a power cut in the middle of a line
            durable.write(path, whole)
        self._read(whole)

    def is_stored(self, report_id: str) -> bool:
        """Whether a line says that the report was stored."""
        return self._results.get(report_id) == STORED

    def add(self, row: dict[str, str]) -> None:
        """Add a line, unless the report has one with the same result, or was stored."""
        report_id, result = row["report_id"], row["result"]
        if self._results.get(report_id) in {result, STORED}:
            return
        line = _line([inert(" ".join(row.get(column, "").split())) for column in self._columns])
        durable.append(self._path, line, first=_line(COLUMNS))
        self._results[report_id] = result

    def _read(self, content: bytes) -> None:
        """Whatever still makes sense: after a power cut, or after somebody edited it in a spreadsheet."""
        for raw in content.decode("utf-8-sig", "replace").replace("\0", "").split("\n"):
            try:
                cells = next(csv.reader([raw.rstrip("\r")]), [])
            except csv.Error:
                continue
            if "report_id" in cells and "result" in cells:
                self._columns = cells  # somebody may have moved them
                continue
            row = dict(zip(self._columns, cells, strict=False))
            self._results[row.get("report_id", "")] = row.get("result", "")


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
