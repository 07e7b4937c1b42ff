"""The digest of a package: one value that covers every byte and the size, and that a reader of ranges can check as it
goes.

::

    piece i  = bytes 262144 * i up to 262144 * (i + 1) of the package; the last one may be shorter
    list     = SHA-256(piece 0) || SHA-256(piece 1) || …                       32 bytes a piece, at most 512 KiB
    digest   = SHA-256("picsafe/package/pieces/v1" || 0x00 || size (8 bytes, big-endian) || list)

The sender gives the digest to the user server, and readers get it with the report's row. The list is stored with the
package in the cloud and is trusted once its digest equals the one in the row; from then on each piece is checked
separately. A reader that has the whole package needs no list (docs/format.md, section 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

from picsafe_protocol.contracts.errors import NotAsSent
from picsafe_protocol.crypto.buffers import Buffers, Source, read_exactly
from picsafe_protocol.crypto.chunked import Cipher

__all__ = [
    "AT_ONCE",
    "HASH",
    "PIECE",
    "CoveredSource",
    "HashPieces",
    "PieceHasher",
    "Pieces",
    "PiecewiseSource",
    "down",
    "hash_pieces",
    "piece_count",
    "sha256_of_pieces",
    "up",
]

PIECE: Final = 256 * 1024
"""Bytes of every piece but the last: small enough to wait for, large enough that the list of 4 GiB has 512 KiB."""
HASH: Final = 32
AT_ONCE: Final = 32 * PIECE
"""Bytes that are hashed in one call where the whole package is at hand, 8 MiB."""

_TAG: Final = b"picsafe/package/pieces/v1\x00"
_SIZE_BYTES: Final = 8

B = TypeVar("B")

HashPieces: TypeAlias = Callable[[B], Awaitable[bytes]]
"""The SHA-256 of each piece in a buffer that begins where a piece begins, one after the other."""


def piece_count(size: int) -> int:
    """How many pieces a package of `size` bytes has."""
    return -(-size // PIECE)


def down(position: int) -> int:
    """Where the piece with the byte at `position` begins."""
    return position - position % PIECE


def up(position: int, size: int) -> int:
    """Where the piece that ends at or behind `position` ends, in a package of `size` bytes."""
    return min(piece_count(position) * PIECE, size)


def hash_pieces(data: bytes) -> bytes:
    """The SHA-256 of each piece in `data`, which begins where a piece begins."""
    view = memoryview(data)
    return b"".join(hashlib.sha256(view[start : start + PIECE]).digest() for start in range(0, len(view), PIECE))


async def sha256_of_pieces(data: bytes) -> bytes:
    """`hash_pieces` as the `HashPieces` of CPython."""
    return hash_pieces(data)


@dataclass(frozen=True, slots=True)
class Pieces:
    """The size of a package and the SHA-256 of each of its pieces."""

    size: int
    hashes: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """The digest of the package: lower-case hex."""
        return hashlib.sha256(_TAG + self.size.to_bytes(_SIZE_BYTES, "big") + self.hashes).hexdigest()

    @property
    def fits(self) -> bool:
        """Whether there are as many hashes as a package of this size has pieces."""
        return len(self.hashes) == piece_count(self.size) * HASH

    @classmethod
    def trusted(cls, size: int, hashes: bytes, digest: str) -> Pieces:
        """The list that belongs to `digest`. Raises `NotAsSent` for any other, also for one of another size."""
        pieces = cls(size, hashes)
        if not pieces.fits or pieces.digest != digest:
            raise NotAsSent(what="list")
        return pieces

    def check(self, start: int, hashes: bytes) -> None:
        """Whether `hashes` are those of the pieces from byte `start` on. Raises `NotAsSent`, `ValueError` between two
        pieces.
        """
        if start % PIECE:
            raise ValueError(f"no piece begins at byte {start}")
        first = start // PIECE * HASH
        if not hashes or self.hashes[first : first + len(hashes)] != hashes:
            raise NotAsSent(what="piece")


class PieceHasher:
    """The pieces of bytes that come in order, in CPython."""

    def __init__(self) -> None:
        self._hashes = bytearray()
        self._running = hashlib.sha256()
        self._size = 0

    def update(self, data: bytes) -> None:
        """Add bytes."""
        view = memoryview(data)
        while view:
            room = PIECE - self._size % PIECE
            part, view = view[:room], view[room:]
            self._running.update(part)
            self._size += len(part)
            if self._size % PIECE == 0:
                self._hashes += self._running.digest()
                self._running = hashlib.sha256()

    def pieces(self) -> Pieces:
        """The pieces of everything added so far."""
        open_piece = self._running.digest() if self._size % PIECE else b""
        return Pieces(self._size, bytes(self._hashes) + open_piece)


class PiecewiseSource(Generic[B]):
    """A package somewhere else that is read by ranges, each piece checked before a byte of it is used: a `Source` that
    may be opened with expectations. The piece in which a read ends is kept, because the next read mostly begins in it.
    """

    def __init__(self, source: Source[B], pieces: Pieces, buffers: Buffers[B], hash_: HashPieces[B]) -> None:
        """`pieces` have been compared with `digest` already: see `Pieces.trusted`."""
        self._source = source
        self._pieces = pieces
        self._buffers = buffers
        self._hash = hash_
        self._last: tuple[int, B] | None = None
        self.digest = pieces.digest

    @property
    def size(self) -> int:
        """Bytes of the package."""
        return self._pieces.size

    async def read(self, start: int, stop: int) -> B:
        """See `Source`. Raises `NotAsSent` when a byte is not the one that was sent."""
        first, end = down(start), up(stop, self.size)
        kept = self._last
        begin = first
        if kept is not None and kept[0] == first:
            begin = min(first + self._buffers.length(kept[1]), end)
        block = kept[1] if kept is not None and begin > first else self._buffers.join([])
        if begin < end:
            fresh = await read_exactly(self._source, self._buffers, begin, end)
            self._pieces.check(begin, await self._hash(fresh))
            block = self._buffers.join([block, fresh]) if begin > first else fresh
            last = down(end - 1)
            self._last = (last, self._buffers.join([self._buffers.part(block, last - first, end - first)]))
        return self._buffers.part(block, start - first, stop - first)


class CoveredSource(Generic[B]):
    """A package at hand whose every byte has been compared with its digest: a `Source` that may be opened with
    expectations.
    """

    def __init__(self, source: Source[B], digest: str) -> None:  # use `of`
        self._source = source
        self.digest = digest

    @classmethod
    async def of(cls, source: Source[B], cipher: Cipher[B], hash_: HashPieces[B], digest: str) -> CoveredSource[B]:
        """`source`, read once from its beginning to its end. Raises `NotAsSent`, and whatever it raises."""
        hashes = b"".join(
            [
                await hash_(await read_exactly(source, cipher, start, min(start + AT_ONCE, source.size)))
                for start in range(0, source.size, AT_ONCE)
            ]
        )
        if Pieces(source.size, hashes).digest != digest:
            raise NotAsSent(what="digest")
        return cls(source, digest)

    @property
    def size(self) -> int:
        """Bytes of the package."""
        return self._source.size

    async def read(self, start: int, stop: int) -> B:
        """See `Source`."""
        return await self._source.read(start, stop)
