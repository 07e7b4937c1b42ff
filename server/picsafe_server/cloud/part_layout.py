"""How an upload is cut into parts: all of `UPLOAD_PART_BYTES`, the last one shorter. Pure arithmetic."""

from __future__ import annotations

import base64
import binascii

from picsafe_protocol.contracts.errors import InvalidRequest, LimitExceeded, UploadMismatch
from picsafe_protocol.contracts.limits import PACKAGE_BYTES, UPLOAD_PART_BYTES

PART = UPLOAD_PART_BYTES


def check_size(size: int) -> int:
    """`size` in bytes when a package may have it."""
    if size > PACKAGE_BYTES:
        raise LimitExceeded(
            f"A package has at most {PACKAGE_BYTES} bytes.", limit="PACKAGE_BYTES", maximum=PACKAGE_BYTES, actual=size
        )
    if size < 1:
        raise InvalidRequest("A package has at least one byte.", field="size")
    return size


def count(size: int) -> int:
    """How many parts an upload of `size` bytes has."""
    return -(-size // PART)


def length(size: int, index: int) -> int:
    """Bytes of part `index`; `InvalidRequest` when the upload has no such part."""
    if not 0 <= index < count(size):
        raise InvalidRequest(f"This upload has the parts 0 to {count(size) - 1}.", field="index")
    return min(PART, size - index * PART)


def part_mismatch() -> UploadMismatch:
    """The error for a part whose digest differs from the declared one."""
    return UploadMismatch(
        "The part does not have the digest that Content-Digest declares.", advice="Send this part again."
    )


def parse_content_digest(header: str | None) -> bytes:
    """The SHA-256 of a `Content-Digest` header (RFC 9530): `sha-256=:base64:`. Other algorithms in the header are
    ignored.
    """
    for member in (header or "").split(","):
        name, _, value = member.strip().partition("=")
        if name == "sha-256" and len(value) > 2 and value[0] == value[-1] == ":":
            try:
                digest = base64.b64decode(value[1:-1], validate=True)
            except binascii.Error:
                break
            if len(digest) == 32:
                return digest
            break
    raise InvalidRequest(
        "A part needs the header Content-Digest: sha-256=:<base64>: (RFC 9530).", field="Content-Digest"
    )
