"""What Wycheproof's vectors for Cobblestone-256 demand, for any `Cipher`.

The same code runs in CPython and, as text, inside Pyodide in a browser: so it imports nothing but the protocol package and
what every Python has.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any, Final, NotRequired, TypedDict, cast

from picsafe_protocol.contracts.errors import DecryptionError, InvalidKey, Tampered, Truncated, WrongKey
from picsafe_protocol.crypto import chunked

NAME: Final = "c2sp_chunked_encryption_aes_256_gcm_test.json"


class Vector(TypedDict):
    """One test of the file. `ct` is hex of a zlib stream; the other byte strings are hex."""

    tcId: int
    comment: str
    key: str
    ctx: str
    ct: str
    result: str
    flags: list[str]
    aeadKey: NotRequired[str]
    baseNonce: NotRequired[str]
    msgLength: NotRequired[int]
    msgSha512: NotRequired[str]


_FIELDS: Final = set(Vector.__annotations__)
_FLAGS: Final = {
    "ChunkReordering",
    "CounterRollover",
    "HeaderFailure",
    "InvalidKeySize",
    "ModifiedCiphertext",
    "PartialPlaintext",
    "TrailingData",
    "Truncation",
    "ValidFinalChunk",
    "WrongContext",
    "WrongKey",
}
_GROUP_FIELDS: Final = {"type", "aead", "sha", "source", "tests"}


def vectors_of(document: dict[str, Any]) -> list[Vector]:
    """The vectors of the parsed file. Anything in it that this code does not know is an error: it may be a new demand."""
    assert document["algorithm"] == "Cobblestone-256"
    assert set(document["notes"]) == _FLAGS, "the file has flags that are not known here"
    found: list[Vector] = []
    for group in document["testGroups"]:
        assert set(group) == _GROUP_FIELDS, "a group has fields that are not known here"
        assert (group["type"], group["aead"], group["sha"]) == ("ChunkedEncryption", "AEAD_AES_256_GCM", "SHA-512")
        for vector in group["tests"]:
            assert set(vector) <= _FIELDS, "a vector has fields that are not known here"
            assert set(vector["flags"]) <= _FLAGS, "a vector has flags that are not known here"
            assert vector["result"] in {"valid", "invalid"}
            found.append(cast(Vector, vector))
    assert len(found) == document["numberOfTests"]
    return found


def message_of(vector: Vector) -> bytes:
    """The ciphertext of a vector."""
    return zlib.decompress(bytes.fromhex(vector["ct"]))


async def check(vector: Vector, cipher: Any) -> None:
    """Hold `cipher`, and the reader and writer over it, against one vector. Raises `AssertionError`."""
    if vector["result"] == "valid":
        await _check_valid(vector, cipher)
    else:
        await _check_invalid(vector, _Watched(cipher))


class _Source:
    def __init__(self, cipher: Any, data: bytes) -> None:
        self._cipher = cipher
        self._buffer = cipher.from_bytes(data)
        self.size = len(data)

    async def read(self, start: int, stop: int) -> Any:
        return self._cipher.part(self._buffer, start, stop)


class _Watched:
    """A cipher that remembers whether it was asked to open a chunk."""

    def __init__(self, cipher: Any) -> None:
        self._cipher = cipher
        self.opened = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cipher, name)

    async def open(self, *arguments: Any) -> Any:
        self.opened = True
        return await self._cipher.open(*arguments)


async def _check_valid(vector: Vector, cipher: Any) -> None:
    key, context, message = bytes.fromhex(vector["key"]), bytes.fromhex(vector["ctx"]), message_of(vector)
    length = vector["msgLength"]
    message_key = chunked.derive(key, message[: chunked.SALT], context)
    assert message_key.key.hex() == vector["aeadKey"]
    assert message_key.base_nonce.hex() == vector["baseNonce"]
    assert chunked.ciphertext_length(length) == len(message)

    reader = await chunked.Reader.open(_Source(cipher, message), key, context, cipher)
    assert reader.size == length
    plaintext = cipher.to_bytes(await reader.read(0, length))
    assert hashlib.sha512(plaintext).hexdigest() == vector["msgSha512"]
    for start, stop in _ranges(length):
        assert cipher.to_bytes(await reader.read(start, stop)) == plaintext[start:stop], (start, stop)
    pieces = [cipher.to_bytes(piece) async for piece in reader.stream(step=3 * chunked.CHUNK)]
    assert b"".join(pieces) == plaintext

    writer = chunked.Writer(key, context, cipher, salt=message[: chunked.SALT])
    written = writer.header
    for start in range(0, length, 100_003):
        written += cipher.to_bytes(await writer.update(cipher.from_bytes(plaintext[start : start + 100_003])))
    written += cipher.to_bytes(await writer.finish())
    assert written == message


def _ranges(length: int) -> list[tuple[int, int]]:
    """Ranges at every edge: of the message, of a chunk, and where the chunk's number grows by a byte."""
    edges = {0, 1, length // 2, length - 1, length}
    for chunk in (1, 2, 255, 256, 257):
        edges |= {chunk * chunked.CHUNK + delta for delta in (-1, 0, 1)}
    inside = sorted(edge for edge in edges if 0 <= edge <= length)
    return [(start, stop) for start, stop in zip(inside, inside[1:] + inside[-1:], strict=True)] + [(0, length)]


async def _check_invalid(vector: Vector, cipher: _Watched) -> None:
    key, context, message = bytes.fromhex(vector["key"]), bytes.fromhex(vector["ctx"]), message_of(vector)
    flags = set(vector["flags"])
    refusal: DecryptionError | None = None
    try:
        reader = await chunked.Reader.open(_Source(cipher, message), key, context, cipher)
    except DecryptionError as error:
        refusal = error
    if refusal is not None:
        assert "ValidFinalChunk" not in flags
        assert isinstance(refusal, _expected(flags)), type(refusal)
        assert not (cipher.opened and "HeaderFailure" in flags), "a chunk was opened before the header was checked"
        return
    assert "ValidFinalChunk" in flags, "the length of an invalid message was believed"
    await _check_stream(vector, reader, cipher)
    await _check_stream(vector, await chunked.Reader.open(_Source(cipher, message), key, context, cipher), cipher, 1)
    fresh = await chunked.Reader.open(_Source(cipher, message), key, context, cipher)
    await _must_fail(fresh, 0, fresh.size)


def _expected(flags: set[str]) -> tuple[type[DecryptionError], ...]:
    """What kind of error a message with these flags is refused with."""
    if "InvalidKeySize" in flags:
        return (InvalidKey,)
    if "Truncation" in flags:
        # Cut at the end of a full chunk or inside a tag, the length alone says so; elsewhere the tag does not fit.
        return (Truncated, Tampered)
    if "HeaderFailure" in flags:
        return (WrongKey,)
    return (Truncated, Tampered)


async def _check_stream(vector: Vector, reader: Any, cipher: _Watched, chunks: int = 3) -> None:
    """At most the valid prefix comes out; then it fails, and goes on failing, for bytes that had been good as well."""
    prefix, limit = b"", vector.get("msgLength", 0)
    failed = False
    try:
        async for piece in reader.stream(step=chunks * chunked.CHUNK):
            prefix += cipher.to_bytes(piece)
    except Tampered:
        failed = True
    assert failed, "the stream of an invalid message ended without an error"
    assert len(prefix) <= limit
    if len(prefix) == limit and "PartialPlaintext" in vector["flags"]:
        assert hashlib.sha512(prefix).hexdigest() == vector["msgSha512"]
    for start, stop in ((0, 1), (0, reader.size), (reader.size - 1, reader.size)):
        await _must_fail(reader, start, stop)


async def _must_fail(reader: Any, start: int, stop: int) -> None:
    try:
        await reader.read(start, stop)
    except Tampered:
        return
    raise AssertionError(f"bytes {start} to {stop} of an invalid message were given out")
