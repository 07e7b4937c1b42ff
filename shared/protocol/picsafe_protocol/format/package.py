"""The `.picsafe` file, version 1: a stored zip of `package.json` and `package.encrypted`, and nothing else.

`package.json` says in clear which report this is and which server has its key; it never holds patient data. Its exact
bytes are the context of the encryption, so a changed header cannot be opened. `package.encrypted` is one message of
`chunked`, whose plaintext is the payload (see `payload`).

Writing: `build_package` in memory; `frame` where the encrypted bytes are somewhere else. Reading: `read_package` by
ranges, one at the start and one at the end; `read_package_bytes` in memory. `pack` and `unpack` do the encryption as
well.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from picsafe_protocol.contracts.errors import InvalidPackage, UnsupportedVersion
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.limits import HEADER_BYTES, URL_CHARACTERS
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.buffers import Buffers, BytesSource, Source, read_exactly
from picsafe_protocol.format.payload import Payload, build_payload, plan_payload
from picsafe_protocol.format.strict_zip import Entry, Member, StrictZip, plan
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.timestamps import is_utc_time

__all__ = [
    "ENCRYPTED_NAME",
    "EXTENSION",
    "FORMAT",
    "HEADER_NAME",
    "MEDIA_TYPE",
    "RULES",
    "VERSION",
    "Frame",
    "Header",
    "Package",
    "Payload",
    "build_package",
    "build_payload",
    "frame",
    "is_keyserver_url",
    "pack",
    "package_size",
    "plan_payload",
    "read_package",
    "read_package_bytes",
    "unpack",
]

FORMAT: Final = "picsafe-package"
VERSION: Final = 1
EXTENSION: Final = ".picsafe"
MEDIA_TYPE: Final = "application/vnd.picsafe.package"
HEADER_NAME: Final = "package.json"
ENCRYPTED_NAME: Final = "package.encrypted"

RULES: Final[dict[str, str]] = {
    "package-members": "it has exactly two members, package.json and then package.encrypted",
    "package-header-size": "package.json has 64 KiB at most",
    "package-header-json": "package.json is UTF-8 JSON of which there is only one reading",
    "package-header-format": "package.json begins with the format of a package",
    "package-header-field": "package.json has exactly the fields of its version, each of the right form",
}
"""The rules of a package beyond those of its zip (`strict_zip.RULES`)."""

HEAD_BYTES: Final = 256 * 1024
"""Read from the start at once: the largest header, and behind it usually report.json and the first thumbnails."""
TAIL_BYTES: Final = 128 * 1024
"""Read from the end at once: the end record, the last chunk, and the directory of a payload of some 700 members."""

_ZIP: Final = StrictZip(InvalidPackage, maximum_members=2)
_LOOPBACK: Final = re.compile(r"localhost|[a-z0-9-]+\.localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?"
    r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
)

B = TypeVar("B")


def _refuse(rule: str) -> InvalidPackage:
    return InvalidPackage(f"{InvalidPackage.title}: it breaks the rule that {RULES[rule]}.", rule=rule)


def is_keyserver_url(text: str) -> bool:
    """Whether `text` can name a key server: https, lower-case host, optional port and path, no slash at the end.

    `http` is for this machine alone (localhost, 127.0.0.0/8, ::1). Nothing is normalised: the address is also the
    audience of tokens, so two spellings would be two servers.
    """
    match = _URL.fullmatch(text)
    if match is None or len(text) > URL_CHARACTERS or ".." in match["host"]:
        return False
    return match["scheme"] == "https" or _LOOPBACK.fullmatch(match["host"]) is not None


@dataclass(frozen=True, slots=True)
class Header:
    """`package.json`. `created_at` is a time in UTC, `2026-11-22T10:15:00Z`."""

    report_id: str
    keyserver_url: str
    key_id: str
    created_at: str

    def to_bytes(self) -> bytes:
        """`package.json`. Raises `InvalidPackage` for values that no reader would accept."""
        data = strict_json.dump(
            {
                "format": FORMAT,
                "version": VERSION,
                "report_id": self.report_id,
                "keyserver_url": self.keyserver_url,
                "key_id": self.key_id,
                "created_at": self.created_at,
                "cipher": chunked.NAME,
            }
        )
        Header.parse(data)
        return data

    @classmethod
    def parse(cls, data: bytes) -> Header:
        """The header that `data` holds. Raises `InvalidPackage`, or `UnsupportedVersion` for a later version or another
        cipher.
        """
        if len(data) > HEADER_BYTES:
            raise _refuse("package-header-size")
        try:
            value = strict_json.parse(data)
        except strict_json.NotStrictJson:
            raise _refuse("package-header-json") from None
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise _refuse("package-header-format")
        _check_version(value)
        checks = {
            "report_id": is_identifier,
            "keyserver_url": is_keyserver_url,
            "key_id": is_identifier,
            "created_at": is_utc_time,
        }
        if set(value) != {"format", "version", "cipher", *checks}:
            raise _refuse("package-header-field")
        for name, check in checks.items():
            if not isinstance(value[name], str) or not check(value[name]):
                raise _refuse("package-header-field")
        return cls(**{name: value[name] for name in checks})


def _check_version(value: dict[str, Any]) -> None:
    """Dispatch on the version before anything else is looked at: later ones may have other fields."""
    version, cipher = value.get("version"), value.get("cipher")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1 or not isinstance(cipher, str):
        raise _refuse("package-header-field")
    if version != VERSION:
        raise UnsupportedVersion(version=version)
    if cipher != chunked.NAME:
        raise UnsupportedVersion("This file is encrypted in a way that this PicSafe does not know.", version=version)


# Writing


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the encrypted bytes of a package: `prefix` before, `suffix` after; `size` of the whole in
    bytes.
    """

    prefix: bytes
    suffix: bytes
    size: int


