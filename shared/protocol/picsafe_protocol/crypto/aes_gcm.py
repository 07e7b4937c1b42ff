"""AES-256-GCM over chunks in CPython, through `cryptography`. The browser has its own `Cipher`, over WebCrypto.

`cryptography` is imported when it is first needed, so this module can be imported where it does not exist.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from picsafe_protocol.contracts.errors import Tampered, Truncated
from picsafe_protocol.crypto.buffers import ByteBuffers
from picsafe_protocol.crypto.chunked import CHUNK, SEALED, TAG, MessageKey, chunk_nonce

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["AesGcm", "open_chunks", "seal_chunks"]


class AesGcm(ByteBuffers):
    """The `chunked.Cipher` of CPython; its buffers are `bytes`."""

    async def seal(self, message_key: MessageKey, first_chunk: int, plaintext: bytes) -> bytes:
        return seal_chunks(message_key, first_chunk, plaintext)

    async def open(self, message_key: MessageKey, first_chunk: int, sealed: bytes) -> bytes:
        return open_chunks(message_key, first_chunk, sealed)


def seal_chunks(message_key: MessageKey, first_chunk: int, plaintext: bytes | memoryview) -> bytes:
    """Encrypt consecutive chunks; see `chunked.Cipher.seal`."""
    aead = _aead(message_key)
    source = memoryview(plaintext)
    sealed = io.BytesIO()  # hands out what it collected without copying it
    for index in range(max(1, -(-len(source) // CHUNK))):
        piece = source[index * CHUNK : (index + 1) * CHUNK]
        sealed.write(aead.encrypt(chunk_nonce(message_key.base_nonce, first_chunk + index), piece, None))
    return sealed.getvalue()


def open_chunks(message_key: MessageKey, first_chunk: int, sealed: bytes | memoryview) -> bytes:
    """Decrypt consecutive chunks; see `chunked.Cipher.open`. Raises `Tampered`, or `Truncated` when no tag is left to
    check.
    """
    from cryptography.exceptions import InvalidTag

    aead = _aead(message_key)
    source = memoryview(sealed)
    count = max(1, -(-len(source) // SEALED))
    if len(source) - (count - 1) * SEALED < TAG:
        raise Truncated
    plaintext = io.BytesIO()
    for index in range(count):
        piece = source[index * SEALED : (index + 1) * SEALED]
        try:
            opened = aead.decrypt(chunk_nonce(message_key.base_nonce, first_chunk + index), piece, None)
        except InvalidTag:
            raise Tampered from None
        plaintext.write(opened)
    return plaintext.getvalue()


def _aead(message_key: MessageKey) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(message_key.key)
