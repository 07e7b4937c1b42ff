"""What may be missing from the copy of a recording, and what may not."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest
from harness.media_files import ebml
from harness.media_files import sounds as sound

from media_corpus import measure
from media_corpus.__main__ import main
from media_corpus.containers import CONTAINERS
from media_corpus.measure import Tally, clean_copy, fault_of
from media_corpus.played import Played, as_much_of_a_mended_film, as_much_of_a_row, as_much_of_a_wave, as_much_of_pages
from media_corpus.store import samples_of


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


def test_a_row_out_of_a_wave_may_begin_two_frames_late_where_its_second_header_is_damaged() -> None:
    (original,) = (
        sample.data for sample in samples_of(CONTAINERS["wav"]) if (sample.writer, sample.name) == ("ffmpeg", "mp3")
    )
    frame = b"\xff\xfb\x92\x44"
    data = original.replace(frame, b"\xff\xfb\x92\x4c", 1)
    plan, copy = clean_copy(data)
    assert copy in data
    assert copy.count(frame) == original.count(frame) - 1
    assert fault_of(CONTAINERS["wav"], data, plan, copy) == ""


def test_a_row_out_of_a_wave_is_otherwise_as_it_was() -> None:
    plan, _ = clean_copy(sound.mp3())
    before = heard(20)
    ((_, (_, (samples,))),) = before.content

    def is_enough(copied: bytes) -> bool:
        after = Played((("audio", ((16000,), (copied,))),), len(copied) // 2, 2, is_damaged=False)
        return as_much_of_a_wave(before, after, plan)

    rubbish = b"\xff" * 4
    assert is_enough(rubbish + samples[8:])
    assert not is_enough(rubbish + samples[10:])
    assert not is_enough(rubbish + rubbish + samples[12:])
    assert not is_enough(samples[:20] + rubbish + samples[24:])


def test_a_film_whose_length_was_mended_may_play_more() -> None:
    data = ebml.webm(ebml.info(), ebml.tracks(), ebml.cluster(0), ebml.cluster(1000))
    at = data.index(bytes.fromhex("1f43b675")) + 4
    mended, _ = clean_copy(data[:at] + b"\x01\x80" + data[at + 2 :])
    whole, _ = clean_copy(data)

    def film(*tracks: bytes) -> Played:
        packets = tuple(tuple(track[at : at + 1] for at in range(len(track))) for track in tracks)
        return Played(packets, sum(map(len, packets)), 2, is_damaged=False, packets=packets)

    assert as_much_of_a_mended_film(film(b"124", b""), film(b"1234", b"56"), mended)
    assert not as_much_of_a_mended_film(film(b"124", b""), film(b"1234", b"56"), whole)
    assert not as_much_of_a_mended_film(film(b"124", b""), film(b"1243"), mended)
    assert not as_much_of_a_mended_film(film(b"124", b""), film(b"1423", b"56"), mended)
    assert not as_much_of_a_mended_film(film(b"124", b"5"), film(b"12345", b""), mended)
    assert not as_much_of_a_mended_film(film(b"124"), film(b"12"), mended)


def test_a_run_may_begin_at_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def note(_container: object, _samples: object, numbers: Iterable[int], _seed: int) -> Tally:
        tried.extend(numbers)
        return Tally(tried=len(tried), accepted=1)

    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(measure, "run", note)
    monkeypatch.setattr(sys, "argv", ["media_corpus", "wav", "--first", "36769", "--mutations", "3"])
    assert main() == 0
    assert tried == [36769, 36770, 36771]
