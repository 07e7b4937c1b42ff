"""Chunked encryption beyond the outside vectors: arithmetic, reading by ranges, writing piece by piece, and attacks."""

from __future__ import annotations

import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picsafe_protocol.contracts.errors import DecryptionError, InvalidKey, Tampered, Truncated, WrongKey
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import AesGcm, open_chunks, seal_chunks
from picsafe_protocol.crypto.buffers import BytesSource
from picsafe_protocol.crypto.chunked import CHUNK, HEADER, SALT, SEALED, TAG, Reader, Writer

T = TypeVar("T")

KEY = bytes(range(32))
CONTEXT = b"context"
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5]


def pattern(length: int) -> bytes:
    """Bytes in which every position of a few chunks can be told from every other."""
    return b"".join(index.to_bytes(4, "big") for index in range(length // 4 + 1))[:length]


async def reader_of(message: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> Reader[bytes]:
    return await Reader.open(BytesSource(message), key, context, AesGcm())


async def read_all(message: bytes) -> bytes:
    reader = await reader_of(message)
    return await reader.read(0, reader.size)


def chunks_of(message: bytes) -> tuple[bytes, list[bytes]]:
    body = message[HEADER:]
    return message[:HEADER], [body[start : start + SEALED] for start in range(0, len(body), SEALED)]


# Arithmetic


@pytest.mark.parametrize(
    ("plaintext", "message"),
    [(0, 72), (1, 73), (16383, 16455), (16384, 16472), (16385, 16473), (32767, 32855), (32768, 32872)],
)
def test_lengths_follow_from_one_another(plaintext: int, message: int) -> None:
    assert chunked.ciphertext_length(plaintext) == message
    assert chunked.plaintext_length(message) == plaintext
    assert len(chunked.encrypt(KEY, pattern(plaintext))) == message


@pytest.mark.parametrize(
    "message", [0, 1, 23, 24, 55, 56, 57, 71, 56 + SEALED, 56 + SEALED + 1, 56 + SEALED + 15, 56 + 2 * SEALED]
)
def test_lengths_that_no_message_has_are_truncations(message: int) -> None:
    with pytest.raises(Truncated):
        chunked.plaintext_length(message)


@given(st.integers(0, 2**40))
def test_every_length_round_trips(plaintext: int) -> None:
    assert chunked.plaintext_length(chunked.ciphertext_length(plaintext)) == plaintext


@pytest.mark.parametrize(
    ("chunk", "nonce"),
    [
        (0, "f0f1f2f3f4f5f6f7f8f9fafb"),
        (1, "f0f1f2f3f4f5f6f7f8f9fafa"),
        (0x1FF, "f0f1f2f3f4f5f6f7f8f9fb04"),
        (2**32, "f0f1f2f3f4f5f6f6f8f9fafb"),
    ],
)
def test_the_chunk_number_is_xored_into_the_end_of_the_nonce(chunk: int, nonce: str) -> None:
    assert chunked.chunk_nonce(bytes(range(0xF0, 0xFC)), chunk).hex() == nonce


# Keys


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
@pytest.mark.anyio
async def test_a_key_of_another_length_is_refused_everywhere(length: int) -> None:
    key, message = bytes(length), chunked.encrypt(KEY, b"message")
    for refused in (
        lambda: chunked.encrypt(key, b"message"),
        lambda: chunked.decrypt(key, message),
        lambda: chunked.decrypt(key, b""),
        lambda: chunked.derive(key, bytes(SALT), b""),
        lambda: Writer(key, b"", AesGcm()),
    ):
        with pytest.raises(InvalidKey):
            refused()
    with pytest.raises(InvalidKey):
        await reader_of(message, key)


def test_a_salt_of_another_length_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="24 bytes"):
        chunked.encrypt(KEY, b"", salt=b"short")


def test_two_messages_never_share_a_salt() -> None:
    assert chunked.encrypt(KEY, b"")[:SALT] != chunked.encrypt(KEY, b"")[:SALT]
    assert Writer(KEY, b"", AesGcm()).header != Writer(KEY, b"", AesGcm()).header
    assert chunked.new_key() != chunked.new_key()


def test_key_material_is_never_printed() -> None:
    assert repr(chunked.derive(KEY, bytes(SALT), b"")) == "MessageKey()"


# Reading and writing


@pytest.mark.anyio
@pytest.mark.parametrize("length", EDGES)
async def test_any_range_is_the_slice_of_the_whole(length: int) -> None:
    plaintext = pattern(length)
    reader = await reader_of(chunked.encrypt(KEY, plaintext, CONTEXT))
    assert (reader.size, reader.length) == (length, length)
    inside = sorted({edge for edge in [*EDGES, length - 1, length] if 0 <= edge <= length})
    for start in inside:
        for stop in inside:
            if start <= stop:
                assert await reader.read(start, stop) == plaintext[start:stop]


@pytest.mark.anyio
@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (0, 11), (11, 11), (4, 3), (-2, -1)])
async def test_a_range_outside_the_message_is_a_mistake_of_the_caller(start: int, stop: int) -> None:
    reader = await reader_of(chunked.encrypt(KEY, pattern(10), CONTEXT))
    with pytest.raises(ValueError, match="not within"):
        await reader.read(start, stop)


