"""`picsafe sync` as a process of its own, against a server on a real port."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO

import pytest
from harness.clinic_for_commands import PICSAFE, Ward, picsafe, running_ward
from harness.command_line import Sunk

from picsafe_cli import main
from picsafe_cli.api import credentials
from picsafe_cli.exit_status import ExitStatus
from picsafe_protocol.contracts.errors import NotSignedIn

SECONDS = 120
"""Far more than anything here takes: what is waited for either happens or is missing."""


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One server for all tests here: each has a folder of its own."""
    with running_ward(tmp_path_factory.mktemp("ward") / "server") as ward:
        yield ward


@pytest.fixture(autouse=True)
def calm(ward: Ward) -> Iterator[None]:
    """Neither faults of the network nor the reports of one test trouble the next."""
    yield
    ward.clinic.network.__init__()  # type: ignore[misc]
    ward.withdraw_all()


class Lines:
    """What a process says, line by line."""

    def __init__(self, stream: IO[str]) -> None:
        self._queue: Queue[str] = Queue()
        self.all: list[str] = []
        Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._queue.put(line)

    def until(self, part: str) -> str:
        """The first line that holds `part`, of those not looked at yet."""
        while True:
            line = self._queue.get(timeout=SECONDS)
            self.all.append(line)
            if part in line:
                return line


