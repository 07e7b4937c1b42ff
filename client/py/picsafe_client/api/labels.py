"""Sealed labels, from the user server, and their keys, from key servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from picsafe_protocol.contracts.api.keys import LabelKeys
from picsafe_protocol.contracts.api.reports import SealedLabels
from picsafe_protocol.contracts.api.requests import LabelsRequest
from picsafe_protocol.json.messages import read, write


class LabelServers(Protocol):
    """What is needed of `client.Api`."""

    async def users(self, method: str, path: str, body: Any = None, *, signal: Any = None) -> Any:
        """One call to the user server."""
        ...

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        """A user token for a key server."""
        ...

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        """One call to a key server."""
        ...


async def sealed_labels(servers: LabelServers, report_ids: Sequence[str], *, signal: Any = None) -> SealedLabels:
    """The labels of these reports, at most `LABELS_AT_ONCE`; those without one are left out."""
    body = write(LabelsRequest(report_ids=list(report_ids)))
    return read(SealedLabels, await servers.users("POST", "/v1/reports/labels", body, signal=signal))


async def label_keys(servers: LabelServers, url: str, report_ids: Sequence[str], *, signal: Any = None) -> LabelKeys:
    """The keys of the labels of these reports, at most `LABELS_AT_ONCE`, from the key server at `url`. It logs that
    the caller looked at whose reports these are.
    """
    token = await servers.user_token(url, signal=signal)
    body = write(LabelsRequest(report_ids=list(report_ids)))
    return read(LabelKeys, await servers.keys(url, "POST", "/v1/labels/release", token, body, signal=signal))
