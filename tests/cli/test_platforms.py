"""The command where things are missing: Windows' lack of Unix, disks that cannot sync, file systems without locks."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath

import pytest
from harness.clinic import PASSWORD
from harness.clinic_for_commands import TESTS, Ward, running_ward
from harness.command_line import Sunk, jpeg
from hypothesis import given
from hypothesis import strategies as st

from picsafe_cli import durable_files, os_support
from picsafe_cli.exit_status import ExitStatus
from picsafe_cli.receive.state import FolderLock
from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.format.filenames import package_name, saved_names, slug

SECONDS = 240


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with running_ward(tmp_path_factory.mktemp("ward") / "server") as ward:
        yield ward


def on_windows(*arguments: str | Path) -> list[str]:
    """The command line that runs `picsafe` without what only Unix has."""
    return [sys.executable, "-m", "harness.without_unix", *map(str, arguments)]


def run(
    *arguments: str | Path, environment: dict[str, str], typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        on_windows(*arguments), env=environment, capture_output=True, text=True, timeout=SECONDS, check=False, input=typed
    )  # fmt: skip


def test_without_unix_it_says_its_version_and_helps(ward: Ward) -> None:
    for option in ("--version", "--help"):
        done = run(option, environment=ward.environment())
        assert (done.returncode, done.stderr) == (0, "")


def test_without_unix_a_person_signs_in_sends_and_opens(ward: Ward, tmp_path: Path) -> None:
    environment = {name: value for name, value in ward.environment().items() if not name.startswith("PICSAFE_")}
    environment |= {"HOME": str(tmp_path), "APPDATA": str(tmp_path / "AppData")}
    environment.pop("XDG_CONFIG_HOME", None)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    done = run("login", ward.clinic.url, ward.ana.email, environment=environment, typed=PASSWORD + "\n")
    assert (done.returncode, done.stdout) == (0, "Signed in as Ana Reyes.\n"), done.stderr
    assert (tmp_path / "AppData" / "picsafe" / "credentials.json").is_file()
    done = run("send", photo, "--to", ward.ben.email, environment=environment)
    assert done.returncode == 0, done.stderr
    sent = done.stdout.split()[1].rstrip(":")
    done = run("open", sent, "-o", tmp_path / "out", environment=ward.environment(ward.token_of(ward.ben)))
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".jpg", ".json", ".json"]
    assert run("logout", environment=environment).returncode == 0


def test_without_unix_sync_stores_locks_and_stops(ward: Ward, tmp_path: Path) -> None:
    sunk = Sunk(tmp_path / "sunk")
    made = ward.send()
    done = run("sync", "--once", sunk.folder, environment=ward.environment())
    assert done.returncode == 0, done.stderr
    assert sunk.holds(made)
    watching = on_windows("sync", "--watch", sunk.folder)
    with subprocess.Popen(watching, env=ward.environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            while "listening" not in process.stderr.readline():
                assert process.poll() is None
            second = run("sync", "--once", sunk.folder, environment=ward.environment())
            assert second.returncode == ExitStatus.REFUSED
            assert "Another picsafe sync is working in" in second.stderr
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_no_module_of_the_command_imports_what_only_unix_has() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from harness.without_unix import become_windows; become_windows()\n"
        "import pkgutil, importlib, picsafe_cli, picsafe_protocol, picsafe_dicom\n"
        "for package in (picsafe_cli, picsafe_protocol, picsafe_dicom):\n"
        "    for each in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(each.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(TESTS)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr


@given(
    st.text(max_size=60),
    st.sampled_from(["con", "NUL", "aux.", "com1", "lpt9", "prn ", "CONIN$", "a:b", 'x"y', "end."]),
)
def test_no_saved_name_is_one_that_windows_keeps_for_itself(text: str, reserved: str) -> None:
    from dataclasses import replace

    from harness.report_factory import MadeFile, made_report

    made = made_report([MadeFile("image/jpeg", b"x", width=1, height=1)])
    for words in (text, reserved):
        report = replace(made.report, body_site=slug(words), patient=replace(made.report.patient, name=slug(words)))
        for with_patient in (False, True):
            for name in saved_names(report, with_patient=with_patient).values():
                for part in PureWindowsPath(name).parts:
                    assert not PureWindowsPath(part).is_reserved()
                    assert not set(part) & set('<>:"/\\|?*')
                    assert not part.endswith((".", " "))
    for name in (package_name(made.header.created_at, made.report.report_id), new_identifier()):
        assert not PureWindowsPath(name).is_reserved()


# Disks that cannot say when something is safe, and file systems without locks


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_share_that_cannot_sync_is_said_once_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    monkeypatch.setattr(os_support, "_warned", set())
    monkeypatch.setattr(os, "fsync", failing(number))
    for name in ("a", "b"):
        durable_files.write(tmp_path / name, b"x")
        durable_files.append(tmp_path / "log", b"line\n")
        durable_files.make_folder(tmp_path / f"folder {name}")
    assert (tmp_path / "log").read_bytes() == b"line\nline\n"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "Going on" in caplog.text


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_to_sync_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        durable_files.write(tmp_path / "a", b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_refused_with_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    import fcntl

    monkeypatch.setattr(fcntl, "flock", failing(number))
    with pytest.raises(InvalidRequest, match="without locks") as caught:
        FolderLock(tmp_path).__enter__()
    assert str(tmp_path) in str(caught.value)
    assert "with locks" in caught.value.advice


def test_a_lock_that_fails_otherwise_is_the_disk_s_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr(fcntl, "flock", failing(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        FolderLock(tmp_path).__enter__()
