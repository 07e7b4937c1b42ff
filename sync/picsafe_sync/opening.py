"""Open a report, from a file or from the cloud: `picsafe_protocol.opening` over HTTP."""

from __future__ import annotations

from collections.abc import Collection

from picsafe_protocol import opening
from picsafe_protocol.buffers import Source
from picsafe_protocol.ciphers import AesGcm
from picsafe_protocol.opening import Opened, key_in
from picsafe_protocol.package import Header
from picsafe_sync.api import Api


async def open_report(
    api: Api, source: Source[bytes], key_servers: Collection[str], *, expected_id: str | None = None, reason: str = ""
) -> Opened[bytes]:
    """Read the header, ask its key server when it is one of `key_servers`, decrypt the description.

    `expected_id` is the report that was asked for, when it came from a cloud; `reason` goes into the access log. Raises
    `PackageRuleBroken`, `AnotherReport`, `KeyServerNotAllowed`, `NotPermitted`, `KeyRevoked`, `WrongKey`, `Tampered`, …
    """

    async def release(header: Header) -> bytes:
        token = await api.user_token(header.keyserver_url)
        url = f"{header.keyserver_url}/v1/keys/{header.key_id}/release"
        body = {"report_id": header.report_id} | ({"reason": reason} if reason else {})
        return key_in(await api.call("POST", url, token, body))

    return await opening.open_report(
        source, AesGcm(), allowed_key_servers=key_servers, release=release, expected_report=expected_id
    )
