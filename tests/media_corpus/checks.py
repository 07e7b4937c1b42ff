"""What every kind of file of the corpus has to pass, still images and recordings alike."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from media_corpus.measure import clean_copy, fault_of, run
from media_corpus.model import Container, Sample
from media_corpus.store import samples_of
from picsafe_media import Cleaned

MUTATIONS = 2_000
LONG_MUTATIONS = 100_000
FILES = 60
WRITERS = 5

RecordProperty: TypeAlias = Callable[[str, object], None]


def clean_copies(container: Container, secrets: Sequence[bytes]) -> Iterator[tuple[Sample, Cleaned]]:
    """Clean every file of a kind; each sample with its plan. Its copy shows what the original does and holds no secret."""
    samples = samples_of(container)
    assert len(samples) >= FILES
    assert len({sample.writer for sample in samples}) >= WRITERS
    for sample in samples:
        plan, copy = clean_copy(sample.data)
        assert fault_of(container, sample.data, plan, copy) == "", (sample.writer, sample.name)
        assert [word for word in secrets if word in copy] == [], (sample.writer, sample.name)
        yield sample, plan


def exiftool_tags(container: Container, folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """What exiftool finds in the copy of every file of a kind, by the copy's path; `folder` is empty and takes the copies."""
    for sample in samples_of(container):
        plan, copy = clean_copy(sample.data)
        (folder / f"{sample.writer}--{sample.name}.{plan.description.extension}").write_bytes(copy)
    asked = ["exiftool", "-json", "-e", "-G1", "-a", "-u", "-U", *options, *map(str, sorted(folder.iterdir()))]
    found = json.loads(subprocess.run(asked, capture_output=True, check=False).stdout)
    assert len(found) == len(samples_of(container))
    return {tags.pop("SourceFile"): tags for tags in found}


def check_mutations(container: Container, count: int, record_property: RecordProperty) -> None:
    """Damage files of a kind `count` times: each is refused, or its copy shows what the damaged file does."""
    tally = run(container, samples_of(container), range(count))
    record_property("told at the end", f"{container.name}: {tally}")
    assert tally.faults == [], "\n".join(map(str, tally.faults[:20]))
    assert tally.accepted > tally.unreadable
