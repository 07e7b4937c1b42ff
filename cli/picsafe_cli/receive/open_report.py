"""Open a report, from a file or from the cloud: `picsafe_protocol.format.opening` over HTTP."""

from __future__ import annotations

from collections.abc import Collection

from picsafe_cli.api.client import Api
from picsafe_protocol.contracts.api.keys import ReleasedKey
from picsafe_protocol.contracts.api.requests import ReleaseRequest
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import Source
from picsafe_protocol.crypto.package_digest import CoveredSource, PiecewiseSource, sha256_of_pieces
from picsafe_protocol.format import opening
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.from_disk import cover_file
from picsafe_protocol.format.opening import GivenKey, Opened
from picsafe_protocol.format.package import Header
from picsafe_protocol.json.messages import read, write


async def open_report(
    api: Api,
    source: Source[bytes],
    key_servers: Collection[str],
    *,
    expected: Expectations | None,
    reason: str = "",
) -> Opened[bytes]:
    """Read the header, ask its key server when it is one of `key_servers`, decrypt the description.

    `expected` is what the report's row says. With None, for a file from disk, the user server is asked for the row of
    the report that the file says it is. `source` is compared with the row as a whole before any key is asked for,
    unless it checks by ranges. `reason` goes into the access log. Raises `InvalidPackage`, `NotAsSent`,
    `KeyServerNotAllowed`, `NotPermitted`, `KeyRevoked`, `WrongKey`, `Tampered`, …
    """

    cipher = AesGcm()
    if expected is None:

        async def known(report_id: str) -> Expectations | None:
            report = await api.report(report_id)
            return None if report.size is None else Expectations.of_report(report)

        source, expected = await cover_file(source, cipher, sha256_of_pieces, known)
    elif expected.digest is not None and not isinstance(source, PiecewiseSource):
        source = await CoveredSource.of(source, cipher, sha256_of_pieces, expected.digest)

    async def release(header: Header) -> GivenKey:
        token = await api.user_token(header.keyserver_url)
        url = f"{header.keyserver_url}/v1/keys/{header.key_id}/release"
        body = write(ReleaseRequest(report_id=header.report_id, reason=reason))
        return GivenKey.in_answer(read(ReleasedKey, await api.call("POST", url, token, body)), header)

    return await opening.open_report(
        source, cipher, allowed_key_servers=key_servers, release=release, expected=expected
    )
