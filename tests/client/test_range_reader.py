"""Reading a package from a cloud over connections that break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from picsafe_client.reports.package_sources import extent
from picsafe_client.reports.range_reader import HEAD_BYTES, TAIL_BYTES, WHOLE_BYTES, RangedSource
from picsafe_protocol.contracts.errors import InternalError, NotPermitted, Unreachable
from picsafe_protocol.crypto.buffers import BYTES
from picsafe_protocol.crypto.package_digest import hash_pieces, sha256_of_pieces

pytestmark = pytest.mark.anyio

PIECE = 70_000
LARGE = WHOLE_BYTES + 3_000_001


class GaveUp(Exception):
    pass


@dataclass
class FakeBody:
    data: bytes
    total: int | None
    breaks_after: int | None
    gentle: bool
    position: int = 0
    stopped: bool = False

    async def next(self) -> bytes | None:
        await asyncio.sleep(0)
        assert not self.stopped
        if self.breaks_after is not None and self.position >= self.breaks_after:
            if self.gentle:
                return None
            raise Unreachable
        piece = self.data[self.position : self.position + PIECE]
        self.position += len(piece)
        return piece or None

    def stop(self) -> None:
        self.stopped = True


@dataclass
class FakeCloud:
    """Holds one package and remembers what it was asked for."""

    content: bytes
    breaks: list[int | None] = field(default_factory=list)  # bytes that each answer gives before it breaks
    gentle: bool = False  # whether a broken answer looks like an ordinary end
    total: int | None = None
    silent: bool = False  # whether a proxy has taken the length away
    listed: bytes | None = None  # what it gives as the list of pieces, where that is not the true one
    asked: list[tuple[int, int]] = field(default_factory=list)
    bodies: list[FakeBody] = field(default_factory=list)

    async def piece_hashes(self, most: int) -> bytes:
        return hash_pieces(self.content) if self.listed is None else self.listed[: most + 1]

    async def get(self, start: int, stop: int) -> FakeBody:
        self.asked.append((start, stop))
        breaks_after = self.breaks.pop(0) if self.breaks else None
        total = len(self.content) if self.total is None else self.total
        body = FakeBody(self.content[start:stop], None if self.silent else total, breaks_after, self.gentle)
        self.bodies.append(body)
        return body


async def no_pause(failures: int, error: Unreachable) -> None:
    if failures > 5:
        raise GaveUp from error


def content(size: int) -> bytes:
    return bytes(index * 2_654_435_761 >> 16 & 255 for index in range(1024)) * (size // 1024 + 1)


def source_of(cloud: FakeCloud) -> RangedSource[bytes]:
    return RangedSource(cloud, BYTES, len(cloud.content), no_pause, digest=None, hash_pieces=sha256_of_pieces)


async def test_a_small_package_is_fetched_once_and_then_read_from_memory() -> None:
    cloud = FakeCloud(content(WHOLE_BYTES)[:WHOLE_BYTES])
    source = source_of(cloud)
    await source.begin()
    assert await source.read(5, 99_999) == cloud.content[5:99_999]
    assert await source.read(WHOLE_BYTES - 10, WHOLE_BYTES) == cloud.content[-10:]
    assert cloud.asked == [(0, WHOLE_BYTES)]


async def test_of_a_large_package_only_head_and_tail_are_fetched_at_first() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    arrived: list[int] = []
    await source.begin(arrived.append)
    assert sorted(cloud.asked) == [(0, HEAD_BYTES), (LARGE - TAIL_BYTES, LARGE)]
    assert sum(arrived) == source.first_bytes() == HEAD_BYTES + TAIL_BYTES
    assert await source.read(0, HEAD_BYTES) == cloud.content[:HEAD_BYTES]
    assert await source.read(LARGE - TAIL_BYTES, LARGE) == cloud.content[-TAIL_BYTES:]
    assert len(cloud.asked) == 2


async def test_a_range_that_begins_in_the_head_fetches_only_what_is_missing() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    assert await source.read(HEAD_BYTES - 100, HEAD_BYTES + 100) == cloud.content[HEAD_BYTES - 100 : HEAD_BYTES + 100]
    assert cloud.asked[2:] == [(HEAD_BYTES, HEAD_BYTES + 100)]


async def test_a_range_read_in_order_takes_one_request() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    begin, end = HEAD_BYTES + 1_000_000, HEAD_BYTES + 2_000_000
    arrived: list[int] = []
    with source.prefetch(begin, end, arrived.append):
        for start in range(begin, end, 300_000):
            stop = min(start + 300_000, end)
            assert await source.read(start, stop) == cloud.content[start:stop]
    assert cloud.asked[2:] == [(begin, end)]
    assert sum(arrived) == end - begin


async def test_what_is_no_longer_wanted_is_stopped() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    with source.prefetch(HEAD_BYTES, LARGE):
        await source.read(HEAD_BYTES, HEAD_BYTES + 10)
    assert cloud.bodies[-1].stopped
    assert cloud.bodies[-1].position <= 2 * PIECE


async def test_two_readers_of_one_range_do_not_disturb_each_other() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()

    async def read_all() -> bytes:
        with source.prefetch(HEAD_BYTES, HEAD_BYTES + 900_000):
            return b"".join(
                [
                    await source.read(start, start + 100_000)
                    for start in range(HEAD_BYTES, HEAD_BYTES + 900_000, 100_000)
                ]
            )

    first, second = await asyncio.gather(read_all(), read_all())
    assert first == second == cloud.content[HEAD_BYTES : HEAD_BYTES + 900_000]


async def test_many_small_reads_are_served_from_what_is_held() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    async with source.buffered(HEAD_BYTES + 5, HEAD_BYTES + 50_005):
        for start in range(HEAD_BYTES + 5, HEAD_BYTES + 50_005, 1000):
            assert await source.read(start, start + 1000) == cloud.content[start : start + 1000]
    assert len(cloud.asked) == 3
    await source.read(HEAD_BYTES + 5, HEAD_BYTES + 6)
    assert len(cloud.asked) == 4


@pytest.mark.parametrize("gentle", [False, True], ids=["connection reset", "answer ends early"])
@pytest.mark.parametrize("breaks", [[PIECE], [0], [2 * PIECE, 0, PIECE]], ids=str)
async def test_a_broken_connection_goes_on_where_it_stopped(breaks: list[int | None], gentle: bool) -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE], gentle=gentle)
    source = source_of(cloud)
    await source.begin()
    cloud.breaks = list(breaks)
    begin, end = HEAD_BYTES + 11, HEAD_BYTES + 11 + 500_000
    arrived: list[int] = []
    with source.prefetch(begin, end, arrived.append):
        assert await source.read(begin, end) == cloud.content[begin:end]
    assert sum(arrived) == end - begin  # nothing came twice
    positions = [start for start, _ in cloud.asked[2:]]
    got = [0, *(after for after in breaks if after is not None)]
    assert positions == [begin + sum(got[: index + 1]) for index in range(len(breaks) + 1)]


async def test_a_connection_that_stays_broken_is_given_up_when_the_pause_says_so() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE], breaks=[0] * 100)
    with pytest.raises(GaveUp):
        await source_of(cloud).begin()


@pytest.mark.parametrize("total", [0, LARGE - 1, LARGE + 1])
async def test_an_answer_about_a_package_of_another_size_is_not_believed_and_not_held_against_it(total: int) -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE], total=total)
    with pytest.raises(InternalError):
        await source_of(cloud).begin()
    assert all(body.stopped for body in cloud.bodies)


async def test_an_answer_that_does_not_say_its_length_will_do() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE], silent=True)
    source = source_of(cloud)
    await source.begin()
    assert await source.read(LARGE - 10, LARGE) == cloud.content[-10:]


@pytest.mark.parametrize(
    ("status", "content_range", "content_length", "found"),
    [
        (206, "bytes 7-9/1000", "3", (7, 1000)),
        (206, "", "3", (7, None)),
        (200, "", "1000", (0, 1000)),
        (200, "", "", (0, None)),
        (200, "bytes 7-9/1000", "1000", (0, 1000)),
        (200, "", "many", (0, None)),
        (206, "bytes 8-9/1000", "2", None),
        (206, "bytes 7-9/*", "3", None),
        (206, "nonsense", "3", None),
        (204, "", "", None),
        (203, "", "1000", None),
    ],
)
def test_what_the_headers_of_an_answer_say_of_its_bytes(
    status: int, content_range: str, content_length: str, found: tuple[int, int | None] | None
) -> None:
    if found is None:
        with pytest.raises(InternalError):
            extent(status, content_range, content_length, 7)
    else:
        assert extent(status, content_range, content_length, 7) == found


async def test_a_refusal_is_passed_on_and_not_tried_again() -> None:
    class Refusing(FakeCloud):
        async def get(self, start: int, stop: int) -> FakeBody:
            self.asked.append((start, stop))
            raise NotPermitted

    cloud = Refusing(b"x" * 100)
    with pytest.raises(NotPermitted):
        await source_of(cloud).begin()
    assert len(cloud.asked) == 1


async def test_closing_stops_what_is_on_its_way_and_forgets_what_was_kept() -> None:
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    with source.prefetch(HEAD_BYTES, LARGE):
        await source.read(HEAD_BYTES, HEAD_BYTES + 10)
        source.close()
        assert cloud.bodies[-1].stopped
    await source.read(0, 1)
    assert cloud.asked[-1] == (0, 1)


@pytest.mark.parametrize("cut", [lambda size: [(0, size)], lambda size: [(0, 1), (1, size)]], ids=["one", "two"])
async def test_reads_that_cross_answers_are_joined(cut: Callable[[int], list[tuple[int, int]]]) -> None:
    size = 3 * PIECE + 7
    cloud = FakeCloud(content(LARGE)[:LARGE])
    source = source_of(cloud)
    await source.begin()
    with source.prefetch(HEAD_BYTES, HEAD_BYTES + size):
        for start, stop in cut(size):
            assert (
                await source.read(HEAD_BYTES + start, HEAD_BYTES + stop)
                == cloud.content[HEAD_BYTES + start : HEAD_BYTES + stop]
            )