@pytest.mark.anyio
async def test_a_stream_is_cut_where_chunks_end_so_that_none_is_opened_twice() -> None:
    plaintext = pattern(5 * CHUNK + 7)
    reader = await reader_of(chunked.encrypt(KEY, plaintext, CONTEXT))
    pieces = [piece async for piece in reader.stream(CHUNK - 3, None, 2 * CHUNK)]
    assert [len(piece) for piece in pieces] == [CHUNK + 3, 2 * CHUNK, CHUNK + 7]
    assert b"".join(pieces) == plaintext[CHUNK - 3 :]


@pytest.mark.anyio
@pytest.mark.parametrize("length", [0, 1, 2 * CHUNK, 6 * CHUNK - 1, 6 * CHUNK, 7 * CHUNK + 9])
@pytest.mark.parametrize("start", [0, 5, CHUNK + 1])
async def test_a_stream_writes_over_what_it_has_given_out_only_where_that_is_asked_for(length: int, start: int) -> None:
    class Overwriting(AesGcm):
        given: list[bytes]

        def __init__(self) -> None:
            self.given = []

        async def open_over(
            self, message_key: chunked.MessageKey, first_chunk: int, sealed: bytes, spent: bytes
        ) -> bytes:
            self.given.append(spent)
            return await self.open(message_key, first_chunk, sealed)

    plaintext, cipher = pattern(length), Overwriting()
    source = BytesSource(chunked.encrypt(KEY, plaintext, CONTEXT))
    reader = await Reader.open(source, KEY, CONTEXT, cipher)
    start = min(start, length)
    for overwriting in (False, True):
        cipher.given.clear()
        pieces = [piece async for piece in reader.stream(start, None, 2 * CHUNK, overwriting=overwriting)]
        assert b"".join(pieces) == plaintext[start:]
        if overwriting:  # never the last chunk, which the reader keeps
            assert all(spent.endswith(piece) for spent, piece in zip(cipher.given, pieces, strict=False))
            assert len(cipher.given) == max(sum(len(piece) > length % CHUNK for piece in pieces) - 1, 0)
        else:
            assert cipher.given == []


@pytest.mark.anyio
async def test_a_range_reads_only_the_chunks_that_it_needs() -> None:
    class Counted(BytesSource):
        read_bytes = 0

        async def read(self, start: int, stop: int) -> bytes:
            Counted.read_bytes += stop - start
            return await super().read(start, stop)

    message = chunked.encrypt(KEY, pattern(50 * CHUNK), CONTEXT)
    reader = await Reader.open(Counted(message), KEY, CONTEXT, AesGcm())
    assert Counted.read_bytes == HEADER + TAG
    await reader.read(7 * CHUNK - 1, 7 * CHUNK + 1)
    assert Counted.read_bytes == HEADER + TAG + 2 * SEALED


@given(st.integers(0, 3 * CHUNK), st.lists(st.integers(0, 3 * CHUNK), max_size=8))
@settings(max_examples=50)
def test_however_it_is_cut_a_writer_writes_the_same_message(length: int, cuts: list[int]) -> None:
    plaintext, salt = pattern(length), bytes(SALT)

    async def written() -> bytes:
        writer = Writer(KEY, CONTEXT, AesGcm(), salt=salt)
        edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
        message = writer.header
        for start, stop in itertools.pairwise(edges):
            message += await writer.update(plaintext[start:stop])
        return message + await writer.finish()

    assert run(written()) == chunked.encrypt(KEY, plaintext, CONTEXT, salt=salt)


@pytest.mark.anyio
async def test_a_finished_message_takes_nothing_more() -> None:
    writer = Writer(KEY, CONTEXT, AesGcm())
    await writer.finish()
    with pytest.raises(ValueError, match="finished"):
        await writer.update(b"more")
    with pytest.raises(ValueError, match="finished"):
        await writer.finish()


# Attacks


@pytest.mark.anyio
async def test_another_key_or_context_does_not_fit_and_nothing_is_decrypted() -> None:
    message = chunked.encrypt(KEY, b"message", CONTEXT)
    for key, context in ((bytes(32), CONTEXT), (KEY, b""), (KEY, CONTEXT + b"\x00")):
        with pytest.raises(WrongKey):
            chunked.decrypt(key, message, context)
        with pytest.raises(WrongKey):
            await reader_of(message, key, context)


