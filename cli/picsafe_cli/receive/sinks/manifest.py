"""`manifest.csv`: the outcome for every report, one line each, for people and for programs that process the reports
further.

A spreadsheet may have saved it since: with semicolons or tabs, with quotes, as UTF-16, with its columns moved. It is
read as it is, and new lines are written in the same form, so that the file stays readable.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from picsafe_cli import durable_files
from picsafe_protocol.json.csv_safe import escape_formula

COLUMNS: Final = ("report_id", "result", "sender", "available_at", "stored_at", "files", "bytes")
"""Times are UTC; `files` and `bytes` count what the report's folder holds."""

STORED: Final = "stored"


DELIMITERS: Final = (",", ";", "\t")
"""What spreadsheets put between cells, by the language of the computer and the format that was chosen."""
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Manifest:
    """The file at `path`. What a crash left of a line is taken away first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: list[str] = list(COLUMNS)
        self._delimiter = DELIMITERS[0]
        self._results: dict[str, str] = {}
        content = path.read_bytes() if path.exists() else b""
        plain = _as_utf_8(content)
        whole = plain[: plain.rfind(b"\n") + 1]
        if whole != content:  # a power cut in the middle of a line, or another encoding
            durable_files.write(path, whole)
        self._read(whole)

    def is_stored(self, report_id: str) -> bool:
        """Whether a line says that the report was stored."""
        return self._results.get(report_id) == STORED

    def add(self, row: dict[str, str]) -> None:
        """Add a line, unless the report has one with the same result, or was stored."""
        report_id, result = row["report_id"], row["result"]
        if self._results.get(report_id) in {result, STORED}:
            return
        cells = [escape_formula(" ".join(row.get(column, "").split())) for column in self._columns]
        durable_files.append(self._path, _line(cells, self._delimiter), first=_line(COLUMNS, self._delimiter))
        self._results[report_id] = result

    def _read(self, content: bytes) -> None:
        """Read every line that is still valid after a power cut, or after somebody edited the file in a spreadsheet."""
        for raw in content.decode("utf-8-sig", "replace").replace("\0", "").split("\n"):
            line = raw.rstrip("\r")
            for delimiter in DELIMITERS:
                names = [name.strip() for name in _cells(line, delimiter)]
                if "report_id" in names and "result" in names:
                    self._columns, self._delimiter = names, delimiter
                    break
            else:
                row = dict(zip(self._columns, map(str.strip, _cells(line, self._delimiter)), strict=False))
                self._results[row.get("report_id", "")] = row.get("result", "")


def _as_utf_8(content: bytes) -> bytes:
    """What a spreadsheet calls Unicode text is UTF-16, to which no line can be added that other programs write."""
    return content.decode("utf-16", "replace").encode("utf-8") if content.startswith(UTF_16) else content


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _line(cells: Iterable[str], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
