"""The `.picsafe` file: what is written is read again; everything else is refused with its rule."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from harness.package_examples import KEY, KEY_ID, REPORT_ID, header, package, payload
from harness.shared_files import vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol.test_strict_zip import BROKEN, changed

from picsafe_protocol.contracts.errors import (
    DecryptionError,
    FormatError,
    InvalidPackage,
    LimitExceeded,
    Truncated,
    UnsupportedVersion,
    WrongKey,
)
from picsafe_protocol.contracts.limits import HEADER_BYTES, PACKAGE_BYTES, URL_CHARACTERS
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BYTES, BytesSource
from picsafe_protocol.format import strict_zip
from picsafe_protocol.format.package import (
    HEAD_BYTES,
    RULES,
    TAIL_BYTES,
    Header,
    build_package,
    frame,
    is_keyserver_url,
    pack,
    package_size,
    read_package,
    read_package_bytes,
    unpack,
)

HEADER = header()
GOOD_JSON: dict[str, Any] = json.loads(HEADER.to_bytes())


class Counted(BytesSource):
    """Remembers which ranges were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.ranges: list[tuple[int, int]] = []

    async def read(self, start: int, stop: int) -> bytes:
        self.ranges.append((start, stop))
        return await super().read(start, stop)


# What is written


def test_a_package_is_a_zip_of_two_stored_members_in_order() -> None:
    data = package()
    members = strict_zip.StrictZip(InvalidPackage, 2).read_whole(data)
    assert [member.name for member in members] == ["package.json", "package.encrypted"]
    assert data[members[0].start : members[0].stop] == HEADER.to_bytes()


def test_the_header_says_what_the_format_demands_in_its_order() -> None:
    assert list(GOOD_JSON.items()) == [
        ("format", "picsafe-package"),
        ("version", 1),
        ("report_id", REPORT_ID),
        ("keyserver_url", "https://keys.clinic.example/keys"),
        ("key_id", KEY_ID),
        ("created_at", "2026-11-22T00:15:00Z"),
        ("cipher", "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"),
    ]


def test_packing_and_unpacking_gives_the_payload_back() -> None:
    assert unpack(package(), KEY) == payload()


@pytest.mark.anyio
async def test_by_ranges_and_in_memory_the_same_package_is_read() -> None:
    data = package()
    by_ranges, in_memory = await read_package(BytesSource(data), BYTES), read_package_bytes(data)
    assert by_ranges.header == in_memory.header == HEADER
    assert by_ranges.header_bytes == in_memory.header_bytes
    assert by_ranges.encrypted == in_memory.encrypted
    for opened in (by_ranges, in_memory):
        reader = await opened.open(KEY, AesGcm())
        assert await reader.read(0, reader.size) == payload()


def test_a_frame_is_laid_around_ciphertext_that_lies_elsewhere() -> None:
    encrypted = chunked.encrypt(KEY, payload(), HEADER.to_bytes())
    around = frame(HEADER.to_bytes(), len(encrypted), zlib.crc32(encrypted))
    data = around.prefix + encrypted + around.suffix
    assert data == build_package(HEADER.to_bytes(), encrypted)
    assert around.size == len(data) == package_size(HEADER.to_bytes(), len(payload()))
    assert len(frame(HEADER.to_bytes(), len(encrypted), 0).prefix) == len(around.prefix)


@pytest.mark.anyio
async def test_a_large_package_is_read_once_at_each_end_and_opened_from_what_was_read() -> None:
    message = bytes(1_000_000)
    data = pack(HEADER, KEY, message)
    source = Counted(data)
    opened = await read_package(source, BYTES)
    assert source.ranges == [(0, HEAD_BYTES), (len(data) - TAIL_BYTES, len(data))]
    reader = await opened.open(KEY, AesGcm())
    await reader.read(0, 200_000)
    await reader.read(len(message) - 50_000, len(message))
    assert len(source.ranges) == 2
    assert await reader.read(0, len(message)) == message


@pytest.mark.anyio
async def test_a_small_package_is_read_in_one_piece() -> None:
    source = Counted(package())
    await (await read_package(source, BYTES)).open(KEY, AesGcm())
    assert source.ranges == [(0, source.size)]


