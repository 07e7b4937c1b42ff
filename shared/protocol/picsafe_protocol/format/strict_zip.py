"""The strict zip of PicSafe, for reading and writing: members stored one after the other and nothing else.

::

    for each member:  local header (30 bytes) || name || content
    central directory: one entry (46 bytes) || name for each member, in the same order
    end record (22 bytes)

No compression, flags, data descriptors, ZIP64, extra fields or comments; no byte before, between or after; the
directory repeats the local headers. So the directory alone locates everything, and a reader by ranges needs nothing
else. Every refusal names its rule, a key of `RULES`; packages and payloads share these rules and add their own.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from picsafe_protocol.contracts.errors import FormatError, LimitExceeded
from picsafe_protocol.contracts.limits import PACKAGE_BYTES, ZIP_NAME_BYTES
from picsafe_protocol.crypto.buffers import Buffers, Source, read_exactly

__all__ = ["RULES", "Entry", "Layout", "Member", "StrictZip", "build", "is_safe_name", "plan"]

RULES: Final[dict[str, str]] = {
    "zip-size": "a zip without ZIP64 has 22 bytes to 4 GiB - 1",
    "zip-start": "the first bytes are a local file header: nothing stands before it",
    "zip-end": "the last 22 bytes are the end record: nothing stands after it, and nothing is missing",
    "zip-comment": "there are no comments",
    "zip64": "there is no ZIP64",
    "zip-disks": "everything is on one disk",
    "zip-count": "there are not more members than the format has",
    "zip-directory": "the central directory has exactly its entries and ends where the end record begins",
    "zip-version": "readers of zip 1.0 or 2.0 suffice",
    "zip-data-descriptor": "sizes stand in the headers, not behind the content",
    "zip-flags": "all general purpose flags are 0: no encryption, no other encoding of names",
    "zip-compression": "members are stored, not compressed",
    "zip-member-size": "the two sizes of a stored member are equal",
    "zip-extra": "there are no extra fields",
    "zip-name": "names are relative paths of printable ASCII, without . or .. or empty parts, of at most 100 bytes",
    "zip-duplicate": "no two names are equal, whatever the case of their letters",
    "zip-layout": "members follow one another from the first byte to the directory, without gap or overlap",
    "zip-local-header": "the local headers repeat what the central directory says",
    "zip-crc": "contents match their CRC-32",
}

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_LOCAL_SIGNATURE: Final = b"PK\x03\x04"
_CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
_END_SIGNATURE: Final = b"PK\x05\x06"
_ZIP64_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
_VERSION: Final = 20  # 2.0, the first with folders
_DATE: Final = 0x21  # 1 January 1980: a real time would tell more than report.json does
_DATA_DESCRIPTOR_FLAG: Final = 0x8
_ZIP64_EXTRA: Final = b"\x01\x00"
_ENTRY_BYTES_MAX: Final = (
    4096  # of the directory for one member; a good one has 146 at most, more is read only to say what is wrong
)

TAIL_BYTES: Final = 64 * 1024
"""Read from the end at once: the end record and the directory of some 800 members."""

_NAME: Final = re.compile(r"[!-.0-\[\]-~]+(?:/[!-.0-\[\]-~]+)*")  # printable ASCII but space and backslash, in parts

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class ModifiedTime:
    """When a file of a zip was last changed, as MS-DOS packs it: two seconds exact, without a time zone."""

    time: int = 0
    date: int = _DATE

    @classmethod
    def of(cls, moment: str) -> ModifiedTime:
        """`moment` begins as RFC 3339 has it, `2026-11-22T10:15:30`; the clock is the one of its own zone."""
        year, month, day = (int(part) for part in moment[:10].split("-"))
        hour, minute, second = (int(part) for part in moment[11:19].split(":"))
        if not 1980 <= year <= 2107:
            return cls()
        return cls(hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day)


NO_TIME: Final = ModifiedTime()


@dataclass(frozen=True, slots=True)
class Entry:
    """A member that is to be written: its name, size in bytes and CRC-32. Packages and payloads have no `modified`."""

    name: str
    size: int
    crc32: int
    modified: ModifiedTime = NO_TIME


@dataclass(frozen=True, slots=True)
class Member:
    """A member and where it lies: its local header at `offset`, its content from `start` up to `stop`, in bytes."""

    name: str
    offset: int
    start: int
    stop: int
    crc32: int
    local_header: bytes = field(repr=False)
    """What must stand at `offset`, name included, for the file to keep the rules."""

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Layout:
    """A zip before its contents: each member's `local_header`, then its content, and `ending` after the last."""

    members: tuple[Member, ...]
    ending: bytes
    size: int


