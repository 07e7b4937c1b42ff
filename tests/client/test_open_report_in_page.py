"""The one place where bytes become trusted: every way in which a report may be false is found out, and where."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, described, expectations, made_report, repacked
from sample_messages import released_key

from picsafe_client.reports.open_report import OpenReport, key_releaser
from picsafe_protocol.contracts.errors import (
    DigestMismatch,
    Gone,
    InternalError,
    InvalidKey,
    InvalidPackage,
    KeyDestroyed,
    KeyServerNotAllowed,
    LogUnavailable,
    PayloadRuleBroken,
    PicSafeError,
    ReportMismatch,
    Tampered,
    Truncated,
    UnsupportedVersion,
    WrongKey,
)
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.chunked import KEY, new_key
from picsafe_protocol.format.expectations import Created, Expectations
from picsafe_protocol.format.opening import GivenKey
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.strict_zip import build

pytestmark = pytest.mark.anyio

PHOTO = bytes(range(256)) * 2000
SMALL = bytes(range(255, -1, -1)) * 20
FILES = (
    MadeFile("image/jpeg", PHOTO, thumbnail=SMALL),
    MadeFile("video/mp4", PHOTO * 20, thumbnail=SMALL[::-1]),
    MadeFile("audio/mp4", b"voice"),
)


class Disk:
    """A package in memory that remembers what was read, and that it was closed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads: list[tuple[int, int]] = []
        self.spans: list[tuple[int, int]] = []
        self.closed = False

    @property
    def size(self) -> int:
        return len(self.data)

    async def read(self, start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= len(self.data)
        self.reads.append((start, stop))
        return self.data[start:stop]

    @contextmanager
    def prefetch(self, start: int, stop: int, arrived: Callable[[int], None] | None = None) -> Iterator[None]:
        self.spans.append((start, stop))
        yield

    @asynccontextmanager
    async def buffered(self, start: int, stop: int) -> AsyncIterator[None]:
        yield

    def close(self) -> None:
        self.closed = True


async def sha256() -> Any:
    return hashlib.sha256()


class Keys:
    """A key server that gives `key`, or raises `refusal`, and remembers whom it was asked for."""

    def __init__(self, key: bytes, refusal: PicSafeError | None = None) -> None:
        self.key = key
        self.refusal = refusal
        self.asked: list[Header] = []

    async def __call__(self, header: Header) -> GivenKey:
        self.asked.append(header)
        if self.refusal is not None:
            raise self.refusal
        return GivenKey(self.key, Created(1, None))


async def opened(
    data: bytes, keys: Keys, *, allowed: tuple[str, ...] = (KEY_SERVER,), expected: Expectations | None = None
) -> OpenReport[bytes]:
    return await OpenReport.open(
        Disk(data),
        cipher=AesGcm(),
        new_digest=sha256,
        allowed_key_servers=allowed,
        release=keys,
        expected=expected,
    )


def older(made: MadeReport) -> Expectations:
    """What the index says of a report from before there were digests."""
    return replace(expectations(made), digest=None)


async def whole(report: OpenReport[bytes], index: int) -> bytes:
    return b"".join([piece async for piece in report.stream(report.report.media[index])])


@pytest.fixture(scope="module")
def made() -> MadeReport:
    return made_report(FILES, signature=b"signature")


async def test_an_honest_report_opens_and_every_file_comes_out_as_it_went_in(made: MadeReport) -> None:
    keys = Keys(made.key)
    report = await opened(made.package, keys, expected=older(made))
    assert report.report == made.report
    assert keys.asked == [made.header]
    for file in made.report.files():
        assert b"".join([piece async for piece in report.stream(file)]) == made.files[file.path]


async def test_thumbnails_come_with_the_numbers_of_their_media(made: MadeReport) -> None:
    report = await opened(made.package, Keys(made.key))
    assert [pair async for pair in report.thumbnails()] == [(0, SMALL), (1, SMALL[::-1])]


async def test_the_package_can_be_read_as_it_came(made: MadeReport) -> None:
    report = await opened(made.package, Keys(made.key))
    assert b"".join([piece async for piece in report.stream_package()]) == made.package
    assert report.package_size == len(made.package)


async def test_a_file_is_announced_where_it_lies_so_that_one_request_serves_it(made: MadeReport) -> None:
    disk = Disk(made.package)
    report = await OpenReport.open(
        disk,
        cipher=AesGcm(),
        new_digest=sha256,
        allowed_key_servers=[KEY_SERVER],
        release=Keys(made.key),
        expected=None,
    )
    disk.reads.clear()
    await whole(report, 1)
    start, stop = disk.spans[-1]
    assert disk.reads
    assert all(start <= read_start and read_stop <= stop for read_start, read_stop in disk.reads)
    assert [read[0] for read in disk.reads[1:]] == [read[1] for read in disk.reads[:-1]]
    assert stop - start == report.ciphertext_size(made.report.media[1])


# What may be wrong with the container, the header, the key and the message


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _message_start(made: MadeReport) -> int:
    return 30 + len("package.json") + len(made.header.to_bytes()) + 30 + len("package.encrypted")


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda made: b"", InvalidPackage),
        (lambda made: b"\xff\xd8\xff\xe0" + made.package, InvalidPackage),
        (lambda made: made.package[:-1], InvalidPackage),
        (lambda made: made.package[: len(made.package) // 2], InvalidPackage),
        (lambda made: made.package + b"\0", InvalidPackage),
        (lambda made: b"\0" + made.package, InvalidPackage),
        (lambda made: made.payload, InvalidPackage),
        (lambda made: build([("package.json", b"{}"), ("package.encrypted", b"")]), InvalidPackage),
        (lambda made: build([("package.encrypted", b""), ("package.json", made.header.to_bytes())]), InvalidPackage),
        (
            lambda made: build(
                [("package.json", made.header.to_bytes().replace(b'"version":1', b'"version":2')), ("package.encrypted", b"")]
            ),
            UnsupportedVersion,
        ),
        (lambda made: build([("package.json", made.header.to_bytes()), ("package.encrypted", b"short")]), Truncated),
        (lambda made: flipped(made.package, _message_start(made)), WrongKey),
        (lambda made: flipped(made.package, _message_start(made) + 24), WrongKey),
        (
            lambda made: (
                build([("package.json", replace(made.header, created_at="2026-11-23T00:15:30Z").to_bytes()),
                       ("package.encrypted", made.package[_message_start(made) : -143])])
            ),
            WrongKey,
        ),
    ],
    ids=[
        "nothing", "a photo", "last byte missing", "half", "a byte after", "a byte before", "the bare payload", "no header",
        "wrong order", "version 2", "no message", "changed salt", "changed commitment", "changed header",
    ],
)  # fmt: skip
async def test_a_false_package_is_refused(
    made: MadeReport, damage: Callable[[MadeReport], bytes], error: type[PicSafeError]
) -> None:
    with pytest.raises(error):
        await opened(damage(made), Keys(made.key))