def test_a_package_of_4_gib_less_one_byte_can_be_framed_and_one_byte_more_cannot() -> None:
    room = PACKAGE_BYTES - frame(HEADER.to_bytes(), 0, 0).size
    assert frame(HEADER.to_bytes(), room, 0).size == PACKAGE_BYTES
    with pytest.raises(LimitExceeded):
        frame(HEADER.to_bytes(), room + 1, 0)
    with pytest.raises(LimitExceeded):
        package_size(HEADER.to_bytes(), PACKAGE_BYTES)


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["head", "tail"])
async def test_a_source_that_gives_fewer_bytes_than_asked_is_not_believed(end: str) -> None:
    class Short(BytesSource):
        async def read(self, start: int, stop: int) -> bytes:
            return (await super().read(start, stop))[: -1 if (start == 0) == (end == "head") else None]

    with pytest.raises(Truncated):
        await read_package(Short(pack(HEADER, KEY, bytes(1_000_000))), BYTES)


# The header


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD_JSON.items() if key != name}).encode()


def with_value(name: str, value: object) -> bytes:
    return json.dumps({**GOOD_JSON, name: value}).encode()


def padded(size: int) -> bytes:
    """The good header, made `size` bytes long by spaces, which JSON allows."""
    data = json.dumps(GOOD_JSON).encode()
    return data + b" " * (size - len(data))


