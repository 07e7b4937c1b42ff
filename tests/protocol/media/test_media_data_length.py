"""Films whose samples do not lie in the media data as long as these say they are."""

from __future__ import annotations

import dataclasses

import pytest
from harness.media_files import boxes as files
from harness.media_files.boxes import SOUND, VIDEO, Film, FilmTrack, box, full_box, ints
from harness.media_files.cleaning import cleaned, survives
from protocol.media.test_media_unused_data import ONE_EACH, PLACE, SAMPLES, chunks, film, lengths, media_of, sound_entry

from picsafe_media import Notice
from picsafe_media.isobmff.sample_ranges import SampleRanges
from picsafe_media.isobmff.sound_samples import even_sound
from picsafe_protocol.contracts.errors import UnsupportedMedium

LONG = dataclasses.replace(VIDEO, samples=(b"\x00\x00\x00\x0apicture one", b"\x00\x00\x00\x0apicture two" * 20))


def with_shorter_media(data: bytes, by: int) -> bytes:
    """`data` with media data that say they are `by` bytes shorter."""
    at = data.index(b"mdat") - 4
    return data[:at] + (int.from_bytes(data[at : at + 4], "big") - by).to_bytes(4, "big") + data[at + 4 :]


@pytest.mark.parametrize("by", [1, 7, 8, 100, 289])
@pytest.mark.parametrize("tracks", [(LONG,), (LONG, SOUND)])
def test_samples_that_reach_to_the_end_of_the_file_stay_whole(by: int, tracks: tuple[FilmTrack, ...]) -> None:
    """Players go by the index: they show all of it, and so does the copy, whose length is true."""
    whole = Film(tracks, index_first=True).build()
    plan, copy = cleaned(with_shorter_media(whole, by))
    assert media_of(copy) == media_of(whole)
    assert plan.warnings == ()


def test_a_long_header_gets_the_true_length_too() -> None:
    whole = Film((LONG,), index_first=True).build()
    at = whole.index(b"mdat") - 4
    samples = whole[at + 8 :]
    moved = whole[:at].replace(ints(4, at + 8), ints(4, at + 16))
    data = moved + ints(4, 1) + b"mdat" + ints(8, 16 + len(samples) - 100) + samples
    copy = cleaned(data)[1]
    assert copy[at : at + 16] == ints(4, 1) + b"mdat" + ints(8, 16 + len(samples))
    assert copy[at + 16 :] == samples


@pytest.mark.parametrize("behind", [b"Jane Doe", box(b"udta", b"Jane Doe"), box(b"free", bytes(8))])
def test_it_is_refused_where_something_follows_the_samples(behind: bytes) -> None:
    """Then it is not clear where the media data end."""
    whole = Film((LONG,), index_first=True).build()
    assert survives(whole + behind)
    with pytest.raises(UnsupportedMedium, match="not where its index says"):
        cleaned(with_shorter_media(whole, 100) + behind)


def test_a_sample_that_reaches_into_the_index_is_refused() -> None:
    data = film(SAMPLES[0] + PLACE, lengths(12), ONE_EACH, chunks(0))
    assert survives(data)
    longer = film(SAMPLES[0] + PLACE, lengths(12 + len(PLACE) + 1), ONE_EACH, chunks(0))
    with pytest.raises(UnsupportedMedium, match="not where its index says"):
        cleaned(longer)


def test_a_fragment_whose_samples_are_elsewhere_is_refused() -> None:
    """mutagen writes such films: it moves the fragments, and corrects the place in the file of the first only."""
    data = files.fragmented_film()
    run = data.rindex(b"trun")
    offset = int.from_bytes(data[run + 12 : run + 16], "big")
    for wrong in (offset - 1, offset + 1):
        with pytest.raises(UnsupportedMedium, match="not where its index says"):
            cleaned(data[: run + 12] + ints(4, wrong) + data[run + 16 :] + box(b"free"))


def test_where_use_is_uncertain_no_rest_is_cut() -> None:
    """It could be samples."""
    data = film(PLACE, lengths(12), ONE_EACH, chunks(0), full_box(b"saio", ints(4, 1, 60)))
    assert cleaned(data)[0].warnings == (Notice.UNUSED_DATA_KEPT,)
    with pytest.raises(UnsupportedMedium, match="wrong length"):
        cleaned(data + b"rest of the samples")