async def test_a_wrong_key_is_found_out_before_anything_is_decrypted(made: MadeReport) -> None:
    with pytest.raises(WrongKey):
        await opened(made.package, Keys(new_key()))


@pytest.mark.parametrize("length", [0, KEY - 1, KEY + 1])
async def test_a_key_of_another_length_is_refused(made: MadeReport, length: int) -> None:
    with pytest.raises(InvalidKey):
        await opened(made.package, Keys(b"k" * length))


@pytest.mark.parametrize(
    "other",
    [
        "https://keys.attacker.example/keys",
        KEY_SERVER + "2",
        KEY_SERVER.removesuffix("/keys"),
        "http://localhost:1/keys",
    ],
)
async def test_a_key_server_that_is_not_allowed_is_never_asked(other: str) -> None:
    made = made_report(FILES[:1], keyserver_url=other)
    keys = Keys(made.key)
    with pytest.raises(KeyServerNotAllowed) as caught:
        await opened(made.package, keys)
    assert caught.value.keyserver_url == other
    assert keys.asked == []


async def test_another_report_in_place_of_the_one_asked_for_is_refused_before_its_key_is_asked(
    made: MadeReport,
) -> None:
    keys = Keys(made.key)
    with pytest.raises(ReportMismatch):
        await opened(made.package, keys, expected=replace(older(made), report_id=new_identifier()))
    assert keys.asked == []


@pytest.mark.parametrize("refusal", [KeyDestroyed(), LogUnavailable()], ids=lambda error: error.code)
async def test_what_the_key_server_refuses_is_passed_on(made: MadeReport, refusal: PicSafeError) -> None:
    with pytest.raises(type(refusal)):
        await opened(made.package, Keys(made.key, refusal))


