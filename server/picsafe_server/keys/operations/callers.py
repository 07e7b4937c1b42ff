"""Turns tokens into callers. Verified tokens are cached for their short life; their times are checked at every use."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TokenRefused
from picsafe_protocol.contracts.tokens import GRANT_TYPE, USER_TOKEN_TYPE, Action
from picsafe_server.auth import jws
from picsafe_server.auth.tokens import JWKS_SECONDS, Verifier
from picsafe_server.keys.policy import Caller, Institution, KeyAcl
from picsafe_server.runtime.clock import Clock

C = TypeVar("C", bound=msgspec.Struct)

REMEMBERED = 4096
"""Verified user tokens kept in memory, some 8 MB."""

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Recipients = Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=limits.RECIPIENTS)]
Institutions = Annotated[tuple["_InstitutionClaim", ...], msgspec.Meta(max_length=limits.RECIPIENTS + 1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
Roles = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=16)]


class _InstitutionClaim(msgspec.Struct):
    id: Identifier
    roles: Roles


class _AccessClaim(msgspec.Struct):
    owner: Identifier
    recipients: Recipients
    institutions: Institutions
    begun: Seconds | None = None


class _UserClaims(msgspec.Struct):
    iss: str
    sub: Identifier
    iat: int
    exp: int
    name: str
    email: str
    inst: Identifier | None = None
    inst_name: str | None = None
    role: str | None = None
    since: Seconds | None = None
    inst_since: Seconds | None = None


class _GrantClaims(msgspec.Struct):
    iss: str
    sub: Identifier
    exp: int
    act: str
    rid: Identifier
    until: int | None = None
    access: _AccessClaim | None = None
    name: str = ""
    email: str = ""
    inst: Identifier | None = None
    inst_name: str | None = None


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """A verified grant: `caller` may do one thing with the key of one report."""

    caller: Caller
    report_id: str
    until: int | None
    """When the report's days are over, in seconds since 1970."""
    access: KeyAcl | None


@dataclass(frozen=True, slots=True)
class _Remembered:
    caller: Caller
    issued: int
    expires: int
    verified: float


class TokenAuthenticator:
    """Verifies the tokens presented to this key server."""

    def __init__(self, verifier: Verifier, audience: str, clock: Clock) -> None:
        self._verifier = verifier
        self._audience = audience
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}

    async def user(self, token: str) -> Caller:
        """The caller in a user token; `TokenRefused` says why it is not accepted."""
        known = self._remembered.get(token)
        if known is not None and self._still_counts(known):
            return known.caller
        claims = _convert(await self._verifier.verify(token, USER_TOKEN_TYPE, self._audience), _UserClaims)
        caller = Caller(
            issuer=claims.iss,
            subject=claims.sub,
            name=_plain(claims.name, limits.NAME_CHARACTERS),
            email=_plain(claims.email, limits.EMAIL_CHARACTERS),
            institution=claims.inst,
            institution_name=None if claims.inst_name is None else _plain(claims.inst_name, limits.NAME_CHARACTERS),
            role=claims.role,
            since=_milliseconds(claims.since),
            joined=_milliseconds(claims.inst_since),
        )
        self._remembered.pop(token, None)
        if len(self._remembered) >= REMEMBERED:
            del self._remembered[
                next(iter(self._remembered))
            ]  # verified longest ago: others are about to be used again
        self._remembered[token] = _Remembered(caller, claims.iat, claims.exp, time.monotonic())
        return caller

    async def grant(self, token: str, action: Action) -> KeyGrant:
        """What a grant allows; `TokenRefused` unless it allows `action`."""
        claims = _convert(await self._verifier.verify(token, GRANT_TYPE, self._audience), _GrantClaims)
        if claims.act != action:
            raise TokenRefused("The grant is for something else.", reason="action")
        caller = Caller(
            issuer=claims.iss,
            subject=claims.sub,
            name=_plain(claims.name, limits.NAME_CHARACTERS),
            email=_plain(claims.email, limits.EMAIL_CHARACTERS),
            institution=claims.inst,
            institution_name=None if claims.inst_name is None else _plain(claims.inst_name, limits.NAME_CHARACTERS),
        )
        return KeyGrant(caller, claims.rid, claims.until, _access(claims.access))

    async def check(self, issuer: str) -> None:
        """`NotReady` while no token of `issuer` can be verified."""
        await self._verifier.check(issuer)

    def clock_offsets(self) -> Mapping[str, float]:
        """Seconds by which the clocks of user servers were ahead of this one's."""
        return self._verifier.clock_offsets()

    async def user_or_grant(self, token: str, action: Action) -> Caller | KeyGrant:
        """Whichever of the two the token is."""
        kind = jws.parse(token).header.get("typ")
        return await (self.grant(token, action) if kind == GRANT_TYPE else self.user(token))

    def _still_counts(self, known: _Remembered) -> bool:
        # Whatever is not plainly within its time goes to the verifier again, which knows the leeway and the words.
        now = self._clock.now().timestamp()
        return known.issued <= now < known.expires and time.monotonic() - known.verified < JWKS_SECONDS


def _access(claim: _AccessClaim | None) -> KeyAcl | None:
    if claim is None:
        return None
    institutions = tuple(Institution(one.id, one.roles) for one in claim.institutions)
    return KeyAcl(claim.owner, claim.recipients, institutions, _milliseconds(claim.begun))


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _convert(claims: Mapping[str, Any], kind: type[C]) -> C:
    try:
        return msgspec.convert(claims, kind)
    except msgspec.ValidationError as error:
        raise TokenRefused("The token's claims are not what they should be.", reason="malformed") from error


def _plain(text: str, characters: int) -> str:
    """`text` as the log takes it: no control characters, no half surrogates (PostgreSQL and JSON refuse them), not
    longer.
    """
    if text.isprintable():  # nearly all are: neither is in them
        return text[:characters]
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter for letter in whole if unicodedata.category(letter) != "Cc")[:characters]
