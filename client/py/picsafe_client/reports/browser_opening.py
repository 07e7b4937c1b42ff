"""Opens packages with this browser's cryptography: reads them from a cloud or a file, checks and decrypts them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from picsafe_client.api.client import Api
from picsafe_client.crypto.hashing import hash_pieces, sha256
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_client.reports.label_reader import LabelReader
from picsafe_client.reports.open_report import OpenReport, PackageSource
from picsafe_client.reports.package_sources import CloudPackage, DiskSource, ReconnectPolicy
from picsafe_client.reports.range_reader import RangedSource
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.from_disk import Known, cover_file
from picsafe_protocol.format.opening import KeyReleaser


class PackageOpener:
    """For one report. Its sources and the open report hold JavaScript buffers."""

    def __init__(self) -> None:
        self._cipher = WebCryptoCipher()

    def from_cloud(self, package: CloudPackage, expected: Expectations, policy: ReconnectPolicy) -> RangedSource[Any]:
        """Reads `package` by ranges, each compared with the digest that its row has, if it has one."""
        return RangedSource(
            package, self._cipher, expected.size, policy, digest=expected.digest, hash_pieces=hash_pieces
        )

    async def expectations(self, source: DiskSource, known: Known) -> Expectations | None:
        """What the index says of a file, for which it is asked through `known`: see `format.from_disk`. Afterwards
        `source` is compared with the digest, if there is one.
        """
        _, expected = await cover_file(source, self._cipher, hash_pieces, known)
        if expected is not None:
            source.digest = expected.digest
        return expected

    async def open(
        self,
        source: PackageSource[Any],
        expected: Expectations | None,
        *,
        allowed_key_servers: Collection[str],
        release: KeyReleaser,
    ) -> OpenReport[Any]:
        """Raises as `picsafe_protocol.format.opening.open_report`."""
        return await OpenReport.open(
            source,
            cipher=self._cipher,
            new_digest=sha256,
            allowed_key_servers=allowed_key_servers,
            release=release,
            expected=expected,
        )


def label_reader(api: Api, allowed_key_servers: Collection[str], signal: Any) -> LabelReader[Any]:
    """Reads labels with this browser's cryptography."""
    return LabelReader(api, WebCryptoCipher(), allowed_key_servers, signal)
