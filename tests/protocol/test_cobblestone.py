"""Wycheproof's 35 vectors of Cobblestone-256, whole and by ranges. The same run in a browser: tests/e2e."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest
from harness.cobblestone_vectors import NAME, Vector, check, message_of, vectors_of
from harness.shared_files import vectors

from picsafe_protocol.contracts.errors import DecryptionError
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import AesGcm


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((vectors() / "cobblestone" / NAME).read_text())
    return loaded


@pytest.fixture
def vector(document: dict[str, Any], number: int) -> Vector:
    return vectors_of(document)[number - 1]


def test_the_file_holds_the_35_vectors_that_are_run_here(document: dict[str, Any]) -> None:
    assert [vector["tcId"] for vector in vectors_of(document)] == list(range(1, 36))


@pytest.mark.anyio
@pytest.mark.parametrize("number", range(1, 36))
async def test_by_ranges_and_streamed(vector: Vector) -> None:
    await check(vector, AesGcm())


@pytest.mark.parametrize("number", range(1, 36))
def test_whole_message(vector: Vector) -> None:
    key, context, message = bytes.fromhex(vector["key"]), bytes.fromhex(vector["ctx"]), message_of(vector)
    if vector["result"] == "invalid":
        with pytest.raises(DecryptionError):
            chunked.decrypt(key, message, context)
        return
    plaintext = chunked.decrypt(key, message, context)
    assert len(plaintext) == vector["msgLength"]
    assert hashlib.sha512(plaintext).hexdigest() == vector["msgSha512"]
    assert chunked.encrypt(key, plaintext, context, salt=message[: chunked.SALT]) == message


@pytest.mark.parametrize("change", ["field", "flag", "group field", "note", "result", "count"])
def test_something_new_in_the_file_fails_instead_of_being_overlooked(document: dict[str, Any], change: str) -> None:
    changed = copy.deepcopy(document)
    group = changed["testGroups"][0]
    if change == "field":
        group["tests"][0]["aad"] = ""
    elif change == "flag":
        group["tests"][0]["flags"] = ["EmptyContext"]
    elif change == "group field":
        group["chunkSize"] = 16384
    elif change == "note":
        changed["notes"]["EmptyContext"] = {}
    elif change == "result":
        group["tests"][0]["result"] = "acceptable"
    else:
        changed["numberOfTests"] = 36
    with pytest.raises(AssertionError):
        vectors_of(changed)


@pytest.mark.anyio
@pytest.mark.parametrize("number", [12, 13, 31, 34])
async def test_an_implementation_that_checks_nothing_would_be_caught(vector: Vector) -> None:
    class Careless(AesGcm):
        async def open(self, message_key: chunked.MessageKey, first_chunk: int, sealed: bytes) -> bytes:
            count = max(1, -(-len(sealed) // chunked.SEALED))
            return bytes(len(sealed) - count * chunked.TAG)

    if vector["tcId"] == 31:  # the arithmetic alone refuses this one
        await check(vector, Careless())
        return
    with pytest.raises(AssertionError):
        await check(vector, Careless())
