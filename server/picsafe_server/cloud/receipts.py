"""Receipts: the cloud's signed word that a package is stored whole."""

from __future__ import annotations

from picsafe_protocol.tokens import RECEIPT_TYPE
from picsafe_server.cloud.models import Package
from picsafe_server.tokens import Signer


def sign_receipt(signer: Signer, package: Package, sha256: str) -> str:
    """A receipt for the user server whose grant began the upload. It does not end: it says what was, not what may be."""
    return signer.sign(
        RECEIPT_TYPE,
        package.issuer,
        None,
        rid=package.report_id,
        size=package.size,
        sha256=sha256,
        until=int(package.until.timestamp()),
    )
