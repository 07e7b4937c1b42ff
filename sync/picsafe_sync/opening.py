"""Open a report, from a file or from the cloud. The one place of this program where bytes become trusted."""

from __future__ import annotations

import base64
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from picsafe_protocol.buffers import BYTES, Source
from picsafe_protocol.ciphers import AesGcm
from picsafe_protocol.errors import KeyServerNotAllowed, PackageRuleBroken
from picsafe_protocol.filenames import medium_name
from picsafe_protocol.package import Header, read_package
from picsafe_protocol.payload import Payload
from picsafe_sync import durable
from picsafe_sync.api import Api


@dataclass(frozen=True)
class OpenedReport:
    """A report whose key was given and whose length, directory and description have been authenticated."""

    header: Header
    payload: Payload[bytes]


class FileSource:
    """A file on the disk, read by ranges."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    @property
    def size(self) -> int:
        return self._size

    async def read(self, start: int, stop: int) -> bytes:
        self._file.seek(start)
        return self._file.read(stop - start)


async def open_report(
    api: Api, source: Source[bytes], key_servers: Collection[str], *, expected_id: str | None = None, reason: str = ""
) -> OpenedReport:
    """Read the header, ask its key server when it is one of `key_servers`, decrypt the description.

    `expected_id` is the report that was asked for, when it came from a cloud: another one in its place is refused. Raises
    `PackageRuleBroken`, `KeyServerNotAllowed`, `NotPermitted`, `KeyRevoked`, `KeyDestroyed`, `WrongKey`, `Tampered`, …
    """
    package = await read_package(source, BYTES)
    header = package.header
    if expected_id is not None and header.report_id != expected_id:
        raise PackageRuleBroken("The cloud sent another report than the one that was asked for.", rule="package-report")
    if header.keyserver_url not in key_servers:
        raise KeyServerNotAllowed(keyserver_url=header.keyserver_url)
    text = await api.release_key(header.keyserver_url, header.key_id, header.report_id, reason)
    key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    reader = await package.open(key, AesGcm())
    return OpenedReport(header, await Payload.read(reader, header.report_id))


async def save_report(opened: OpenedReport, folder: Path, *, patient_name: bool = False) -> list[Path]:
    """Write every medium and `report.json` into the existing `folder`; the files written.

    A file gets its name only when all of it has been checked against its SHA-256, and an existing one is never replaced.
    `patient_name` puts the patient's name into the names of the files.
    """
    payload = opened.payload
    report = payload.report
    names = {
        medium.path: medium_name(report, index, with_patient=patient_name) for index, medium in enumerate(report.media)
    }
    names |= {item.evidence.path: item.evidence.path.replace("/", "-") for item in report.consent if item.evidence}
    written = [await _save(payload, path, folder / name) for path, name in names.items()]
    description = _free(folder / "report.json")
    durable.write(description, report.to_bytes())
    return [description, *written]


async def _save(payload: Payload[bytes], path: str, wanted: Path) -> Path:
    temporary = wanted.with_name(f".{wanted.name}.part")
    try:
        with temporary.open("wb") as file:
            async for piece in payload.stream(path):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        target = _free(wanted)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def _free(wanted: Path) -> Path:
    """`wanted`, or the same with a number when there is such a file."""
    candidate, number = wanted, 1
    while candidate.exists():
        number += 1
        candidate = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
    return candidate
