"""Tokens that nobody signed, that another algorithm signed, that are over although they were seen before."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness.key_server import KEYS, USERS, Sent, Someone, World, code

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.auth import jws, tokens
from picsafe_server.auth.tokens import Signer
from picsafe_server.keys.operations import callers

pytestmark = pytest.mark.anyio


async def ask(world: World, sent: Sent, token: str | None) -> tuple[int, str]:
    answer = await world.post(f"/keys/v1/keys/{sent.key_id}/release", token, {"report_id": sent.report_id})
    return answer.status_code, "" if answer.status_code == 200 else str(answer.json().get("reason"))


def _segments(token: str) -> tuple[dict[str, object], dict[str, object], str]:
    header, payload, signature = token.split(".")
    return _decoded(header), _decoded(payload), signature


def _decoded(segment: str) -> dict[str, object]:
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return claims


def _encoded(claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _changed(token: str) -> str:
    header, payload, signature = _segments(token)
    return f"{_encoded(header)}.{_encoded(payload | {'name': 'Dr Evil'})}.{signature}"


def _unsigned(token: str) -> str:
    header, payload, _ = _segments(token)
    return f"{_encoded(header | {'alg': 'none'})}.{_encoded(payload)}."


def _signed_with_the_public_key(token: str) -> str:
    header, payload, _ = _segments(token)
    secret = base64.b64encode(b"the public key as an HMAC secret") + b" of thirty-two bytes and more"
    return jwt.encode(dict(payload), secret, algorithm="HS256", headers={"typ": header["typ"], "kid": header["kid"]})


def _says_another_algorithm(token: str) -> str:
    header, payload, signature = _segments(token)
    return f"{_encoded(header | {'alg': 'HS256'})}.{_encoded(payload)}.{signature}"


def _by_another_key(token: str) -> str:
    header, payload, _ = _segments(token)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jwt.encode(dict(payload), pem, algorithm="EdDSA", headers={"typ": header["typ"], "kid": header["kid"]})


def _critical(token: str) -> str:
    header, payload, signature = _segments(token)
    return f"{_encoded(header | {'crit': ['exp']})}.{_encoded(payload)}.{signature}"


FORGERIES: dict[str, Callable[[str], str | None]] = {
    "missing": lambda token: None,
    "empty": lambda token: "",
    "not a token": lambda token: "x",
    "two parts": lambda token: token.rpartition(".")[0],
    "four parts": lambda token: token + ".x",
    "parts that are no JSON": lambda token: "e30.e30e30.e30",
    "a list for claims": lambda token: f"{token.split('.')[0]}.W10.{token.split('.')[2]}",
    "unsigned": _unsigned,
    "with its signature cut": lambda token: token[:-4],
    "with a bit of its signature flipped": lambda token: token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:],
    "in base64 that is not canonical": lambda token: token[:-1] + chr(ord(token[-1]) + 1),
    "with another name in it": _changed,
    "signed by HMAC": _signed_with_the_public_key,
    "saying HMAC over the right signature": _says_another_algorithm,
    "signed by another key under the right number": _by_another_key,
    "demanding something critical": _critical,
    "nested without end": lambda token: "W1tb" * 5000 + ".e30.AAAA",
    "whose header is a list": lambda token: "W10." + token.partition(".")[2],
    "in two parts": lambda token: token.rpartition(".")[0],
    "in four parts": lambda token: token + ".AAAA",
    "with a line break": lambda token: token.replace(".", ".\t", 1),
    "of a million letters": lambda token: token + "A" * 1_000_000,
}


async def test_no_key_for_a_token_that_is(sqlite_world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    sent = await sqlite_world.send(ada)
    genuine = sqlite_world.users.user_token(ada)
    assert (await ask(sqlite_world, sent, genuine))[0] == 200  # and now it is remembered
    for case, forge in FORGERIES.items():
        with subtests.test(case):
            status, reason = await ask(sqlite_world, sent, forge(genuine))
            assert status == 401
            assert reason in {"missing", "malformed", "signature"}


def _resigned(world: World, token: str, claims: dict[str, object]) -> str:
    """A token of the user server itself, with claims that it would never write."""
    header, payload, _ = _segments(token)
    key = world.users.signers[USERS]._key
    body = json.dumps(payload | claims).encode()
    return jwt.PyJWS().encode(body, key, algorithm="EdDSA", headers={"typ": header["typ"], "kid": header["kid"]})


@pytest.mark.parametrize("extension", [{"b64": False, "crit": ["b64"]}, {"jku": "https://elsewhere.test"}])
async def test_an_extension_of_the_header_is_refused_although_it_is_signed(
    sqlite_world: World, ada: Someone, extension: dict[str, object]
) -> None:
    sent = await sqlite_world.send(ada)
    header, payload, _ = _segments(sqlite_world.users.user_token(ada))
    key = sqlite_world.users.signers[USERS]._key
    body = json.dumps(payload).encode()
    names = {"typ": header["typ"], "kid": header["kid"], **extension}
    token = jwt.PyJWS().encode(body, key, algorithm="EdDSA", headers=names)
    assert await ask(sqlite_world, sent, token) in [(401, "signature"), (401, "malformed")]


async def test_claims_of_the_wrong_kind(sqlite_world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    sent = await sqlite_world.send(ada)
    wrong: list[tuple[dict[str, object], str]] = [
        ({"iss": None}, "issuer"),
        ({"iss": [USERS]}, "issuer"),
        ({"iss": {"url": USERS}}, "issuer"),
        ({"aud": None}, "audience"),
        ({"aud": [KEYS, KEYS]}, "audience"),
        ({"exp": "4000000000"}, "malformed"),
        ({"exp": 4e9}, "malformed"),
        ({"exp": True}, "expired"),
        ({"iat": "0"}, "malformed"),
        ({"sub": 7}, "malformed"),
        ({"name": ["Ada"]}, "malformed"),
    ]
    for claims, reason in wrong:
        with subtests.test(claims=claims, reason=reason):
            token = _resigned(sqlite_world, sqlite_world.users.user_token(ada), claims)
            assert await ask(sqlite_world, sent, token) == (401, reason)


async def test_a_key_that_the_issuer_does_not_publish_does_not_count(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    unpublished = Signer(USERS, Ed25519PrivateKey.generate(), sqlite_world.clock)
    token = unpublished.sign("picsafe-user+jwt", KEYS, 300, sub=ada.id, name="Ada", email="ada@clinic.test")
    assert await ask(sqlite_world, sent, token) == (401, "key")


async def test_of_too_many_tokens_the_one_verified_longest_ago_is_forgotten(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all of them: each would be verified again, just when there are very many."""
    monkeypatch.setattr(callers, "REMEMBERED", 2)
    sent = await sqlite_world.send(ada)
    verified: list[str] = []
    parse = jws.parse

    def noted(token: str) -> jws.Unverified:
        verified.append(token)
        return parse(token)

    monkeypatch.setattr(jws, "parse", noted)
    first, second, third = (sqlite_world.users.user_token(ada) for _ in range(3))
    for token in (first, second, first, third, second, third, first):
        assert (await ask(sqlite_world, sent, token))[0] == 200
    assert verified == [first, second, third, first]


