"""Mutates, cleans, compares and counts."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from media_corpus.model import Container, Sample
from media_corpus.mutate import mutated
from picsafe_media import Cleaned, Keep, clean_file, cleaned_chunks
from picsafe_protocol.contracts.errors import EmptyMedium, UnsupportedMedium

__all__ = ["Tally", "clean_copy", "fault_of", "mutation", "run"]


@dataclass(slots=True)
class Tally:
    """What became of the mutations of one kind of file.

    `accepted` were cleaned, and of them `unreadable` are refused by the decoder as they came, so nobody can tell whether
    they were changed. `faults` names the mutations for which cleaning went wrong, and how.
    """

    tried: int = 0
    accepted: int = 0
    unreadable: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        compared = self.accepted - self.unreadable
        return (
            f"{self.tried} mutations, {self.accepted} accepted, {compared} of them compared, "
            f"{len(self.faults)} faults, slowest {self.slowest:.2f} s"
        )


def run(container: Container, samples: list[Sample], numbers: Iterable[int], seed: int = 1) -> Tally:
    """Tries the mutations with these numbers. The same seed and number always make the same file."""
    tally = Tally()
    for number in numbers:
        sample, data = mutation(container, samples, number, seed)
        tally.tried += 1
        begun = time.perf_counter()
        try:
            plan, copy = clean_copy(data)
        except (UnsupportedMedium, EmptyMedium):
            continue
        finally:
            tally.slowest = max(tally.slowest, time.perf_counter() - begun)
        tally.accepted += 1
        fault = fault_of(container, data, plan, copy)
        if fault is None:
            tally.unreadable += 1
        elif fault:
            tally.faults.append(f"{container.name} {number} ({sample.writer}--{sample.name}): {fault}")
    return tally


def mutation(container: Container, samples: list[Sample], number: int, seed: int = 1) -> tuple[Sample, bytes]:
    """The file with this number, and the one that it was made of."""
    random = Random(f"{container.name}:{seed}:{number}")  # noqa: S311 -- repeatable, not secret
    sample = random.choice(samples)
    return sample, mutated(sample.data, container.tokens, random)


def clean_copy(data: bytes) -> tuple[Cleaned, bytes]:
    """The plan for a file and the copy that it makes. Raises UnsupportedMedium or EmptyMedium where it is refused."""
    file = io.BytesIO(data)
    plan = clean_file(file)
    return plan, b"".join(cleaned_chunks(file, plan))


def fault_of(container: Container, data: bytes, plan: Cleaned, copy: bytes) -> str | None:
    """What is wrong with an accepted file's copy; "" for nothing, None when the decoder refuses the original."""
    try:
        again, _ = clean_copy(copy)
    except (UnsupportedMedium, EmptyMedium) as error:
        return f"the copy is refused: {error}"
    if again.removed or again.segments != (Keep(0, len(copy)),):
        return f"cleaning the copy again changes it: {[code.value for code in again.removed]}"
    before = container.shown(data)
    if before is None:
        return None
    after = container.shown(copy)
    if after is None:
        # A decoder that dies of a damaged file may have survived it once: whether it does is an accident.
        return None if container.shown(data) is None else "the copy cannot be decoded"
    return "" if container.same(before, after, plan) else "the copy shows something else"
