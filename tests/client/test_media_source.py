"""What panes of one report share: which media stay decrypted, and which are fetched before they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from picsafe_client.screens.viewer.stage.media_cache import PREFETCH_BYTES
from picsafe_client.screens.viewer.stage.media_source import MediaSource


@dataclass
class FakeMedium:
    size: int = 1000


@dataclass
class FakeReport:
    media: list[FakeMedium]


@dataclass
class FakeMedia:
    """A cache that only remembers what it was asked to do."""

    kept: set[int] = field(default_factory=set)
    prefetched: list[int] = field(default_factory=list)

    def keep(self, wanted: Collection[int]) -> None:
        self.kept = set(wanted)

    def prefetch(self, indices: Iterable[int]) -> None:
        self.prefetched = list(indices)


def source_of(*sizes: int) -> tuple[MediaSource, FakeMedia]:
    media = FakeMedia()
    report: Any = FakeReport([FakeMedium(size) for size in sizes])
    cache: Any = media
    return MediaSource(report, cache, lambda _index: None), media


@pytest.mark.parametrize(("shown", "kept"), [(0, {0, 1}), (2, {1, 2, 3}), (4, {3, 4})])
def test_what_is_shown_stays_and_its_neighbours(shown: int, kept: set[int]) -> None:
    source, media = source_of(*[1000] * 5)
    source.show("pane", shown)
    assert media.kept == kept


def test_a_large_neighbour_is_dropped_but_not_what_is_shown() -> None:
    large = PREFETCH_BYTES + 1
    source, media = source_of(large, large, 1000)
    source.show("pane", 1)
    assert media.kept == {1, 2}


def test_two_panes_of_one_report_keep_what_either_shows() -> None:
    source, media = source_of(*[1000] * 9)
    source.show("left", 1)
    source.show("right", 6)
    assert media.kept == {0, 1, 2, 5, 6, 7}
    source.prefetch_neighbours()
    assert sorted(media.prefetched) == [0, 2, 5, 7]


def test_a_pane_that_left_keeps_nothing() -> None:
    source, media = source_of(*[1000] * 9)
    source.show("left", 1)
    source.show("right", 6)
    source.leave("right")
    source.leave("right")
    source.show("left", 2)
    assert media.kept == {1, 2, 3}


def test_two_reports_know_nothing_of_each_other() -> None:
    one, media = source_of(*[1000] * 5)
    other, others = source_of(*[1000] * 5)
    one.show("left", 0)
    other.show("right", 4)
    assert (media.kept, others.kept) == ({0, 1}, {3, 4})
