"""The folder that sync writes: its manifest, its lock, who may read it, and the order in which things reach the disk."""

from __future__ import annotations

import csv
import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.command_line import Sunk, World

from picsafe_cli import durable_files
from picsafe_cli.receive.sinks import Outcome
from picsafe_cli.receive.sinks.folder import FolderSink
from picsafe_cli.receive.sinks.manifest import COLUMNS, Manifest
from picsafe_cli.receive.state import FolderLock
from picsafe_protocol.contracts.errors import Conflict, InvalidRequest, PicSafeError, StorageFull
from picsafe_protocol.contracts.identifiers import new_identifier

HEADER = ",".join(COLUMNS).encode() + b"\r\n"
ONE, TWO = new_identifier(), new_identifier()


@pytest.fixture(params=[0o022, 0o000, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever the user's umask is."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def outcome(report_id: str, result: str = "stored", sender: str = "ana@clinic.example") -> Outcome:
    return Outcome(report_id, result, sender, "2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z")


def stored(sink: FolderSink, report_id: str) -> None:
    (sink.begin(report_id) / "report.json").write_bytes(b"{}")
    sink.commit(outcome(report_id))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


# The sink


def test_nothing_is_visible_before_it_is_committed(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    folder = sink.begin(ONE)
    (folder / "photo.jpg").write_bytes(b"photo")
    assert not sink.has(ONE)
    assert [path.name for path in tmp_path.iterdir()] == [".incoming"]
    sink.commit(outcome(ONE))
    assert sink.has(ONE)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([ONE, "manifest.csv"])
    assert rows(tmp_path / "manifest.csv")[0] == {
        "report_id": ONE, "result": "stored", "sender": "ana@clinic.example", "available_at": "2026-11-22T00:00:00Z",
        "stored_at": "2026-11-22T00:00:01Z", "files": "1", "bytes": "5",
    }  # fmt: skip


def test_what_was_abandoned_is_gone_and_so_is_what_a_crash_left(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    (sink.begin(ONE) / "half.jpg").write_bytes(b"ha")
    sink.abandon()
    sink.abandon()
    assert list(tmp_path.iterdir()) == []
    (sink.begin(ONE) / "half.jpg").write_bytes(b"ha")
    assert list(sink.begin(TWO).iterdir()) == []
    assert [path.name for path in (tmp_path / ".incoming").iterdir()] == [TWO]
    FolderSink(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_between_folder_and_line_is_made_good(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    stored(sink, ONE)
    (tmp_path / "manifest.csv").unlink()
    again = FolderSink(tmp_path)
    assert again.has(ONE)
    again.commit(outcome(ONE))
    again.commit(outcome(ONE))
    assert [(row["report_id"], row["files"], row["bytes"]) for row in rows(tmp_path / "manifest.csv")] == [
        (ONE, "1", "2")
    ]


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "manifest.csv", "A" * 26, "a" * 25 + "\0"])
def test_only_identifiers_are_names_of_folders(tmp_path: Path, name: str) -> None:
    (tmp_path / "sunk").mkdir()
    sink = FolderSink(tmp_path / "sunk")
    for act in (sink.has, sink.begin):
        with pytest.raises(InvalidRequest):
            act(name)
    with pytest.raises(InvalidRequest):
        sink.commit(outcome(name))
    assert list((tmp_path / "sunk").rglob("*")) == []


# The manifest


def test_every_result_has_one_line(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    sink.refuse(outcome(ONE, "tampered"))
    sink.refuse(outcome(ONE, "tampered"))
    stored(sink, ONE)
    sink.refuse(outcome(ONE, "report_expired"))
    assert [(row["report_id"], row["result"]) for row in rows(tmp_path / "manifest.csv")] == [
        (ONE, "tampered"),
        (ONE, "stored"),
    ]


LINE = f"{ONE},stored,ana@clinic.example,,,1,2\r\n".encode()
DAMAGED: dict[str, tuple[bytes, bool]] = {
    "whole": (HEADER + LINE, True),
    "with a torn line": (HEADER + LINE + TWO.encode() + b",sto", True),
    "torn in its only line": (HEADER + LINE[:-1], False),
    "torn in its header": (HEADER[:10], False),
    "empty": (b"", False),
    "one long torn line": (b"x" * 1000, False),
    "zeros after a power cut": (HEADER + LINE + bytes(100), True),
    "zeros in the middle": (HEADER + bytes(100) + b"\r\n" + LINE, True),
    "not UTF-8": (HEADER + b"\xff\xfe,,\r\n" + LINE, True),
    "a quote that is never closed": (HEADER + b'"open,\r\n' + LINE, True),
    "saved by a spreadsheet": (b"\xef\xbb\xbf" + HEADER + LINE, True),
    "with other ends of lines": ((HEADER + LINE).replace(b"\r\n", b"\n"), True),
    "with columns moved": (b"result,report_id\r\nstored," + ONE.encode() + b"\r\n", True),
    "without a header": (LINE, True),
    "a refusal": (HEADER + LINE.replace(b"stored", b"tampered"), False),
}


SHEET = (HEADER + LINE).decode()
SPREADSHEETS: dict[str, bytes] = {
    "semicolons": SHEET.replace(",", ";").encode(),
    "semicolons and a byte order mark": b"\xef\xbb\xbf" + SHEET.replace(",", ";").encode(),
    "tabs": SHEET.replace(",", "\t").encode(),
    "every cell quoted": "".join(
        ";".join(f'"{cell}"' for cell in line.split(",")) + "\r\n" for line in SHEET.split("\r\n")[:-1]
    ).encode(),
    "blanks around the cells": SHEET.replace(",", " ; ").encode(),
    "lines of Unix": SHEET.replace(",", ";").replace("\r\n", "\n").encode(),
    "UTF-16 with tabs": SHEET.replace(",", "\t").encode("utf-16"),
    "a line that names the delimiter": b"sep=;\r\n" + SHEET.replace(",", ";").encode(),
    "moved columns": b"sender;result;report_id\r\n" + f"ana@clinic.example;stored;{ONE}\r\n".encode(),
}


@pytest.mark.parametrize("content", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_a_manifest_that_a_spreadsheet_saved_is_still_read_and_written_in_its_way(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    manifest = Manifest(path)
    assert manifest.is_stored(ONE)
    manifest.add({"report_id": TWO, "result": "stored", "sender": "a;b,c"})
    again = Manifest(path)
    assert again.is_stored(ONE)
    assert again.is_stored(TWO)
    lines = [line for line in path.read_text("utf-8-sig").split("\n") if not line.startswith("sep=")]
    delimiter = next(each for each in ",;\t" if each in lines[0])
    rows = list(csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True))
    assert rows[-1][next(name for name in rows[-1] if name.strip() == "sender")] == "a;b,c"
    assert {len(row) for row in rows} == {len(lines[0].split(delimiter))}


@pytest.mark.parametrize(("content", "there"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_manifest_says_what_it_still_can_and_goes_on(tmp_path: Path, content: bytes, there: bool) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    manifest = Manifest(path)
    assert manifest.is_stored(ONE) is there
    manifest.add({"report_id": TWO, "result": "stored"})
    after = path.read_bytes()
    assert after.startswith(content[: content.rfind(b"\n") + 1])
    assert after[len(content[: content.rfind(b"\n") + 1]) :].count(b"\n") <= 2
    assert Manifest(path).is_stored(TWO)
    if not content or not there:
        assert after.startswith(HEADER)


HOSTILE = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "@x": "'@x",
    "-1": "'-1",
    "\t=1": "'=1",
    "a\r\nb,stored": "a b,stored",
    'a"b': 'a"b',
    "a,b": "a,b",
    "\ud800": "?",
    "": "",
}


@pytest.mark.parametrize(("sender", "cell"), HOSTILE.items(), ids=map(repr, HOSTILE))
def test_a_cell_is_text_on_one_line_and_no_formula(tmp_path: Path, sender: str, cell: str) -> None:
    sink = FolderSink(tmp_path)
    sink.refuse(outcome(ONE, "tampered", sender))
    (row,) = rows(tmp_path / "manifest.csv")
    assert row["sender"] == cell
    assert (tmp_path / "manifest.csv").read_bytes().count(b"\n") == 2


def failing(call: Callable[..., Any], after: int, error: OSError) -> Callable[..., Any]:
    left = [after]

    def failing(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise error
        return call(*arguments)

    return failing


def test_a_line_that_cannot_be_written_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest(tmp_path / "manifest.csv")
    manifest.add({"report_id": ONE, "result": "stored"})
    before = (tmp_path / "manifest.csv").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(os.fsync, 0, OSError(errno.ENOSPC, "full")))
        with pytest.raises(OSError, match="full"):
            manifest.add({"report_id": TWO, "result": "stored"})
    assert (tmp_path / "manifest.csv").read_bytes() == before
    manifest.add({"report_id": TWO, "result": "stored"})
    assert Manifest(tmp_path / "manifest.csv").is_stored(TWO)


# One at a time


def test_a_second_sync_is_refused_while_the_first_works(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        with pytest.raises(Conflict, match="Another picsafe sync"), FolderLock(tmp_path):
            pass
        with pytest.raises(Conflict), FolderLock(tmp_path):
            pass
    with FolderLock(tmp_path):
        pass


# Files that nobody else reads, and that are there or not


def test_replacing_leaves_the_old_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    durable_files.write(tmp_path / "state", b"old")
    for call in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing(getattr(os, call), 0, OSError(errno.EIO, "broken")))
            with pytest.raises(OSError, match="broken"):
                durable_files.write(tmp_path / "state", b"new")
        assert (tmp_path / "state").read_bytes() == b"old"
        assert [path.name for path in tmp_path.iterdir()] == ["state"]
    durable_files.write(tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"new"


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    for number in range(3):
        file = tmp_path / "new"
        file.write_bytes(b"%d" % number)
        durable_files.link_unique(file, tmp_path / "photo.jpg")
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {"photo.jpg": b"0", "photo (2).jpg": b"1", "photo (3).jpg": b"2"}


def test_a_place_is_left_alone_also_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", failing(os.link, 0, OSError(errno.EPERM, "no links here")))
    test_a_place_that_is_taken_is_left_alone(tmp_path)


def test_a_link_in_the_place_of_a_new_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "new").symlink_to(tmp_path / "victim")
    with durable_files.create(tmp_path / "new") as file:
        file.write(b"mine")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert not (tmp_path / "new").is_symlink()


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EFBIG, StorageFull), (errno.EACCES, PicSafeError),
     (errno.EROFS, PicSafeError), (errno.EIO, PicSafeError)],
)  # fmt: skip
def test_what_the_system_says_is_said_in_words(number: int, error: type[PicSafeError]) -> None:
    with pytest.raises(error) as caught, durable_files.translate_os_errors():
        raise OSError(number, os.strerror(number), "/srv/picsafe/x")
    assert type(caught.value) is error
    assert caught.value.advice


@pytest.mark.anyio
@pytest.mark.usefixtures("umask")
async def test_everything_is_for_the_user_who_runs_it_only(world: World, sunk: Sunk) -> None:
    made = await world.send(signature=b"signature")
    world.network.breaks("/packages/", 1000, 0, 0)
    durable_files.make_folder(sunk.folder)
    with FolderLock(sunk.folder):
        async with world.collector(sunk.folder) as collector:
            await collector.round()
            check_modes(sunk.folder)
            world.network.calm()
            await collector.round()
    check_modes(sunk.folder)
    assert sunk.holds(made)


def check_modes(folder: Path) -> None:
    found = [folder, *folder.rglob("*")]
    assert len(found) > 3
    for path in found:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) & ~wanted == 0, path


# The order


class Disk:
    """Remembers what has been forced to the disk since it was last changed, as a power cut would find out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: set[tuple[int, int, int]] = set()
        self.names: dict[Path, set[str]] = {}
        real = os.fsync

        def fsync(descriptor: int) -> None:
            real(descriptor)
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                path = Path(f"/proc/self/fd/{descriptor}").readlink()
                self.names[path] = set(os.listdir(descriptor))
            else:
                self.synced.add((status.st_ino, status.st_size, status.st_mtime_ns))

        monkeypatch.setattr(os, "fsync", fsync)

    def keeps(self, path: Path) -> bool:
        """Whether a power cut would leave this file or folder, with its name and its content."""
        named = path.name in self.names.get(path.parent, set())
        if path.is_dir():
            return named and all(self.keeps_below(child) for child in path.iterdir())
        status = path.stat()
        return named and (status.st_ino, status.st_size, status.st_mtime_ns) in self.synced

    def keeps_below(self, path: Path) -> bool:
        """The same for what was renamed together with its folder: its name was forced before that."""
        before = [names for folder, names in self.names.items() if folder.name == path.parent.name]
        named = any(path.name in names for names in before)
        if path.is_dir():
            return named and all(self.keeps_below(child) for child in path.iterdir())
        status = path.stat()
        return named and (status.st_ino, status.st_size, status.st_mtime_ns) in self.synced


@pytest.mark.anyio
async def test_a_report_is_confirmed_only_when_a_power_cut_cannot_lose_it(
    world: World, sunk: Sunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await world.send(signature=b"signature") for _ in range(2)]
    disk = Disk(monkeypatch)
    told = []

    def look(request: Any) -> None:
        if request.url.path.endswith("/collected"):
            report_id = request.url.path.split("/")[-2]
            told.append(report_id)
            assert disk.keeps(sunk.folder / report_id), "the report is not safely on the disk"
            assert disk.keeps(sunk.folder / "manifest.csv"), "its line is not safely on the disk"
            assert sunk.results[report_id] == "stored"
            assert sunk.holds(next(each for each in made if each.report.report_id == report_id))
        if "/packages/" in request.url.path:
            assert disk.keeps(sunk.folder / ".picsafe-sync.json"), "the report could be forgotten"
            assert request.url.path.split("/")[-1] in (sunk.folder / ".picsafe-sync.json").read_text()

    world.network.before.append(look)
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    assert sorted(told) == sorted(each.report.report_id for each in made)
