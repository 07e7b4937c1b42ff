"""Reading signed checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note, Ed25519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from picsafe_protocol.errors import ProofInvalid
from picsafe_protocol.merkle import HASH

_ED25519 = b"\x01"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says, and the note itself."""

    size: int
    root: bytes
    note: str


def public_keys(jwks: Mapping[str, Any]) -> list[bytes]:
    """The Ed25519 keys of a key server's JWKS, 32 bytes each. `ProofInvalid` when there is none."""
    try:
        texts = [str(key["x"]) for key in jwks["keys"] if key.get("crv") == "Ed25519"]
        keys = [base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in texts]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ProofInvalid("These are no public keys.") from error
    if not keys:
        raise ProofInvalid("The key server publishes no key.")
    return keys


def opened(note: str, origin: str, keys: Iterable[bytes]) -> Checkpoint:
    """The checkpoint of the log `origin`, signed with one of `keys`; `ProofInvalid` otherwise."""
    text, gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or lines[0] != origin:
        raise ProofInvalid("This is no checkpoint of the key server's log.")
    try:
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProofInvalid("This is no checkpoint of a log.") from error
    if size < 0 or str(size) != lines[1] or len(root) != HASH:
        raise ProofInvalid("This is no checkpoint of a log.")
    signed = (text + "\n").encode()
    if not any(_is_signed(signed, signatures, origin, key) for key in keys):
        raise ProofInvalid("The checkpoint is not signed with a key that the key server publishes.")
    return Checkpoint(size, root, note)


def _is_signed(text: bytes, signatures: str, origin: str, key: bytes) -> bool:
    key_id = hashlib.sha256(origin.encode() + b"\n" + _ED25519 + key).digest()[:4]
    for line in signatures.splitlines():
        _, _, blob = line.rpartition(" ")
        try:
            raw = base64.b64decode(blob, validate=True)
            if line == f"\u2014 {origin} {blob}" and raw[:4] == key_id:
                Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text)
                return True
        except (binascii.Error, ValueError, InvalidSignature):
            continue
    return False
