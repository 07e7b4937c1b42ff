"""`picsafe send` and `picsafe open` as processes of their own, against a server on a real port."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness.clinic import Person, free_port
from harness.clinic_for_commands import PICSAFE, TESTS, Ward, picsafe, running_ward
from harness.command_line import PHOTO, jpeg
from harness.report_factory import MadeReport, repacked

import picsafe_media as media
from picsafe_cli.exit_status import ExitStatus
from picsafe_cli.send.media_preparation import prepare
from picsafe_protocol.format.strict_zip import build

SECONDS = 120
"""Far more than anything here takes."""

CLIP = TESTS.parent / "demo" / "clip.mp4"
FACTS = {
    "patient": {"name": "Edda Lindqvist", "birth_date": "1970-01-31", "record_number": "MRN 00412"},
    "captured_at": "2026-11-22T10:15:00+10:00",
    "body_site": "forearm",
    "laterality": "left",
    "notes": "Superficial burn, day 2.",
    "consent": {
        "method": "written",
        "giver": {"role": "parent_or_guardian", "name": "Sigrid Lindqvist"},
        "purposes": ["treatment", "education", "named_publication"],
        "publication": "Journal of Examples",
        "form_text_version": "2026-01",
    },
}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One server for all tests here."""
    with running_ward(tmp_path_factory.mktemp("ward") / "server") as ward:
        yield ward


@pytest.fixture(scope="module")
def ana(ward: Ward) -> str:
    """The sender's session."""
    return ward.token_of(ward.ana)


@pytest.fixture(scope="module")
def ben(ward: Ward) -> str:
    """The reader's session."""
    return ward.token_of(ward.ben)


@pytest.fixture(autouse=True)
def calm(ward: Ward) -> Iterator[None]:
    yield
    ward.clinic.network.__init__()  # type: ignore[misc]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_2041.jpg"
    path.write_bytes(jpeg())
    return path


def listed(ward: Ward, person: Person, box: str = "inbox") -> list[Any]:
    with ward.clinic.client_of(person) as http:
        reports: list[Any] = http.get(f"/users/v1/reports?box={box}").json()["reports"]
    return reports


def sent_id(output: str) -> str:
    assert output.startswith("Sent "), output
    return output.split()[1].rstrip(":")


def cleaned(path: Path) -> bytes:
    """The bytes that PicSafe sends of a file."""
    (item,) = prepare([path])
    with path.open("rb") as file:
        return b"".join(media.cleaned_chunks(file, item.cleaned))


