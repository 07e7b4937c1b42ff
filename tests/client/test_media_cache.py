"""Decrypted media exist only while they are wanted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, made_report

from picsafe_client.reports.open_report import OpenReport
from picsafe_client.screens.viewer.stage import media_cache
from picsafe_client.screens.viewer.stage.media_cache import ShownMedia
from picsafe_media import FileSource
from picsafe_protocol.contracts.errors import PictureRefused, Tampered
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.opening import GivenKey
from picsafe_protocol.format.package import Header

pytestmark = pytest.mark.anyio

HEAD = bytes.fromhex("ffd8ffc0000b0800f0014001011100ffda0002")
"""The beginning of a JPEG of 320 by 240 pixels."""
PHOTOS = [HEAD + bytes([number]) * 300_000 for number in range(1, 6)]


class Gate:
    """A package in memory whose reads can be held up, made to fail, and counted."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.open = asyncio.Event()
        self.open.set()
        self.failure: Exception | None = None
        self.spans: list[int] = []

    @property
    def size(self) -> int:
        return len(self.data)

    async def read(self, start: int, stop: int) -> bytes:
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return self.data[start:stop]

    @contextmanager
    def prefetch(self, start: int, stop: int, arrived: Callable[[int], None] | None = None) -> Iterator[None]:
        self.spans.append(start)
        if arrived is not None:
            arrived(stop - start)
        yield

    @asynccontextmanager
    async def buffered(self, start: int, stop: int) -> AsyncIterator[None]:
        yield

    def close(self) -> None:
        pass


class FakeBlobs:
    """Blobs that are bytes, and URLs that are remembered until they are revoked."""

    def __init__(self) -> None:
        self.live: dict[str, bytes] = {}
        self.made = 0
        self.prefix = b""
        self.decoded = asyncio.Event()
        self.decoded.set()

    def part(self, piece: bytes) -> bytes:
        return piece

    def joined(self, parts: list[bytes], media_type: str) -> bytes:
        return b"".join(parts)

    def source(self, blob: bytes) -> FileSource:
        return FileSource.of(blob)

    async def shown_as(self, blob: bytes) -> bytes:
        await self.decoded.wait()
        return self.prefix + blob

    def url(self, blob: bytes) -> str:
        self.made += 1
        self.live[f"blob:{self.made}"] = blob
        return f"blob:{self.made}"

    def revoke(self, url: str) -> None:
        del self.live[url]


class FakeStreams:
    """Addresses that are remembered until they are closed."""

    def __init__(self) -> None:
        self.live: dict[str, tuple[int, str, Callable[[int, int], Any]]] = {}
        self.works = True

    def can_stream(self) -> bool:
        return self.works

    def open(self, size: int, media_type: str, read: Callable[[int, int], Any]) -> str:
        self.live["/stream/1"] = (size, media_type, read)
        return "/stream/1"

    def close(self, address: str) -> None:
        del self.live[address]

    def give_up(self) -> None:
        self.works = False


async def sha256() -> Any:
    return hashlib.sha256()


@pytest.fixture
def made() -> MadeReport:
    files = [MadeFile("image/jpeg", photo, thumbnail=photo[:100]) for photo in PHOTOS]
    return made_report([*files, MadeFile("video/mp4", b"v" * 90_000)])


@pytest.fixture
def gate(made: MadeReport) -> Gate:
    return Gate(made.package)


@pytest.fixture
def blobs() -> FakeBlobs:
    return FakeBlobs()


@pytest.fixture
def streams() -> FakeStreams:
    return FakeStreams()


@pytest.fixture
async def media(made: MadeReport, gate: Gate, blobs: FakeBlobs, streams: FakeStreams) -> ShownMedia:
    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key)

    opened = await OpenReport.open(
        gate, cipher=AesGcm(), new_digest=sha256, allowed_key_servers=[KEY_SERVER], release=release, expected=None
    )
    return ShownMedia(opened, blobs, streams)