def is_safe_name(name: str) -> bool:
    """Whether a member may have this name."""
    return len(name) <= ZIP_NAME_BYTES and _NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


# Writing


def placed(entry: Entry, offset: int) -> Member:
    """A member whose local header begins at `offset`. Raises as `plan`."""
    if not is_safe_name(entry.name):
        raise ValueError("a member's name is not a safe path")
    _check_size(offset + entry.size)
    name, modified = entry.name.encode("ascii"), entry.modified
    header = _LOCAL.pack(
        _LOCAL_SIGNATURE,
        _VERSION,
        0,
        0,
        modified.time,
        modified.date,
        entry.crc32,
        entry.size,
        entry.size,
        len(name),
        0,
    )
    start = offset + len(header) + len(name)
    return Member(entry.name, offset, start, start + entry.size, entry.crc32, header + name)


def plan(entries: Sequence[Entry]) -> Layout:
    """Lay out a zip without touching its contents. Raises `LimitExceeded` beyond 4 GiB - 1, `ValueError` for unsafe
    names.
    """
    if len({entry.name.casefold() for entry in entries}) != len(entries):
        raise ValueError("two members have the same name")
    members: list[Member] = []
    offset = 0
    for entry in entries:
        members.append(placed(entry, offset))
        offset = members[-1].stop
    directory = b"".join(_central(member) for member in members)
    _check_size(offset + len(directory) + _END.size)
    ending = directory + _END.pack(_END_SIGNATURE, 0, 0, len(members), len(members), len(directory), offset, 0)
    return Layout(tuple(members), ending, offset + len(ending))


