"""Still images of many writers, whole and damaged: cleaning changes nothing that is shown and leaves nobody's name."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_corpus.containers import CONTAINERS
from media_corpus.measure import clean_copy, fault_of, run
from media_corpus.model import Container
from media_corpus.sources import TELLTALES
from media_corpus.store import samples_of
from picsafe_protocol.media import Cleaned

STILLS = ("jpeg", "png", "webp", "gif", "heic", "avif")
MUTATIONS = 2_000
LONG_MUTATIONS = 100_000
STRUCTURE = {"JFIF", "Adobe", "PNG", "PNG-pHYs", "RIFF", "GIF", "QuickTime", "Meta", "Track1"}
"""Groups of exiftool's that say how the pixels are stored. `ICC…` is colour, `IFD0` may hold the orientation."""
ABOUT_THE_FILE = {"System", "File", "ExifTool"}

Record = Callable[[str, object], None]


@pytest.fixture(params=STILLS)
def container(request: pytest.FixtureRequest) -> Container:
    return CONTAINERS[str(request.param)]


def test_files_of_all_writers_are_accepted_and_look_as_before(container: Container) -> None:
    samples = samples_of(container)
    assert len(samples) >= 60
    assert len({sample.writer for sample in samples}) >= 5
    for sample in samples:
        plan, copy = clean_copy(sample.data)
        assert fault_of(container, sample.data, plan, copy) == "", sample.name
        assert [word for word in TELLTALES if word in copy] == [], sample.name


def test_exiftool_finds_only_structure_colours_and_the_orientation(container: Container, tmp_path: Path) -> None:
    for sample in samples_of(container):
        plan, copy = clean_copy(sample.data)
        _as_file(tmp_path, f"{sample.writer}--{sample.name}", plan, copy)
    asked = ["exiftool", "-json", "-e", "-G1", "-a", "-u", "-U", "-r", str(tmp_path)]
    found = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    assert len(found) == len(samples_of(container))
    for tags in found:
        name = tags.pop("SourceFile")
        assert dict(_unexpected(tags)) == {}, name


def test_damage_never_changes_what_is_shown(container: Container, record_property: Record) -> None:
    _try(container, MUTATIONS, record_property)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_much_damage_never_changes_what_is_shown(container: Container, record_property: Record) -> None:
    _try(container, LONG_MUTATIONS, record_property)


def _try(container: Container, count: int, record_property: Record) -> None:
    tally = run(container, samples_of(container), range(count))
    record_property("told at the end", f"{container.name}: {tally}")
    assert tally.faults == []
    assert tally.accepted > tally.unreadable


def _as_file(folder: Path, name: str, plan: Cleaned, copy: bytes) -> None:
    (folder / f"{name}.{plan.description.extension}").write_bytes(copy)


def _unexpected(tags: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in tags.items():
        group, _, tag = name.partition(":")
        is_time = tag.endswith("Date") and value != "0000:00:00 00:00:00" and not group.startswith("ICC")
        expected = group in STRUCTURE or group.startswith("ICC") or name == "IFD0:Orientation"
        if (group not in ABOUT_THE_FILE and not expected) or (is_time and group != "System"):
            yield name, value
