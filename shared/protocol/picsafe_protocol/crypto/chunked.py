"""Cobblestone-256: C2SP chunked encryption (c2sp.org/chunked-encryption@v1) with AES-256-GCM and SHA-512.

::

    key(32) || base_nonce(12) || commitment(32) = HKDF-Expand-SHA-512(
        prk  = report key (32 bytes),
        info = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" || 0x00 || salt || context)

    message = salt (24) || commitment (32) || chunk 0 || chunk 1 || ... || last chunk
    chunk k = AES-256-GCM(key, nonce = base_nonce XOR k (big-endian), AAD = empty, plaintext k)

Every chunk but the last holds exactly 16384 bytes of plaintext; the last holds fewer, down to none, so a message whose
last chunk is full has been truncated. Plaintext byte `i` is byte `i % 16384` of chunk `i // 16384`, and chunk `k`
starts at byte `56 + k * 16400` of the message.

`encrypt` and `decrypt` are for what fits in memory. `Reader` reads any range of a message and `Writer` makes one piece
by piece; both work on opaque buffers (see `buffers`) with a `Cipher`: `aes_gcm.AesGcm` in CPython, WebCrypto in the
browser.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

from picsafe_protocol.contracts.errors import DecryptionError, InvalidKey, Tampered, Truncated, WrongKey
from picsafe_protocol.crypto.buffers import Buffers, Source, read_exactly

__all__ = [
    "CHUNK",
    "COMMITMENT",
    "HEADER",
    "KEY",
    "NAME",
    "NONCE",
    "SALT",
    "SEALED",
    "STEP",
    "TAG",
    "Cipher",
    "MessageKey",
    "OverwritingCipher",
    "Reader",
    "Source",
    "Writer",
    "chunk_nonce",
    "chunk_start",
    "ciphertext_length",
    "decrypt",
    "derive",
    "encrypt",
    "new_key",
    "open_header",
    "plaintext_length",
]

NAME: Final = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"
"""What `package.json` calls this cipher."""

CHUNK: Final = 16384
"""Plaintext bytes of every chunk but the last."""
TAG: Final = 16
SEALED: Final = CHUNK + TAG
SALT: Final = 24
COMMITMENT: Final = 32
HEADER: Final = SALT + COMMITMENT
KEY: Final = 32
NONCE: Final = 12
STEP: Final = 512 * CHUNK
"""Plaintext bytes that are worked on at a time, 8 MiB: large enough that the calls cost nothing, small enough for a
phone.
"""

B = TypeVar("B")


# Arithmetic


def ciphertext_length(plaintext: int) -> int:
    """Bytes of the message that encrypts `plaintext` bytes."""
    return HEADER + plaintext + TAG * (plaintext // CHUNK + 1)


def plaintext_length(message: int) -> int:
    """Bytes of plaintext in a message of `message` bytes. Raises `Truncated` for a length that no message has."""
    if message < HEADER:
        raise Truncated("The file ends before its encrypted part begins.")
    full, rest = divmod(message - HEADER, SEALED)
    if rest < TAG:
        raise Truncated("The file ends in the middle: its short last piece is missing.")
    return full * CHUNK + rest - TAG


def chunk_start(chunk: int) -> int:
    """Where chunk number `chunk` starts in the message."""
    return HEADER + chunk * SEALED


def chunk_nonce(base_nonce: bytes, chunk: int) -> bytes:
    """The nonce of chunk number `chunk`."""
    return (int.from_bytes(base_nonce, "big") ^ chunk).to_bytes(NONCE, "big")


# Keys


@dataclass(frozen=True, slots=True, weakref_slot=True)
class MessageKey:
    """What one salt and one context make of a report key. Never printed."""

    key: bytes = field(repr=False)
    base_nonce: bytes = field(repr=False)
    commitment: bytes = field(repr=False)


def new_key() -> bytes:
    """A fresh report key of 32 random bytes."""
    return secrets.token_bytes(KEY)


def derive(key: bytes, salt: bytes, context: bytes) -> MessageKey:
    """The message key. Raises `InvalidKey` when `key` is not 32 bytes; `salt` must be 24 bytes (`ValueError`)."""
    _check_key(key)
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes, not {len(salt)}")
    info = NAME.encode("ascii") + b"\x00" + salt + context
    # HKDF-Expand (RFC 5869, section 2.3): 76 bytes are two blocks of SHA-512.
    block1 = hmac.digest(key, info + b"\x01", hashlib.sha512)
    block2 = hmac.digest(key, block1 + info + b"\x02", hashlib.sha512)
    material = block1 + block2
    return MessageKey(
        key=material[:KEY],
        base_nonce=material[KEY : KEY + NONCE],
        commitment=material[KEY + NONCE : KEY + NONCE + COMMITMENT],
    )


def open_header(key: bytes, header: bytes, context: bytes) -> MessageKey:
    """The message key of a message that begins with `header`, its first 56 bytes.

    Raises `InvalidKey`, `Truncated` for fewer bytes, and `WrongKey` unless the message commits to this key and context;
    the comparison takes the same time whatever differs.
    """
    _check_key(key)
    if len(header) < HEADER:
        raise Truncated("The file ends before its encrypted part begins.")
    message_key = derive(key, header[:SALT], context)
    if not hmac.compare_digest(message_key.commitment, header[SALT:HEADER]):
        raise WrongKey
    return message_key


def _check_key(key: bytes) -> None:
    if len(key) != KEY:
        raise InvalidKey(f"A report key has {KEY} bytes, this one has {len(key)}.")


# Whole messages


def encrypt(key: bytes, message: bytes, context: bytes = b"", *, salt: bytes | None = None) -> bytes:
    """Encrypt all of `message`. `salt` is for test vectors: without it a fresh random one is used, as it must be."""
    from picsafe_protocol.crypto.aes_gcm import seal_chunks

    salt = secrets.token_bytes(SALT) if salt is None else salt
    message_key = derive(key, salt, context)
    sealed = seal_chunks(message_key, 0, message)
    if len(message) % CHUNK == 0 and message:
        sealed += seal_chunks(message_key, len(message) // CHUNK, b"")
    return salt + message_key.commitment + sealed


def decrypt(key: bytes, ciphertext: bytes, context: bytes = b"") -> bytes:
    """Decrypt a whole message. Raises `InvalidKey`, `Truncated`, `WrongKey` or `Tampered`, and then returns nothing of
    it.
    """
    from picsafe_protocol.crypto.aes_gcm import open_chunks

    message_key = open_header(key, ciphertext[:HEADER], context)
    plaintext_length(len(ciphertext))
    return open_chunks(message_key, 0, memoryview(ciphertext)[HEADER:])


# Ranges and streams


class Cipher(Buffers[B], Protocol[B]):
    """AES-256-GCM over consecutive chunks in opaque buffers. The only way in which `Reader` and `Writer` touch data."""

    async def seal(self, message_key: MessageKey, first_chunk: int, plaintext: B) -> B:
        """Encrypt as chunks `first_chunk`, `first_chunk + 1`, …: full ones, then a short one if bytes are left over.

        An empty `plaintext` is one empty chunk, 16 bytes of tag: the end of a message whose length is a multiple of
        16384.
        """
        ...

    async def open(self, message_key: MessageKey, first_chunk: int, sealed: B) -> B:
        """The reverse: whole sealed chunks of 16400 bytes, of which the last may be shorter (16 bytes at least).

        Raises `Tampered` when any of them does not authenticate, and returns nothing then.
        """
        ...


@runtime_checkable
class OverwritingCipher(Cipher[B], Protocol[B]):
    """A cipher that can decrypt into a buffer of its own that nobody uses any more: fresh memory takes longer than AES
    does.
    """

    async def open_over(self, message_key: MessageKey, first_chunk: int, sealed: B, spent: B) -> B:
        """As `open`. The result may lie where `spent`, an earlier result, lay."""
        ...


class Reader(Generic[B]):
    """Reads a message by ranges; what it returns has been authenticated. Itself a `Source`, of the plaintext.

    `open` has authenticated the last chunk, so `size` can be believed. Once a chunk has failed, every further read
    fails.
    """

    def __init__(
        self, source: Source[B], message_key: MessageKey, cipher: Cipher[B], size: int, last: B
    ) -> None:  # use `open`
        self._source = source
        self._message_key = message_key
        self._cipher = cipher
        self._size = size
        self._last = last
        self._failure: str | None = None

    @classmethod
    async def open(cls, source: Source[B], key: bytes, context: bytes, cipher: Cipher[B]) -> Reader[B]:
        """Check the commitment, then authenticate the length by the last chunk.

        Raises `InvalidKey`, `Truncated`, `WrongKey` or `Tampered`, and whatever `source` raises.
        """
        header = cipher.to_bytes(await read_exactly(source, cipher, 0, min(HEADER, source.size)))
        message_key = open_header(key, header, context)
        size = plaintext_length(source.size)
        last_chunk = size // CHUNK
        sealed = await read_exactly(source, cipher, chunk_start(last_chunk), source.size)
        last = await cipher.open(message_key, last_chunk, sealed)
        return cls(source, message_key, cipher, size, last)

    @property
    def size(self) -> int:
        """Bytes of plaintext; authenticated."""
        return self._size

    @property
    def length(self) -> int:
        """The same as `size`."""
        return self._size

    @property
    def cipher(self) -> Cipher[B]:
        """What reads and cuts the buffers that come out of this reader."""
        return self._cipher

    async def read(self, start: int, stop: int) -> B:
        """Plaintext bytes `start` up to `stop`, which must lie within the message (`ValueError`).

        Raises `Tampered` for bytes that do not authenticate, now and at every later call.
        """
        pieces = [piece async for piece in self.stream(start, stop)]
        return pieces[0] if len(pieces) == 1 else self._cipher.join(pieces)

    async def stream(
        self, start: int = 0, stop: int | None = None, step: int = STEP, *, overwriting: bool = False
    ) -> AsyncIterator[B]:
        """The same range piece by piece, about `step` bytes each, cut where chunks end. Each piece is authenticated.

        The caller has everything only when the iteration has ended without an error. With `overwriting` it has used a
        piece up when it asks for the next, which may take its place in memory.
        """
        stop = self._size if stop is None else stop
        if not 0 <= start <= stop <= self._size:
            raise ValueError(f"bytes {start} to {stop} are not within a message of {self._size}")
        step = max(step // CHUNK, 1) * CHUNK
        spent: B | None = None
        while start < stop:
            end = min(start - start % CHUNK + step, stop)
            piece, opened = await self._piece(start, end, spent)
            yield piece
            spent = opened if overwriting else None
            start = end

    async def _piece(self, start: int, stop: int, spent: B | None) -> tuple[B, B | None]:
        """Bytes `start` up to `stop`, at least one of them, and the buffer that was made for it."""
        if self._failure is not None:
            raise Tampered(self._failure)
        last_chunk = self._size // CHUNK
        first, end = start // CHUNK, (stop - 1) // CHUNK + 1  # chunks
        opened: list[B] = []
        if first < last_chunk:
            sealed_stop = chunk_start(min(end, last_chunk))
            sealed = await read_exactly(self._source, self._cipher, chunk_start(first), sealed_stop)
            try:
                opened.append(await self._open(first, sealed, spent))
            except DecryptionError as error:
                self._failure = str(error)
                raise
        made = opened[0] if opened else None
        if end > last_chunk:
            opened.append(self._last)
        whole = opened[0] if len(opened) == 1 else self._cipher.join(opened)
        skip = start - first * CHUNK
        if skip == 0 and self._cipher.length(whole) == stop - start:
            return whole, made
        return self._cipher.part(whole, skip, skip + stop - start), made

    async def _open(self, first: int, sealed: B, spent: B | None) -> B:
        if spent is not None and isinstance(self._cipher, OverwritingCipher):
            opened: B = await self._cipher.open_over(self._message_key, first, sealed, spent)
            return opened
        return await self._cipher.open(self._message_key, first, sealed)


class Writer(Generic[B]):
    """Encrypts a message piece by piece: `header`, then what each `update` returns, then what `finish` returns."""

    def __init__(self, key: bytes, context: bytes, cipher: Cipher[B], salt: bytes | None = None) -> None:
        """`salt` is for test vectors: without it a fresh random one is used, as it must be. Raises `InvalidKey`."""
        salt = secrets.token_bytes(SALT) if salt is None else salt
        self._message_key = derive(key, salt, context)
        self._cipher = cipher
        self._pending: list[B] = []
        self._pending_length = 0
        self._chunk = 0
        self._finished = False
        self.header: bytes = salt + self._message_key.commitment

    async def update(self, plaintext: B) -> B:
        """The sealed bytes of the chunks that `plaintext` fills; possibly none. Calls must not overlap."""
        self._check_open()
        self._pending.append(plaintext)
        self._pending_length += self._cipher.length(plaintext)
        whole = self._pending_length - self._pending_length % CHUNK
        if whole == 0:
            return self._cipher.join([])
        joined = self._pending[0] if len(self._pending) == 1 else self._cipher.join(self._pending)
        chunk, self._chunk = self._chunk, self._chunk + whole // CHUNK
        rest = self._cipher.part(joined, whole, self._pending_length)
        self._pending_length -= whole
        self._pending = [rest] if self._pending_length else []
        # A full chunk is never the last one, so it can be sealed before more is known.
        full = joined if not self._pending else self._cipher.part(joined, 0, whole)
        return await self._cipher.seal(self._message_key, chunk, full)

    async def finish(self) -> B:
        """The last chunk, always short. Nothing may be added afterwards."""
        self._check_open()
        self._finished = True
        return await self._cipher.seal(self._message_key, self._chunk, self._cipher.join(self._pending))

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("the message is finished")