async def test_a_remembered_token_ends_when_it_ends(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    token = sqlite_world.users.user_token(ada)
    assert (await ask(sqlite_world, sent, token))[0] == 200
    within_leeway = timedelta(seconds=limits.USER_TOKEN_SECONDS + limits.CLOCK_LEEWAY_SECONDS - 30)
    sqlite_world.clock.move(within_leeway)
    assert (await ask(sqlite_world, sent, token))[0] == 200
    sqlite_world.clock.move(timedelta(seconds=30))
    assert await ask(sqlite_world, sent, token) == (401, "expired")


@pytest.mark.parametrize(
    ("off_by", "answer"),
    [
        (timedelta(hours=1), (401, "expired")),
        (timedelta(hours=-1), (401, "clock")),
        (timedelta(seconds=limits.CLOCK_LEEWAY_SECONDS - 5), (200, "")),
        (timedelta(seconds=5 - limits.CLOCK_LEEWAY_SECONDS), (200, "")),
    ],
)
async def test_a_clock_that_is_off(
    sqlite_world: World, ada: Someone, off_by: timedelta, answer: tuple[int, str]
) -> None:
    """The key server's clock against the user server's, whether or not the token was seen before."""
    sent = await sqlite_world.send(ada)
    seen, unseen = sqlite_world.users.user_token(ada), sqlite_world.users.user_token(ada)
    assert (await ask(sqlite_world, sent, seen))[0] == 200
    sqlite_world.clock.move(off_by)
    assert await ask(sqlite_world, sent, seen) == answer
    assert await ask(sqlite_world, sent, unseen) == answer


async def test_a_user_server_that_does_not_answer_is_said_to_be_the_reason(sqlite_world: World, ada: Someone) -> None:
    sqlite_world.users.down = True
    answer = await sqlite_world.create(ada, "a" * 26)
    assert (answer.status_code, code(answer)) == (503, "service")


async def test_known_keys_are_believed_while_the_user_server_does_not_answer(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    sqlite_world.users.down = True
    assert (await sqlite_world.open(ada, sent)).status_code == 200


# The keys of user servers


async def test_a_user_server_that_hangs_keeps_nobody_waiting_whose_keys_are_known(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada)
    monkeypatch.setattr(tokens, "JWKS_SECONDS", 0)
    monkeypatch.setattr(tokens, "JWKS_RETRY_SECONDS", 0)
    before = sqlite_world.users.asked
    sqlite_world.users.hangs = asyncio.Event()
    for _ in range(5):
        assert (await sqlite_world.open(ada, sent)).status_code == 200
    assert sqlite_world.users.asked == before + 1
    sqlite_world.users.hangs.set()


async def test_a_user_server_that_is_down_is_not_asked_for_every_token(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "JWKS_FIRST_SECONDS", 3600)
    sqlite_world.users.down = True
    for _ in range(20):
        answer = await sqlite_world.create(ada, new_identifier())
        assert (answer.status_code, answer.json()["code"]) == (503, "service")
    assert sqlite_world.users.asked == 1


async def test_a_new_key_of_a_user_server_is_asked_for_but_not_for_every_forgery(
    sqlite_world: World, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada)
    signers = sqlite_world.users.signers
    signers[USERS] = Signer(USERS, Ed25519PrivateKey.generate(), sqlite_world.clock)
    before = sqlite_world.users.asked
    for _ in range(5):
        assert (await sqlite_world.open(ada, sent)).status_code == 401
    assert sqlite_world.users.asked == before
    monkeypatch.setattr(tokens, "JWKS_RETRY_SECONDS", 0)
    assert (await sqlite_world.open(ada, sent)).status_code == 200
    assert sqlite_world.users.asked == before + 1
