"""The strict zip: what is written, and every way in which a zip that is not ours is refused, by the rule that it breaks."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.contracts.errors import LimitExceeded, PayloadRuleBroken
from picsafe_protocol.contracts.limits import PACKAGE_BYTES, ZIP_NAME_BYTES
from picsafe_protocol.crypto.buffers import BYTES, BytesSource
from picsafe_protocol.format.strict_zip import (
    NO_TIME,
    RULES,
    TAIL_BYTES,
    Entry,
    Member,
    ModifiedTime,
    StrictZip,
    build,
    is_safe_name,
    plan,
)

ZIP = StrictZip(PayloadRuleBroken, maximum_members=9)
CONTENTS = [("first.json", b"{}"), ("folder/second.jpg", b"picture"), ("third", b"")]
GOOD = build(CONTENTS)
END = 22
ENTRY = 46


async def read_by_ranges(data: bytes) -> tuple[Member, ...]:
    """As `read_whole`, but the directory first and then each member with its local header."""
    members = await ZIP.read(BytesSource(data), BYTES)
    ZIP.check_start(data[:4])
    for member in members:
        ZIP.check_local_header(member, data[member.offset : member.start])
        ZIP.check_crc(member, data[member.start : member.stop])
    return members


def made(write: Callable[[zipfile.ZipFile], None], **options: object) -> bytes:
    """A zip as Python makes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:  # type: ignore[call-overload]
        write(archive)
    return file.getvalue()


def directory_of(data: bytes) -> int:
    start: int = struct.unpack_from("<L", data, len(data) - 6)[0]
    return start


def changed(data: bytes, at: int, new: bytes) -> bytes:
    """`data` with `new` in place of as many bytes at `at`, counted from the end when negative."""
    at = at if at >= 0 else len(data) + at
    return data[:at] + new + data[at + len(new) :]


def in_entry(offset: int, new: bytes, data: bytes = GOOD) -> bytes:
    """A change in the first entry of the directory alone."""
    return changed(data, directory_of(data) + offset, new)


def in_both(offset: int, new: bytes, data: bytes = GOOD) -> bytes:
    """The same change in the first local header and in its entry; `offset` as in the local header."""
    return changed(in_entry(offset + 2, new, data), offset, new)


def renamed(name: bytes) -> bytes:
    """A zip of one member with any bytes as its name."""
    data = build([("x" * len(name), b"content")])
    return data.replace(b"x" * len(name), name)


# What is written


def test_what_is_written_is_read_again_whole_and_by_ranges() -> None:
    members = ZIP.read_whole(GOOD)
    assert [(member.name, GOOD[member.start : member.stop]) for member in members] == CONTENTS
    assert members == plan([Entry(name, len(content), zlib.crc32(content)) for name, content in CONTENTS]).members


@pytest.mark.anyio
async def test_ranges_give_the_same_as_the_whole() -> None:
    assert await read_by_ranges(GOOD) == ZIP.read_whole(GOOD)


def test_every_unzip_can_read_it_and_finds_no_real_time_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        assert archive.testzip() is None
        assert [(info.filename, archive.read(info)) for info in archive.infolist()] == CONTENTS
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.flag_bits for info in archive.infolist()} == {0}


def test_it_is_laid_out_without_its_contents() -> None:
    layout = plan([Entry(name, len(content), zlib.crc32(content)) for name, content in CONTENTS])
    pieces = [
        piece
        for member, (_, content) in zip(layout.members, CONTENTS, strict=True)
        for piece in (member.local_header, content)
    ]
    assert b"".join(pieces) + layout.ending == GOOD
    assert layout.size == len(GOOD)


@given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,5}(/[a-z0-9.]{1,5}x)?", fullmatch=True), st.binary(max_size=50)),
                max_size=9, unique_by=lambda item: item[0]))  # fmt: skip
def test_any_members_round_trip(contents: list[tuple[str, bytes]]) -> None:
    data = build(contents)
    assert [(member.name, data[member.start : member.stop]) for member in ZIP.read_whole(data)] == contents


def test_a_zip_of_any_other_tool_is_read_when_it_keeps_the_rules() -> None:
    data = made(lambda archive: archive.writestr("name", b"content"))
    assert [member.name for member in ZIP.read_whole(data)] == ["name"]


