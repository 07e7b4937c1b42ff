"""Reading a package by ranges whose digest is known: no byte is given out unchecked, none is fetched twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from client.test_range_reader import FakeCloud, no_pause

from picsafe_client.reports.range_reader import HEAD_BYTES, TAIL_BYTES, WHOLE_BYTES, RangedSource
from picsafe_protocol.contracts.errors import InternalError, NotAsSent, Unreachable
from picsafe_protocol.crypto.buffers import BYTES
from picsafe_protocol.crypto.package_digest import HASH, PIECE, Pieces, down, hash_pieces, sha256_of_pieces, up

pytestmark = pytest.mark.anyio

LARGE = WHOLE_BYTES + 5 * PIECE + 4321
CONTENT = random.Random(8).randbytes(LARGE)  # noqa: S311 no secret
DIGEST = Pieces(LARGE, hash_pieces(CONTENT)).digest
SMALL = CONTENT[:WHOLE_BYTES]
SMALL_DIGEST = Pieces(WHOLE_BYTES, hash_pieces(SMALL)).digest


def source_of(cloud: FakeCloud, digest: str = DIGEST, size: int = LARGE) -> RangedSource[bytes]:
    return RangedSource(cloud, BYTES, size, no_pause, digest=digest, hash_pieces=sha256_of_pieces)


async def begun(cloud: FakeCloud) -> RangedSource[bytes]:
    source = source_of(cloud)
    await source.begin()
    cloud.asked.clear()
    return source


def flipped(at: int) -> bytes:
    changed = bytearray(CONTENT)
    changed[at] ^= 1
    return bytes(changed)


async def test_head_tail_and_list_are_fetched_at_first_and_a_small_package_needs_no_list() -> None:
    cloud = FakeCloud(CONTENT)
    source = source_of(cloud)
    assert source.digest is None
    arrived: list[int] = []
    await source.begin(arrived.append)
    assert sorted(cloud.asked) == [(0, HEAD_BYTES), (down(LARGE - TAIL_BYTES), LARGE)]
    assert sum(arrived) == source.first_bytes()
    assert source.digest == DIGEST
    small = FakeCloud(SMALL, listed=b"nonsense")
    whole = source_of(small, SMALL_DIGEST, WHOLE_BYTES)
    await whole.begin()
    assert whole.digest == SMALL_DIGEST
    assert await whole.read(5, WHOLE_BYTES) == SMALL[5:]


async def test_any_range_is_given_out_as_it_was_sent() -> None:
    cloud, dice = FakeCloud(CONTENT), random.Random(9)  # noqa: S311 no secret
    source = await begun(cloud)
    for _ in range(200):
        start, stop = sorted(
            dice.choices([0, HEAD_BYTES, PIECE, LARGE, *(dice.randrange(LARGE) for _ in range(4))], k=2)
        )
        assert await source.read(start, stop) == CONTENT[start:stop]


@pytest.mark.parametrize("step", [16_400, PIECE - 1, PIECE, PIECE + 1, 700_001])
async def test_a_file_read_in_order_takes_one_request_and_fetches_no_byte_twice(step: int) -> None:
    cloud = FakeCloud(CONTENT)
    source = await begun(cloud)
    begin, end = HEAD_BYTES + 123_456, WHOLE_BYTES + 3 * PIECE + 77
    arrived: list[int] = []
    with source.prefetch(begin, end, arrived.append):
        for start in range(begin, end, step):
            stop = min(start + step, end)
            assert await source.read(start, stop) == CONTENT[start:stop]
    assert cloud.asked == [(HEAD_BYTES, up(end, LARGE))]
    assert sum(arrived) == end - begin


async def test_the_next_file_begins_in_the_piece_in_which_the_last_one_ended() -> None:
    cloud = FakeCloud(CONTENT)
    source = await begun(cloud)
    places = [
        (HEAD_BYTES + 5, HEAD_BYTES + 300_000),
        (HEAD_BYTES + 299_000, HEAD_BYTES + 900_000),
        (HEAD_BYTES + 900_000, HEAD_BYTES + 900_500),
    ]
    for start, stop in places:
        with source.prefetch(start, stop):
            assert await source.read(start, stop) == CONTENT[start:stop]
    assert all(before[1] <= after[0] for before, after in pairwise(sorted(cloud.asked)))


async def test_a_broken_connection_goes_on_where_it_stopped_also_between_pieces() -> None:
    cloud = FakeCloud(CONTENT)
    source = await begun(cloud)
    cloud.breaks = [70_000, 0, 210_000]
    begin, end = HEAD_BYTES + 11, HEAD_BYTES + 900_011
    with source.prefetch(begin, end):
        assert await source.read(begin, end) == CONTENT[begin:end]
    assert [start for start, _ in cloud.asked] == [
        HEAD_BYTES,
        HEAD_BYTES + 70_000,
        HEAD_BYTES + 70_000,
        HEAD_BYTES + 280_000,
    ]


@pytest.mark.parametrize("at", [0, HEAD_BYTES - 1, LARGE - 1, down(LARGE - TAIL_BYTES)])
async def test_a_changed_byte_of_what_is_fetched_first_is_found_before_anything_is_given_out(at: int) -> None:
    cloud = FakeCloud(flipped(at), listed=hash_pieces(CONTENT))
    source = source_of(cloud)
    with pytest.raises(NotAsSent):
        await source.begin()
    assert source.digest is None


@pytest.mark.parametrize("at", [HEAD_BYTES, HEAD_BYTES + PIECE - 1, HEAD_BYTES + PIECE, WHOLE_BYTES])
async def test_a_changed_byte_anywhere_spoils_the_whole_piece_and_no_other(at: int) -> None:
    cloud = FakeCloud(flipped(at), listed=hash_pieces(CONTENT))
    source = await begun(cloud)
    piece = down(at)
    for start in (piece, piece + PIECE // 2, piece + PIECE - 1):
        with pytest.raises(NotAsSent):
            await source.read(start, start + 1)
        with pytest.raises(NotAsSent), source.prefetch(start, start + 2 * PIECE):
            await source.read(start, start + 10)
        with pytest.raises(NotAsSent):
            async with source.buffered(start, start + 10):
                pass
    assert await source.read(piece + PIECE, piece + 2 * PIECE) == CONTENT[piece + PIECE : piece + 2 * PIECE]


async def test_a_film_is_not_given_out_beyond_the_piece_that_was_changed() -> None:
    cloud = FakeCloud(flipped(HEAD_BYTES + 3 * PIECE + 5), listed=hash_pieces(CONTENT))
    source = await begun(cloud)
    played = bytearray()

    async def play() -> None:
        with source.prefetch(HEAD_BYTES, WHOLE_BYTES):
            for start in range(HEAD_BYTES, WHOLE_BYTES, 16_400):
                played.extend(await source.read(start, start + 16_400))

    with pytest.raises(NotAsSent):
        await play()
    assert CONTENT[HEAD_BYTES : HEAD_BYTES + 3 * PIECE].startswith(played)
    assert len(played) > 2 * PIECE


LISTS: dict[str, Callable[[bytes], bytes]] = {
    "swapped pieces": lambda hashes: hashes[HASH : 2 * HASH] + hashes[:HASH] + hashes[2 * HASH :],
    "truncated": lambda hashes: hashes[:-HASH],
    "longer": lambda hashes: hashes + bytes(HASH),
    "empty": lambda hashes: b"",
    "of what the cloud has instead": lambda hashes: hash_pieces(flipped(WHOLE_BYTES)),
}


@pytest.mark.parametrize("change", LISTS.values(), ids=LISTS)
async def test_another_list_is_refused(change: Callable[[bytes], bytes]) -> None:
    cloud = FakeCloud(flipped(WHOLE_BYTES), listed=change(hash_pieces(CONTENT)))
    with pytest.raises(NotAsSent) as caught:
        await source_of(cloud).begin()
    assert caught.value.what == "list"


@pytest.mark.parametrize("size", [LARGE - 1, LARGE + 1])
async def test_a_package_of_another_size_than_the_index_says_is_refused(size: int) -> None:
    with pytest.raises((NotAsSent, InternalError)):
        await source_of(FakeCloud(CONTENT), size=size).begin()


async def test_a_small_package_that_was_swapped_is_refused() -> None:
    with pytest.raises(NotAsSent):
        await source_of(FakeCloud(flipped(5)[:WHOLE_BYTES]), SMALL_DIGEST, WHOLE_BYTES).begin()


async def test_the_list_is_asked_for_again_when_the_connection_breaks() -> None:
    class Breaking(FakeCloud):
        times = 2

        async def piece_hashes(self, most: int) -> bytes:
            self.times -= 1
            if self.times >= 0:
                raise Unreachable
            return await super().piece_hashes(most)

    cloud = Breaking(CONTENT)
    source = await begun(cloud)
    assert await source.read(HEAD_BYTES, HEAD_BYTES + 1) == CONTENT[HEAD_BYTES : HEAD_BYTES + 1]


async def test_only_a_few_pieces_are_kept() -> None:
    cloud = FakeCloud(CONTENT)
    source = await begun(cloud)
    for start in range(HEAD_BYTES, WHOLE_BYTES, PIECE):
        await source.read(start, start + 1)
    kept = sum(len(piece) for _, piece in source._recent)
    assert kept <= 4 * PIECE
    source.close()
    assert not source._recent


async def test_two_who_read_the_same_do_not_disturb_each_other() -> None:
    cloud = FakeCloud(CONTENT)
    source = await begun(cloud)

    async def read(step: int) -> bytes:
        with source.prefetch(HEAD_BYTES, HEAD_BYTES + 900_000):
            return b"".join([await source.read(at, at + step) for at in range(HEAD_BYTES, HEAD_BYTES + 900_000, step)])

    first, second = await asyncio.gather(read(100_000), read(50_000))
    assert first == second == CONTENT[HEAD_BYTES : HEAD_BYTES + 900_000]
