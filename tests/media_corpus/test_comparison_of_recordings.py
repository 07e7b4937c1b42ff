"""What may be missing from the copy of a recording, and what may not."""

from __future__ import annotations

import pytest
from harness.media_files import sounds as sound

from media_corpus.measure import clean_copy
from media_corpus.played import Played, as_much_of_a_row, as_much_of_pages


def heard(frames: int, *, damaged: bool = False) -> Played:
    samples = b"".join(number.to_bytes(2, "big") for number in range(frames))
    return Played((("audio", ((16000,), (samples,))),), frames, 2, damaged)


@pytest.mark.parametrize("links", [1, 2, 4])
def test_a_chained_stream_may_lose_two_frames_for_each_further_comment_header(links: int) -> None:
    link = sound.ogg(sound.speex_headers(b"title=Jane Doe"), 16000)
    plan, copy = clean_copy(link * links)
    assert b"Jane Doe" not in copy
    before = heard(100, damaged=True)
    assert as_much_of_pages(before, heard(102 - 2 * links), plan)
    assert not as_much_of_pages(before, heard(101 - 2 * links), plan)


def test_a_copy_without_a_broken_frame_may_play_more() -> None:
    frame = sound.mp3_frame()
    plan, _ = clean_copy(frame[:300] + sound.mp3())
    assert as_much_of_a_row(heard(19), heard(20), plan)
    assert as_much_of_a_row(heard(20), heard(18), plan)
    assert not as_much_of_a_row(heard(20), heard(17), plan)
    whole, _ = clean_copy(sound.mp3())
    assert not as_much_of_a_row(heard(19), heard(20), whole)
