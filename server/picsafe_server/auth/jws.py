"""Signed JSON by joserfc: compact JWS (RFC 7515) with Ed25519 (RFC 8037) and no other algorithm, and JWK Sets (RFC 7517).

docs/decisions/0033-tokens-by-joserfc.md says why this library and no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey

from picsafe_protocol.contracts.errors import TokenRefused
from picsafe_protocol.json import strict_json

ALGORITHM: Final = "EdDSA"
_HEADERS: Final = {"alg", "typ", "kid"}
_MALFORMED: Final = "This is not a token."


class _OneAlgorithm(jws.JWSRegistry):
    """Accepts Ed25519 whatever a token says of itself. RFC 9864 renames the algorithm; the name on the wire stays."""

    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(f"{name} is not accepted")
        return self.algorithms[name]


_REGISTRY: Final = _OneAlgorithm()


def private_key(key: Ed25519PrivateKey) -> OKPKey:
    """The key as the library takes it. Its `kid` is its thumbprint (RFC 7638)."""
    made = OKPKey.import_key(key)
    return OKPKey.import_key(key, {"alg": ALGORITHM, "use": "sig", "kid": made.thumbprint()})


def public_jwk(key: OKPKey) -> dict[str, Any]:
    """The public half as a member of a JWK Set."""
    return dict(key.as_dict(private=False))


def public_keys(jwk_set: bytes) -> dict[str, OKPKey]:
    """The Ed25519 keys of a JWK Set by `kid`, without those of other kinds; `ValueError` when it is not a JWK Set."""
    content = strict_json.parse(jwk_set)  # a hostile server may nest without end
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise ValueError("this is not a JWK Set")
    try:
        return {str(key.get("kid")): _imported(key) for key in listed if key.get("crv") == "Ed25519"}
    except JoseError as error:
        raise ValueError(f"a key of the JWK Set cannot be read: {error}") from error


def _imported(key: Mapping[str, Any]) -> OKPKey:
    # Only what makes the key: other members must not change what it may be used for here.
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": str(key.get("x"))})


def sign(header: Mapping[str, str], claims: Mapping[str, Any], key: OKPKey) -> str:
    """A compact JWS over the claims."""
    payload = json.dumps(claims, separators=(",", ":"))
    return jws.serialize_compact({**header, "alg": ALGORITHM}, payload, key, registry=_REGISTRY)


@dataclass(frozen=True)
class Unverified:
    """A token that was taken apart and not verified: nothing of it is to be believed."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    _compact: jws.CompactSignature

    def verify(self, key: OKPKey) -> Mapping[str, Any]:
        """The claims; `TokenRefused` unless they are signed with `key`."""
        if set(self.header) - _HEADERS:  # extensions such as `crit` and `b64`, which no issuer of ours uses
            raise TokenRefused("The token is not signed the way that PicSafe signs.", reason="signature")
        try:
            holds = jws.validate_compact(self._compact, key, registry=_REGISTRY)
        except JoseError as error:
            raise TokenRefused("The token is not signed the way that PicSafe signs.", reason="signature") from error
        if not holds:
            raise TokenRefused("The token's signature does not verify.", reason="signature")
        return self.claims


def parse(token: str) -> Unverified:
    """A compact JWS, taken apart; `TokenRefused` when it is not one, or when a claim or header stands twice in it."""
    try:
        compact = jws.extract_compact(token.encode(), registry=_REGISTRY)
        claims = _CLAIMS.decode(compact.payload.decode())
    except (JoseError, ValueError, RecursionError) as error:
        raise TokenRefused(_MALFORMED, reason="malformed") from error
    if not isinstance(compact.protected, dict) or not isinstance(claims, dict):
        raise TokenRefused(_MALFORMED, reason="malformed")
    return Unverified(compact.protected, claims, compact)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a claim is given twice")
    return found


_CLAIMS: Final = json.JSONDecoder(object_pairs_hook=_unique)
"""Made once: `json.loads` makes one for each call that passes a hook, which takes longer than reading a token."""
