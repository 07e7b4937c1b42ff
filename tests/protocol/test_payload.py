"""The payload: the report and its files come back as they were; whatever does not fit together is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Callable, Iterable

import pytest
from harness.package_examples import FILES, KEY, REPORT_ID, header, payload, report
from harness.report_strategies import reports
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol.test_chunked import run
from protocol.test_strict_zip import BROKEN

from picsafe_protocol.contracts.errors import (
    DecryptionError,
    DigestMismatch,
    LimitExceeded,
    PayloadRuleBroken,
    PicSafeError,
    ReportInvalid,
    Tampered,
    UnsupportedVersion,
)
from picsafe_protocol.contracts.limits import (
    CAPTION_CHARACTERS,
    MEDIA_COUNT,
    NOTES_CHARACTERS,
    PAYLOAD_MEMBERS,
    REPORT_JSON_BYTES,
)
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BytesSource
from picsafe_protocol.crypto.chunked import CHUNK, Reader
from picsafe_protocol.format import strict_zip
from picsafe_protocol.format.package import pack, read_package_bytes, unpack
from picsafe_protocol.format.payload import RULES, FilePart, Payload, build_payload, plan_payload, read_payload_bytes
from picsafe_protocol.format.report import Medium, Report


async def reader_of(plaintext: bytes) -> Reader[bytes]:
    return await Reader.open(BytesSource(chunked.encrypt(KEY, plaintext)), KEY, b"", AesGcm())


async def opened(plaintext: bytes) -> Payload[bytes]:
    return await Payload.read(await reader_of(plaintext), REPORT_ID)


def contents() -> list[tuple[str, bytes]]:
    """The members of the example payload, in order."""
    return [("report.json", report().to_bytes()), *FILES.items()]


# What is written


def test_small_things_come_first() -> None:
    members = strict_zip.StrictZip(PayloadRuleBroken, PAYLOAD_MEMBERS).read_whole(payload())
    assert [member.name for member in members] == ["report.json", *FILES]


def test_everything_comes_back_in_memory() -> None:
    assert read_payload_bytes(payload(), REPORT_ID) == (report(), FILES)


@pytest.mark.anyio
async def test_everything_comes_back_by_ranges() -> None:
    found = await opened(payload())
    assert found.report == report()
    assert {path: await found.file(path) for path in found.members} == FILES
    for path, content in FILES.items():
        place = found.members[path]
        assert payload()[place.start : place.stop] == content
        assert place.size == found.facts(path).size == len(content)


@pytest.mark.anyio
async def test_a_file_streams_in_pieces_and_its_local_header_may_lie_across_chunks() -> None:
    for filler in range(CHUNK - 140, CHUNK + 10, 7):
        files = {"media/001.jpg": b"x" * filler, "media/002.jpg": bytes(range(256)) * 300}
        described = dataclasses.replace(report(), consent=(), media=tuple(media_of(files)))
        found = await opened(build_payload(described, files))
        pieces = [piece async for piece in found.stream("media/002.jpg", step=1)]
        assert len(pieces) > 1
        assert b"".join(pieces) == files["media/002.jpg"]


def media_of(files: dict[str, bytes]) -> Iterable[Medium]:
    for path, content in files.items():
        yield Medium(path, "image/jpeg", len(content), hashlib.sha256(content).hexdigest())


def test_it_is_laid_out_without_its_files() -> None:
    plan = plan_payload(report(), {path: zlib.crc32(content) for path, content in FILES.items()})
    assert b"".join(FILES[part.path] if isinstance(part, FilePart) else part for part in plan.parts) == payload()
    assert plan.size == len(payload())
    assert [part.size for part in plan.parts if isinstance(part, FilePart)] == [len(item) for item in FILES.values()]


@pytest.mark.parametrize("change", ["missing", "additional"])
def test_files_that_are_not_those_of_the_report_are_not_written(change: str) -> None:
    files = dict(FILES)
    if change == "missing":
        del files["media/001.jpg"]
    else:
        files["media/004.jpg"] = b"?"
    with pytest.raises(ValueError, match="not those"):
        build_payload(report(), files)
    with pytest.raises(ValueError, match="not those"):
        plan_payload(report(), dict.fromkeys(files, 0))


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_not_the_described_one_is_not_written(path: str) -> None:
    for content in (FILES[path] + b"?", FILES[path][:-1] + b"?"):
        with pytest.raises(DigestMismatch) as refusal:
            build_payload(report(), {**FILES, path: content})
        assert refusal.value.path == path


def test_a_report_of_the_most_media_round_trips() -> None:
    files = {f"media/{number:03}.jpg": str(number).encode() for number in range(1, MEDIA_COUNT + 1)}
    described = dataclasses.replace(report(), consent=(), media=tuple(media_of(files)))
    assert read_payload_bytes(build_payload(described, files), REPORT_ID) == (described, files)


@given(reports())
@settings(max_examples=100)
def test_any_report_comes_back_through_a_whole_package(example: tuple[Report, dict[str, bytes]]) -> None:
    described, files = example
    package_header = dataclasses.replace(header(), report_id=described.report_id)
    data = pack(package_header, KEY, build_payload(described, files))
    assert read_payload_bytes(unpack(data, KEY), described.report_id) == (described, files)

    async def by_ranges() -> tuple[Report, dict[str, bytes]]:
        package = read_package_bytes(data)
        found = await Payload.read(await package.open(KEY, AesGcm()), package.header.report_id)
        return found.report, {path: await found.file(path) for path in found.members}

    assert run(by_ranges()) == (described, files)


# What is refused


def _with(change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> bytes:
    return strict_zip.build(change(contents()))


def _report(change: Callable[[bytes], bytes]) -> bytes:
    return _with(lambda members: [("report.json", change(members[0][1])), *members[1:]])


def _swapped(members: list[tuple[str, bytes]], first: int, second: int) -> list[tuple[str, bytes]]:
    members[first], members[second] = members[second], members[first]
    return members


BAD: dict[str, tuple[str, bytes]] = {
    "no members": ("payload-report-first", strict_zip.build([])),
    "no report": ("payload-report-first", _with(lambda members: members[1:])),
    "report not first": ("payload-report-first", _with(lambda members: [*members[1:], members[0]])),
    "report in a folder": ("payload-report-first", _with(lambda m: [("x/report.json", m[0][1]), *m[1:]])),
    "report too long": ("payload-report-size", _report(lambda data: data + b" " * REPORT_JSON_BYTES)),
    "a program": ("payload-undescribed", _with(lambda members: [*members, ("media/run.exe", b"MZ")])),
    "a second report": ("payload-undescribed", _with(lambda members: [*members, ("x/report.json", b"{}")])),
    "a file that is described under another name": ("payload-undescribed", _report(lambda d: d.replace(b"media/002", b"media/009"))),
    "a thumbnail missing": ("payload-missing", _with(lambda members: [members[0], *members[2:]])),
    "a medium missing": ("payload-missing", _with(lambda members: [*members[:2], *members[3:]])),
    "evidence missing": ("payload-missing", _with(lambda members: members[:-1])),
    "media before thumbnails": ("payload-order", _with(lambda members: _swapped(members, 1, 2))),
    "media in another order": ("payload-order", _with(lambda members: _swapped(members, 3, 4))),
    "a file one byte longer": ("payload-file-size", _with(lambda m: [*m[:-1], (m[-1][0], m[-1][1] + b"?")])),
    "a file of no bytes": ("payload-file-size", _with(lambda m: [*m[:-1], (m[-1][0], b"")])),
    "another report": ("payload-report-id", _report(lambda data: data.replace(b"a" * 26, b"c" * 26))),
    "too many members": ("zip-count", _with(lambda m: [*m, *((f"x/{n}", b"") for n in range(PAYLOAD_MEMBERS))])),
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("name", BAD)
async def test_bad_payload_is_refused(name: str) -> None:
    rule, data = BAD[name]
    with pytest.raises(PayloadRuleBroken) as whole:
        read_payload_bytes(data, REPORT_ID)
    with pytest.raises(PayloadRuleBroken) as ranged:
        await opened(data)
    assert whole.value.rule == ranged.value.rule == rule
    if rule in RULES:
        assert RULES[rule] in str(whole.value)


def test_every_rule_is_broken_by_some_example() -> None:
    assert set(RULES) <= {rule for rule, _ in BAD.values()}


@pytest.mark.anyio
async def test_a_broken_zip_is_no_payload() -> None:
    for _, data in BROKEN.values():
        with pytest.raises(PayloadRuleBroken):
            read_payload_bytes(data, REPORT_ID)
        with pytest.raises((PayloadRuleBroken, DecryptionError)):
            await opened(data)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (_report(lambda data: b""), ReportInvalid),
        (_report(lambda data: b"{"), ReportInvalid),
        (_report(lambda data: b'{"format": 1, "format": 1}'), ReportInvalid),
        (_report(lambda data: data.replace(b'"notes"', b'"note"')), ReportInvalid),
        (_report(lambda data: data.replace(b'"version":1', b'"version":2')), UnsupportedVersion),
    ],
)
async def test_a_bad_description_is_refused(data: bytes, error: type[PicSafeError]) -> None:
    with pytest.raises(error):
        read_payload_bytes(data, REPORT_ID)
    with pytest.raises(error):
        await opened(data)


def _forged(path: str) -> bytes:
    """A payload in which one file has the right size but other bytes; its CRC-32 is right again."""
    return _with(
        lambda members: [(name, content[:-1] + b"?" if name == path else content) for name, content in members]
    )


@pytest.mark.anyio
@pytest.mark.parametrize("path", FILES)
async def test_a_file_that_was_exchanged_is_never_given_out_as_whole(path: str) -> None:
    with pytest.raises(DigestMismatch) as whole:
        read_payload_bytes(_forged(path), REPORT_ID)
    found = await opened(_forged(path))
    with pytest.raises(DigestMismatch) as ranged:
        await found.file(path)
    assert whole.value.path == ranged.value.path == path


@pytest.mark.anyio
async def test_a_local_header_that_differs_is_found_when_its_member_is_read() -> None:
    good = payload()
    found = await opened(good)
    name = good.index(b"media/002.mp4", found.members["media/001.jpg"].stop)
    forged = await opened(good[:name] + b"media/002.exe" + good[name + 13 :])
    with pytest.raises(PayloadRuleBroken) as refusal:
        await forged.file("media/002.mp4")
    assert refusal.value.rule == "zip-local-header"


@pytest.mark.anyio
async def test_a_path_that_the_report_does_not_have_is_a_mistake_of_the_caller() -> None:
    found = await opened(payload())
    with pytest.raises(KeyError):
        await found.file("../../etc/passwd")
    with pytest.raises(KeyError):
        found.facts("report.json")


@pytest.mark.anyio
async def test_a_changed_byte_anywhere_in_the_message_stops_the_file_that_holds_it() -> None:
    files = {"media/001.jpg": bytes(20 * CHUNK), "media/002.jpg": b"small"}
    described = dataclasses.replace(report(), consent=(), media=tuple(media_of(files)))
    message = bytearray(chunked.encrypt(KEY, build_payload(described, files)))
    message[chunked.chunk_start(2)] ^= 1
    reader = await Reader.open(BytesSource(bytes(message)), KEY, b"", AesGcm())
    found = await Payload.read(reader, REPORT_ID)
    with pytest.raises(Tampered):
        await found.file("media/001.jpg")


def test_the_longest_report_that_the_other_limits_allow_fits() -> None:
    files = {f"media/{number:03}.jpg": b"?" for number in range(1, MEDIA_COUNT + 1)}
    foot = "\U0001f9b6"
    media = tuple(dataclasses.replace(medium, caption=foot * CAPTION_CHARACTERS) for medium in media_of(files))
    described = dataclasses.replace(report(), media=media, notes=foot * NOTES_CHARACTERS)
    assert Report.from_bytes(described.to_bytes()) == described
    padded = described.to_bytes().ljust(REPORT_JSON_BYTES)
    assert Report.from_bytes(padded) == described
    with pytest.raises(LimitExceeded):
        Report.from_bytes(padded + b" ")


@given(st.data())
@settings(max_examples=200)
def test_any_changed_byte_of_a_payload_is_refused_or_has_no_meaning(data: st.DataObject) -> None:
    good = payload()
    at = data.draw(st.integers(0, len(good) - 1))
    forged = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        assert read_payload_bytes(forged, REPORT_ID) == (report(), FILES)
    except PicSafeError:
        return
