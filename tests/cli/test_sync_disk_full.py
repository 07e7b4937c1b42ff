"""A disk that is full at any moment: nothing half-visible, it is said so, and it goes on when there is room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from harness.clinic_for_commands import picsafe, running_ward
from harness.command_line import PHOTO, Sunk, World
from harness.report_factory import MadeFile

from picsafe_cli.durable_files import translate_os_errors
from picsafe_cli.exit_status import ExitStatus
from picsafe_protocol.contracts.errors import PicSafeError, StorageFull

LONG = MadeFile("video/mp4", os.urandom(600_000))


class TinyDisk:
    """A file system of its own, whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, kib: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kib}k", self.folder], check=True)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[TinyDisk]:
    """Where this user may mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mount.returncode:
        pytest.skip(f"a small disk can be mounted by root only: {mount.stderr.strip()}")
    yield TinyDisk(folder)
    subprocess.run(["umount", folder], check=True)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.anyio
async def test_at_whatever_byte_the_disk_is_full_nothing_is_half_visible(
    world: World, tiny_disk: TinyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await world.send(PHOTO), await world.send(LONG)]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**60, 0, 2**60))  # somebody else fills it meanwhile
    failures = 0
    for kib in range(8, 2000, 56):
        for path in tiny_disk.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        tiny_disk.resize(kib)
        sunk = Sunk(tiny_disk.folder)
        try:
            with translate_os_errors():
                async with world.collector(sunk.folder) as collector:
                    await collector.round()
        except StorageFull:
            failures += 1
            assert all(sunk.holds(each) for each in made if each.report.report_id in sunk.reports)
            assert set(sunk.results) <= set(sunk.reports)
            assert not [name for name in sunk.hidden if name.startswith(".incoming")], "plaintext was left"
        else:
            break
        tiny_disk.resize(4000)
        async with world.collector(sunk.folder) as collector:
            await collector.round()
        assert all(sunk.holds(each) for each in made)
        assert len(sunk.results) == 2
    assert failures > 5
    assert kib < 1990, "once there is room, it works"


@pytest.mark.anyio
async def test_a_report_that_is_too_large_waits_and_smaller_ones_are_stored(world: World, tiny_disk: TinyDisk) -> None:
    large, small = await world.send(LONG), await world.send(PHOTO)
    tiny_disk.resize(500)
    sunk = Sunk(tiny_disk.folder)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (1, 0, 1)
        assert sunk.holds(small)
        assert not world.network.asked(f"/packages/{large.report.report_id}"), "it is not even begun"
        tiny_disk.resize(4000)
        assert (await collector.round()).stored == 1
    assert sunk.holds(large)


@pytest.mark.anyio
async def test_a_folder_that_cannot_be_written_is_named(world: World, sunk: Sunk) -> None:
    await world.send()
    sunk.folder.mkdir()
    (sunk.folder / ".downloads").write_bytes(b"in the way")
    with pytest.raises(PicSafeError, match=r"\.downloads"), translate_os_errors():
        async with world.collector(sunk.folder) as collector:
            await collector.round()


def test_the_command_says_that_the_disk_is_full_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with running_ward(tmp_path / "server") as ward:
        made = ward.send(LONG)
        sunk = Sunk(tmp_path / "sunk")
        limit = 300_000

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = picsafe("sync", "--once", sunk.folder, environment=ward.environment(), preexec_fn=limited)
        assert done.returncode == ExitStatus.TRY_AGAIN
        assert "There is no room left on this computer." in done.stderr
        assert "Free some space" in done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert sunk.reports == []
        assert sunk.hidden == []
        assert sunk.manifest == []
        done = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
        assert done.returncode == 0, done.stderr
        assert sunk.holds(made)


def test_a_person_without_room_loses_nothing_either(tmp_path: Path) -> None:
    with running_ward(tmp_path / "server") as ward:
        made = ward.send(LONG, PHOTO)
        package = tmp_path / "report.picsafe"
        package.write_bytes(made.package)
        output = tmp_path / "out"

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

        environment = ward.environment(ward.token_of(ward.ben))
        done = picsafe("open", package, "-o", output, environment=environment, preexec_fn=limited)
        assert done.returncode == ExitStatus.TRY_AGAIN
        assert "There is no room left on this computer." in done.stderr
        assert not output.exists()
