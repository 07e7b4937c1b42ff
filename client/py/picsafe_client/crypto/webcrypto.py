"""AES-256-GCM over chunks in the browser: the `chunked.Cipher` whose buffers are `Uint8Array`s that stay in JavaScript.

js/kernel.js loops over the chunks; Python calls it once for a few MiB and never sees the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from picsafe_protocol.contracts.errors import Tampered, Truncated
from picsafe_protocol.crypto.chunked import MessageKey

__all__ = ["Uint8Array", "WebCryptoCipher"]

Uint8Array: TypeAlias = Any
"""The proxy of a JavaScript typed array."""

_REFUSALS = {"Tampered": Tampered, "Truncated": Truncated}


class WebCryptoCipher:
    """Implements `picsafe_protocol.crypto.chunked.Cipher`. Parts of a buffer share its memory: nothing changes one in place."""

    def __init__(self) -> None:
        import js

        self._kernel = js.picsafe.kernel
        self._imported: WeakKeyDictionary[MessageKey, Any] = (
            WeakKeyDictionary()
        )  # CryptoKeys, gone with their message key

    async def seal(self, message_key: MessageKey, first_chunk: int, plaintext: Uint8Array) -> Uint8Array:
        """See `chunked.Cipher.seal`."""
        key = await self._key(message_key)
        return await self._kernel.sealChunks(key, self.from_bytes(message_key.base_nonce), first_chunk, plaintext)

    async def open(self, message_key: MessageKey, first_chunk: int, sealed: Uint8Array) -> Uint8Array:
        """See `chunked.Cipher.open`. Raises `Tampered`, or `Truncated` when no tag is left to check."""
        return await self._open(message_key, first_chunk, sealed)

    async def open_over(
        self, message_key: MessageKey, first_chunk: int, sealed: Uint8Array, spent: Uint8Array
    ) -> Uint8Array:
        """See `chunked.OverwritingCipher.open_over`."""
        return await self._open(message_key, first_chunk, sealed, spent)

    async def _open(
        self, message_key: MessageKey, first_chunk: int, sealed: Uint8Array, *spent: Uint8Array
    ) -> Uint8Array:
        from pyodide.ffi import JsException

        key, nonce = await self._key(message_key), self.from_bytes(message_key.base_nonce)
        try:
            return await self._kernel.openChunks(key, nonce, first_chunk, sealed, *spent)
        except JsException as error:
            refusal = _REFUSALS.get(str(getattr(error, "name", "")))
            if refusal is None:
                raise
            raise refusal from None

    def length(self, buffer: Uint8Array) -> int:
        """Its length in bytes."""
        return int(buffer.byteLength)

    def part(self, buffer: Uint8Array, start: int, stop: int) -> Uint8Array:
        """Bytes `start` up to `stop` of it, without a copy."""
        return buffer.subarray(start, stop)

    def join(self, buffers: Sequence[Uint8Array]) -> Uint8Array:
        """One buffer of all of them, in order."""
        import js

        joined = js.Uint8Array.new(sum(self.length(buffer) for buffer in buffers))
        at = 0
        for buffer in buffers:
            joined.set(buffer, at)
            at += self.length(buffer)
        return joined

    def to_bytes(self, buffer: Uint8Array) -> bytes:
        """A copy that Python can look into; for small buffers only."""
        copy: bytes = buffer.to_bytes()
        return copy

    def from_bytes(self, data: bytes) -> Uint8Array:
        """A buffer with these bytes."""
        from pyodide.ffi import to_js

        return to_js(data)

    async def _key(self, message_key: MessageKey) -> Any:
        key = self._imported.get(message_key)
        if key is None:
            key = await self._kernel.importKey(self.from_bytes(message_key.key))
            self._imported[message_key] = key
        return key