@pytest.mark.anyio
async def test_a_directory_longer_than_the_tail_is_read_in_a_second_piece() -> None:
    many = StrictZip(PayloadRuleBroken, maximum_members=5000)
    contents = [(f"{number:04}.txt", b"") for number in range(2000)]
    data = build(contents)
    assert len(data) - directory_of(data) > TAIL_BYTES
    members = await many.read(BytesSource(data), BYTES)
    assert members == many.read_whole(data)
    assert len(members) == 2000


def test_the_largest_zip_is_4_gib_less_one_byte() -> None:
    room = PACKAGE_BYTES - plan([Entry("a", 0, 0)]).size
    assert plan([Entry("a", room, 0)]).size == PACKAGE_BYTES
    for too_large in (room + 1, PACKAGE_BYTES, 2**32, 2**40):
        with pytest.raises(LimitExceeded):
            plan([Entry("a", too_large, 0)])


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a\x00b", "a b", "ä", "a\\b", "a/", "a//b", ".", "x" * 101]
)
def test_unsafe_names_are_not_written(name: str) -> None:
    assert not is_safe_name(name)
    with pytest.raises(ValueError, match="safe"):
        build([(name, b"")])


def test_the_longest_name_is_written_and_read() -> None:
    data = build([("x" * ZIP_NAME_BYTES, b"")])
    assert ZIP.read_whole(data)[0].name == "x" * ZIP_NAME_BYTES


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], ["Thumb/1", "thumb/1"]])
def test_equal_names_are_not_written(names: list[str]) -> None:
    with pytest.raises(ValueError, match="same name"):
        build([(name, b"") for name in names])


# What is refused


def _bomb() -> bytes:
    return made(lambda archive: archive.writestr("bomb", bytes(10_000_000)), compression=zipfile.ZIP_DEFLATED)


def _two_of(first: str, second: str) -> bytes:
    """Two members whose names become `first` and `second` after they were written."""
    data = build([("1" * len(first), b"one"), ("2" * len(second), b"two")])
    return data.replace(b"1" * len(first), first.encode()).replace(b"2" * len(second), second.encode())


def _overlapping() -> bytes:
    """Two entries for one and the same member, as in a bomb that needs no compression."""
    data = build([("aaaa", b"content")])
    start = directory_of(data)
    entry = data[start:-END]
    other = entry.replace(b"aaaa", b"bbbb")
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    return data[:start] + entry + other + end


def _gap() -> bytes:
    """A hidden byte between the last member and the directory."""
    start = directory_of(GOOD)
    data = GOOD[:start] + b"?" + GOOD[start:]
    return changed(data, -6, struct.pack("<L", start + 1))


def _hidden_member() -> bytes:
    """A member that the directory does not list."""
    hidden = build([("hidden", b"secret")])
    hidden = hidden[: directory_of(hidden)]
    start = directory_of(GOOD)
    return changed(GOOD[:start] + hidden + GOOD[start:], -6, struct.pack("<L", start + len(hidden)))


def _swapped_directory() -> bytes:
    """A directory in another order than the members."""
    data = build([("aaaa", b"one"), ("bbbb", b"two")])
    start = directory_of(data)
    entries = data[start:-END]
    half = len(entries) // 2
    return data[:start] + entries[half:] + entries[:half] + data[-END:]


def _entry_missing() -> bytes:
    """An end record that counts one member more than there are entries."""
    return changed(changed(GOOD, -14, b"\x04\x00"), -12, b"\x04\x00")


def _entry_too_many() -> bytes:
    return changed(changed(GOOD, -14, b"\x02\x00"), -12, b"\x02\x00")


def _nameless() -> bytes:
    """A member whose name has no bytes."""
    data = build([("x", b"")])
    data = changed(changed(data, 26, b"\x00\x00"), directory_of(data) + 28, b"\x00\x00").replace(b"x", b"")
    return changed(changed(data, -10, struct.pack("<L", ENTRY)), -6, struct.pack("<L", 30))


def _with_extra(extra: bytes) -> bytes:
    info = zipfile.ZipInfo("name")
    info.extra = extra
    return made(lambda archive: archive.writestr(info, b"content"))


def _with_member_comment() -> bytes:
    info = zipfile.ZipInfo("name")
    info.comment = b"hello"
    return made(lambda archive: archive.writestr(info, b"content"))


def _with_comment(data: bytes, comment: bytes) -> bytes:
    return changed(data, -2, struct.pack("<H", len(comment))) + comment


def _with_zip64_locator() -> bytes:
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    return GOOD[:-END] + locator + GOOD[-END:]


