"""Receipts: the cloud's signed word that a package is stored whole."""

from __future__ import annotations

from picsafe_protocol.contracts.tokens import RECEIPT_TYPE
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_server.auth.tokens import Signer
from picsafe_server.cloud.db.models import Package


def sign_receipt(signer: Signer, package: Package, sha256: str, pieces: Pieces | None) -> str:
    """A receipt for the user server whose grant began the upload. It does not end: it says what was, not what may be.

    Its `digest` is that of the list which the sender made: nobody here compared the list with the package.
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
