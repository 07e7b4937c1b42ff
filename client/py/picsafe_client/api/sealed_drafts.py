"""The secrets of drafts that this page keeps sealed, at the user server."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.api.accounts import DraftSecret, DraftSecrets
from picsafe_protocol.json.messages import read

_PATH = "/v1/sealed-drafts"


async def make(api: Api) -> DraftSecret:
    """A secret for a new draft. Raises `LimitExceeded` when the person has too many, `Unreachable`, …"""
    return read(DraftSecret, await api.users("POST", _PATH, {}))


async def secrets(api: Api) -> Sequence[DraftSecret]:
    """Those of the person who is signed in, newest first."""
    return read(DraftSecrets, await api.users("POST", f"{_PATH}/secrets", {})).secrets


async def end(api: Api, draft_id: str) -> None:
    """Nobody can open what is left of this draft. Raises `NotFound` when it has ended already."""
    await api.users("DELETE", f"{_PATH}/{quote(draft_id, safe='')}")
