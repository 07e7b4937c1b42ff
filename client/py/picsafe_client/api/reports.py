"""The index of reports at the user server: begin, describe, mark as read, withdraw; and whom they can be sent to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.api.keys import IssuedKey
from picsafe_protocol.contracts.api.reports import (
    GrantAt,
    MarkedReports,
    Readers,
    ReportBegun,
    ReportView,
    Suggestion,
    Suggestions,
)
from picsafe_protocol.contracts.api.requests import Addressed, KeyRequest, Mark, MarkRequest, NewReport
from picsafe_protocol.contracts.limits import MARKS_AT_ONCE
from picsafe_protocol.format.composing import Uploaded
from picsafe_protocol.json.messages import read, write


async def report(api: Api, report_id: str) -> ReportView:
    """One report. Raises `NotFound` when the caller may not see it."""
    return read(ReportView, await api.users("GET", _path(report_id)))


async def mark_opened(api: Api, report_id: str) -> None:
    """The caller has read it; the sender sees when."""
    await api.users("POST", f"{_path(report_id)}/opened", {})


async def mark(
    api: Api, report_ids: Sequence[str], mark: Mark, *, value: bool = True, signal: Any = None
) -> list[ReportView]:
    """Marks reports of the inbox as done or filed, or takes that back. The reports as they are now."""
    marked: list[ReportView] = []
    for start in range(0, len(report_ids), MARKS_AT_ONCE):
        body = write(MarkRequest(report_ids=list(report_ids[start : start + MARKS_AT_ONCE]), mark=mark, value=value))
        marked += read(MarkedReports, await api.users("POST", "/v1/reports/marks", body, signal=signal)).reports
    return marked


async def withdraw(api: Api, report_id: str, *, signal: Any = None) -> None:
    """Nobody can open it from now on, or, of a draft, ever."""
    await api.users("DELETE", _path(report_id), signal=signal)


async def readers(api: Api, recipients: Sequence[str], *, signal: Any = None) -> Readers:
    """Who could open a report for these addresses. Raises `UnknownRecipient`, and whatever `begin` would."""
    body = write(Addressed(recipients=list(recipients)))
    return read(Readers, await api.users("POST", "/v1/reports/readers", body, signal=signal))


async def begin(api: Api, recipients: Sequence[str], size: int, *, signal: Any = None) -> ReportBegun:
    """A draft for these addresses, of at most `size` bytes. Raises `UnknownRecipient`, `LimitExceeded`, …"""
    body = write(NewReport(recipients=list(recipients), size=size))
    return read(ReportBegun, await api.users("POST", "/v1/reports", body, signal=signal))


async def make_key(api: Api, keyserver: GrantAt, report_id: str, *, signal: Any = None) -> IssuedKey:
    """The key of a draft; the same one however often it is requested."""
    body = write(KeyRequest(report_id=report_id))
    return read(IssuedKey, await api.keys(keyserver.url, "POST", "/v1/keys", keyserver.grant, body, signal=signal))


async def make_available(
    api: Api, report_id: str, uploaded: Uploaded, label: bytes | None, *, signal: Any = None
) -> ReportView:
    """Submits the cloud's receipt and the sealed label: the recipients see the report at once."""
    body = uploaded.to_json(label)
    return read(ReportView, await api.users("POST", f"{_path(report_id)}/receipt", body, signal=signal))


async def suggestions(api: Api, text: str) -> list[Suggestion]:
    """People with a part of their name or address that begins with `text`."""
    return read(Suggestions, await api.users("GET", f"/v1/recipients?query={quote(text, safe='')}")).recipients


def _path(report_id: str) -> str:
    return f"/v1/reports/{quote(report_id, safe='')}"
