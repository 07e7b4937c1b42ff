"""Saving: what comes out is what was sent, and nothing false or half is ever left behind."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from client.test_media_cache import Gate
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, made_report, repacked

from picsafe_client.reports import export
from picsafe_client.reports.open_report import OpenReport
from picsafe_protocol.contracts.errors import DigestMismatch, StorageFull
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.opening import GivenKey
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.strict_zip import build

pytestmark = pytest.mark.anyio

PHOTO = bytes(range(256)) * 3000
FILES = [MadeFile("image/jpeg", PHOTO, thumbnail=b"small"), MadeFile("audio/mp4", b"voice" * 2000)]


class FakeTarget:
    """A file in memory; `full_at` is how many bytes fit."""

    def __init__(self, full_at: int = 10**9) -> None:
        self.content = bytearray()
        self.full_at = full_at
        self.state = "open"

    async def write(self, piece: bytes) -> None:
        if len(self.content) + len(piece) > self.full_at:
            raise StorageFull
        self.content += piece

    async def replace(self, position: int, data: bytes) -> None:
        assert position + len(data) <= len(self.content)
        self.content[position : position + len(data)] = data

    async def finish(self) -> None:
        self.state = "finished"

    async def discard(self) -> None:
        self.state = "abandoned"


class Crc32:
    def __init__(self) -> None:
        self.sum = 0

    def update(self, data: bytes) -> None:
        self.sum = zlib.crc32(data, self.sum)

    def value(self) -> int:
        return self.sum


async def crc32() -> Crc32:
    return Crc32()


async def sha256() -> Any:
    return hashlib.sha256()


async def opened(made: MadeReport) -> OpenReport[bytes]:
    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key)

    return await OpenReport.open(
        Gate(made.package),
        cipher=AesGcm(),
        new_digest=sha256,
        allowed_key_servers=[KEY_SERVER],
        release=release,
        expected=None,
    )


@pytest.fixture
def made() -> MadeReport:
    return made_report(FILES, signature=b"signature")


def quiet(_done: int, _total: int) -> None:
    pass


async def test_a_file_comes_out_as_it_went_in(made: MadeReport) -> None:
    target = FakeTarget()
    told: list[tuple[int, int]] = []
    await export.save_file(await opened(made), made.report.media[0], target, lambda *each: told.append(each))
    assert bytes(target.content) == PHOTO
    assert target.state == "finished"
    assert told[-1][0] == told[-1][1]


async def test_the_package_comes_out_as_it_came(made: MadeReport) -> None:
    target = FakeTarget()
    await export.save_package(await opened(made), target, quiet)
    assert bytes(target.content) == made.package


@pytest.mark.parametrize("with_patient", [False, True])
async def test_the_zip_holds_every_file_under_a_readable_name(made: MadeReport, with_patient: bool) -> None:
    report, target = await opened(made), FakeTarget()
    members = export.zip_members(made.report, with_patient=with_patient)
    await export.save_zip(report, members, target, quiet, crc32)
    who = "_edda-lindqvist" if with_patient else ""
    with zipfile.ZipFile(io.BytesIO(bytes(target.content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            f"2026-11-22{who}_left-forearm_1.jpg",
            f"2026-11-22{who}_left-forearm_2.m4a",
            "consent/001.png",
            "report.json",
            "sender.json",
        ]
        assert archive.read(f"2026-11-22{who}_left-forearm_1.jpg") == PHOTO
        assert archive.read("report.json") == made.report.to_bytes()
        said = json.loads(archive.read("sender.json"))
        assert (said["report_id"], said["sender"], said["author_differs"]) == (made.report.report_id, None, True)
    assert target.state == "finished"


def with_false_sound(made: MadeReport) -> MadeReport:
    files = {**made.files, "media/002.m4a": b"noise" * 2000}
    members = [
        ("report.json", made.report.to_bytes()),
        *((file.path, files[file.path]) for file in made.report.files()),
    ]
    return repacked(made, build(members))


@pytest.mark.parametrize(
    "save",
    [
        lambda report, target: export.save_file(report, report.report.media[1], target, quiet),
        lambda report, target: export.save_zip(
            report, export.zip_members(report.report, with_patient=False), target, quiet, crc32
        ),
    ],
    ids=["one file", "the zip"],
)
async def test_a_false_file_is_never_finished(made: MadeReport, save: Callable[[Any, Any], Any]) -> None:
    target = FakeTarget()
    report = await opened(with_false_sound(made))
    with pytest.raises(DigestMismatch):
        await save(report, target)
    assert target.state == "abandoned"


@pytest.mark.parametrize(
    "save",
    [
        lambda report, target: export.save_file(report, report.report.media[0], target, quiet),
        lambda report, target: export.save_package(report, target, quiet),
        lambda report, target: export.save_zip(
            report, export.zip_members(report.report, with_patient=False), target, quiet, crc32
        ),
    ],
    ids=["one file", "the package", "the zip"],
)
async def test_a_full_disk_leaves_nothing_half_written(made: MadeReport, save: Callable[[Any, Any], Any]) -> None:
    target = FakeTarget(full_at=500_000)
    report = await opened(made)
    with pytest.raises(StorageFull):
        await save(report, target)
    assert target.state == "abandoned"