BAD_HEADERS: dict[str, tuple[str, bytes]] = {
    "empty": ("package-header-json", b""),
    "not JSON": ("package-header-json", b"{"),
    "two values": ("package-header-json", b"{}{}"),
    "not UTF-8": ("package-header-json", b'{"format": "\xff"}'),
    "UTF-16": ("package-header-json", json.dumps(GOOD_JSON).encode("utf-16")),
    "a byte order mark": ("package-header-json", b"\xef\xbb\xbf" + json.dumps(GOOD_JSON).encode()),
    "a field twice": ("package-header-json", json.dumps(GOOD_JSON)[:-1].encode() + b', "version": 1}'),
    "NaN": ("package-header-json", b'{"format": NaN}'),
    "a number too large": ("package-header-json", b'{"format": 1e999}'),
    "a number of a million digits": ("package-header-json", b"1" * 60_000),
    "nested without end": ("package-header-json", b"[" * 60_000),
    "half a character": ("package-header-json", b'{"format": "\\ud800"}'),
    "a comment": ("package-header-json", b"/* picsafe */ " + json.dumps(GOOD_JSON).encode()),
    "one byte too long": ("package-header-size", padded(HEADER_BYTES + 1)),
    "not an object": ("package-header-format", b"[]"),
    "null": ("package-header-format", b"null"),
    "another format": ("package-header-format", with_value("format", "picsafe-report")),
    "no format": ("package-header-format", without("format")),
    "format in capitals": ("package-header-format", with_value("format", "PicSafe-Package")),
    "no version": ("package-header-field", without("version")),
    "version as text": ("package-header-field", with_value("version", "1")),
    "version true": ("package-header-field", with_value("version", True)),
    "version 1.0": ("package-header-field", with_value("version", 1.0)),
    "version 0": ("package-header-field", with_value("version", 0)),
    "version -1": ("package-header-field", with_value("version", -1)),
    "an unknown field": ("package-header-field", with_value("patient", "Jo Citizen")),
    "no report_id": ("package-header-field", without("report_id")),
    "no keyserver_url": ("package-header-field", without("keyserver_url")),
    "no key_id": ("package-header-field", without("key_id")),
    "no created_at": ("package-header-field", without("created_at")),
    "no cipher": ("package-header-field", without("cipher")),
    "a cipher that is no text": ("package-header-field", with_value("cipher", 256)),
    "report_id null": ("package-header-field", with_value("report_id", None)),
    "report_id a number": ("package-header-field", with_value("report_id", 1)),
    "report_id a list": ("package-header-field", with_value("report_id", [REPORT_ID])),
    "report_id in capitals": ("package-header-field", with_value("report_id", REPORT_ID.upper())),
    "report_id a path": ("package-header-field", with_value("report_id", "../../../../../../../etc/x")),
    "report_id with a line feed": ("package-header-field", with_value("report_id", REPORT_ID + "\n")),
    "key_id too short": ("package-header-field", with_value("key_id", KEY_ID[:-1])),
    "created_at with an offset": ("package-header-field", with_value("created_at", "2026-11-22T10:15:00+10:00")),
    "created_at without a zone": ("package-header-field", with_value("created_at", "2026-11-22T10:15:00")),
    "created_at with fractions": ("package-header-field", with_value("created_at", "2026-11-22T10:15:00.5Z")),
    "created_at on 30 February": ("package-header-field", with_value("created_at", "2026-02-30T10:15:00Z")),
    "created_at a number": ("package-header-field", with_value("created_at", 1795342500)),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_bad_header_is_refused(name: str) -> None:
    rule, data = BAD_HEADERS[name]
    with pytest.raises(InvalidPackage) as refusal:
        Header.parse(data)
    assert refusal.value.rule == rule
    assert RULES[rule] in str(refusal.value)


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_no_package_is_built_around_a_bad_header(name: str) -> None:
    with pytest.raises(InvalidPackage):
        build_package(BAD_HEADERS[name][1], b"encrypted")


def test_a_header_may_be_as_long_as_the_limit_and_laid_out_in_any_way() -> None:
    assert Header.parse(padded(HEADER_BYTES)) == HEADER
    assert Header.parse(json.dumps(dict(reversed(GOOD_JSON.items())), indent=4).encode()) == HEADER


@pytest.mark.anyio
async def test_the_longest_header_is_read_by_ranges() -> None:
    data = build_package(padded(HEADER_BYTES), chunked.encrypt(KEY, b"message", padded(HEADER_BYTES)))
    opened = await read_package(BytesSource(data), BYTES)
    assert await (await opened.open(KEY, AesGcm())).read(0, 7) == b"message"


@pytest.mark.anyio
async def test_a_longer_header_is_refused_before_it_is_looked_at() -> None:
    data = strict_zip.build([("package.json", padded(HEADER_BYTES + 1)), ("package.encrypted", b"")])
    for read in (read_package_bytes, unpack_with_key):
        with pytest.raises(InvalidPackage, match="64 KiB"):
            read(data)
    with pytest.raises(InvalidPackage, match="64 KiB"):
        await read_package(BytesSource(data), BYTES)


def unpack_with_key(data: bytes) -> bytes:
    return unpack(data, KEY)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"version": 2, "extra": []}, {"cipher": "rot13"}, {"version": 10**30}]
)
def test_what_is_newer_is_called_newer(change: dict[str, object]) -> None:
    with pytest.raises(UnsupportedVersion, match=r"newer|not know"):
        Header.parse(json.dumps({**GOOD_JSON, **change}).encode())


@pytest.mark.parametrize(
    "url",
    [
        "https://keys.example",
        "https://keys.example:8443",
        "https://keys.example/keys",
        "https://keys.example/a/b-c_d~e.f",
        "https://192.168.1.20:8443/keys",
        "https://[2001:db8::1]:8443/keys",
        "http://localhost:8000/keys",
        "http://127.0.0.1:8000/keys",
        "http://[::1]:8000/keys",
        "http://picsafe.localhost/keys",
        "https://" + "a" * (URL_CHARACTERS - 8),
    ],
)
def test_address_of_a_key_server(url: str) -> None:
    assert is_keyserver_url(url)
    assert Header.parse(with_value("keyserver_url", url)).keyserver_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keys.example",
        "//keys.example",
        "https://",
        "https:///keys",
        "http://keys.example/keys",
        "http://192.168.1.20:8000/keys",
        "http://localhost.evil.example/keys",
        "http://127.0.0.1.evil.example/",
        "http://[::2]/keys",
        "ftp://keys.example",
        "javascript:alert(1)",
        "HTTPS://keys.example",
        "https://Keys.example",
        "https://keys.example/",
        "https://keys.example/keys/",
        "https://keys.example//keys",
        "https://keys.example/../keys",
        "https://keys.example/./keys",
        "https://keys.example?x=1",
        "https://keys.example/keys?x=1",
        "https://keys.example/keys#x",
        "https://user@keys.example",
        "https://user:password@keys.example",
        "https://keys.example\\@evil.example",
        "https://keys.example:0",
        "https://keys.example:port",
        "https://keys.example:999999",
        "https://keys..example",
        "https://-keys.example",
        "https://keys.example /keys",
        "https://keys.example\n",
        "https://keys.example/%2e%2e",
        "https://kéys.example",
        "https://" + "a" * (URL_CHARACTERS - 7),
    ],
)
def test_not_the_address_of_a_key_server(url: str) -> None:
    assert not is_keyserver_url(url)
    with pytest.raises(InvalidPackage):
        Header.parse(with_value("keyserver_url", url))


