"""The payload, which is what gets encrypted: a stored zip of `report.json`, then thumbnails, media and consent
evidence.

`report.json` stands first and the large files last, so the first range of a package already shows the report. It
describes every other member, and nothing else may be there. A file is shown or saved once it has been checked against
it: `file` and `stream` compare the SHA-256. `part` gives a player any range of a video or sound, each byte
authenticated where it stands.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from picsafe_protocol.contracts.errors import DigestMismatch, PayloadRuleBroken
from picsafe_protocol.contracts.limits import PAYLOAD_MEMBERS, REPORT_JSON_BYTES
from picsafe_protocol.crypto.chunked import CHUNK, STEP, Reader
from picsafe_protocol.format.files import FileEntry
from picsafe_protocol.format.report import Report
from picsafe_protocol.format.strict_zip import Entry, Member, StrictZip, build, plan

__all__ = [
    "REPORT_NAME",
    "RULES",
    "Digest",
    "FilePart",
    "Payload",
    "PayloadPlan",
    "Range",
    "build_payload",
    "plan_payload",
    "read_payload_bytes",
    "sha256",
]

REPORT_NAME: Final = "report.json"

RULES: Final[dict[str, str]] = {
    "payload-report-first": "the first member is report.json",
    "payload-report-size": "report.json has 4 MiB at most",
    "payload-report-id": "report.json names the report that package.json names",
    "payload-undescribed": "report.json describes every other member",
    "payload-missing": "every file that report.json describes is there",
    "payload-order": "thumbnails come before media and media before consent, each in the order of report.json",
    "payload-file-size": "every file has the size that report.json gives",
}
"""The rules of a payload beyond those of its zip (`strict_zip.RULES`)."""

_ZIP: Final = StrictZip(PayloadRuleBroken, maximum_members=PAYLOAD_MEMBERS)

B = TypeVar("B")
B_contra = TypeVar("B_contra", contravariant=True)


def _refuse(rule: str) -> PayloadRuleBroken:
    return PayloadRuleBroken(f"{PayloadRuleBroken.title}: they break the rule that {RULES[rule]}.", rule=rule)


# Writing


@dataclass(frozen=True, slots=True)
class FilePart:
    """Here, in the payload, stand the `size` bytes of the file that `report.json` calls `path`."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class PayloadPlan:
    """A payload laid out: `parts` in order, either bytes as they are or a file's; `size` of the whole in bytes."""

    parts: tuple[bytes | FilePart, ...]
    size: int


def plan_payload(report: Report, crc32s: Mapping[str, int]) -> PayloadPlan:
    """Lay out the payload of `report` without touching its files, whose CRC-32s are given by path.

    Raises `ReportInvalid` for a report that no reader would accept, `LimitExceeded` beyond 4 GiB - 1, and `ValueError`
    when `crc32s` does not have exactly the files of the report.
    """
    described = list(report.files())
    if {facts.path for facts in described} != set(crc32s):
        raise ValueError("the files are not those that the report describes")
    report_bytes = report.to_bytes()
    layout = plan(
        [
            Entry(REPORT_NAME, len(report_bytes), zlib.crc32(report_bytes)),
            *(Entry(facts.path, facts.size, crc32s[facts.path]) for facts in described),
        ]
    )
    between = layout.members[0].local_header + report_bytes
    parts: list[bytes | FilePart] = []
    for member in layout.members[1:]:
        parts += [between + member.local_header, FilePart(member.name, member.size)]
        between = b""
    return PayloadPlan((*parts, between + layout.ending), layout.size)


def build_payload(report: Report, files: Mapping[str, bytes]) -> bytes:
    """The payload of `report` and its `files` by path, in memory. Raises as `plan_payload`, and `DigestMismatch`."""
    described = list(report.files())
    if {facts.path for facts in described} != set(files):
        raise ValueError("the files are not those that the report describes")
    for facts in described:
        content = files[facts.path]
        if len(content) != facts.size or hashlib.sha256(content).hexdigest() != facts.sha256:
            raise DigestMismatch(path=facts.path)
    contents = [(facts.path, files[facts.path]) for facts in described]
    return build([(REPORT_NAME, report.to_bytes()), *contents])


# Reading


class Digest(Protocol[B_contra]):
    """A SHA-256 in the making, over opaque buffers."""

    def update(self, data: B_contra, /) -> Any:
        """Add bytes."""
        ...

    def hexdigest(self) -> str:
        """The digest of everything added, in lower-case hex."""
        ...


async def sha256() -> Digest[Any]:
    """The SHA-256 of CPython, for buffers that are `bytes`."""
    return hashlib.sha256()


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes `start` up to `stop` of the payload."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


