"""Issues and checks the protocol's tokens: JWT with EdDSA (Ed25519). Each role has one signing key, published as
JWKS.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OKPKey

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import ServiceError, TokenRefused
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.auth import jws
from picsafe_server.role import NotReady
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.secret_files import write_secret

JWKS_PATH = "/.well-known/jwks.json"
JWKS_SECONDS = 300
"""How long another server's keys are believed without asking again."""
JWKS_RETRY_SECONDS = 10
"""At least so long between two questions: neither a forged `kid` nor a server that is down may cause a request each."""
CLOCK_SECONDS = 10
"""A difference of clocks that is logged: more than an answer takes, and well below the leeway."""
JWKS_FIRST_SECONDS = 1
"""The same while nothing of that server is known: it may just be starting, too."""


_log = logging.getLogger("picsafe.tokens")


class Signer:
    """Signs tokens as one issuer."""

    def __init__(self, issuer: str, key: Ed25519PrivateKey, clock: Clock) -> None:
        self.issuer = issuer
        self._key = key
        self._jwk = jws.private_key(key)
        self._clock = clock

    @classmethod
    def from_file(cls, issuer: str, path: Path, clock: Clock) -> Signer:
        """A signer whose key is in `path` (PKCS 8, PEM); made there on first use, readable by this user only."""
        if not path.exists():
            raw = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_secret(path, raw)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} does not hold an Ed25519 key")
        return cls(issuer, key, clock)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the key that its signatures are verified with."""
        return self._key.public_key().public_bytes_raw()

    def derive(self, purpose: str, salt: bytes) -> bytes:
        """32 secret bytes for `purpose` that only the holder of the signing key can make (HKDF, RFC 5869)."""
        seed = self._key.private_bytes_raw()
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose.encode()).derive(seed)

    def jwks(self) -> dict[str, Any]:
        """The public keys, RFC 7517 and RFC 8037."""
        return {"keys": [jws.public_jwk(self._jwk)]}

    def sign(self, kind: str, audience: str, seconds: int | None, **claims: Any) -> str:
        """A token of `kind` for `audience` that lives for `seconds` (a receipt, with None, never expires)."""
        now = int(self._clock.now().timestamp())
        body = {"iss": self.issuer, "aud": audience, "iat": now, **claims}
        if seconds is not None:
            body |= {"exp": now + seconds, "jti": new_identifier()}
        return jws.sign({"typ": kind, "kid": str(self._jwk.kid)}, body, self._jwk)


@dataclass
class _Issuer:
    """Cached public keys of one user server or cloud.

    Times are seconds of the monotonic clock, which may begin at zero when the machine boots: "never" is None, not a
    very early time.
    """

    keys: dict[str, OKPKey] = field(default_factory=dict)
    fetched: float | None = None
    asked: float | None = None
    asking: asyncio.Task[None] | None = None
    offset: float | None = None

    def is_old(self) -> bool:
        return self.fetched is None or time.monotonic() - self.fetched >= JWKS_SECONDS

    def may_be_asked(self) -> bool:
        under_way = self.asking is not None and not self.asking.done()
        if self.asked is None:
            return True
        pause = JWKS_RETRY_SECONDS if self.keys else JWKS_FIRST_SECONDS
        return under_way or time.monotonic() - self.asked >= pause


class Verifier:
    """Verifies tokens of trusted issuers. Needs the network only to fetch their keys from time to time."""

    def __init__(self, issuers: Collection[str], http: httpx.AsyncClient, clock: Clock) -> None:
        self._issuers = {issuer: _Issuer() for issuer in issuers}
        self._http = http
        self._clock = clock

    async def verify(self, token: str, kind: str, audience: str) -> Mapping[str, Any]:
        """The claims of a token of `kind` for `audience`; `TokenRefused` says why not; `ServiceError` when its issuer's
        keys cannot be fetched.
        """
        unverified = jws.parse(token)  # nothing of it believed before the signature holds
        if unverified.header.get("typ") != kind:
            raise TokenRefused("This is a token of another kind.", reason="type")
        issuer = unverified.claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            raise TokenRefused("This server does not trust the token's issuer.", reason="issuer")
        claims = unverified.verify(await self._key(issuer, str(unverified.header.get("kid"))))
        if claims.get("aud") != audience:
            raise TokenRefused("The token is for another server.", reason="audience")
        self._check_times(claims)
        return claims

    async def check(self, issuer: str) -> None:
        """`NotReady` while no token of `issuer` can be verified, since its keys could not be fetched yet."""
        issued = self._issuers[issuer]
        if not issued.keys and issued.may_be_asked():
            await asyncio.shield(self._ask(issuer, issued))
        if not issued.keys:
            raise NotReady(f"no token can be verified: the keys of {issuer} cannot be fetched")

    def clock_offsets(self) -> Mapping[str, float]:
        """Seconds by which the clocks of other servers were ahead of this one's when they were asked last."""
        return {issuer: issued.offset for issuer, issued in self._issuers.items() if issued.offset is not None}

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        # Not left to the JWT library: it reads the machine's clock, which tests cannot move.
        now = self._clock.now().timestamp()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or (expires is not None and not isinstance(expires, int)):
            raise TokenRefused("The token's times are not numbers.", reason="malformed")
        if issued > now + limits.CLOCK_LEEWAY_SECONDS:
            raise TokenRefused("The token is dated in the future: the clocks of the servers differ.", reason="clock")
        if expires is not None and expires <= now - limits.CLOCK_LEEWAY_SECONDS:
            raise TokenRefused("The token has expired.", reason="expired")

    async def _key(self, issuer: str, kid: str) -> OKPKey:
        issued = self._issuers[issuer]
        if kid not in issued.keys and issued.may_be_asked():
            await asyncio.shield(self._ask(issuer, issued))
        elif issued.is_old() and issued.may_be_asked():
            self._ask(issuer, issued)  # meanwhile with the keys that we have: nobody waits for a server that hangs
        if kid in issued.keys:
            return issued.keys[kid]
        if not issued.keys:
            raise ServiceError("The keys of the server that signed the token cannot be fetched.")
        raise TokenRefused("The token is signed with a key that its issuer does not publish.", reason="key")

    def _ask(self, issuer: str, issued: _Issuer) -> asyncio.Task[None]:
        if issued.asking is None or issued.asking.done():
            issued.asking = asyncio.create_task(self._fetch(issuer, issued))
        return issued.asking

    async def _fetch(self, issuer: str, issued: _Issuer) -> None:
        try:
            answer = await self._http.get(issuer + JWKS_PATH, timeout=10)
            answer.raise_for_status()
            keys = jws.public_keys(answer.content)
            self._compare_clocks(issuer, issued, answer)
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("the keys of %s cannot be fetched: %s", issuer, type(error).__name__)
        else:
            issued.keys, issued.fetched = keys, time.monotonic()
        finally:
            issued.asked = time.monotonic()

    def _compare_clocks(self, issuer: str, issued: _Issuer, answer: httpx.Response) -> None:
        """Log a warning when this clock and the issuer's differ, well before the difference of a minute at which tokens
        are refused.
        """
        try:
            theirs = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            return
        if theirs.tzinfo is None:
            return
        # The header has whole seconds, cut off; the answer was on its way for a while.
        issued.offset = (theirs - self._clock.now()).total_seconds() + 0.5
        if abs(issued.offset) > CLOCK_SECONDS:
            side = "ahead of" if issued.offset > 0 else "behind"
            seconds = abs(issued.offset)
            _log.warning("the clock of %s is %.0f s %s this one's: see to both of them", issuer, seconds, side)


def bearer(authorization: str | None) -> str:
    """The token of an `Authorization: Bearer …` header; `TokenRefused` when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenRefused("A token is needed.", reason="missing")
    return token.strip()