async def settled() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_a_medium_is_the_file_and_is_fetched_once(media: ShownMedia, gate: Gate, blobs: FakeBlobs) -> None:
    first, second = await asyncio.gather(media.url(2), media.url(2))
    assert first == second == await media.url(2) == media.url_now(2)
    assert blobs.live[first] == PHOTOS[2]
    assert len(gate.spans) == 1


async def test_what_is_no_longer_wanted_is_revoked(media: ShownMedia, blobs: FakeBlobs) -> None:
    for index in range(5):
        await media.url(index)
    media.keep({1, 2})
    assert sorted(blobs.live.values()) == [PHOTOS[1], PHOTOS[2]]
    assert not media.is_here(0)
    assert media.url_now(0) == ""


async def test_what_is_being_printed_stays(media: ShownMedia, blobs: FakeBlobs) -> None:
    await media.url(0)
    media.pinned.add(0)
    media.keep({4})
    assert list(blobs.live.values()) == [PHOTOS[0]]


async def test_what_is_on_its_way_is_stopped_when_it_is_no_longer_wanted(
    media: ShownMedia, gate: Gate, blobs: FakeBlobs
) -> None:
    gate.open.clear()
    waiting = asyncio.ensure_future(media.url(3))
    await settled()
    media.keep({0})
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.open.set()
    await settled()
    assert blobs.live == {}


async def test_one_who_no_longer_waits_does_not_stop_the_others(media: ShownMedia, gate: Gate) -> None:
    gate.open.clear()
    patient, impatient = asyncio.ensure_future(media.url(3)), asyncio.ensure_future(media.url(3))
    await settled()
    impatient.cancel()
    gate.open.set()
    assert await patient


async def test_what_failed_can_be_tried_again(media: ShownMedia, gate: Gate, blobs: FakeBlobs) -> None:
    gate.failure = ConnectionError()
    with pytest.raises(ConnectionError):
        await media.url(1)
    gate.failure = None
    assert blobs.live[await media.url(1)] == PHOTOS[1]


async def test_neighbours_that_are_photos_are_fetched_ahead(media: ShownMedia, blobs: FakeBlobs) -> None:
    media.prefetch([-1, 4, 5, 6])
    await settled()
    assert [media.is_here(index) for index in range(6)] == [False, False, False, False, True, False]
    assert blobs.made == 0  # nothing is shown yet


async def test_large_neighbours_are_not_fetched_ahead(media: ShownMedia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_cache, "PREFETCH_BYTES", 1000)
    media.prefetch([1])
    await settled()
    assert not media.is_here(1)


async def test_a_neighbour_that_fails_troubles_nobody_until_it_is_looked_at(media: ShownMedia, gate: Gate) -> None:
    gate.failure = Tampered()
    media.prefetch([1, 2])
    await settled()
    with pytest.raises(Tampered):
        await media.url(1)


async def test_progress_is_reported_to_every_waiting_caller(media: ShownMedia) -> None:
    told: list[tuple[int, int]] = []
    await media.url(0, lambda done, total: told.append((done, total)))
    assert told
    assert told[-1][0] == told[-1][1]


async def test_thumbnails_come_in_order(media: ShownMedia, blobs: FakeBlobs) -> None:
    shown: dict[int, str] = {}
    await media.thumbnails(shown.__setitem__)
    assert [blobs.live[shown[index]] for index in range(5)] == [photo[:100] for photo in PHOTOS]
    assert media.thumbnail(3) == shown[3]
    assert media.thumbnail(5) is None


async def test_thumbnails_wait_for_what_has_to_come_before_them(media: ShownMedia) -> None:
    first_photo, shown = asyncio.Event(), dict[int, str]()

    async def after(index: int) -> None:
        if index >= 1:
            await first_photo.wait()

    coming = asyncio.ensure_future(media.thumbnails(shown.__setitem__, after))
    await settled()
    assert list(shown) == [0, 1]
    first_photo.set()
    await coming
    assert list(shown) == [0, 1, 2, 3, 4]


