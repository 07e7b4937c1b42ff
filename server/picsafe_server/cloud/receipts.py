"""Receipts: signed statements of the cloud that a package is completely stored."""

from __future__ import annotations

from picsafe_protocol.contracts.tokens import RECEIPT_TYPE
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_server.auth.tokens import Signer
from picsafe_server.cloud.db.models import Package


def sign_receipt(signer: Signer, package: Package, sha256: str, pieces: Pieces | None) -> str:
    """A receipt for the user server whose grant began the upload. It never expires, because it states a fact and
    permits nothing.

    Its `digest` is that of the sender's list of piece hashes; the cloud has not compared the list with the package.
    """
    digest = {} if pieces is None else {"digest": pieces.digest}
    return signer.sign(
        RECEIPT_TYPE,
        package.issuer,
        None,
        rid=package.report_id,
        size=package.size,
        sha256=sha256,
        until=int(package.until.timestamp()),
        **digest,
    )
