"""SHA-256 and CRC-32 over typed arrays that stay in JavaScript; js/kernel.js computes them."""

from __future__ import annotations

from typing import Any


class Sha256:
    """A running SHA-256: the `payload.Digest` of the browser."""

    def __init__(self, running: Any) -> None:
        self._running = running

    def update(self, data: Any, /) -> None:
        """Adds the bytes of a Uint8Array."""
        self._running.update(data)

    def hexdigest(self) -> str:
        """The digest of everything added, in lower-case hex; asked for once."""
        return str(self._running.hex())


class Crc32:
    """A running CRC-32, as zips have it."""

    def __init__(self, running: Any) -> None:
        self._running = running

    def update(self, data: Any) -> None:
        """Adds the bytes of a Uint8Array."""
        self._running.update(data)

    def value(self) -> int:
        """The checksum of everything added; asked for once."""
        return int(self._running.value())


async def sha256() -> Sha256:
    """A fresh SHA-256."""
    import js

    return Sha256(await js.picsafe.kernel.createDigest())


async def hash_pieces(data: Any) -> bytes:
    """The SHA-256 of each piece of a package in a Uint8Array: the `package_digest.HashPieces` of the browser."""
    import js

    hashes: bytes = (await js.picsafe.kernel.hashPieces(data)).to_bytes()
    return hashes


async def crc32() -> Crc32:
    """A fresh CRC-32."""
    import js

    return Crc32(await js.picsafe.kernel.createCrc32())
