"""The path on which bytes become trusted: which step finds out which falsehood, and what is asked before and after."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, expectations, made_report, repacked
from sample_messages import released_key

from picsafe_protocol.contracts.api.keys import ReleasedKey
from picsafe_protocol.contracts.errors import (
    InternalError,
    InvalidKey,
    InvalidPackage,
    KeyRevoked,
    KeyServerNotAllowed,
    LogUnavailable,
    PayloadRuleBroken,
    PicSafeError,
    Tampered,
    Truncated,
    WrongKey,
)
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BytesSource, Source
from picsafe_protocol.crypto.chunked import new_key
from picsafe_protocol.crypto.package_digest import CoveredSource, sha256_of_pieces
from picsafe_protocol.format.expectations import Created, Expectations
from picsafe_protocol.format.opening import GivenKey, Opened, open_report, parse_released_key
from picsafe_protocol.format.package import Header
from picsafe_protocol.json.messages import read

pytestmark = pytest.mark.anyio

PHOTO = bytes(range(256)) * 200


class Keys:
    """A key server that gives `key`, or raises it, and remembers what it was asked for."""

    def __init__(self, key: bytes | PicSafeError, created: Created | None = None) -> None:
        self.key = key
        self.created = created
        self.asked: list[Header] = []

    async def __call__(self, header: Header) -> GivenKey:
        self.asked.append(header)
        if isinstance(self.key, PicSafeError):
            raise self.key
        return GivenKey(self.key, self.created)


@pytest.fixture(scope="module")
def made() -> MadeReport:
    return made_report([MadeFile("image/jpeg", PHOTO)])


async def opened(
    data: bytes, keys: Keys, *, expected: Expectations | None = None, allowed: tuple[str, ...] = (KEY_SERVER,)
) -> Opened[bytes]:
    """As the command line opens what it has as a whole."""
    source: Source[bytes] = BytesSource(data)
    if expected is not None and expected.digest is not None:
        source = await CoveredSource.of(source, AesGcm(), sha256_of_pieces, expected.digest)
    return await open_report(source, AesGcm(), allowed_key_servers=allowed, release=keys, expected=expected)


async def test_an_honest_report_opens(made: MadeReport) -> None:
    keys = Keys(made.key)
    report = await opened(made.package, keys, expected=expectations(made))
    assert report.payload.report == made.report
    assert report.package.header == made.header
    assert report.reader.size == len(made.payload)
    assert await report.payload.file("media/001.jpg") == PHOTO
    assert keys.asked == [made.header]


async def test_a_file_is_opened_whichever_report_it_holds(made: MadeReport) -> None:
    assert (await opened(made.package, Keys(made.key))).payload.report == made.report


def cut(made: MadeReport) -> bytes:
    return made.package[:-1]


def no_zip(made: MadeReport) -> bytes:
    return b"not a zip"


def without_report(made: MadeReport) -> bytes:
    return repacked(made, b"not a payload").package


def of_another(made: MadeReport) -> bytes:
    other = made_report([MadeFile("image/jpeg", PHOTO)])
    return repacked(made, other.payload).package


BEFORE_THE_KEY: dict[str, Callable[[MadeReport], bytes]] = {"cut": cut, "not a zip": no_zip}


@pytest.mark.parametrize("make", BEFORE_THE_KEY.values(), ids=BEFORE_THE_KEY)
async def test_what_is_no_package_asks_nobody_for_a_key(make: Callable[[MadeReport], bytes], made: MadeReport) -> None:
    keys = Keys(made.key)
    with pytest.raises(InvalidPackage):
        await opened(make(made), keys)
    assert keys.asked == []


@pytest.mark.parametrize("allowed", [(), ("https://other.example/keys",), (KEY_SERVER + "/",), (KEY_SERVER.upper(),)])
async def test_a_key_server_that_is_not_on_the_list_is_never_spoken_to(
    allowed: tuple[str, ...], made: MadeReport
) -> None:
    keys = Keys(made.key)
    with pytest.raises(KeyServerNotAllowed) as caught:
        await opened(made.package, keys, allowed=allowed)
    assert caught.value.keyserver_url == KEY_SERVER
    assert keys.asked == []


@pytest.mark.parametrize("refusal", [KeyRevoked(), LogUnavailable()], ids=lambda error: error.code)
async def test_what_the_key_server_says_is_passed_on(refusal: PicSafeError, made: MadeReport) -> None:
    with pytest.raises(type(refusal)):
        await opened(made.package, Keys(refusal))


@pytest.mark.parametrize(("key", "error"), [(new_key(), WrongKey), (b"short", InvalidKey)], ids=["other", "short"])
async def test_a_key_that_does_not_fit_opens_nothing(key: bytes, error: type[PicSafeError], made: MadeReport) -> None:
    with pytest.raises(error):
        await opened(made.package, Keys(key))


async def test_a_changed_last_chunk_is_found_before_the_length_is_believed(made: MadeReport) -> None:
    data = bytearray(made.package)
    data[made.package.rindex(b"PK\x01\x02", 0, made.package.rindex(b"PK\x01\x02")) - 1] ^= 1
    with pytest.raises((Tampered, Truncated)):
        await opened(bytes(data), Keys(made.key))


@pytest.mark.parametrize("make", [without_report, of_another], ids=["no payload", "the payload of another report"])
async def test_a_sender_who_packs_something_else_is_found_out(
    make: Callable[[MadeReport], bytes], made: MadeReport
) -> None:
    with pytest.raises(PayloadRuleBroken):
        await opened(make(made), Keys(made.key))


def test_the_key_is_read_from_the_answer() -> None:
    key = new_key()
    assert parse_released_key(base64.urlsafe_b64encode(key).decode().rstrip("=")) == key


@pytest.mark.parametrize(
    "answer",
    [
        None, "", [], 7, {}, {"key": "A" * 43}, released_key(None), released_key(7), released_key(""), released_key("AAAA"),
        released_key("A" * 42), released_key("A" * 44), released_key("A" * 43 + "="), released_key("é" * 43),
        released_key("!" * 43), released_key("+/" * 21 + "A"), released_key(["A" * 43]),
    ],
    ids=repr,
)  # fmt: skip
def test_an_answer_without_a_key_is_refused_without_repeating_it(answer: Any) -> None:
    with pytest.raises(InternalError) as caught:
        parse_released_key(read(ReleasedKey, answer).key)
    assert "AAAA" not in str(caught.value)
