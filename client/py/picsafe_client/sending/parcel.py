"""An encrypted report, ready to be delivered: only ciphertext, what is known of it, and the token that delivers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from picsafe_client.blobs import read_blob
from picsafe_client.crypto import hashing
from picsafe_protocol.contracts.api.reports import GrantAt
from picsafe_protocol.contracts.api.requests import SentPackage
from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES
from picsafe_protocol.crypto.package_digest import Pieces


@dataclass
class Parcel:
    """`package` is a Blob; `cloud` the grant that came with the report, while that is fresh."""

    report_id: str
    package: Any
    sha256: str
    pieces: Pieces
    sealed_label: bytes | None = None
    cloud: GrantAt | None = None
    token: str = ""
    """Empty until the user server has given one."""
    is_kept: bool = False
    """Whether this browser keeps it until it is delivered, whatever becomes of this page."""

    @property
    def sent(self) -> SentPackage:
        """The package as its sender describes it."""
        return SentPackage(size=self.pieces.size, sha256=self.sha256, digest=self.pieces.digest)


async def measure(package: Any) -> tuple[str, Pieces]:
    """The SHA-256 of a package (hex), and the hashes of its pieces; read once, part by part."""
    size, digest, hashes = int(package.size), await hashing.sha256(), bytearray()
    for start in range(0, size, UPLOAD_PART_BYTES):
        data = await read_blob(package, start, min(start + UPLOAD_PART_BYTES, size))
        digest.update(data)
        hashes += await hashing.hash_pieces(data)
    return digest.hexdigest(), Pieces(size, bytes(hashes))
