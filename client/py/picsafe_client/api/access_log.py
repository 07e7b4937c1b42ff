"""Reads the access log of a report's key from the key server: who requested the key, when, and with what result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.api.keys import LogEntry, LogPage
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.json.messages import read

CSV_SECONDS: Final = 900
"""For the whole log of an institution as CSV: 20 MB, some hundred thousand entries, in a quarter of an hour over a slow
line.
"""
NOT_SHOWN: Final = PicSafeError
EVENTS: Final = ("created", "released", "label_released", "refused", "revoked", "destroyed", "erased", "restored")


async def of_report(api: Api, keyserver_url: str, report_id: str, *, signal: Any = None) -> list[LogEntry]:
    """What happened to a report's key, oldest first; for its sender and for administrators."""
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/reports/{report_id}/log", token, signal=signal)
    return read(LogPage, answer).entries


async def of_institution(
    api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None
) -> tuple[list[LogEntry], str | None]:
    """A page of what happened to all keys of the institution, newest first, and where the next page begins.

    `wanted`: after, limit, event, report_id, who; empty ones are left out.
    """
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/log?{_query(wanted)}", token, signal=signal)
    page = read(LogPage, answer)
    return page.entries, None if page.next is None else str(page.next)


async def as_csv(api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None) -> Any:
    """The same entries, all of them, as a Uint8Array of CSV."""
    token = await api.user_token(keyserver_url, signal=signal)
    return await api.fetch_bytes(
        f"{keyserver_url}/v1/log.csv?{_query(wanted)}", token=token, seconds=CSV_SECONDS, signal=signal
    )


def _query(wanted: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in wanted.items() if value})
