"""Delivering one report: declared with a session, then by its own token without one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from picsafe_client.api.client import USERS, Api
from picsafe_protocol.contracts.api.reports import OutboxToken, SignedGrant
from picsafe_protocol.contracts.api.requests import OutboxBody, OutboxReceipt, SentPackage
from picsafe_protocol.json.messages import read, write


async def declare(
    api: Api, report_id: str, package: SentPackage, label: bytes | None, *, signal: Any = None
) -> OutboxToken:
    """A token that delivers this package of the report. Raises `Conflict` when the report has been sent."""
    path = f"/v1/reports/{quote(report_id, safe='')}/outbox"
    body = write(OutboxBody(package=package, label=label))
    return read(OutboxToken, await api.users("POST", path, body, signal=signal))


async def grant(api: Api, token: str, *, signal: Any = None) -> SignedGrant:
    """A grant to upload the package. Raises `TokenRefused` when the token has ended."""
    return read(SignedGrant, await _call(api, "grant", token, {}, signal))


async def hand_in(api: Api, token: str, receipt: str, *, signal: Any = None) -> None:
    """Submits the cloud's receipt: the recipients see the report at once. The same receipt again changes nothing."""
    await _call(api, "receipt", token, write(OutboxReceipt(receipt=receipt)), signal)


async def _call(api: Api, path: str, token: str, body: Any, signal: Any) -> Any:
    return await api.request("POST", f"{USERS}/v1/outbox/{path}", token=token, body=body, signal=signal)