class Payload(Generic[B]):
    """A payload, opened: `report`, and in `members` where each file that it describes lies in the plaintext."""

    def __init__(
        self,
        reader: Reader[B],
        report: Report,
        members: Mapping[str, Member],
        digest: Callable[[], Awaitable[Digest[B]]],
    ) -> None:  # use `read`
        self._reader = reader
        self._members = members
        self._digest = digest
        self._facts: dict[str, FileEntry] = {facts.path: facts for facts in report.files()}
        self._headers_checked: set[str] = set()
        self.report = report
        self.members: Mapping[str, Range] = {path: Range(member.start, member.stop) for path, member in members.items()}

    @classmethod
    async def read(
        cls, reader: Reader[B], report_id: str, digest: Callable[[], Awaitable[Digest[B]]] = sha256
    ) -> Payload[B]:
        """Read the directory and `report.json`; `report_id` is the one of the package's header.

        Raises `PayloadRuleBroken` with the rule, `ReportInvalid` with the path, `UnsupportedVersion`, and as
        `Reader.read`. `digest` makes a SHA-256 over the reader's buffers.
        """
        members = await _ZIP.read(reader, reader.cipher)
        first = _first(members)
        head = reader.cipher.to_bytes(await reader.read(0, first.stop))
        _ZIP.check_local_header(first, head[: first.start])
        report = _described(members, head[first.start :], report_id)
        return cls(reader, report, {member.name: member for member in members[1:]}, digest)

    def facts(self, path: str) -> FileEntry:
        """What `report.json` says of a file. Raises `KeyError` for a path that the report does not have."""
        return self._facts[path]

    async def file(self, path: str) -> B:
        """All of a file, checked. Raises `DigestMismatch`, and as `Reader.read`; `KeyError` for an unknown path."""
        pieces = [piece async for piece in self.stream(path)]
        return pieces[0] if len(pieces) == 1 else self._reader.cipher.join(pieces)

    async def stream(self, path: str, step: int = STEP, *, overwriting: bool = False) -> AsyncIterator[B]:
        """The same file piece by piece. It has been checked only when the iteration ends without an error.

        With `overwriting` each piece may take the place of the one before, as `Reader.stream` has it.
        """
        member = self._members[path]
        cipher = self._reader.cipher
        digest = await self._digest()
        skip = member.start - member.offset
        # The first piece is a chunk shorter than the step at most: with two chunks it holds the whole local header.
        pieces = self._reader.stream(member.offset, member.stop, max(step, 2 * CHUNK), overwriting=overwriting)
        async for piece in pieces:
            content = piece
            if skip:
                _ZIP.check_local_header(member, cipher.to_bytes(cipher.part(piece, 0, skip)))
                content = cipher.part(piece, skip, cipher.length(piece))
                skip = 0
            digest.update(content)
            yield content
        if digest.hexdigest() != self._facts[path].sha256:
            raise DigestMismatch(path=path)

    async def part(self, path: str, start: int, stop: int) -> B:
        """Bytes `start` up to `stop` of a file (`ValueError` where it has none): those that were encrypted there.

        They have been authenticated as `Reader.read` does, but not compared with the SHA-256, which takes the whole
        file.
        """
        member = self._members[path]
        if not 0 <= start <= stop <= member.size:
            raise ValueError(f"bytes {start} to {stop} are not within a file of {member.size}")
        if path in self._headers_checked:
            return await self._reader.read(member.start + start, member.start + stop)
        cipher, skip = self._reader.cipher, member.start - member.offset
        # The header stands right before the first byte, so one read from there covers both.
        first = await self._reader.read(member.offset, member.start + (stop if start == 0 else 0))
        _ZIP.check_local_header(member, cipher.to_bytes(cipher.part(first, 0, skip)))
        self._headers_checked.add(path)
        if start == 0:
            return cipher.part(first, skip, cipher.length(first))
        return await self._reader.read(member.start + start, member.start + stop)


def read_payload_bytes(data: bytes, report_id: str) -> tuple[Report, dict[str, bytes]]:
    """The report and its files by path, from a decrypted payload in memory; everything checked. Raises as `Payload`."""
    members = _ZIP.read_whole(data)
    first = _first(members)
    report = _described(members, data[first.start : first.stop], report_id)
    files = {member.name: data[member.start : member.stop] for member in members[1:]}
    for facts in report.files():
        if hashlib.sha256(files[facts.path]).hexdigest() != facts.sha256:
            raise DigestMismatch(path=facts.path)
    return report, files


def _first(members: tuple[Member, ...]) -> Member:
    if not members or members[0].name != REPORT_NAME:
        raise _refuse("payload-report-first")
    if members[0].size > REPORT_JSON_BYTES:
        raise _refuse("payload-report-size")
    return members[0]


def _described(members: tuple[Member, ...], report_bytes: bytes, report_id: str) -> Report:
    """The report, when it describes exactly the members that are there."""
    _ZIP.check_crc(members[0], report_bytes)
    report = Report.from_bytes(report_bytes)
    if report.report_id != report_id:
        raise _refuse("payload-report-id")
    described = list(report.files())
    there = [member.name for member in members[1:]]
    expected = [facts.path for facts in described]
    if set(there) - set(expected):
        raise _refuse("payload-undescribed")
    if set(expected) - set(there):
        raise _refuse("payload-missing")
    if there != expected:
        raise _refuse("payload-order")
    if any(member.size != facts.size for member, facts in zip(members[1:], described, strict=True)):
        raise _refuse("payload-file-size")
    return report