def frame(header_bytes: bytes, encrypted_size: int, encrypted_crc32: int) -> Frame:
    """The package around `encrypted_size` bytes of ciphertext with this CRC-32. Raises as `Header.parse`, and
    `LimitExceeded`.

    The prefix has the same length whatever the CRC-32 is, so a sender can leave room for it and fill it in at the end.
    """
    Header.parse(header_bytes)
    layout = plan(
        [
            Entry(HEADER_NAME, len(header_bytes), zlib.crc32(header_bytes)),
            Entry(ENCRYPTED_NAME, encrypted_size, encrypted_crc32),
        ]
    )
    header, encrypted = layout.members
    return Frame(header.local_header + header_bytes + encrypted.local_header, layout.ending, layout.size)


def package_size(header_bytes: bytes, payload_size: int) -> int:
    """Bytes of the package with this header around a payload of `payload_size` bytes. Raises `LimitExceeded`."""
    return frame(header_bytes, chunked.ciphertext_length(payload_size), 0).size


def build_package(header_bytes: bytes, encrypted: bytes) -> bytes:
    """The package of this header and this ciphertext. Raises as `Header.parse`, and `LimitExceeded`."""
    around = frame(header_bytes, len(encrypted), zlib.crc32(encrypted))
    return b"".join([around.prefix, encrypted, around.suffix])


def pack(header: Header, key: bytes, payload: bytes) -> bytes:
    """Encrypt `payload` under the report key `key` and build the package around it."""
    header_bytes = header.to_bytes()
    return build_package(header_bytes, chunked.encrypt(key, payload, header_bytes))


# Reading


@dataclass(frozen=True, slots=True)
class Package(Generic[B]):
    """An opened package. `encrypted` is where its ciphertext lies, `source` reads it; `header_bytes` is its context."""

    header: Header
    header_bytes: bytes = field(repr=False)
    encrypted: tuple[int, int]
    source: Source[B] = field(repr=False)

    async def open(self, key: bytes, cipher: chunked.Cipher[B]) -> chunked.Reader[B]:
        """A reader of the payload. Raises as `chunked.Reader.open`."""
        return await chunked.Reader.open(self.source, key, self.header_bytes, cipher)


