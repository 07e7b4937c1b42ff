"""Still images of many writers, whole and damaged: cleaning changes nothing that is shown and leaves nobody's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_corpus.checks import (
    LONG_MUTATIONS,
    MUTATIONS,
    RecordProperty,
    check_mutations,
    clean_copies,
    exiftool_tags,
)
from media_corpus.containers import CONTAINERS
from media_corpus.model import Container
from media_corpus.sources import TELLTALES

STILLS = ("jpeg", "png", "webp", "gif", "heic", "avif")
STRUCTURE = {"JFIF", "Adobe", "PNG", "PNG-pHYs", "RIFF", "GIF", "QuickTime", "Meta", "Track1"}
"""Groups of exiftool's that say how the pixels are stored. `ICC…` is colour, `IFD0` may hold the orientation."""
ABOUT_THE_FILE = {"System", "File", "ExifTool"}


@pytest.fixture(params=STILLS)
def container(request: pytest.FixtureRequest) -> Container:
    return CONTAINERS[str(request.param)]


def test_files_of_all_writers_are_accepted_and_look_as_before(container: Container) -> None:
    assert all(plan.description.extension for _, plan in clean_copies(container, TELLTALES))


def test_exiftool_finds_only_structure_colours_and_the_orientation(container: Container, tmp_path: Path) -> None:
    for name, tags in exiftool_tags(container, tmp_path).items():
        assert dict(_unexpected(tags)) == {}, name


def test_damage_never_changes_what_is_shown(container: Container, record_property: RecordProperty) -> None:
    check_mutations(container, MUTATIONS, record_property)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_much_damage_never_changes_what_is_shown(container: Container, record_property: RecordProperty) -> None:
    check_mutations(container, LONG_MUTATIONS, record_property)


def _unexpected(tags: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in tags.items():
        group, _, tag = name.partition(":")
        is_time = tag.endswith("Date") and value != "0000:00:00 00:00:00" and not group.startswith("ICC")
        expected = group in STRUCTURE or group.startswith("ICC") or name == "IFD0:Orientation"
        if (group not in ABOUT_THE_FILE and not expected) or (is_time and group != "System"):
            yield name, value