@contextmanager
def watching(ward: Ward, folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Lines]]:
    arguments: list[str | Path] = [PICSAFE, "sync", "--watch", str(folder), *more]
    with subprocess.Popen(arguments, env=ward.environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield process, Lines(process.stderr)
        finally:
            process.kill()


def test_once_fetches_what_there_is_and_says_so(ward: Ward, tmp_path: Path) -> None:
    made = ward.send()
    sunk = Sunk(tmp_path / "sunk")
    done = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
    assert (done.returncode, done.stderr.count("waits")) == (0, 0), done.stderr
    assert sunk.holds(made)
    assert done.stdout == f"{len(sunk.reports)} stored, 0 refused, 0 waiting.\n"
    assert stat.S_IMODE(sunk.folder.stat().st_mode) == 0o700
    again = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
    assert again.stdout == "0 stored, 0 refused, 0 waiting.\n"


def test_watch_stores_a_report_the_moment_it_arrives(ward: Ward, tmp_path: Path) -> None:
    sunk = Sunk(tmp_path / "sunk")
    first = ward.send()
    with watching(ward, sunk.folder, "--every", "3600") as (_, lines):
        lines.until(f"report {first.report.report_id} stored")
        second = ward.send()
        lines.until(f"report {second.report.report_id} stored")
    assert sunk.holds(first)
    assert sunk.holds(second)


def test_watch_polls_where_no_events_come_through(ward: Ward, tmp_path: Path) -> None:
    ward.clinic.network.refusals["/users/v1/events"] = (404, {"code": "not_found"})
    sunk = Sunk(tmp_path / "sunk")
    first = ward.send()
    with watching(ward, sunk.folder, "--every", "1") as (_, lines):
        lines.until(f"report {first.report.report_id} stored")
        second = ward.send()
        lines.until(f"report {second.report.report_id} stored")


def test_watch_outlives_its_servers_trouble(ward: Ward, tmp_path: Path) -> None:
    sunk = Sunk(tmp_path / "sunk")
    ward.clinic.network.refusals["/users/v1/reports/new"] = (507, {"code": "storage_full", "detail": "Full."})
    with watching(ward, sunk.folder, "--every", "1") as (_, lines):
        lines.until("Trying again within 1 s.")
        made = ward.send()
        del ward.clinic.network.refusals["/users/v1/reports/new"]
        lines.until(f"report {made.report.report_id} stored")


def test_watch_outlives_a_restart_of_its_server(tmp_path: Path) -> None:
    with running_ward(tmp_path / "server") as ward:
        sunk = Sunk(tmp_path / "sunk")
        first = ward.send()
        with watching(ward, sunk.folder, "--every", "1") as (_, lines):
            lines.until(f"report {first.report.report_id} stored")
            ward.clinic.restart(lambda: lines.until("localhost cannot be reached"))
            second = ward.send()
            lines.until(f"report {second.report.report_id} stored")
        assert sunk.results == {made.report.report_id: "stored" for made in (first, second)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_watch_ends_cleanly_when_it_is_told_to(ward: Ward, tmp_path: Path, number: signal.Signals) -> None:
    sunk = Sunk(tmp_path / "sunk")
    with watching(ward, sunk.folder) as (process, lines):
        lines.until("listening")
        process.send_signal(number)
        lines.until(f"stopped by {number.name}")
        assert process.wait(SECONDS) == 0
    assert sunk.hidden == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_in_the_middle_of_a_report_it_leaves_nothing_decrypted(
    ward: Ward, tmp_path: Path, number: signal.Signals
) -> None:
    sunk = Sunk(tmp_path / "sunk")
    made = ward.send()
    ward.clinic.network.slow = 3600.0
    arguments: list[str | Path] = [PICSAFE, "sync", "--once", str(sunk.folder)]
    with subprocess.Popen(arguments, env=ward.environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = Lines(process.stderr)
        lines.until("fetching")
        process.send_signal(number)
        lines.until("picsafe: stopped; nothing is half-written.")
        assert process.wait(SECONDS) == 128 + number
    assert "Traceback" not in "".join(lines.all)
    assert not [name for name in sunk.hidden if name.startswith(".incoming")]
    ward.clinic.network.slow = 0.0
    assert picsafe("sync", "--once", sunk.folder, environment=ward.environment()).returncode == 0
    assert sunk.holds(made)


def test_two_syncs_on_one_folder_are_one_too_many(ward: Ward, tmp_path: Path) -> None:
    sunk = Sunk(tmp_path / "sunk")
    made = ward.send()
    with watching(ward, sunk.folder) as (_, lines):
        lines.until(f"report {made.report.report_id} stored")
        second = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
    assert second.returncode == ExitStatus.REFUSED
    assert "Another picsafe sync is working in" in second.stderr
    assert sunk.results[made.report.report_id] == "stored"
    assert picsafe("sync", "--once", sunk.folder, environment=ward.environment()).returncode == 0


def test_two_syncs_on_two_folders_both_have_everything(ward: Ward, tmp_path: Path) -> None:
    made = ward.send()
    for name in ("one", "two"):
        sunk = Sunk(tmp_path / name)
        assert picsafe("sync", "--once", sunk.folder, environment=ward.environment()).returncode == 0
        assert sunk.holds(made)


@pytest.mark.parametrize("how", ["--once", "--watch"])
def test_a_token_that_is_wrong_or_revoked_ends_it_with_a_reason(ward: Ward, tmp_path: Path, how: str) -> None:
    from picsafe_server.users import provisioning

    role = ward.clinic._users
    revoked = ward.clinic.within(provisioning.create_service_account(role, "Old system", ward.institution))
    (account,) = [
        each
        for each in ward.clinic.within(role.services.service_accounts.of(ward.institution))
        if each.name == "Old system"
    ]
    ward.clinic.within(role.services.service_accounts.revoke(ward.institution, account.id))
    for token in ("nonsense", "picsafe_st_nonsense", revoked):
        done = picsafe("sync", how, tmp_path / "sunk", environment=ward.environment(token))
        assert done.returncode == ExitStatus.SIGNED_OUT
        assert done.stdout == ""
        assert done.stderr.startswith("picsafe: ")
        assert "Traceback" not in done.stderr
        assert token not in done.stderr
    assert "not valid any more" in done.stderr


def test_watch_ends_when_its_token_is_revoked(ward: Ward, tmp_path: Path) -> None:
    from picsafe_server.users import provisioning

    role = ward.clinic._users
    token = ward.clinic.within(provisioning.create_service_account(role, "Doomed", ward.institution))
    accounts = ward.clinic.within(role.services.service_accounts.of(ward.institution))
    (account,) = [each for each in accounts if each.name == "Doomed"]
    arguments: list[str | Path] = [PICSAFE, "sync", "--watch", str(tmp_path / "sunk"), "--every", "3600"]
    with subprocess.Popen(arguments, env=ward.environment(token), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = Lines(process.stderr)
        lines.until("listening")
        ward.clinic.within(role.services.service_accounts.revoke(ward.institution, account.id))
        lines.until("picsafe: This service account's token is not valid any more.")
        assert process.wait(SECONDS) == ExitStatus.SIGNED_OUT


def test_a_persons_token_is_refused(ward: Ward, tmp_path: Path) -> None:
    done = picsafe("sync", "--once", tmp_path / "sunk", environment=ward.environment(ward.token_of(ward.ben)))
    assert done.returncode == 1
    assert "needs a service account" in done.stderr


def test_reports_that_wait_are_no_success(ward: Ward, tmp_path: Path) -> None:
    made = ward.send()
    ward.clinic.network.refusals[f"/packages/{made.report.report_id}"] = (
        507,
        {"code": "storage_full", "detail": "Full."},
    )
    sunk = Sunk(tmp_path / "sunk")
    done = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
    assert done.returncode == ExitStatus.TRY_AGAIN
    assert done.stdout.endswith(" 1 waiting.\n")
    assert f"report {made.report.report_id} waits: Full." in done.stderr
    assert "1 report waits" in done.stderr


def test_a_refused_report_is_tried_again_when_that_is_asked_for(ward: Ward, tmp_path: Path) -> None:
    made = ward.send()
    sunk = Sunk(tmp_path / "sunk")
    ward.clinic.network.refusals["/grants"] = (410, {"code": "key_revoked", "detail": "Taken back."})
    done = picsafe("sync", "--once", sunk.folder, environment=ward.environment())
    assert done.returncode == 0, "it is over; nothing waits"
    assert sunk.results[made.report.report_id] == "key_revoked"
    ward.clinic.network.refusals.clear()
    arguments: list[str | Path] = ["sync", "--once", "--again", made.report.report_id, sunk.folder]
    assert picsafe(*arguments, environment=ward.environment()).stdout.startswith("1 stored")
    assert sunk.holds(made)
    done = picsafe(*arguments, environment=ward.environment())
    assert done.returncode == 1
    assert "is stored already" in done.stderr


@pytest.mark.parametrize("name", ["../x", "", "A" * 26])
def test_only_identifiers_can_be_tried_again(ward: Ward, tmp_path: Path, name: str) -> None:
    done = picsafe("sync", "--once", "--again", name, tmp_path / "sunk", environment=ward.environment())
    assert done.returncode == 1
    assert "An identifier is" in done.stderr


def without_token(environment: dict[str, str]) -> None:
    del environment["PICSAFE_TOKEN"]


def without_url(environment: dict[str, str]) -> None:
    del environment["PICSAFE_URL"]


def without_either(environment: dict[str, str]) -> None:
    without_token(environment)
    without_url(environment)


def in_clear(environment: dict[str, str]) -> None:
    environment["PICSAFE_URL"] = "http://picsafe.example"


def nowhere(environment: dict[str, str]) -> None:
    environment["PICSAFE_URL"] = "picsafe.example"


def closed_port(environment: dict[str, str]) -> None:
    environment["PICSAFE_URL"] = "http://localhost:1"


SPOILT: dict[str, tuple[Callable[[dict[str, str]], None], str]] = {
    "no token": (without_token, "only one is set"),
    "no address": (without_url, "only one is set"),
    "neither": (without_either, "not signed in"),
    "an address in clear": (in_clear, "is not an address of a PicSafe server"),
    "no address at all": (nowhere, "is not an address of a PicSafe server"),
    "nobody there": (closed_port, "localhost cannot be reached"),
}
STATUSES = {
    "localhost cannot be reached": ExitStatus.TRY_AGAIN,
    "is not an address of a PicSafe server": ExitStatus.REFUSED,
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_what_is_set_wrongly_is_said(
    ward: Ward, tmp_path: Path, spoil: Callable[[dict[str, str]], None], said: str
) -> None:
    environment = ward.environment() | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    spoil(environment)
    done = picsafe("sync", "--once", tmp_path / "sunk", environment=environment)
    assert done.returncode == STATUSES.get(said, ExitStatus.SIGNED_OUT)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["sync", "folder"], ["sync", "--once", "--watch", "folder"], ["sync", "--once"], ["sync", "--once", "--every", "x", "f"],
     [], ["nonsense"], ["send", "a.jpg"], ["open", "a.picsafe"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_call_has_a_status_of_its_own(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)
    assert caught.value.code == 2
    assert "usage: picsafe" in capsys.readouterr().err


def test_a_pause_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["sync", "--watch", "--every", "0", str(tmp_path)]) == 1
    assert "at least one second" in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_refused(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = picsafe("sync", "--once", tmp_path / "file", environment=ward.environment())
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


# Signing in


def test_a_person_signs_in_and_out(ward: Ward, tmp_path: Path) -> None:
    environment = ward.environment() | {"XDG_CONFIG_HOME": str(tmp_path / "configuration")}
    without_either(environment)
    os.umask(os.umask(0o022))
    from harness.clinic import PASSWORD

    done = picsafe("login", ward.clinic.url + "/", ward.ben.email, environment=environment, input=PASSWORD + "\n")
    assert (done.returncode, done.stdout) == (0, "Signed in as Ben Vogel.\n"), done.stderr
    saved = tmp_path / "configuration" / "picsafe" / "credentials.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.parent.stat().st_mode) == 0o700
    assert PASSWORD not in saved.read_text()
    done = picsafe("logout", environment=environment)
    assert (done.returncode, done.stdout) == (0, "Signed out.\n"), done.stderr
    assert not saved.exists()
    assert picsafe("logout", environment=environment).returncode == ExitStatus.SIGNED_OUT


@pytest.mark.parametrize("password", ["wrong password", "", "x" * 10_000])
def test_a_wrong_password_saves_nothing(ward: Ward, tmp_path: Path, password: str) -> None:
    environment = ward.environment() | {"XDG_CONFIG_HOME": str(tmp_path)}
    done = picsafe("login", ward.clinic.url, ward.ana.email, environment=environment, input=password + "\n")
    assert done.returncode in {ExitStatus.SIGNED_OUT, ExitStatus.REFUSED}
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_saved_token_is_shown_to_no_other_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("PICSAFE_URL", "PICSAFE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    credentials.save(credentials.Credentials("https://picsafe.example", "secret"))
    assert credentials.load().token == "secret"
    assert "secret" not in repr(credentials.load())
    monkeypatch.setenv("PICSAFE_URL", "https://evil.example")
    with pytest.raises(NotSignedIn):
        credentials.load()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"url": 1}', b"\xff"])
def test_damaged_credentials_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    credentials.path().parent.mkdir()
    credentials.path().write_bytes(content)
    with pytest.raises(NotSignedIn):
        credentials.saved()


# Large reports

MEASURED = """
import resource, sys
from picsafe_cli import main as cli
status = cli.main(sys.argv[1:])
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(status)
"""


def test_a_large_report_does_not_fill_the_memory(ward: Ward, tmp_path: Path) -> None:
    from harness.report_factory import MadeFile

    piece = os.urandom(1_000_000)
    made = ward.send(MadeFile("video/mp4", piece * 150))
    sunk = Sunk(tmp_path / "sunk")

    def peak(folder: Path) -> int:
        arguments = [sys.executable, "-c", MEASURED, "sync", "--once", str(folder)]
        done = subprocess.run(
            arguments, env=ward.environment(), capture_output=True, text=True, check=True, timeout=SECONDS
        )
        return int(done.stderr.rpartition("PEAK ")[2])

    with_it = peak(sunk.folder)
    assert sunk.holds(made)
    nothing_new = peak(sunk.folder)
    print(f"peak of a sync with a report of 150 MB: {with_it} MiB; with nothing new: {nothing_new} MiB")
    assert with_it - nothing_new < 75, "it is read in pieces, not as a whole"
