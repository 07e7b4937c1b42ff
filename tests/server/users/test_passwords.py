"""How passwords are kept."""

from __future__ import annotations

from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_server.users.accounts.passwords import Passwords

pytestmark = pytest.mark.anyio


@pytest.mark.usefixtures("real_hashes")
async def test_hashes_are_argon2id_with_the_second_option_of_rfc_9106() -> None:
    parameters = extract_parameters(await Passwords().hash("correct horse battery"))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (64 * 1024, 3, 4)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)


@pytest.mark.parametrize("length", [limits.PASSWORD_CHARACTERS_MIN, limits.PASSWORD_CHARACTERS_MAX])
async def test_lengths_at_the_limit(length: int) -> None:
    passwords = Passwords()
    known = await passwords.hash("é" * length)
    assert await passwords.verify("é" * length, known)
    assert not await passwords.verify("é" * (length - 1), known)
    assert not await passwords.verify("é" * (length + 1), known)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x" * (limits.PASSWORD_CHARACTERS_MIN - 1),
        "x" * (limits.PASSWORD_CHARACTERS_MAX + 1),
        "e\u0301" * (limits.PASSWORD_CHARACTERS_MIN - 1),
    ],
)
async def test_lengths_past_the_limit(password: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await Passwords().hash(password)
    assert refusal.value.field == "password"


async def test_two_keyboards_write_the_same_password() -> None:
    passwords = Passwords()
    known = await passwords.hash("Caf\u00e9 de la Paix")
    assert await passwords.verify("Cafe\u0301 de la Paix", known)


async def test_without_a_hash_the_work_is_done_and_the_answer_is_no() -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    seen: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 the library's name
            seen.append(str(hash))
            return hasher.verify(hash, password)

    passwords = Passwords(Watched(time_cost=1, memory_cost=8, parallelism=1))
    assert not await passwords.verify("correct horse battery", None)
    assert not await passwords.verify("nobody has this password", None)
    assert len(seen) == 2
    assert all(text.startswith("$argon2id$") for text in seen)


async def test_hashes_made_with_less_work_are_outdated() -> None:
    old = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    new = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    known = await old.hash("correct horse battery")
    assert new.is_outdated(known)
    assert not old.is_outdated(known)
    assert await new.verify("correct horse battery", known)