def build(contents: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip of these members, in this order."""
    layout = plan([Entry(name, len(content), zlib.crc32(content)) for name, content in contents])
    pieces: list[bytes] = []
    for member, (_, content) in zip(layout.members, contents, strict=True):
        pieces += [member.local_header, content]
    return b"".join([*pieces, layout.ending])


def _central(member: Member) -> bytes:
    # The fields from "version needed" to "extra length" are the local header's.
    shared = member.local_header[4 : _LOCAL.size]
    name = member.local_header[_LOCAL.size :]
    return (
        _CENTRAL_SIGNATURE
        + struct.pack("<H", _VERSION)
        + shared
        + struct.pack("<3H2L", 0, 0, 0, 0, member.offset)
        + name
    )


def _check_size(size: int) -> None:
    if size > PACKAGE_BYTES:
        raise LimitExceeded("A report holds 4 GiB at most.", limit="PACKAGE_BYTES", maximum=PACKAGE_BYTES, actual=size)


# Reading


@dataclass(frozen=True, slots=True)
class StrictZip:
    """Reads such zips and refuses all others with `broken`, naming the rule."""

    broken: type[FormatError]
    maximum_members: int

    def refuse(self, rule: str) -> FormatError:
        """The error for a broken rule of `RULES`."""
        return self.broken(f"{self.broken.title}: it breaks the rule that {RULES[rule]}.", rule=rule)

    async def read(self, source: Source[B], buffers: Buffers[B], tail: bytes | None = None) -> tuple[Member, ...]:
        """The members of `source`, read by ranges: its end, and only when the directory is long a second piece.

        `tail` is the end of the source when the caller has it already. The local headers are compared by
        `check_local_header` when their members are read.
        """
        self.check_size(source.size)
        if tail is None:
            start = max(source.size - TAIL_BYTES, 0)
            tail = buffers.to_bytes(await read_exactly(source, buffers, start, source.size))
        count, start, stop = self._end(tail, source.size)
        missing = source.size - len(tail) - start
        if missing > 0:
            tail = buffers.to_bytes(await read_exactly(source, buffers, start, source.size - len(tail))) + tail
        begin = start - (source.size - len(tail))
        return self._directory(tail[begin : begin + stop - start], count, start)

    def read_whole(self, data: bytes) -> tuple[Member, ...]:
        """The members of a zip in memory, with every local header compared and every CRC-32 checked."""
        self.check_size(len(data))
        self.check_start(data[:4])
        count, start, stop = self._end(data[-TAIL_BYTES:], len(data))
        members = self._directory(data[start:stop], count, start)
        for member in members:
            self.check_local_header(member, data[member.offset : member.start])
            self.check_crc(member, memoryview(data)[member.start : member.stop])
        return members

    def check_size(self, size: int) -> None:
        """Refuse sizes that no such zip has."""
        if not _END.size <= size <= PACKAGE_BYTES:
            raise self.refuse("zip-size")

    def check_start(self, head: bytes) -> None:
        """Refuse what does not begin as a zip does; `head` is its first four bytes."""
        if head[:4] not in (_LOCAL_SIGNATURE, _END_SIGNATURE):
            raise self.refuse("zip-start")

    def check_local_header(self, member: Member, header: bytes) -> None:
        """Refuse a member whose local header, the bytes `offset` up to `start`, does not repeat the directory's."""
        if header != member.local_header:
            raise self.refuse("zip-local-header")

    def check_crc(self, member: Member, content: bytes | memoryview) -> None:
        """Refuse a member whose content does not match its CRC-32."""
        if zlib.crc32(content) != member.crc32:
            raise self.refuse("zip-crc")

    def _end(self, tail: bytes, size: int) -> tuple[int, int, int]:
        """Number of members, and where the directory starts and stops, from the last bytes of a zip of `size` bytes."""
        record = tail[-_END.size :]
        if record[:4] != _END_SIGNATURE:
            # Look for the record further up, only to say what is wrong.
            at = tail.rfind(_END_SIGNATURE)
            complete = at >= 0 and len(tail) - at >= _END.size
            comment = struct.unpack_from("<H", tail, at + 20)[0] if complete else -1
            raise self.refuse("zip-comment" if complete and at + _END.size + comment == len(tail) else "zip-end")
        _, disk, start_disk, count_here, count, directory_bytes, start, comment = _END.unpack(record)
        if comment:
            raise self.refuse("zip-comment")
        locator = tail[-_END.size - _ZIP64_LOCATOR_BYTES : -_END.size]
        if 0xFFFF in (disk, start_disk, count_here, count) or 0xFFFFFFFF in (directory_bytes, start):
            raise self.refuse("zip64")
        if locator[:4] == _ZIP64_LOCATOR_SIGNATURE:
            raise self.refuse("zip64")
        if disk or start_disk or count_here != count:
            raise self.refuse("zip-disks")
        if count > self.maximum_members:
            raise self.refuse("zip-count")
        stop = size - _END.size
        if start + directory_bytes != stop or directory_bytes > count * _ENTRY_BYTES_MAX:
            raise self.refuse("zip-directory")
        return count, start, stop

    def _directory(self, data: bytes, count: int, directory_start: int) -> tuple[Member, ...]:
        members: list[Member] = []
        names: set[str] = set()
        at = offset = 0
        for _ in range(count):
            member, at = self._entry(data, at, offset)
            if member.name.casefold() in names:
                raise self.refuse("zip-duplicate")
            names.add(member.name.casefold())
            members.append(member)
            offset = member.stop
        if at != len(data):
            raise self.refuse("zip-directory")
        if offset != directory_start:
            raise self.refuse("zip-layout")
        return tuple(members)

    def _entry(self, data: bytes, at: int, offset: int) -> tuple[Member, int]:
        """The entry at `at` of the directory, whose member must lie at `offset`, and where the next entry begins."""
        if data[at : at + 4] != _CENTRAL_SIGNATURE or len(data) - at < _CENTRAL.size:
            raise self.refuse("zip-directory")
        (_, _, version, flags, method, _, _, crc32, compressed, size, name_bytes, extra_bytes, comment_bytes, disk, _, _,
         placed) = _CENTRAL.unpack_from(data, at)  # fmt: skip
        name_end = at + _CENTRAL.size + name_bytes
        extra = data[name_end : name_end + extra_bytes]
        if name_end + extra_bytes + comment_bytes > len(data):
            raise self.refuse("zip-directory")
        if 0xFFFFFFFF in (compressed, size, placed) or version >= 45 or extra[:2] == _ZIP64_EXTRA:
            raise self.refuse("zip64")
        for rule, is_broken in (
            ("zip-data-descriptor", flags & _DATA_DESCRIPTOR_FLAG),
            ("zip-flags", flags),
            ("zip-compression", method),
            ("zip-extra", extra_bytes),
            ("zip-comment", comment_bytes),
            ("zip-disks", disk),
            ("zip-version", version not in (10, 20)),
            ("zip-member-size", compressed != size),
        ):
            if is_broken:
                raise self.refuse(rule)
        name = data[at + _CENTRAL.size : name_end]
        if not name.isascii() or not is_safe_name(name.decode("ascii")):
            raise self.refuse("zip-name")
        if placed != offset:
            raise self.refuse("zip-layout")
        start = offset + _LOCAL.size + name_bytes
        shared = data[at + 6 : at + 6 + _LOCAL.size - 4]  # "version needed" to "extra length"
        local_header = _LOCAL_SIGNATURE + shared + name
        return Member(name.decode("ascii"), offset, start, start + size, crc32, local_header), name_end
