"""Exports the access log as CSV: RFC 4180, UTF-8, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

from picsafe_protocol.contracts.api.keys import LogEntry
from picsafe_protocol.json.csv_safe import escape_formula

COLUMNS = (
    "index",
    "time",
    "event",
    "result_code",
    "report_id",
    "key_id",
    "who_id",
    "who_name",
    "who_email",
    "who_institution",
    "from",
    "reason",
    "erased_at",
    "erased_by",
)


async def as_csv(pages: AsyncIterator[Sequence[LogEntry]]) -> AsyncIterator[bytes]:
    """The header, then each page as it comes."""
    yield _lines([COLUMNS])
    async for entries in pages:
        if entries:
            yield _lines([_row(entry) for entry in entries])


def _row(entry: LogEntry) -> tuple[str, ...]:
    who = entry.who
    return (
        str(entry.index),
        entry.time,
        entry.event,
        entry.result_code or "",
        entry.report_id or "",
        entry.key_id or "",
        escape_formula(who.id) if who else "",
        escape_formula(who.name) if who else "",
        escape_formula(who.email) if who else "",
        escape_formula(who.institution or "") if who else "",
        escape_formula(entry.address or ""),
        escape_formula(entry.reason or ""),
        entry.erased_at or "",
        "" if entry.erased_by is None else str(entry.erased_by),
    )


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")
