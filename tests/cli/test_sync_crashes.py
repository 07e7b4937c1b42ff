"""SIGKILL at every point of a real `picsafe sync`: nothing is lost, nothing comes twice, nothing is acknowledged too early."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from harness.clinic_for_commands import Ward, running_ward
from harness.command_line import Sunk
from harness.report_factory import MadeFile, MadeReport

pytestmark = pytest.mark.timeout(1800)

KILLED = -signal.SIGKILL
NEVER = 0


class Killer:
    """The process of `killing`, which runs one attempt at a time."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self._process = process
        self.output = output

    def run(self, *arguments: str | Path, kill_at: int = NEVER) -> int:
        """How `picsafe` ended when it was killed at that point."""
        self.output.write_text("")
        order = {"arguments": [str(each) for each in arguments], "kill_at": kill_at, "output": str(self.output)}
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def killer(ward: Ward, folder: Path) -> Iterator[Killer]:
    log: IO[bytes]
    with (
        (folder / "killer.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "harness.crashing_command"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=ward.environment(), cwd=folder,
        ) as process,
    ):  # fmt: skip
        yield Killer(process, folder / "output")
        assert process.stdin
        process.stdin.close()


def told(ward: Ward) -> set[str]:
    """The reports of which the server has been told that they are safe."""
    return {path.split("/")[-2] for method, path, _ in ward.clinic.network.seen if path.endswith("/collected")}


def check(sunk: Sunk, made: list[MadeReport], told: set[str]) -> None:
    """What is visible is whole, and what the server was told is true."""
    by_id = {each.report.report_id: each for each in made}
    visible = sunk.reports if sunk.folder.is_dir() else []
    assert all(sunk.holds(by_id[report_id]) for report_id in visible)
    assert told <= set(visible)
    assert not sunk.folder.is_dir() or set(sunk.results) <= set(visible)


@pytest.mark.long
def test_a_kill_at_any_point_loses_nothing_doubles_nothing_and_tells_nobody_too_early(tmp_path: Path) -> None:
    with running_ward(tmp_path / "server") as ward, killer(ward, tmp_path) as run:
        made = [ward.send(MadeFile("image/jpeg", b"one" * 9000)), ward.send(MadeFile("image/jpeg", b"two"))]
        point = 0
        while True:
            point += 1
            ward.clinic.network.seen.clear()
            sunk = Sunk(tmp_path / f"sunk-{point}")
            status = run.run("sync", "--once", sunk.folder, kill_at=point)
            check(sunk, made, told(ward))
            if status != KILLED:
                break
            assert run.run("sync", "--once", sunk.folder) == 0, run.output.read_text()
            finished(ward, sunk, made)
        assert status == 0, run.output.read_text()
        finished(ward, sunk, made)
        assert point > 40, f"there are more points than {point}"


def finished(ward: Ward, sunk: Sunk, made: list[MadeReport]) -> None:
    ids = {each.report.report_id for each in made}
    check(sunk, made, told(ward))
    assert sunk.reports == sorted(ids)
    assert sunk.results == dict.fromkeys(ids, "stored")
    assert sunk.hidden == []
    assert told(ward) == ids
    for path in sunk.folder.iterdir():
        assert path.name in {*ids, "manifest.csv", ".picsafe-sync.json", ".picsafe-sync.lock", ".downloads"}


def test_kill_after_kill_after_kill_still_ends_well(tmp_path: Path) -> None:
    with running_ward(tmp_path / "server") as ward, killer(ward, tmp_path) as run:
        made = [ward.send(MadeFile("image/jpeg", b"one" * 9000)), ward.send(MadeFile("image/jpeg", b"two"))]
        sunk = Sunk(tmp_path / "sunk")
        kills = 0
        for point in range(3, 200, 5):
            status = run.run("sync", "--once", sunk.folder, kill_at=point)
            check(sunk, made, told(ward))
            if status != KILLED:
                break
            kills += 1
        assert status == 0, run.output.read_text()
        assert kills > 4
        finished(ward, sunk, made)