def on_terminal(*arguments: str | Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run the command with a terminal as its standard error: exit status, and what it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [PICSAFE, *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:  # how a terminal ends on Linux
        pass
    os.close(ours)
    return process.wait(SECONDS), written.decode("utf-8", "replace")


def interrupted(ward: Ward, part: str, *arguments: str | Path, environment: dict[str, str]) -> tuple[int, str]:
    """Press Ctrl-C once a request with `part` in its path waits for its answer."""
    with ward.clinic.held(part):
        with subprocess.Popen(
            [PICSAFE, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            deadline = time.monotonic() + SECONDS
            while not ward.clinic.network.asked(part):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline, f"nobody asked for {part}"
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=SECONDS)
        return process.returncode, errors


# All the way


def test_a_photo_and_a_clip_with_all_facts_arrive_byte_for_byte(
    ward: Ward, ana: str, ben: str, photo: Path, tmp_path: Path
) -> None:
    done = picsafe(
        "send", photo, CLIP, "--to", ward.ben.email, "--facts", "-",
        environment=ward.environment(ana), input=json.dumps(FACTS),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report_id = sent_id(done.stdout)
    assert "arrived in region au, kept until " in done.stdout
    assert "uploading" not in done.stderr, "a bar where there is no terminal"

    folder = tmp_path / "out"
    opened = picsafe("open", report_id, "-o", folder, environment=ward.environment(ben))
    assert (opened.returncode, opened.stderr.startswith("picsafe: Sent by ")) == (0, True)
    assert "nobody has confirmed" not in opened.stderr
    description, origin, *files = map(Path, opened.stdout.splitlines())
    assert json.loads(origin.read_bytes())["confirmed"]
    assert [path.name for path in files] == ["2026-11-22_left-forearm_1.jpg", "2026-11-22_left-forearm_2.mp4"]
    assert [path.read_bytes() for path in files] == [cleaned(photo), cleaned(CLIP)]
    assert {path.name for path in folder.iterdir()} == {path.name for path in (description, origin, *files)}
    said = json.loads(description.read_bytes())
    for name in ("patient", "captured_at", "body_site", "laterality", "notes"):
        assert said[name] == FACTS[name], name
    (consent,) = said["consent"]
    wanted: Any = FACTS["consent"]
    assert (consent["method"], consent["giver"], consent["publication"]) == (
        wanted["method"], wanted["giver"], wanted["publication"],
    )  # fmt: skip
    assert {name for name, permitted in consent["purposes"].items() if permitted} == set(wanted["purposes"])
    (row,) = (row for row in listed(ward, ward.ana, "sent") if row["id"] == report_id)
    assert row["recipients"][0]["opened_at"], "the sender was not told that it was opened"


def test_options_say_the_same_as_the_file_of_facts(ward: Ward, ana: str, ben: str, photo: Path, tmp_path: Path) -> None:
    done = picsafe(
        "send", photo, "--to", ward.ben.email, "--quiet",
        "--patient-name", "Edda Lindqvist", "--birth-date", "1970-01-31", "--record-number", "MRN 00412",
        "--body-site", "forearm", "--side", "left", "--notes", "Day 2.", "--captured-at", "2026-11-22T10:15:00+10:00",
        "--consent", "verbal", "--purpose", "treatment", "--purpose", "audit", environment=ward.environment(ana),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    options = ("-o", tmp_path / "out", "--patient-name-in-file-names")
    opened = picsafe("open", sent_id(done.stdout), *options, environment=ward.environment(ben))
    assert opened.returncode == 0, opened.stderr
    said = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert said["patient"] == FACTS["patient"]
    assert {name for name, permitted in said["consent"][0]["purposes"].items() if permitted} == {"treatment", "audit"}
    (name,) = (path.name for path in (tmp_path / "out").glob("*.jpg"))
    assert "lindqvist" in name.lower()


def test_on_a_terminal_a_bar_shows_each_phase_to_its_end(ward: Ward, ana: str, photo: Path) -> None:
    arguments = ("send", photo, "--to", ward.ben.email)
    status, shown = on_terminal(*arguments, environment=ward.environment(ana))
    assert status == 0, shown
    for phase in ("preparing", "encrypting", "uploading"):
        assert f"{phase}: 100%" in shown
    status, shown = on_terminal(*arguments, "--quiet", environment=ward.environment(ana))
    assert (status, shown) == (0, "The record system of Harbour Clinic gets it too.\r\n")  # said in any case


# Stopped in the middle


def test_ctrl_c_while_sending_leaves_nothing_half_made_and_says_so(
    ward: Ward, ana: str, photo: Path, tmp_path: Path
) -> None:
    before, rows = len(listed(ward, ward.ben)), len(listed(ward, ward.ana, "sent"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = ward.environment(ana) | {"TMPDIR": str(scratch)}
    status, errors = interrupted(
        ward, "/parts/", "send", photo, "--to", ward.ben.email, environment=environment
    )  # fmt: skip
    assert status == 128 + signal.SIGINT
    assert errors.rstrip().endswith("picsafe: stopped; nothing is half-written.")
    assert "Traceback" not in errors
    assert (len(listed(ward, ward.ben)), len(listed(ward, ward.ana, "sent"))) == (before, rows)
    assert [method for method, path, _ in ward.clinic.network.seen if "/v1/reports/" in path] == ["DELETE"]
    assert list(scratch.iterdir()) == []


def test_ctrl_c_while_opening_leaves_no_folder(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send()
    folder = tmp_path / "out"
    status, errors = interrupted(
        ward, "/release", "open", made.report.report_id, "-o", folder, environment=ward.environment(ben)
    )  # fmt: skip
    assert status == 128 + signal.SIGINT
    assert "stopped; nothing is half-written" in errors
    assert not folder.exists()


# What cannot be sent


def refused(ward: Ward, ana: str, *arguments: str | Path, status: ExitStatus = ExitStatus.REFUSED, **more: str) -> str:
    """What `picsafe send` says when it refuses; nothing was begun."""
    ward.clinic.network.seen.clear()
    done = picsafe("send", *arguments, environment=ward.environment(ana) | more)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert not ward.clinic.network.asked("/v1/keys")
    assert not ward.clinic.network.asked("/v1/uploads")
    return done.stderr


def test_a_recipient_whom_nobody_knows_is_named(ward: Ward, ana: str, photo: Path) -> None:
    said = refused(ward, ana, photo, "--to", ward.ben.email, "--to", "bem@clinic.example")
    assert "Nobody with this address uses PicSafe: bem@clinic.example." in said
    assert "Nothing was sent." in said


def test_a_server_that_cannot_be_reached_is_named(ward: Ward, ana: str, photo: Path) -> None:
    nowhere = {"PICSAFE_URL": f"http://localhost:{free_port()}"}
    said = refused(ward, ana, photo, "--to", ward.ben.email, status=ExitStatus.TRY_AGAIN, **nowhere)
    assert "localhost cannot be reached." in said


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("Dear colleague,"), "does not support this kind of file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: None, "No such file"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a file"),
    ],
    ids=["a letter", "nothing in it", "a folder", "not there", "a device"],
)
def test_a_file_that_is_no_photo_is_named_and_nothing_is_asked(
    ward: Ward, ana: str, photo: Path, tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / "letter.jpg")
    said = refused(ward, ana, photo, tmp_path / "letter.jpg", "--to", ward.ben.email)
    assert "letter.jpg" in said
    assert reason in said
    assert ward.clinic.network.seen == []


# What cannot be opened, and where to


def opened(ward: Ward, who: str, source: str | Path, folder: Path) -> tuple[int, str]:
    done = picsafe("open", source, "-o", folder, environment=ward.environment(who))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def crafted(made: MadeReport, tmp_path: Path, payload: bytes) -> Path:
    """A file on the disk that holds the report with another payload."""
    path = tmp_path / "crafted.picsafe"
    path.write_bytes(repacked(made, payload).package)
    return path


def test_what_is_in_the_output_folder_stays_as_it_is(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    path, folder = tmp_path / "report.picsafe", tmp_path / "out"
    path.write_bytes(made.package)
    folder.mkdir()
    for name in ("report.json", "2026-11-22_left-forearm_1.jpg"):
        (folder / name).write_bytes(b"mine")
    assert opened(ward, ben, path, folder)[0] == 0
    contents = sorted(each.read_bytes() for each in folder.iterdir() if each.name != "sender.json")
    assert contents == sorted([b"mine", b"mine", PHOTO.content, made.report.to_bytes()])


def test_an_output_that_is_a_file_is_not_touched(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    target = tmp_path / "out"
    target.write_bytes(b"mine")
    status, said = opened(ward, ben, made.report.report_id, target)
    assert status == 1
    assert str(target) in said
    assert target.read_bytes() == b"mine"


@contextmanager
def unknown(ward: Ward, made: MadeReport) -> Iterator[None]:
    """The user server knows nothing of a report, as that of another institution."""
    part = f"/v1/reports/{made.report.report_id}"
    ward.clinic.network.refusals[part] = (404, {"code": "not_found", "title": "There is nothing here", "status": 404})
    try:
        yield
    finally:
        del ward.clinic.network.refusals[part]


def another_dose(made: MadeReport, tmp_path: Path) -> Path:
    """What a recipient makes with the key that all of them have."""
    report = replace(made.report, notes="Morphine 500 mg")
    members = [(facts.path, made.files[facts.path]) for facts in report.files()]
    return crafted(made, tmp_path, build([("report.json", report.to_bytes()), *members]))


def test_a_file_that_a_recipient_packed_again_is_not_what_was_sent(ward: Ward, ben: str, tmp_path: Path) -> None:
    path = another_dose(ward.send(PHOTO), tmp_path)
    status, said = opened(ward, ben, path, tmp_path / "out")
    assert status == ExitStatus.DAMAGED
    assert "This file is not the report that was sent" in said
    assert not (tmp_path / "out").exists()


def test_what_nobody_can_compare_does_not_stand_under_the_sender_s_name(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    with unknown(ward, made):
        status, said = opened(ward, ben, another_dose(made, tmp_path), tmp_path / "out")
    assert status == 0
    assert "Key created for " in said
    assert "Nobody has confirmed that this file is theirs." in said
    assert "sent by" not in said.lower()
    told = json.loads((tmp_path / "out" / "sender.json").read_bytes())
    assert (told["source"], told["confirmed"]) == ("file", False)


def test_an_id_means_the_report_also_where_a_file_has_its_name(ward: Ward, ben: str, tmp_path: Path) -> None:
    """A file named like a report, left in a shared folder, is not opened in the report's place."""
    made, other = ward.send(PHOTO), ward.send(PHOTO, PHOTO)
    name = made.report.report_id
    (tmp_path / name).write_bytes(other.package)
    done = picsafe("open", name, "-o", "out", environment=ward.environment(ben), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "report.json").read_bytes())["report_id"] == name
    said = picsafe("open", "report", "-o", "other", environment=ward.environment(ben), cwd=tmp_path).stderr
    assert "neither the id of a report nor the path of a file" in said
    by_path = picsafe("open", f"./{name}", "-o", "other", environment=ward.environment(ben), cwd=tmp_path)
    assert json.loads((tmp_path / "other" / "report.json").read_bytes())["report_id"] == other.report.report_id
    assert by_path.returncode == 0


def test_members_that_climb_out_of_the_folder_are_refused(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    payload = build([("report.json", made.report.to_bytes()), ("xx/xx/evil.jpg", b"evil")])
    path = crafted(made, tmp_path, payload.replace(b"xx/xx/", b"../../"))
    folder = tmp_path / "deep" / "out"
    with unknown(ward, made):
        status, said = opened(ward, ben, path, folder)
    assert status == ExitStatus.DAMAGED
    assert "not well formed" in said
    assert not folder.exists()
    assert not list(tmp_path.parent.rglob("evil*"))


def test_facts_that_look_like_paths_become_plain_names(ward: Ward, ben: str, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    hostile = replace(made.report, body_site="../../../etc/passwd", patient=replace(made.report.patient, name="/\\.."))
    members = [(facts.path, made.files[facts.path]) for facts in hostile.files()]
    path = crafted(made, tmp_path, build([("report.json", hostile.to_bytes()), *members]))
    with unknown(ward, made):
        status, said = opened(ward, ben, path, tmp_path / "out")
    assert status == 0
    # From disk, so by the key server's log; the file says that it is by Dr Ruth Abara.
    assert re.search(
        r"Key created for .*ana.*\n.*names another author, which nobody has confirmed: Dr Ruth Abara", said
    )
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "2026-11-22_left-etc-passwd_1.jpg",
        "report.json",
        "sender.json",
    ]
    told = json.loads((tmp_path / "out" / "sender.json").read_bytes())
    assert told["sender"]["email"] == "ana@clinic.example"
    assert told["author_differs"]


def test_somebody_else_s_report_leaves_no_folder(ward: Ward, tmp_path: Path) -> None:
    made = ward.send(PHOTO)
    path = tmp_path / "report.picsafe"
    path.write_bytes(made.package)
    eve = ward.token_of(ward.clinic.person("Eve", "eve@other.example"))
    for source in (path, made.report.report_id, tmp_path / "missing.picsafe"):
        status, said = opened(ward, eve, source, tmp_path / "out")
        assert status == 1
        assert "Edda" not in said
        assert not (tmp_path / "out").exists()
