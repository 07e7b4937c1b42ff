"""Reading signed checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note, Ed25519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from picsafe_protocol.contracts.errors import ProofInvalid
from picsafe_protocol.crypto.merkle import HASH

LARGEST_SIZE: Final = 2**63 - 1
"""Of a log: what databases hold. At a million entries a second it is reached after 290,000 years."""
NOTE_LENGTH: Final = 10_000
"""Characters of a note that is kept: three lines and a few signatures are 300."""
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
    checkpoint = said(note)
    text, _, signatures = note.partition("\n\n")
    if text.split("\n", 1)[0] != origin:
        raise ProofInvalid("This is no checkpoint of the key server's log.")
    signed = (text + "\n").encode()
    if not any(_is_signed(signed, signatures, origin, key) for key in keys):
        raise ProofInvalid("The checkpoint is not signed with a key that the key server publishes.")
    return checkpoint


def said(note: str) -> Checkpoint:
    """What a note says; its signature is not verified. `ProofInvalid` when it is no checkpoint, or one that no database
    can keep.
    """
    text, gap, _ = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or len(note) > NOTE_LENGTH or "\0" in note:
        raise ProofInvalid("This is no checkpoint of a log.")
    try:
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProofInvalid("This is no checkpoint of a log.") from error
    if not 0 <= size <= LARGEST_SIZE or str(size) != lines[1] or len(root) != HASH:
        raise ProofInvalid("This is no checkpoint of a log.")
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