# What may be wrong inside: made by a sender who has the key


async def test_a_payload_of_another_report_is_refused(made: MadeReport) -> None:
    other, files = described(new_identifier(), FILES[:1])
    with pytest.raises(PayloadRuleBroken) as caught:
        await opened(repacked(made, build_payload(other, files)).package, Keys(made.key))
    assert caught.value.rule == "payload-report-id"


async def test_a_payload_with_a_member_that_nobody_described_is_refused(made: MadeReport) -> None:
    members = [("report.json", made.report.to_bytes()), *made.files.items(), ("media/004.jpg", b"hidden")]
    with pytest.raises(PayloadRuleBroken):
        await opened(repacked(made, build(members)).package, Keys(made.key))


@pytest.mark.parametrize("path", ["media/001.jpg", "media/002.mp4", "thumbnails/001.jpg"])
async def test_a_file_that_is_not_the_one_described_is_never_finished(made: MadeReport, path: str) -> None:
    files = {**made.files, path: flipped(made.files[path], len(made.files[path]) // 2)}
    order = [("report.json", made.report.to_bytes()), *((each.path, files[each.path]) for each in made.report.files())]
    report = await opened(repacked(made, build(order)).package, Keys(made.key))
    for file in made.report.files():
        if file.path != path:
            assert b"".join([piece async for piece in report.stream(file)]) == made.files[file.path]
            continue
        with pytest.raises(DigestMismatch) as caught:
            [piece async for piece in report.stream(file)]
        assert caught.value.path == path


async def test_a_byte_changed_in_the_cloud_spoils_the_file_it_is_in_and_everything_after(made: MadeReport) -> None:
    start = made.payload.index(made.files["media/002.mp4"]) + 5_000_000
    data = flipped(made.package, _message_start(made) + 56 + start // 16384 * 16400 + start % 16384)
    report = await opened(data, Keys(made.key))
    assert await whole(report, 0) == PHOTO
    with pytest.raises(Tampered):
        await whole(report, 1)
    with pytest.raises(Tampered):
        await whole(report, 0)


# Closing


async def test_nothing_can_be_read_from_a_closed_report(made: MadeReport) -> None:
    disk = Disk(made.package)
    report = await OpenReport.open(
        disk,
        cipher=AesGcm(),
        new_digest=sha256,
        allowed_key_servers=[KEY_SERVER],
        release=Keys(made.key),
        expected=None,
    )
    medium = made.report.media[0]
    report.close()
    report.close()
    assert report.is_closed
    assert disk.closed
    with pytest.raises(Gone):
        _ = report.report
    with pytest.raises(Gone):
        _ = report.header
    with pytest.raises(Gone):
        [piece async for piece in report.stream(medium)]
    with pytest.raises(Gone):
        [piece async for piece in report.stream_package()]
    with pytest.raises(Gone):
        [pair async for pair in report.thumbnails()]


async def test_what_is_being_read_ends_when_the_report_is_closed(made: MadeReport) -> None:
    report = await opened(made.package, Keys(made.key))
    pieces = report.stream(made.report.media[1])
    assert 0 < len(await anext(pieces)) < made.report.media[1].size
    report.close()
    with pytest.raises(Gone):
        await anext(pieces)


# Asking the key server


class Server:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, ...]] = []

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        return f"token for {audience}"

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        self.calls.append((url, method, path, token, body))
        return self.answer


async def test_the_key_is_asked_from_the_server_that_the_header_names(made: MadeReport) -> None:
    server = Server(released_key(base64.urlsafe_b64encode(made.key).decode().rstrip("=")))
    assert await key_releaser(server)(made.header) == GivenKey(made.key)
    path = f"/v1/keys/{made.header.key_id}/release"
    body = {"report_id": made.header.report_id}
    assert server.calls == [(KEY_SERVER, "POST", path, f"token for {KEY_SERVER}", body)]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        [],
        {},
        {"key": None},
        {"key": ""},
        {"key": "AAAA"},
        {"key": "A" * 44},
        {"key": "é" * 43},
        {"key": "!" * 43},
    ],
    ids=repr,
)
async def test_an_answer_without_a_key_is_no_key(made: MadeReport, answer: Any) -> None:
    with pytest.raises(InternalError):
        await key_releaser(Server(answer))(made.header)
