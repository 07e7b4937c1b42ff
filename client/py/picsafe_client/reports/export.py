"""Saves the content of a report: one file, all of them as a zip, or the original encrypted package.

Everything is written piece by piece. Where the browser can write to a file that the person names, large things go
straight to the disk and are taken back when something is wrong; otherwise they are put together outside Python and
handed to the browser's downloads when all of it has been found right. Either way nothing false or half is ever left
behind.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias

from picsafe_client.crypto.hashing import crc32
from picsafe_client.reports.open_report import OpenReport
from picsafe_protocol.contracts.limits import MIB
from picsafe_protocol.format import filenames
from picsafe_protocol.format.files import FileEntry
from picsafe_protocol.format.package import MEDIA_TYPE as PACKAGE_TYPE
from picsafe_protocol.format.payload import REPORT_NAME
from picsafe_protocol.format.provenance import SENDER_NAME, sender_document
from picsafe_protocol.format.report import Report
from picsafe_protocol.format.strict_zip import Entry, ModifiedTime, placed, plan

DISK_WRITE_MIN_BYTES: Final = 96 * MIB
"""From this size on, a file is written to the disk while it comes, where the browser can; below, a download is
simpler.
"""

ZIP_TYPE: Final = "application/zip"

ProgressTotal: TypeAlias = Callable[[int, int], None]
"""Bytes that are done, and all of them."""


class Checksum(Protocol):
    """A running CRC-32."""

    def update(self, data: Any) -> Any: ...
    def value(self) -> int: ...


NewChecksum: TypeAlias = Callable[[], Awaitable[Checksum]]


class Target(Protocol):
    """Where something is saved to. Either `finish` or `discard` ends it."""

    async def write(self, piece: Any) -> None:
        """Adds a piece: a buffer of the browser's, or `bytes`."""
        ...

    async def replace(self, position: int, data: bytes) -> None:
        """Puts `data` in the place of a piece of `bytes` that was written at `position` and has the same length."""
        ...

    async def finish(self) -> None:
        """Everything has been written and is right: only now it becomes a file."""
        ...

    async def discard(self) -> None:
        """Nothing of it stays."""
        ...


@dataclass(frozen=True)
class ZipMember:
    """A file of the zip: its name there, and the file of the report; None is `report.json` or `sender.json`."""

    name: str
    file: FileEntry | None


def zip_members(report: Report, *, with_patient: bool, chosen: Collection[int] | None = None) -> list[ZipMember]:
    """What "all files" are: the media under readable names, what shows consent, and the facts.

    `chosen`: the indices of the only media that are wanted; the names are the same as in a zip of all.
    """
    names = filenames.saved_names(report, with_patient=with_patient)
    if chosen is not None:
        unwanted = {medium.path for index, medium in enumerate(report.media) if index not in chosen}
        names = {path: name for path, name in names.items() if path not in unwanted}
    files = [ZipMember(names[file.path], file) for file in report.files() if file.path in names]
    return [*files, ZipMember(REPORT_NAME, None), ZipMember(SENDER_NAME, None)]


def zip_size(report: Report, chosen: Collection[int] | None = None) -> int:
    """Bytes of all the files together, or of the media with the indices in `chosen`, about; for people."""
    return sum(medium.size for index, medium in enumerate(report.media) if chosen is None or index in chosen)


async def save_file(opened: OpenReport[Any], file: FileEntry, target: Target, progress: ProgressTotal) -> None:
    """One file of the report, byte for byte as the sender encrypted it."""
    count = _Count(opened.ciphertext_size(file), progress)
    await _write_stream(target, opened.stream(file, count.arrived))


async def save_package(opened: OpenReport[Any], target: Target, progress: ProgressTotal) -> None:
    """The encrypted package as it came. Where the index has its digest, the source gives out no byte that it does not
    cover; nothing is decrypted for it.
    """
    count = _Count(opened.package_size, progress)
    await _write_stream(target, opened.stream_package(count.arrived))


async def save_zip(
    opened: OpenReport[Any],
    members: Sequence[ZipMember],
    target: Target,
    progress: ProgressTotal,
    new_checksum: NewChecksum = crc32,
) -> None:
    """All of `members` in one zip, read, checked and written one after the other."""
    count = _Count(sum(opened.ciphertext_size(member.file) for member in members if member.file), progress)
    archive = ZipArchive(target, new_checksum)
    try:
        await archive.add_report(opened, members, count.arrived)
        await archive.finish()
    except BaseException:
        await target.discard()
        raise


