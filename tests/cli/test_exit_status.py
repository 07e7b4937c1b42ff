"""One table of exit statuses, the same in the code, in `--help` and in the documentation; each row is reached."""

from __future__ import annotations

import argparse
import re
import signal
from pathlib import Path

import pytest

from picsafe_cli import exit_status, main
from picsafe_cli.commands import sync
from picsafe_cli.exit_status import MEANINGS, ExitStatus, status_of
from picsafe_cli.receive.collector import Summary
from picsafe_cli.signals import Stopped
from picsafe_protocol.contracts import errors
from picsafe_protocol.contracts.errors import BY_CODE

INTEGRATE = (Path(__file__).resolve().parents[2] / "docs" / "integrate.md").read_text("utf-8")


def test_the_documentation_has_the_same_table() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \| (.+) \|$", INTEGRATE, re.MULTILINE)
    assert rows == [(str(status.value), status.name, MEANINGS[status]) for status in ExitStatus]


def test_the_help_has_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    for status, meaning in MEANINGS.items():
        assert re.search(rf"^ +{status.value} +{re.escape(meaning)}$", printed, re.MULTILINE)


def test_no_error_is_a_success() -> None:
    assert {status_of(kind()) for kind in BY_CODE.values()} == {
        ExitStatus.REFUSED, ExitStatus.TRY_AGAIN, ExitStatus.DAMAGED, ExitStatus.SIGNED_OUT,
    }  # fmt: skip


ENDS: dict[str, tuple[BaseException | ExitStatus | None, int]] = {
    "all well": (None, 0),
    "a status of its own": (ExitStatus.LOST, 5),
    "refused": (errors.UnknownRecipient(), 1),
    "expired": (errors.ReportExpired(), 1),
    "a newer version": (errors.UnsupportedVersion(), 1),
    "no network": (errors.Unreachable(), 3),
    "a portal": (errors.Intercepted(), 3),
    "no room": (errors.StorageFull(), 3),
    "damaged": (errors.Tampered(), 4),
    "no package": (errors.InvalidPackage(), 4),
    "signed out": (errors.NotSignedIn(), 6),
    "wrong password": (errors.WrongPassword(), 6),
    "a missing file": (FileNotFoundError(2, "No such file", "photo.jpg"), 1),
    "a fault": (ZeroDivisionError("Edda Lindqvist"), 70),
    "Ctrl-C": (KeyboardInterrupt(), 128 + signal.SIGINT),
    "SIGTERM": (Stopped(signal.SIGTERM), 128 + signal.SIGTERM),
}


@pytest.mark.parametrize(("end", "status"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("command", ["login", "logout", "send", "open", "sync"])
def test_every_command_ends_with_the_status_of_the_table(
    command: str,
    end: BaseException | ExitStatus | None,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(options: argparse.Namespace) -> ExitStatus | None:
        if isinstance(end, BaseException):
            raise end
        return end

    monkeypatch.setattr(main, {"open": "open_"}.get(command, command), run)
    arguments = {
        "login": ["https://picsafe.example", "ana@clinic.example"], "logout": [], "send": ["a.jpg", "--to", "b@clinic.example"],
        "open": ["a.picsafe", "-o", "out"], "sync": ["--once", "folder"],
    }  # fmt: skip
    assert main.main([command, *arguments[command]]) == status
    assert "Lindqvist" not in capsys.readouterr().err, "an unforeseen error's words may hold what a report holds"


@pytest.mark.parametrize(
    ("done", "status"),
    [
        (Summary(stored=2), ExitStatus.DONE),
        (Summary(stored=2, refused=1), ExitStatus.DONE),
        (Summary(waiting=1), ExitStatus.TRY_AGAIN),
        (Summary(waiting=2, damaged=1), ExitStatus.DAMAGED),
        (Summary(waiting=2, damaged=1, refused=1, lost=1), ExitStatus.LOST),
    ],
)
def test_a_round_says_the_worst_that_it_met(
    done: Summary, status: ExitStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync.status_of(done) == status
    said = " ".join(sync.sentences(done))
    assert bool(said) == (status is not ExitStatus.DONE)
    assert ("1 report " in said) == (status is not ExitStatus.DONE)


def test_a_number_never_changes_its_meaning() -> None:
    assert {status.name: status.value for status in ExitStatus} == {
        "DONE": 0, "REFUSED": 1, "USAGE": 2, "TRY_AGAIN": 3, "DAMAGED": 4, "LOST": 5, "SIGNED_OUT": 6, "FAILED": 70,
    }  # fmt: skip
    assert exit_status.SIGNAL == 128