def test_a_film_that_was_cut_off_says_so() -> None:
    whole = Film((LONG, SOUND), index_first=True).build()
    plan, copy = cleaned(whole[:-5])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert media_of(copy) == media_of(whole)[:-5]
    with pytest.raises(UnsupportedMedium):
        cleaned(with_shorter_media(whole, 40)[:-5])


def entry(kind: bytes, version: int, channels: int, bits: int, *more: int) -> bytes:
    return sound_entry(version, channels, bits, *more).replace(b"sowt", kind)


EVEN_SOUND = {
    "16 bits": (entry(b"sowt", 0, 2, 16), 1, 100, 400),
    "16 bits, true length": (entry(b"twos", 0, 2, 16), 4, 100, 400),
    "8 bits": (entry(b"raw ", 0, 1, 8), 1, 100, 100),
    "24 bits said to be 16": (entry(b"in24", 0, 2, 16), 1, 100, 600),
    "32 bits in a first version": (entry(b"fl32", 1, 2, 16, 1, 4, 8, 4), 1, 100, 800),
    "mu-law said to be 16 bits": (entry(b"ulaw", 0, 2, 16), 1, 100, 200),
    "mu-law in a first version": (entry(b"ulaw", 1, 2, 16, 1, 1, 2, 2), 1, 100, 200),
    "IMA": (entry(b"ima4", 1, 2, 16, 64, 34, 68, 2), 1, 128, 136),
    "IMA without a version": (entry(b"ima4", 0, 1, 16), 1, 128, 68),
    "MACE 6:1": (entry(b"MAC6", 0, 2, 8), 1, 60, 20),
    "GSM": (entry(b"agsm", 0, 1, 16), 1, 320, 66),
    "Microsoft's ADPCM": (entry(b"ms\x00\x02", 1, 1, 16, 500, 256, 256, 2), 1, 1000, 512),
    "second version": (entry(b"lpcm", 2, 3, 16, 72, 0x40BF4000, 0, 2, 0x7F000000, 24, 12, 6, 1), 1, 100, 600),
}


def sound(data: bytes, described: bytes, size: int, samples: int) -> bytes:
    tables = (full_box(b"stsz", ints(4, size, samples)), full_box(b"stsc", ints(4, 1, 1, samples, 1)), chunks(0))
    made = film(data, *tables, kind=b"soun", entry=described, brand=b"qt  ")
    return made.replace(full_box(b"stts", ints(4, 1, 4, 1000)), full_box(b"stts", ints(4, 1, samples, 1)))


@pytest.mark.parametrize(("described", "size", "samples", "used"), EVEN_SOUND.values(), ids=EVEN_SOUND)
def test_uncoded_sound_takes_as_many_bytes_as_its_coding_says(
    described: bytes, size: int, samples: int, used: int
) -> None:
    """Of what is in the media data, exactly, and not a byte less."""
    plan, copy = cleaned(sound(b"\x55" * used, described, size, samples))
    assert media_of(copy) == b"\x55" * used
    assert plan.warnings == ()
    with pytest.raises(UnsupportedMedium, match="not where its index says"):
        cleaned(sound(b"\x55" * (used - 1), described, size, samples))


def test_the_samples_of_the_last_chunk_are_no_more_than_there_are() -> None:
    """Writers do not give the last chunk a run of its own; what they claim beyond the count of samples is none."""
    tables = (full_box(b"stsz", ints(4, 4, 5)), full_box(b"stsc", ints(4, 1, 1, 3, 1)), chunks(0, 12))
    copy = cleaned(film(b"\x55" * 20, *tables))[1]
    assert media_of(copy) == b"\x55" * 20
    assert not survives(film(b"\x55" * 19, *tables))


def test_readers_that_disagree_make_a_length_uncertain() -> None:
    described = full_box(b"stsd", ints(4, 1), entry(b"sowt", 0, 2, 16))[8:]
    uneven = full_box(b"stts", ints(4, 2, 4, 1, 1, 2))[8:]
    even = even_sound(described, uneven, 1)
    assert (even.at_least(10), even.at_most(10)) == (10, 40)
    ranges = SampleRanges(100, 10)
    assert ranges.add(90, even.at_least(10), even.at_most(10))
    assert (ranges.certain(), ranges.merged(), ranges.reaches_beyond) == ([(90, 100)], [(90, 100)], False)