class ZipArchive:
    """A zip that is written piece by piece: the files of one report or of several.

    A zip of this kind has each checksum before the content, where it is not known yet: a place is kept for it, and
    filled at the end.
    """

    def __init__(self, target: Target, new_checksum: NewChecksum = crc32) -> None:
        self._target = target
        self._new_checksum = new_checksum
        self._entries: list[Entry] = []
        self._offset = 0

    async def add_report(
        self,
        opened: OpenReport[Any],
        members: Sequence[ZipMember],
        arrived: Callable[[int], None] | None = None,
        *,
        folder: str = "",
    ) -> None:
        """Files of a report, in a folder of their own where one is named. Each has the time at which it was taken."""
        report = opened.report
        origin = sender_document(report.report_id, opened.provenance, report.author)
        facts = {REPORT_NAME: report.to_bytes(), SENDER_NAME: origin}
        taken = {medium.path: medium.captured_at or report.captured_at for medium in report.media}
        for member in members:
            name = f"{folder}/{member.name}" if folder else member.name
            if member.file is None:
                await self._add(name, facts[member.name], report.captured_at)
            else:
                await self._add_file(
                    name, opened, member.file, taken.get(member.file.path, report.captured_at), arrived
                )

    async def finish(self) -> None:
        """Everything is there and right."""
        final = plan(self._entries)
        await self._target.write(final.ending)
        for place in final.members:
            await self._target.replace(place.offset, place.local_header)
        await self._target.finish()

    async def _add(self, name: str, content: bytes, taken: str) -> None:
        await self._begin(Entry(name, len(content), zlib.crc32(content), ModifiedTime.of(taken)))
        await self._target.write(content)

    async def _add_file(
        self, name: str, opened: OpenReport[Any], file: FileEntry, taken: str, arrived: Callable[[int], None] | None
    ) -> None:
        entry = Entry(name, file.size, 0, ModifiedTime.of(taken))
        await self._begin(entry)
        checksum = await self._new_checksum()
        async for piece in opened.stream(file, arrived):
            checksum.update(piece)
            await self._target.write(piece)
        self._entries[-1] = replace(entry, crc32=checksum.value())

    async def _begin(self, entry: Entry) -> None:
        place = placed(entry, self._offset)
        self._entries.append(entry)
        self._offset = place.stop
        await self._target.write(place.local_header)


async def _write_stream(target: Target, pieces: AsyncIterator[Any]) -> None:
    """Writes all pieces; a file comes of it only when the last has come without an error."""
    try:
        async for piece in pieces:
            await target.write(piece)
        await target.finish()
    except BaseException:
        await target.discard()
        raise


class _Count:
    """Adds up what arrives."""

    def __init__(self, total: int, progress: ProgressTotal) -> None:
        self._total = total
        self._progress = progress
        self._done = 0

    def arrived(self, length: int) -> None:
        self._done += length
        self._progress(min(self._done, self._total), self._total)


def package_name(opened: OpenReport[Any]) -> str:
    """The name for the encrypted package; it says nothing of the patient."""
    return filenames.package_name(opened.header.created_at, opened.header.report_id)


def zip_name(report: Report, *, with_patient: bool, chosen: Collection[int] | None = None) -> str:
    """The name for the zip of all files, or of some, which tells how many of how many: `…_2-of-5.zip`."""
    some = f"_{len(chosen)}-of-{len(report.media)}" if chosen is not None else ""
    return f"{filenames.report_name(report, with_patient=with_patient)}{some}.zip"


def batch_name(count: int, moment: str) -> str:
    """The name for a zip of several reports: `2026-12-01_12-reports.zip`."""
    return f"{moment[:10]}_{count}-reports.zip"


def folder_name(report: Report, *, with_patient: bool) -> str:
    """The folder of one report among several: never the same for two of them."""
    return f"{filenames.report_name(report, with_patient=with_patient)}_{report.report_id[:8]}"


def file_name(report: Report, index: int, *, with_patient: bool) -> str:
    """The name for one medium."""
    return filenames.medium_name(report, index, with_patient=with_patient)


__all__ = [
    "DISK_WRITE_MIN_BYTES",
    "PACKAGE_TYPE",
    "ZIP_TYPE",
    "ProgressTotal",
    "Target",
    "ZipArchive",
    "ZipMember",
    "batch_name",
    "file_name",
    "folder_name",
    "package_name",
    "save_file",
    "save_package",
    "save_zip",
    "zip_members",
    "zip_name",
    "zip_size",
]