def test_a_header_that_no_reader_would_accept_is_not_written() -> None:
    with pytest.raises(InvalidPackage):
        Header("not an identifier", "https://keys.example", KEY_ID, "2026-11-22T00:15:00Z").to_bytes()


# The container


def zip_of(*names: str) -> bytes:
    contents = {"package.json": HEADER.to_bytes(), "package.encrypted": bytes(100)}
    return strict_zip.build([(name, contents.get(name, b"other")) for name in names])


BAD_MEMBERS = {
    "no members": (zip_of(), "package-members"),
    "only the header": (zip_of("package.json"), "package-members"),
    "only the ciphertext": (zip_of("package.encrypted"), "package-members"),
    "the other order": (zip_of("package.encrypted", "package.json"), "package-members"),
    "other names": (zip_of("report.json", "media.jpg"), "package-members"),
    "names in capitals": (zip_of("Package.json", "package.encrypted"), "package-members"),
    "in a folder": (zip_of("x/package.json", "x/package.encrypted"), "package-members"),
    "a third member": (zip_of("package.json", "package.encrypted", "autorun.inf"), "zip-count"),
    "a payload": (payload(), "zip-count"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BAD_MEMBERS)
async def test_other_members_are_refused(name: str) -> None:
    data, rule = BAD_MEMBERS[name]
    with pytest.raises(InvalidPackage) as whole:
        read_package_bytes(data)
    with pytest.raises(InvalidPackage) as ranged:
        await read_package(BytesSource(data), BYTES)
    assert whole.value.rule == ranged.value.rule == rule


@pytest.mark.anyio
async def test_a_broken_zip_is_no_package() -> None:
    for _, data in BROKEN.values():
        with pytest.raises(InvalidPackage):
            read_package_bytes(data)
        with pytest.raises(InvalidPackage):
            await read_package(BytesSource(data), BYTES)


OUTSIDE = {
    "accept/comment.zip": "zip-comment",
    "accept/deflate.zip": "zip-compression",
    "accept/empty.zip": "package-members",
    "accept/normal_deflate.zip": "zip-compression",
    "accept/nosubdir.zip": "package-members",
    "accept/short_usize.zip": "zip-compression",
    "accept/short_usize_zip64.zip": "zip64",
    "accept/store.zip": "package-members",
    "accept/subdir.zip": "zip-name",
    "accept/zip64_eocd.zip": "zip64",
    "reject/8bitcomment.zip": "zip-end",
    "reject/cd_comment.zip": "zip-directory",
    "reject/cd_extra_entry.zip": "zip-compression",
    "reject/cd_missing_entry.zip": "zip-compression",
    "reject/data_descriptor.zip": "zip-compression",
    "reject/data_descriptor_bad_crc.zip": "zip-compression",
    "reject/data_descriptor_bad_crc_0.zip": "zip-compression",
    "reject/data_descriptor_bad_csize.zip": "zip-compression",
    "reject/data_descriptor_bad_usize.zip": "zip-compression",
    "reject/data_descriptor_bad_usize_no_sig.zip": "zip-compression",
    "reject/data_descriptor_zip64.zip": "zip-compression",
    "reject/data_descriptor_zip64_csize.zip": "zip-compression",
    "reject/data_descriptor_zip64_usize.zip": "zip-compression",
    "reject/dupe_eocd.zip": "zip-compression",
    "reject/eocd64_locator_mismatch.zip": "zip64",
    "reject/eocd64_non_locator.zip": "zip64",
    "reject/eocd64_without_eocd.zip": "zip64",
    "reject/eocd64_without_locator.zip": "zip-directory",
    "reject/extra3byte.zip": "zip-extra",
    "reject/missing_local_file.zip": "zip-disks",
    "reject/non_ascii_original_name.zip": "zip-compression",
    "reject/not.zip": "zip-size",
    "reject/prefix.zip": "zip-directory",
    "reject/second_unicode_extra.zip": "zip-extra",
    "reject/shortextra.zip": "zip-compression",
    "reject/suffix_not_comment.zip": "zip-end",
    "reject/unicode_extra_chain.zip": "zip-extra",
    "reject/wheel-1.0-py3-none-any.whl": "zip-duplicate",
    "reject/zip64_eocd_confusion.zip": "zip64",
    "reject/zip64_eocd_extensible_data.zip": "zip64",
    "reject/zip64_extra_csize.zip": "zip64",
    "reject/zip64_extra_too_long.zip": "zip64",
    "reject/zip64_extra_too_short.zip": "zip64",
    "reject/zip64_extra_usize.zip": "zip64",
    "reject/zipinzip.zip": "zip-directory",
}
"""Warehouse's zips, and the first rule of ours that each breaks."""


def test_every_outside_zip_has_its_rule_here() -> None:
    folder = vectors() / "zip"
    assert {str(file.relative_to(folder)) for file in folder.glob("*/*")} == set(OUTSIDE)


@pytest.mark.anyio
@pytest.mark.parametrize("name", OUTSIDE)
async def test_outside_zip_is_refused(name: str) -> None:
    data = (vectors() / "zip" / name).read_bytes()
    with pytest.raises(InvalidPackage) as whole:
        read_package_bytes(data)
    with pytest.raises(InvalidPackage) as ranged:
        await read_package(BytesSource(data), BYTES)
    assert whole.value.rule in {OUTSIDE[name], "zip-start"}
    assert ranged.value.rule == whole.value.rule


# Attacks on a whole package


def test_a_changed_header_cannot_be_opened() -> None:
    forged_header = Header(REPORT_ID, "https://keys.evil.example/keys", KEY_ID, HEADER.created_at).to_bytes()
    opened = read_package_bytes(package())
    start, stop = opened.encrypted
    with pytest.raises(WrongKey):
        unpack(build_package(forged_header, package()[start:stop]), KEY)


def test_the_same_header_written_otherwise_cannot_be_opened_either() -> None:
    start, stop = read_package_bytes(data := package()).encrypted
    with pytest.raises(WrongKey):
        unpack(build_package(json.dumps(GOOD_JSON).encode(), data[start:stop]), KEY)


@pytest.mark.anyio
async def test_a_ciphertext_that_was_changed_is_found_even_where_its_crc_is_not_read() -> None:
    data = pack(HEADER, KEY, bytes(1_000_000))
    forged = changed(data, 500_000, bytes([data[500_000] ^ 1]))
    with pytest.raises(InvalidPackage, match="CRC"):
        unpack(forged, KEY)
    reader = await (await read_package(BytesSource(forged), BYTES)).open(KEY, AesGcm())
    with pytest.raises(DecryptionError):
        await reader.read(0, reader.size)


@given(st.data())
@settings(max_examples=300)
def test_any_changed_byte_of_a_package_fails_or_changes_nothing(data: st.DataObject) -> None:
    good = pack(HEADER, KEY, b"payload")
    at = data.draw(st.integers(0, len(good) - 1))
    forged = changed(good, at, bytes([good[at] ^ data.draw(st.integers(1, 255))]))
    try:
        assert unpack(forged, KEY) == b"payload"
    except (FormatError, DecryptionError):
        return


@given(st.binary(max_size=300))
def test_anything_else_is_refused_and_nothing_crashes(data: bytes) -> None:
    with pytest.raises(InvalidPackage):
        read_package_bytes(data)
