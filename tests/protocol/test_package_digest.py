"""The digest of a package: what it covers, and that no other list of hashes passes for the one that the sender made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from picsafe_protocol.contracts.errors import NotAsSent
from picsafe_protocol.contracts.limits import PACKAGE_BYTES
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BYTES, BytesSource
from picsafe_protocol.crypto.package_digest import (
    HASH,
    PIECE,
    CoveredSource,
    Pieces,
    down,
    hash_pieces,
    piece_count,
    sha256_of_pieces,
    up,
)

SIZE = 3 * PIECE + 1000
DATA = bytes(index * 7 % 251 for index in range(SIZE))
TRUE = Pieces(SIZE, hash_pieces(DATA))


def test_the_list_of_the_largest_package_has_512_kib() -> None:
    assert piece_count(PACKAGE_BYTES) * HASH == 512 * 1024


@pytest.mark.parametrize(
    ("position", "begins", "ends"),
    [(0, 0, 0), (1, 0, PIECE), (PIECE, PIECE, PIECE), (PIECE + 1, PIECE, 2 * PIECE), (SIZE - 1, 3 * PIECE, SIZE)],
)
def test_ranges_are_widened_to_whole_pieces(position: int, begins: int, ends: int) -> None:
    assert (down(position), up(position, SIZE)) == (begins, ends)


LIES: dict[str, Callable[[], tuple[int, bytes]]] = {
    "another piece": lambda: (SIZE, TRUE.hashes[:HASH] + hashlib.sha256(b"x").digest() + TRUE.hashes[2 * HASH :]),
    "swapped pieces": lambda: (SIZE, TRUE.hashes[HASH : 2 * HASH] + TRUE.hashes[:HASH] + TRUE.hashes[2 * HASH :]),
    "truncated list": lambda: (SIZE, TRUE.hashes[:-HASH]),
    "truncated list and size": lambda: (3 * PIECE, TRUE.hashes[:-HASH]),
    "longer list": lambda: (SIZE, TRUE.hashes + TRUE.hashes[-HASH:]),
    "half a hash": lambda: (SIZE, TRUE.hashes[:-1]),
    "empty list": lambda: (SIZE, b""),
    "size lied by a byte": lambda: (SIZE - 1, TRUE.hashes),
    "size lied by a piece": lambda: (SIZE + PIECE, TRUE.hashes),
    "the list of another package": lambda: (SIZE, hash_pieces(DATA[::-1])),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_no_other_list_passes_for_the_sender_s(lie: Callable[[], tuple[int, bytes]]) -> None:
    with pytest.raises(NotAsSent) as caught:
        Pieces.trusted(*lie(), TRUE.digest)
    assert caught.value.what == "list"


def test_the_digest_is_no_digest_of_anything_else() -> None:
    """Neither of a package, nor of a list: the tag and the size come first."""
    assert TRUE.digest not in {hashlib.sha256(DATA).hexdigest(), hashlib.sha256(TRUE.hashes).hexdigest()}
    assert Pieces.trusted(SIZE, TRUE.hashes, TRUE.digest) == TRUE


def test_each_piece_counts_at_its_own_place_only() -> None:
    for start in range(0, SIZE, PIECE):
        TRUE.check(start, hash_pieces(DATA[start : start + PIECE]))
    TRUE.check(PIECE, hash_pieces(DATA[PIECE:]))
    for start, wrong in [(0, DATA[PIECE : 2 * PIECE]), (2 * PIECE, DATA[2 * PIECE : 3 * PIECE - 1]), (3 * PIECE, b"")]:
        with pytest.raises(NotAsSent):
            TRUE.check(start, hash_pieces(wrong))
    with pytest.raises(NotAsSent):  # more than there is
        TRUE.check(2 * PIECE, hash_pieces(DATA[2 * PIECE :] + bytes(2 * PIECE)))
    with pytest.raises(ValueError, match="no piece begins"):
        TRUE.check(1, hash_pieces(DATA[1 : PIECE + 1]))


@pytest.mark.anyio
async def test_a_package_at_hand_is_covered_as_a_whole() -> None:
    source = await CoveredSource.of(BytesSource(DATA), AesGcm(), sha256_of_pieces, TRUE.digest)
    assert source.digest == TRUE.digest
    assert source.size == SIZE
    assert await source.read(5, 10) == DATA[5:10]
    assert BYTES.length(await source.read(0, SIZE)) == SIZE


@pytest.mark.anyio
@pytest.mark.parametrize("at", [0, PIECE, SIZE - 1])
async def test_a_flipped_byte_of_a_package_at_hand_is_found(at: int) -> None:
    changed = bytearray(DATA)
    changed[at] ^= 1
    for data in (bytes(changed), DATA[:at], DATA + b"x"):
        with pytest.raises(NotAsSent):
            await CoveredSource.of(BytesSource(data), AesGcm(), sha256_of_pieces, TRUE.digest)
