"""Films and sound of many writers, whole and damaged: cleaning changes nothing that plays and leaves nobody's name."""

from __future__ import annotations

import io
import re
from pathlib import Path

import mutagen
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
from media_corpus.measure import clean_copy, fault_of
from media_corpus.model import Container
from media_corpus.recordings import NAMES
from media_corpus.sources import TELLTALES
from media_corpus.store import samples_of
from picsafe_protocol.contracts.errors import UnsupportedMedium

RECORDINGS = ("mp4", "mov", "webm", "ogg", "mp3", "wav", "flac", "aac")
SECRETS = (*TELLTALES, *(name.encode() for name in NAMES.values()), b"Jane", b"GPRMC", b"+37.8")
GROUPS = {
    *("System", "File", "ExifTool", "QuickTime", "Track1", "Track2", "Track3", "Matroska", "RIFF", "FLAC", "MPEG"),
    *("Vorbis", "Opus", "Theora", "Composite"),
}
"""Groups of exiftool's that say how picture and sound are stored; tags would be in others."""
PERSONAL = re.compile(
    r"Title|Artist|Author|Comment|(?<!Group)Description$|Name$|Album|GPS|Location|Make|Model|Serial|Software|Writing|Muxing|Vendor|Encoder$"
    r"|Copyright$|Date$|Keyword|Subject|Owner|Creator|Picture|Cover|Lyrics|Attached"
)
STRUCTURE = {"MPEG:Encoder"}
"""Written by the coder into its own frames, which stay as they are."""


@pytest.fixture(params=RECORDINGS)
def container(request: pytest.FixtureRequest) -> Container:
    return CONTAINERS[str(request.param)]


def test_files_of_all_writers_are_accepted_and_play_as_before(container: Container) -> None:
    for sample, plan in clean_copies(container, SECRETS):
        assert plan.warnings == (), sample.name


def test_mutagen_finds_no_tag_in_a_copy(container: Container) -> None:
    for sample in samples_of(container):
        try:
            file = mutagen.File(io.BytesIO(clean_copy(sample.data)[1]))
        except mutagen.MutagenError:
            continue  # it does not read QuickTime's own descriptions of sound
        tags = None if file is None else file.tags
        assert not tags, (sample.writer, sample.name, tags)


def test_exiftool_finds_no_name_time_or_place_in_a_copy(container: Container, tmp_path: Path) -> None:
    for name, tags in exiftool_tags(container, tmp_path, "-ee3").items():
        assert {key: value for key, value in tags.items() if not _is_structure(key, str(value))} == {}, name


def _is_structure(key: str, value: str) -> bool:
    group, _, tag = key.partition(":")
    if group in ("System", "File", "ExifTool") or key in STRUCTURE:
        return True
    is_empty = value in ("0000:00:00 00:00:00", "(empty)") or not value.strip(" \x00")
    return group in GROUPS and (is_empty or not PERSONAL.search(tag)) and "Jane" not in value


def test_mutations_are_refused_or_play_as_before(container: Container, record_property: RecordProperty) -> None:
    check_mutations(container, MUTATIONS, record_property)


@pytest.mark.parametrize("name", ["mp4", "mov"])
def test_films_whose_media_data_say_a_shorter_length_are_refused_or_play_as_before(name: str) -> None:
    accepted = 0
    for sample in samples_of(CONTAINERS[name]):
        at = sample.data.rindex(b"mdat") - 4
        length = int.from_bytes(sample.data[at : at + 4], "big")
        for shorter in (length - 1, length - 40, length // 2, 8):
            data = sample.data[:at] + shorter.to_bytes(4, "big") + sample.data[at + 4 :]
            try:
                plan, copy = clean_copy(data)
            except UnsupportedMedium:
                continue
            accepted += 1
            assert not fault_of(CONTAINERS[name], data, plan, copy), (sample.name, length - shorter)
    assert accepted


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_many_mutations_are_refused_or_play_as_before(container: Container, record_property: RecordProperty) -> None:
    check_mutations(container, LONG_MUTATIONS, record_property)
