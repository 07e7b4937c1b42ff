"""Open a report, from a file or from the cloud: `picsafe_protocol.opening` over HTTP."""

from __future__ import annotations

from collections.abc import Collection

from picsafe_protocol import opening
from picsafe_protocol.buffers import Source
from picsafe_protocol.ciphers import AesGcm
from picsafe_protocol.expectations import Expectations
from picsafe_protocol.opening import GivenKey, Opened
from picsafe_protocol.package import Header
from picsafe_protocol.pieces import CoveredSource, PiecewiseSource, sha256_of_pieces
from picsafe_sync.api import Api


async def open_report(
    api: Api,
    source: Source[bytes],
    key_servers: Collection[str],
    *,
    expected: Expectations | None,
    reason: str = "",
) -> Opened[bytes]:
    """Read the header, ask its key server when it is one of `key_servers`, decrypt the description.

    `expected` is what the report's row says, None only for a file that no row is known of; `source` is compared with it as a whole
    before anything else, unless it checks by ranges. `reason` goes into the access log. Raises `PackageRuleBroken`, `NotAsSent`, `KeyServerNotAllowed`, `NotPermitted`, `KeyRevoked`, `WrongKey`, `Tampered`, …
    """

    cipher = AesGcm()
    if expected is not None and expected.digest is not None and not isinstance(source, PiecewiseSource):
        source = await CoveredSource.of(source, cipher, sha256_of_pieces, expected.digest)

    async def release(header: Header) -> GivenKey:
        token = await api.user_token(header.keyserver_url)
        url = f"{header.keyserver_url}/v1/keys/{header.key_id}/release"
        body = {"report_id": header.report_id} | ({"reason": reason} if reason else {})
        return GivenKey.in_answer(await api.call("POST", url, token, body), header)

    return await opening.open_report(
        source, cipher, allowed_key_servers=key_servers, release=release, expected=expected
    )
