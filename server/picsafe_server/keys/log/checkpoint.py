"""Signed checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note, Ed25519) and offline proofs
(c2sp.org/tlog-proof@v1).
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from picsafe_server.keys.log.tree import Head
from picsafe_server.runtime.secret_files import write_secret

_ED25519 = b"\x01"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class Checkpointer:
    """Signs heads of one log. Only durable heads may be signed, since a signature cannot be taken back."""

    def __init__(self, base_url: str, key: Ed25519PrivateKey) -> None:
        self.origin = base_url.partition("://")[2] + "/v1"
        """The log's name: the URL that `/checkpoint` hangs from, without its scheme."""
        self._key = key
        self._public = key.public_key().public_bytes_raw()
        self._key_id = hashlib.sha256(self.origin.encode() + b"\n" + _ED25519 + self._public).digest()[:4]

    @classmethod
    def from_file(cls, base_url: str, path: Path) -> Checkpointer:
        """With the key in `path` (PKCS 8, PEM), made there on first use, readable by this user only."""
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_secret(path, pem)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} does not hold an Ed25519 key")
        return cls(base_url, key)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the key that its signatures are verified with."""
        return self._public

    @property
    def verifier_key(self) -> str:
        """The public key in the form that signed-note tools take: `name+id+key`."""
        return f"{self.origin}+{self._key_id.hex()}+{_b64(_ED25519 + self._public)}"

    def jwks(self) -> dict[str, Any]:
        """The public key as RFC 7517 and RFC 8037 have it; `vkey` is the same for signed-note tools."""
        x = base64.urlsafe_b64encode(self._public).decode("ascii").rstrip("=")
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self._key_id.hex(), "x": x}
        return {"keys": [key | {"vkey": self.verifier_key}]}

    def checkpoint(self, head: Head) -> str:
        """The signed note of a head."""
        text = f"{self.origin}\n{head.size}\n{_b64(head.root)}\n"
        signature = self._key.sign(text.encode())
        return f"{text}\n— {self.origin} {_b64(self._key_id + signature)}\n"


def offline_proof(index: int, hashes: list[bytes], checkpoint: str) -> str:
    """A proof that the entry `index` is in the tree of `checkpoint`."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(_b64, hashes)]
    return "\n".join(lines) + "\n\n" + checkpoint