async def test_closing_revokes_everything_and_stops_everything(media: ShownMedia, gate: Gate, blobs: FakeBlobs) -> None:
    await media.thumbnails(lambda _index, _url: None)
    await media.url(0)
    media.pinned.add(0)
    gate.open.clear()
    waiting = asyncio.ensure_future(media.url(4))
    media.prefetch([3])
    await settled()
    media.close()
    assert blobs.live == {}
    gate.open.set()
    await settled()
    assert waiting.cancelled()
    assert blobs.live == {}


async def test_a_large_recording_is_played_while_it_is_fetched(
    media: ShownMedia, streams: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not media.can_stream(5)  # a small one comes whole
    monkeypatch.setattr(media_cache, "PLAYBACK_STREAM_MIN_BYTES", 1000)
    assert media.can_stream(5)
    stream = media.stream(5, lambda _error: None)
    size, media_type, read = streams.live[stream.address]
    assert (size, media_type, await read(10, 20)) == (90_000, "video/mp4", b"v" * 10)
    stream.close()
    assert streams.live == {}


async def test_where_nobody_answers_players_it_comes_whole(
    media: ShownMedia, streams: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_cache, "PLAYBACK_STREAM_MIN_BYTES", 1000)
    stream = media.stream(5, lambda _error: None)
    stream.give_up()
    assert not media.can_stream(5)


async def test_s9_pictures_with_more_pixels_than_bytes_promise_never_become_a_blob(blobs: FakeBlobs) -> None:
    """20,000 pixels wide and high in a few bytes, with a report that says so and one that lies about it."""
    bomb = HEAD[:7] + bytes.fromhex("4e204e20") + HEAD[11:] + bytes(100)
    files = [
        MadeFile("image/jpeg", bomb, thumbnail=bomb, width=20_000, height=20_000),
        MadeFile("image/jpeg", bomb, thumbnail=HEAD, width=320, height=240),
        MadeFile("image/jpeg", HEAD, thumbnail=bomb, width=320, height=240),
    ]
    made = made_report(files, signature=bomb)

    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key)

    opened = await OpenReport.open(
        Gate(made.package),
        cipher=AesGcm(),
        new_digest=sha256,
        allowed_key_servers=[KEY_SERVER],
        release=release,
        expected=None,
    )
    media = ShownMedia(opened, blobs, FakeStreams())
    shown: list[int] = []
    await media.thumbnails(lambda index, _url: shown.append(index))
    assert shown == [1]
    for index in (0, 1):
        with pytest.raises(PictureRefused):
            await media.url(index)
    evidence = opened.report.consent[0].evidence
    assert evidence is not None
    with pytest.raises(PictureRefused):
        await media_cache.read_blob(opened, evidence, blobs)
    await media.url(2)
    assert bomb not in blobs.live.values()
    media.close()


async def test_what_is_shown_is_made_once_and_the_file_stays_as_it_is(media: ShownMedia, blobs: FakeBlobs) -> None:
    blobs.prefix = b"a JPEG of "
    blobs.decoded.clear()
    waiting = [asyncio.ensure_future(media.url(2)) for _ in range(2)]
    await settled()
    assert media.is_here(2)
    assert not media.is_ready(2)
    blobs.decoded.set()
    first, second = await asyncio.gather(*waiting)
    assert first == second
    assert blobs.live[first] == b"a JPEG of " + PHOTOS[2]
    assert await media.blob(2) == PHOTOS[2]
    assert media.is_ready(2)


async def test_decoding_stops_when_the_photo_is_no_longer_wanted(media: ShownMedia, blobs: FakeBlobs) -> None:
    blobs.decoded.clear()
    waiting = asyncio.ensure_future(media.url(2))
    await settled()
    media.keep({0})
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert blobs.live == {}


async def test_a_neighbour_is_decoded_ahead(media: ShownMedia) -> None:
    media.prefetch([4])
    await settled()
    assert media.is_ready(4)
