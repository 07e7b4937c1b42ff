"""The route by which every role publishes its public keys (`/.well-known/jwks.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType


class PublicKey(Struct, frozen=True, omit_defaults=True):
    """An Ed25519 key (RFC 8037). `x` is its 32 bytes in base64url. `vkey`, of a key server alone, has it as signed-note
    tools take it.
    """

    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str
    vkey: str | UnsetType = UNSET


class PublicKeys(Struct, frozen=True):
    """A JWK Set (RFC 7517)."""

    keys: list[PublicKey]

    @classmethod
    def of(cls, jwks: Mapping[str, Any]) -> PublicKeys:
        return msgspec.convert(jwks, cls)
