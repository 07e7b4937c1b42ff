"""The file store is honest about the disk: content before names, names before answers; and no room is no harm."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.cloud_server import World, bytes_of, leftovers, problem, running_world, sha256, split

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import MIB, UPLOAD_PART_BYTES

pytestmark = pytest.mark.anyio

CONTENT = bytes_of(UPLOAD_PART_BYTES + 1)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[list[tuple[str, str]]]:
    """What is synchronised, renamed, linked and unlinked below `folder`, in order."""
    seen: list[tuple[str, str]] = []

    def place(target: object) -> str:
        path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else Path(str(target))
        if not path.is_relative_to(folder):
            return "elsewhere"
        place = path.relative_to(folder)
        return place.parts[0] + ("/*" if len(place.parts) == 2 else "/*/" + place.name if len(place.parts) > 2 else "")

    with monkeypatch.context() as patch:
        for name in ("fsync", "rename", "replace", "link"):
            real = getattr(os, name)

            def call(*targets: object, _name: str = name, _real: object = real) -> object:
                seen.append((_name, place(targets[-1])))
                return _real(*targets)  # type: ignore[operator]

            patch.setattr(os, name, call)
        yield seen


async def test_a_part_is_on_the_disk_before_it_has_its_name_and_has_its_name_before_the_answer(
    files_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(CONTENT))
    with watched(monkeypatch, files_world.settings.data / "cloud" / "au") as seen:
        await files_world.put(report_id, 0, split(CONTENT)[0])
    assert seen == [("fsync", "incoming/*"), ("replace", "uploads/*/0"), ("fsync", "uploads/*")]


async def test_a_package_is_on_the_disk_before_it_has_its_name_and_has_its_name_before_the_receipt(
    files_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(CONTENT))
    for index, part in enumerate(split(CONTENT)):
        await files_world.put(report_id, index, part)
    with watched(monkeypatch, files_world.settings.data / "cloud" / "au") as seen:
        await files_world.complete(report_id, sha256(CONTENT))
    assert seen == [("fsync", "incoming/*"), ("link", "packages/*"), ("fsync", "packages")]


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[World]:
    """A cloud whose disk holds 40 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here, which takes root: {mounted.stderr.strip()}")
    try:
        async with running_world(disk) as world:
            yield world
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def filled(world: World, free: int) -> Iterator[None]:
    """Somebody else's file takes all but `free` bytes of the disk."""
    filler = world.settings.data / "filler"
    state = os.statvfs(world.settings.data)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - free)
    try:
        yield
    finally:
        filler.unlink()


async def test_an_upload_for_which_there_is_no_room_is_refused_before_it_begins(tiny: World) -> None:
    assert problem(await tiny.begin(new_identifier(), 30 * MIB)) == (507, "storage_full")
    assert leftovers(tiny.settings.data) == []


async def test_a_disk_that_fills_up_within_a_part_keeps_nothing_of_it(tiny: World) -> None:
    report_id = new_identifier()
    await tiny.begin(report_id, len(CONTENT))
    await tiny.put(report_id, 1, split(CONTENT)[1])
    with filled(tiny, free=3 * MIB):
        assert problem(await tiny.put(report_id, 0, split(CONTENT)[0])) == (507, "storage_full")
        assert [name for name in leftovers(tiny.settings.data) if name.startswith("incoming")] == []
        assert (await tiny.upload_state(report_id)).json()["parts"] == [1]
    assert (await tiny.put(report_id, 0, split(CONTENT)[0])).status_code == 204
    assert (await tiny.complete(report_id, sha256(CONTENT))).status_code == 201
    assert (await tiny.download(report_id)).content == CONTENT


async def test_a_disk_that_fills_up_within_the_completion_keeps_the_parts_and_shows_nothing(tiny: World) -> None:
    report_id = new_identifier()
    await tiny.begin(report_id, len(CONTENT))
    for index, part in enumerate(split(CONTENT)):
        await tiny.put(report_id, index, part)
    with filled(tiny, free=3 * MIB):
        assert problem(await tiny.complete(report_id, sha256(CONTENT))) == (507, "storage_full")
        assert problem(await tiny.download(report_id)) == (404, "not_found")
        assert (await tiny.upload_state(report_id)).json()["parts"] == [0, 1]
        assert not list((tiny.settings.data / "cloud" / "au" / "packages").iterdir())
    assert (await tiny.complete(report_id, sha256(CONTENT))).status_code == 201
    assert (await tiny.download(report_id)).content == CONTENT


async def test_a_disk_without_any_room_still_gives_out_what_it_has_and_deletes_it(tiny: World) -> None:
    kept, deleted = await tiny.upload(CONTENT[:1000]), await tiny.upload(CONTENT[:1000])
    with filled(tiny, free=0):
        assert problem(await tiny.begin(new_identifier(), 1000)) == (507, "storage_full")
        assert (await tiny.download(kept)).content == CONTENT[:1000]
    assert (await tiny.delete(deleted)).status_code == 204


async def test_a_file_that_may_grow_no_further_is_a_full_disk(files_world: World) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(CONTENT))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * MIB, hard))
    try:
        assert problem(await files_world.put(report_id, 0, split(CONTENT)[0])) == (507, "storage_full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (await files_world.upload_state(report_id)).json()["parts"] == []
    assert [name for name in leftovers(files_world.settings.data) if name.startswith("incoming")] == []


async def test_a_disk_that_cannot_be_written_makes_the_cloud_not_ready(
    files_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await files_world.client.get("/ready")).status_code == 200
    incoming = files_world.settings.data / "cloud" / "au" / "incoming"
    incoming.rmdir()
    incoming.write_bytes(b"")
    assert (await files_world.client.get("/ready")).status_code == 503
