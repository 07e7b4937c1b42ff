"""MP4 and MOV whose index is damaged: players guess, and each of them guesses by what else is in the file. So they are
refused, or nothing that a player may take for a sample is removed.
"""

from __future__ import annotations

import pytest
from harness.media_files import boxes as files
from harness.media_files.boxes import SOUND, VIDEO, Film, ints
from harness.media_files.cleaning import cleaned
from harness.shared_files import samples

from picsafe_media import Notice
from picsafe_protocol.contracts.errors import UnsupportedMedium


def offsets_at(film: bytes) -> tuple[int, int]:
    """Where the first table of chunk offsets begins, and how many there are."""
    at = film.index(b"stco") + 8
    return at + 4, int.from_bytes(film[at : at + 4], "big")


def test_a_part_in_the_middle_that_is_nowhere_is_damage_and_no_end_that_was_cut_off() -> None:
    film = (samples() / "phone-h264.mp4").read_bytes()
    at, count = offsets_at(film)
    assert count >= 3
    for number in (0, 1, count - 2):
        place = at + 4 * number
        with pytest.raises(UnsupportedMedium, match="not where its index says"):
            cleaned(film[:place] + b"moof" + film[place + 4 :])


def test_a_track_without_a_table_of_samples_is_damage() -> None:
    """Some players look for it in boxes of any name, also in those that are removed."""
    film = Film((SOUND, VIDEO)).build()
    at = film.rindex(b"minf")
    with pytest.raises(UnsupportedMedium, match="does not say where its picture or sound is"):
        cleaned(film[:at] + b"udta" + film[at + 4 :])


def test_a_fragment_whose_length_is_far_too_large_is_damage_and_no_end_that_was_cut_off() -> None:
    film = files.fragmented_film()
    at = film.rindex(b"moof") - 4
    with pytest.raises(UnsupportedMedium, match="one of its boxes has a wrong length"):
        cleaned(film[:at] + b"co64" + film[at + 4 :])
    plan, _ = cleaned(film[: at + 20])
    assert plan.warnings == (Notice.CUT_SHORT,)


def test_where_a_count_of_samples_is_negative_for_players_nothing_is_removed_between_samples() -> None:
    film = Film((VIDEO,)).build()
    at = film.index(b"stsc") + 16
    assert film[at : at + 4] == ints(4, len(VIDEO.samples))
    plan, copy = cleaned(film[:at] + b"\xff" + film[at + 1 :])
    assert plan.warnings == (Notice.UNUSED_DATA_KEPT,)
    media = film.index(b"mdat")
    assert copy[media : media + 40] == film[media : media + 40]