BROKEN: dict[str, tuple[str, bytes]] = {
    "no bytes": ("zip-size", b""),
    "less than an end record": ("zip-size", b"PK\x05\x06" + bytes(17)),
    "a photo": ("zip-start", b"\xff\xd8\xff\xe0" + bytes(100)),
    "another magic": ("zip-start", changed(GOOD, 0, b"Rar!")),
    "a program before it": ("zip-start", b"#!/bin/sh\n" + GOOD),
    "one byte before it": ("zip-start", b"\x00" + GOOD),
    "one byte behind it": ("zip-end", GOOD + b"\x00"),
    "a line feed behind it": ("zip-end", GOOD + b"\n"),
    "cut in the end record": ("zip-end", GOOD[:-1]),
    "cut in the directory": ("zip-end", GOOD[:-END]),
    "cut in half": ("zip-end", GOOD[: len(GOOD) // 2]),
    "zeros": ("zip-start", bytes(1000)),
    "a comment": ("zip-comment", _with_comment(GOOD, b"hello")),
    "a comment that is a zip": ("zip-directory", _with_comment(GOOD, GOOD)),
    "a comment that is announced only": ("zip-comment", changed(GOOD, -2, b"\x05\x00")),
    "a comment on a member": ("zip-comment", _with_member_comment()),
    "a ZIP64 locator": ("zip64", _with_zip64_locator()),
    "a ZIP64 count": ("zip64", changed(GOOD, -12, b"\xff\xff")),
    "a ZIP64 directory offset": ("zip64", changed(GOOD, -6, b"\xff\xff\xff\xff")),
    "a ZIP64 size": ("zip64", in_entry(24, b"\xff\xff\xff\xff")),
    "a ZIP64 extra field": ("zip64", _with_extra(b"\x01\x00\x08\x00" + bytes(8))),
    "a member that needs ZIP64": ("zip64", in_both(4, b"\x2d\x00")),
    "another disk": ("zip-disks", changed(GOOD, -18, b"\x01\x00")),
    "a member on another disk": ("zip-disks", in_entry(34, b"\x01\x00")),
    "a count of this disk that differs": ("zip-disks", changed(GOOD, -14, b"\x02\x00")),
    "too many members": ("zip-count", build([(str(number), b"") for number in range(10)])),
    "10,000 members": ("zip-count", build([(str(number), b"") for number in range(10_000)])),
    "an entry that is counted but missing": ("zip-directory", _entry_missing()),
    "an entry that is not counted": ("zip-directory", _entry_too_many()),
    "a directory elsewhere": ("zip-directory", changed(GOOD, -6, struct.pack("<L", directory_of(GOOD) - 1))),
    "a directory of another size": ("zip-directory", changed(GOOD, -10, b"\x01\x00\x00\x00")),
    "an entry without its signature": ("zip-directory", in_entry(0, b"PK\x01\x03")),
    "a name longer than the directory": ("zip-directory", in_entry(28, b"\xff\xff")),
    "a version from the future": ("zip-version", in_both(4, b"\x15\x00")),
    "a data descriptor": ("zip-data-descriptor", in_both(6, b"\x08\x00")),
    "encryption": ("zip-flags", in_both(6, b"\x01\x00")),
    "a UTF-8 flag": ("zip-flags", in_both(6, b"\x00\x08")),
    "a UTF-8 flag in the directory alone": ("zip-flags", in_entry(8, b"\x00\x08")),
    "a UTF-8 flag in the local header alone": ("zip-local-header", changed(GOOD, 6, b"\x00\x08")),
    "a UTF-8 name": ("zip-flags", made(lambda archive: archive.writestr("ä.jpg", b""))),
    "a name that is not ASCII, without the flag": ("zip-name", renamed(b"caf\xe9.jpg")),
    "a bomb": ("zip-compression", _bomb()),
    "compression in the local header alone": ("zip-local-header", changed(GOOD, 8, b"\x08\x00")),
    "two sizes": ("zip-member-size", in_both(18, b"\x01\x00\x00\x00")),
    "an extra field": ("zip-extra", _with_extra(b"\x55\x54\x05\x00\x01" + bytes(4))),
    "an extra field in the local header alone": ("zip-local-header", changed(GOOD, 28, b"\x04\x00")),
    "../": ("zip-name", renamed(b"../../etc/passwd")),
    "../ in the middle": ("zip-name", renamed(b"media/../../x")),
    "a NUL in a name": ("zip-name", renamed(b"001.jpg\x00.exe")),
    "an absolute path": ("zip-name", renamed(b"/etc/passwd")),
    "a drive letter with backslashes": ("zip-name", renamed(b"C:\\windows\\x")),
    "a backslash": ("zip-name", renamed(b"media\\001.jpg")),
    "a folder": ("zip-name", renamed(b"media/")),
    "an empty part": ("zip-name", renamed(b"media//001.jpg")),
    "a dot": ("zip-name", renamed(b"media/./001.jpg")),
    "a space": ("zip-name", renamed(b"my photo.jpg")),
    "a line feed": ("zip-name", renamed(b"photo.jpg\n")),
    "an empty name": ("zip-name", _nameless()),
    "a name of 101 bytes": ("zip-name", made(lambda archive: archive.writestr("x" * 101, b""))),
    "the same name twice": ("zip-duplicate", _two_of("same", "same")),
    "the same name in capitals": ("zip-duplicate", _two_of("media/a.jpg", "media/A.JPG")),
    "members that overlap": ("zip-layout", _overlapping()),
    "a byte between members and directory": ("zip-layout", _gap()),
    "a member that the directory does not list": ("zip-layout", _hidden_member()),
    "a directory in another order": ("zip-layout", _swapped_directory()),
    "a member that is said to lie elsewhere": ("zip-layout", in_entry(42, b"\x01\x00\x00\x00")),
    "a member that reaches into the directory": ("zip-layout", in_both(18, struct.pack("<LL", 3, 3))),
    "another name in the local header": ("zip-local-header", changed(GOOD, 30, b"forged.js")),
    "another CRC-32 in the local header": ("zip-local-header", changed(GOOD, 14, b"\x00\x00\x00\x00")),
    "another size in the local header": ("zip-local-header", changed(GOOD, 18, b"\x03\x00\x00\x00")),
    "another time in the local header": ("zip-local-header", changed(GOOD, 10, b"\x01\x00")),
    "a local header without its signature": ("zip-local-header", GOOD.replace(b"PK\x03\x04", b"PK\x03\x05").replace(b"PK\x03\x05", b"PK\x03\x04", 1)),
    "a content that was changed": ("zip-crc", GOOD.replace(b"picture", b"pictore")),
    "a CRC-32 that was changed": ("zip-crc", in_both(14, b"\x00\x00\x00\x00")),
}  # fmt: skip


def test_a_broken_zip_that_is_read_whole_is_refused_with_its_rule() -> None:
    for name, (rule, data) in BROKEN.items():
        with pytest.raises(PayloadRuleBroken) as refusal:
            ZIP.read_whole(data)
        assert refusal.value.rule == rule, name
        assert RULES[rule] in str(refusal.value), name


@pytest.mark.anyio
async def test_a_broken_zip_that_is_read_by_ranges_is_refused() -> None:
    for name, (_, data) in BROKEN.items():
        with pytest.raises(PayloadRuleBroken) as refusal:
            await read_by_ranges(data)
        assert refusal.value.rule in RULES, name


def test_every_rule_is_broken_by_some_example() -> None:
    assert {rule for rule, _ in BROKEN.values()} == set(RULES)


@given(st.data())
def test_any_changed_byte_is_refused_or_has_no_meaning(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    forged = changed(GOOD, at, bytes([GOOD[at] ^ data.draw(st.integers(1, 255))]))
    try:
        members = ZIP.read_whole(forged)
    except PayloadRuleBroken:
        return
    # What may differ: who made it, its attributes, and times or names that differ in both places alike (one byte cannot).
    assert [(member.name, forged[member.start : member.stop]) for member in members] == CONTENTS


def test_a_member_has_the_time_that_it_is_given() -> None:
    """Python's own reader is the oracle."""
    content = b"abc"
    entry = Entry("a.jpg", len(content), zlib.crc32(content), ModifiedTime.of("2026-11-22T10:15:31+01:00"))
    layout = plan([entry, replace(entry, name="b.jpg", modified=NO_TIME)])
    written = b"".join(member.local_header + content for member in layout.members) + layout.ending
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.getinfo("a.jpg").date_time == (2026, 11, 22, 10, 15, 30)
        assert archive.getinfo("b.jpg").date_time == (1980, 1, 1, 0, 0, 0)
    assert ModifiedTime.of("1970-01-01T00:00:00Z") == NO_TIME
