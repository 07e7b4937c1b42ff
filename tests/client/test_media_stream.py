"""What a player reads: any range, what lies there and nothing else, in few requests, and nothing once it is closed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, made_report

from picsafe_client.reports import media_stream
from picsafe_client.reports.media_stream import FIRST_WINDOW, MAX_READERS, Playback
from picsafe_client.reports.open_report import OpenReport
from picsafe_client.reports.range_reader import RangedSource
from picsafe_protocol.contracts.errors import Gone, Tampered, Unreachable
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.package_digest import hash_pieces, sha256_of_pieces
from picsafe_protocol.format.opening import GivenKey
from picsafe_protocol.format.package import Header

pytestmark = pytest.mark.anyio

FILM = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(320_000))  # 10 MB, nothing twice
FILES = [
    MadeFile("image/jpeg", b"photo" * 100_000),
    MadeFile("video/mp4", FILM),
    MadeFile("audio/mp4", b"v" * 2_000_000),
]


class Body:
    """An answer that comes in pieces of 50 000 bytes."""

    def __init__(self, cloud: Cloud, start: int, stop: int) -> None:
        self.cloud = cloud
        self.at, self.end = start, stop
        self.stopped = False

    @property
    def total(self) -> int:
        return len(self.cloud.data)

    async def next(self) -> bytes | None:
        await self.cloud.open.wait()
        if self.cloud.breaks:
            self.cloud.breaks -= 1
            raise Unreachable
        piece = self.cloud.data[self.at : min(self.at + 50_000, self.end)]
        self.at += len(piece)
        self.cloud.sent += len(piece)
        return piece or None

    def stop(self) -> None:
        self.stopped = True


class Cloud:
    """A cloud with one package, which remembers what it was asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []
        self.bodies: list[Body] = []
        self.sent = 0
        self.breaks = 0
        self.open = asyncio.Event()
        self.open.set()

    async def piece_hashes(self, most: int) -> bytes:
        return hash_pieces(self.data)

    async def get(self, start: int, stop: int) -> Body:
        self.asked.append((start, stop))
        self.bodies.append(Body(self, start, stop))
        return self.bodies[-1]


async def pause(_failures: int, _error: Unreachable) -> None:
    await asyncio.sleep(0)


async def sha256() -> Any:
    return hashlib.sha256()


@pytest.fixture(scope="module")
def made() -> MadeReport:
    return made_report(FILES)


@pytest.fixture
async def cloud(made: MadeReport) -> Cloud:
    return Cloud(made.package)


@pytest.fixture
def failures() -> list[Exception]:
    return []


@pytest.fixture
async def film(made: MadeReport, cloud: Cloud, failures: list[Exception]) -> Playback[bytes]:
    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key)

    source: RangedSource[bytes] = RangedSource(
        cloud, AesGcm(), len(made.package), pause, digest=None, hash_pieces=sha256_of_pieces
    )
    await source.begin()
    opened = await OpenReport.open(
        source, cipher=AesGcm(), new_digest=sha256, allowed_key_servers=[KEY_SERVER], release=release, expected=None
    )
    cloud.asked.clear()
    cloud.sent = 0
    return Playback(opened, opened.report.media[1], failures.append)


async def played(film: Playback[bytes], start: int, stop: int) -> bytes:
    """What a player gets that reads on from `start` up to `stop`."""
    got = b""
    while start + len(got) < stop:
        piece = await film.read(start + len(got), stop)
        assert piece
        got += piece
    return got


async def test_all_of_it_is_the_file_and_comes_in_few_requests(film: Playback[bytes], cloud: Cloud) -> None:
    assert await played(film, 0, len(FILM)) == FILM
    assert len(cloud.asked) <= 6
    assert [stop for _, stop in cloud.asked[:-1]] == [start for start, _ in cloud.asked[1:]]


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (16_383, 16_385), (1_000_003, 3_210_987), (len(FILM) - 1, len(FILM))]
)
async def test_any_range_is_what_lies_there(film: Playback[bytes], start: int, stop: int) -> None:
    assert await played(film, start, stop) == FILM[start:stop]