async def read_package(source: Source[B], buffers: Buffers[B]) -> Package[B]:
    """Read a package by ranges: its first 256 KiB and its last 128 KiB, once each; both are kept for the reader.

    Raises `InvalidPackage` with the rule, `UnsupportedVersion`, and whatever `source` raises. The CRC-32 of the
    ciphertext is not checked, as that needs all of it: each chunk is authenticated instead.
    """
    size = source.size
    head = await read_exactly(source, buffers, 0, min(HEAD_BYTES, size))
    tail_start = max(size - TAIL_BYTES, 0) if size > HEAD_BYTES else 0
    tail = await read_exactly(source, buffers, tail_start, size) if size > HEAD_BYTES else head
    front = buffers.to_bytes(buffers.part(head, 0, min(_FRONT_BYTES, buffers.length(head))))
    back = buffers.to_bytes(buffers.part(tail, max(buffers.length(tail) - _BACK_BYTES, 0), buffers.length(tail)))
    _ZIP.check_size(size)
    _ZIP.check_start(front)
    members = await _ZIP.read(source, buffers, back)
    header_member, encrypted = _two(members)
    for member in members:
        _ZIP.check_local_header(member, front[member.offset : member.start])
    header_bytes = front[header_member.start : header_member.stop]
    _ZIP.check_crc(header_member, header_bytes)
    inner = _Inside(source, buffers, head, (tail_start, tail), encrypted.start, encrypted.stop)
    return Package(Header.parse(header_bytes), header_bytes, (encrypted.start, encrypted.stop), inner)


def read_package_bytes(data: bytes) -> Package[bytes]:
    """Read a package in memory; checks every CRC-32 as well. Raises `InvalidPackage` or `UnsupportedVersion`."""
    header_member, encrypted = _two(_ZIP.read_whole(data))
    header_bytes = data[header_member.start : header_member.stop]
    place = (encrypted.start, encrypted.stop)
    return Package(Header.parse(header_bytes), header_bytes, place, BytesSource(data[encrypted.start : encrypted.stop]))


def unpack(data: bytes, key: bytes) -> bytes:
    """The decrypted payload of a package in memory. Raises as `read_package_bytes` and `chunked.decrypt`."""
    package = read_package_bytes(data)
    start, stop = package.encrypted
    return chunked.decrypt(key, data[start:stop], package.header_bytes)


_FRONT_BYTES: Final = HEADER_BYTES + 1024  # the header with both local headers
_BACK_BYTES: Final = 1024  # the directory of two members and the end record have 143


def _two(members: tuple[Member, ...]) -> tuple[Member, Member]:
    if tuple(member.name for member in members) != (HEADER_NAME, ENCRYPTED_NAME):
        raise _refuse("package-members")
    header, encrypted = members
    if header.size > HEADER_BYTES:
        raise _refuse("package-header-size")
    return header, encrypted


class _Inside(Generic[B]):
    """The ciphertext inside a package as a source of its own; what was read already is not read again."""

    def __init__(
        self, source: Source[B], buffers: Buffers[B], head: B, tail: tuple[int, B], start: int, stop: int
    ) -> None:
        self._source = source
        self._buffers = buffers
        self._kept = ((0, head), tail)
        self._start = start
        self._stop = stop

    @property
    def size(self) -> int:
        return self._stop - self._start

    async def read(self, start: int, stop: int) -> B:
        start, stop = self._start + start, self._start + stop
        for kept_start, kept in self._kept:
            if kept_start <= start and stop <= kept_start + self._buffers.length(kept):
                return self._buffers.part(kept, start - kept_start, stop - kept_start)
        return await self._source.read(start, stop)
