"""Reads the access log of a report's key from the key server: who requested the key, when, and with what result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.errors import PicSafeError

Entry: TypeAlias = Mapping[str, Any]
"""ENTRY of the key server's API."""

CSV_SECONDS: Final = 900
"""For the whole log of an institution as CSV: 20 MB, some hundred thousand entries, in a quarter of an hour over a slow
line.
"""
NOT_SHOWN: Final = PicSafeError
EVENTS: Final = ("created", "released", "refused", "revoked", "destroyed", "erased", "restored")


async def of_report(api: Api, keyserver_url: str, report_id: str, *, signal: Any = None) -> list[Entry]:
    """What happened to a report's key, oldest first; for its sender and for administrators."""
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/reports/{report_id}/log", token, signal=signal)
    entries: list[Entry] = answer["entries"]
    return entries


async def of_institution(
    api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None
) -> tuple[list[Entry], str | None]:
    """A page of what happened to all keys of the institution, newest first, and where the next page begins.

    `wanted`: after, limit, event, report_id, who; empty ones are left out.
    """
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/log?{_query(wanted)}", token, signal=signal)
    following = answer.get("next")
    return answer["entries"], None if following is None else str(following)


async def as_csv(api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None) -> Any:
    """The same entries, all of them, as a Uint8Array of CSV."""
    token = await api.user_token(keyserver_url, signal=signal)
    return await api.fetch_bytes(
        f"{keyserver_url}/v1/log.csv?{_query(wanted)}", token=token, seconds=CSV_SECONDS, signal=signal
    )


def _query(wanted: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in wanted.items() if value})