async def test_a_jump_fetches_only_what_is_there(film: Playback[bytes], cloud: Cloud, made: MadeReport) -> None:
    start = len(FILM) - 300_000
    assert await played(film, start, len(FILM)) == FILM[start:]
    begin = len(made.package) - len(made.payload) + made.payload.index(FILM[:64])
    assert min(first for first, _ in cloud.asked) > begin + start - 100_000
    assert cloud.sent < 700_000


async def test_two_places_in_turn_do_not_disturb_each_other(film: Playback[bytes], cloud: Cloud) -> None:
    got: dict[int, bytes] = {0: b"", 6_000_000: b""}
    for _ in range(4):
        for start in got:
            got[start] += await film.read(start + len(got[start]), len(FILM))
    assert all(FILM[start : start + len(data)] == data for start, data in got.items())
    assert len(cloud.asked) <= 2 * MAX_READERS + 1


async def test_what_the_browser_drops_and_asks_for_again_is_not_fetched_again(
    film: Playback[bytes], cloud: Cloud
) -> None:
    first = await played(film, 0, 300_000)
    before = len(cloud.asked)
    again = await film.read(100_000, 300_000)
    assert again == first[100_000 : 100_000 + len(again)]
    assert len(cloud.asked) == before
    one, two = await asyncio.gather(film.read(300_000, 400_000), film.read(300_000, 400_000))
    assert one == two


async def test_a_broken_connection_goes_on_where_it_broke(
    film: Playback[bytes], cloud: Cloud, failures: list[Exception]
) -> None:
    await played(film, 0, 200_000)
    cloud.breaks = 3
    assert await played(film, 200_000, 900_000) == FILM[200_000:900_000]
    assert failures == []


async def test_a_changed_chunk_ends_it_and_says_why(
    film: Playback[bytes], cloud: Cloud, failures: list[Exception]
) -> None:
    at = 5_000_000
    cloud.data = cloud.data[:at] + bytes([cloud.data[at] ^ 1]) + cloud.data[at + 1 :]
    with pytest.raises(Tampered):
        await played(film, 0, len(FILM))
    assert [type(error) for error in failures] == [Tampered]
    with pytest.raises(Tampered):
        await film.read(7_000_000, 7_000_010)


async def test_closing_stops_what_is_on_its_way(film: Playback[bytes], cloud: Cloud, failures: list[Exception]) -> None:
    await film.read(0, 100_000)
    cloud.open.clear()
    waiting = asyncio.ensure_future(played(film, 3_000_000, 4_000_000))
    for _ in range(50):
        await asyncio.sleep(0)
    film.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Gone):
        await film.read(0, 10)
    assert all(body.stopped for body in cloud.bodies[2:])
    assert failures == []


async def test_a_player_that_does_nothing_for_a_while_holds_no_request(
    film: Playback[bytes], cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_stream, "IDLE", 0.0)
    first = await film.read(0, 100_000)
    for _ in range(5):
        await asyncio.sleep(0)
    assert all(body.stopped for body in cloud.bodies[2:])
    assert await film.read(len(first), len(first) + 10) == FILM[len(first) : len(first) + 10]


@pytest.mark.parametrize("span", [(5, 5), (-1, 4), (0, len(FILM) + 1)])
async def test_what_is_not_there_cannot_be_read(film: Playback[bytes], span: Sequence[int]) -> None:
    with pytest.raises(ValueError, match="not within"):
        await film.read(*span)


async def test_the_first_request_is_small(film: Playback[bytes], cloud: Cloud) -> None:
    await film.read(5_000_000, 6_000_000)
    start, stop = cloud.asked[-1]
    assert stop - start <= FIRST_WINDOW + 2 * 16_400