def _last_chunk_full(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join(chunks[:-1])


def _last_chunk_missing_and_previous_cut(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join(chunks[:-1])[:-100]


def _chunks_swapped(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join([chunks[1], chunks[0], *chunks[2:]])


def _chunk_duplicated(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join([chunks[0], *chunks])


def _chunk_dropped(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join(chunks[1:])


def _chunk_repeated_in_place(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join([chunks[0], chunks[0], *chunks[2:]])


def _byte_appended(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join(chunks) + b"\x00"


def _last_chunk_repeated(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join([*chunks, chunks[-1]])


def _chunk_of_another_message(header: bytes, chunks: list[bytes]) -> bytes:
    _, others = chunks_of(chunked.encrypt(KEY, pattern(3 * CHUNK + 9), CONTEXT))
    return header + b"".join([others[0], *chunks[1:]])


def _tag_flipped(header: bytes, chunks: list[bytes]) -> bytes:
    return header + b"".join(chunks)[:-1] + bytes([chunks[-1][-1] ^ 1])


ATTACKS = [
    _last_chunk_full,
    _last_chunk_missing_and_previous_cut,
    _chunks_swapped,
    _chunk_duplicated,
    _chunk_dropped,
    _chunk_repeated_in_place,
    _byte_appended,
    _last_chunk_repeated,
    _chunk_of_another_message,
    _tag_flipped,
]


@pytest.mark.anyio
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
async def test_attack_fails(attack: object) -> None:
    assert callable(attack)
    forged = attack(*chunks_of(chunked.encrypt(KEY, pattern(3 * CHUNK + 9), CONTEXT)))
    with pytest.raises((Tampered, Truncated)):
        chunked.decrypt(KEY, forged, CONTEXT)
    with pytest.raises((Tampered, Truncated)):
        await read_all(forged)


@pytest.mark.anyio
async def test_once_a_chunk_has_failed_nothing_more_is_given_out() -> None:
    message = bytearray(chunked.encrypt(KEY, pattern(3 * CHUNK), CONTEXT))
    message[chunked.chunk_start(1)] ^= 1
    reader = await reader_of(bytes(message))
    assert await reader.read(0, 10) == pattern(10)
    for start, stop in ((CHUNK, CHUNK + 1), (0, 10), (3 * CHUNK - 1, 3 * CHUNK)):
        with pytest.raises(Tampered):
            await reader.read(start, stop)


@pytest.mark.anyio
async def test_a_source_that_gives_fewer_bytes_is_not_believed_and_may_be_asked_again() -> None:
    class Flaky(BytesSource):
        short = False

        async def read(self, start: int, stop: int) -> bytes:
            return (await super().read(start, stop))[: 100 if Flaky.short else None]

    reader = await Reader.open(Flaky(chunked.encrypt(KEY, pattern(2 * CHUNK), CONTEXT)), KEY, CONTEXT, AesGcm())
    Flaky.short = True
    with pytest.raises(Truncated):
        await reader.read(0, CHUNK)
    Flaky.short = False
    assert await reader.read(0, CHUNK) == pattern(CHUNK)


def test_sealed_bytes_without_a_tag_are_refused() -> None:
    message_key = chunked.derive(KEY, bytes(SALT), b"")
    for sealed in (b"", bytes(TAG - 1), seal_chunks(message_key, 0, bytes(CHUNK)) + bytes(TAG - 1)):
        with pytest.raises(Truncated):
            open_chunks(message_key, 0, sealed)


# Properties

messages = st.integers(0, 2 * CHUNK + 50).map(pattern)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    result: T = stopped.value.value
    return result


@given(messages, st.binary(max_size=40))
@settings(max_examples=50)
def test_every_message_round_trips(message: bytes, context: bytes) -> None:
    assert chunked.decrypt(KEY, chunked.encrypt(KEY, message, context), context) == message


@given(st.data(), messages)
@settings(max_examples=150)
def test_any_flipped_bit_fails(data: st.DataObject, message: bytes) -> None:
    sealed = bytearray(chunked.encrypt(KEY, message))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecryptionError):
        chunked.decrypt(KEY, bytes(sealed))


@given(st.data(), messages)
@settings(max_examples=150)
def test_any_bytes_dropped_or_duplicated_fail(data: st.DataObject, message: bytes) -> None:
    sealed = chunked.encrypt(KEY, message)
    start = data.draw(st.integers(0, len(sealed) - 1))
    stop = data.draw(st.integers(start + 1, min(len(sealed), start + 2 * SEALED)))
    dropped = sealed[:start] + sealed[stop:]
    duplicated = sealed[:stop] + sealed[start:]
    for forged in (dropped, duplicated):
        with pytest.raises(DecryptionError):
            chunked.decrypt(KEY, forged)


@given(st.data(), messages)
@settings(max_examples=150)
def test_any_two_different_bytes_swapped_fail(data: st.DataObject, message: bytes) -> None:
    sealed = bytearray(chunked.encrypt(KEY, message))
    first, second = (data.draw(st.integers(0, len(sealed) - 1)) for _ in range(2))
    if sealed[first] == sealed[second]:
        return
    sealed[first], sealed[second] = sealed[second], sealed[first]
    with pytest.raises(DecryptionError):
        chunked.decrypt(KEY, bytes(sealed))


@given(st.permutations(range(4)))
def test_any_other_order_of_chunks_fails(order: list[int]) -> None:
    header, chunks = chunks_of(chunked.encrypt(KEY, pattern(3 * CHUNK + 100)))
    forged = header + b"".join(chunks[index] for index in order)
    if order == [0, 1, 2, 3]:
        assert chunked.decrypt(KEY, forged) == pattern(3 * CHUNK + 100)
        return
    with pytest.raises(DecryptionError):
        chunked.decrypt(KEY, forged)
