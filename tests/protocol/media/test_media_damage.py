"""Every container against damage: whatever is wrong, the answer is the typed refusal or a copy that is clean for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness.media_files import boxes as box_files
from harness.media_files import ebml as ebml_files
from harness.media_files import pictures as picture_files
from harness.media_files import sounds as sound_files
from harness.media_files.cleaning import cleaned, survives, survives_and_settles
from harness.media_files.sounds import JANE
from hypothesis import given, settings
from hypothesis import strategies as st

FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: picture_files.saved("JPEG", exif=picture_files.exif_with(6)) + b"tail",
    "progressive JPEG": lambda: picture_files.saved("JPEG", progressive=True, exif=picture_files.exif_with(8)),
    "PNG": picture_files.full_png,
    "WebP": picture_files.full_webp,
    "GIF": lambda: picture_files.gif_with(picture_files.gif_extension(0xFE, b"Jane Doe")),
    "HEIC": lambda: box_files.phone_picture().build(),
    "AVIF": lambda: picture_files.saved("AVIF", exif=picture_files.exif_with(6), xmp=picture_files.XMP),
    "MP4": lambda: box_files.Film((box_files.VIDEO, box_files.PLACES), in_moov=box_files.tag_boxes()).build(),
    "MOV": lambda: box_files.Film(in_moov=box_files.tag_boxes(), brand=b"qt  ", index_first=True).build(),
    "fragmented MP4": box_files.fragmented_film,
    "WebM": lambda: ebml_files.webm(
        ebml_files.seek_head("1254c367"),
        ebml_files.info(*ebml_files.PRIVATE_INFO),
        ebml_files.tracks(),
        ebml_files.cluster(0),
        ebml_files.tag(b"TITLE", b"Jane Doe"),
    ),
    "live WebM": lambda: ebml_files.webm(
        ebml_files.info(duration=None),
        ebml_files.tracks(),
        ebml_files.cluster(0, unknown=True),
        ebml_files.cluster(1000, ebml_files.block_group(40, 60), unknown=True),
        unknown=True,
    ),
    "Opus": lambda: sound_files.ogg(sound_files.opus_headers(JANE), 48000),
    "Vorbis": lambda: sound_files.ogg(sound_files.vorbis_headers(JANE), 48000),
    "FLAC in Ogg": lambda: sound_files.ogg(sound_files.ogg_flac_headers(JANE), 48000),
    "MP3": lambda: sound_files.id3v2() + sound_files.mp3(6) + sound_files.ape() + sound_files.id3v1(),
    "AAC": lambda: sound_files.id3v2() + sound_files.adts(6) + sound_files.id3v1(),
    "FLAC": lambda: sound_files.flac(sound_files.flac_block(4, sound_files.comments(JANE))) + sound_files.id3v1(),
    "WAVE": lambda: sound_files.wav(picture_files.riff_chunk(b"LIST", b"INFOJane Doe"), sound=bytes(64)),
}
TELLING = st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]) | st.integers(0, 255)


@pytest.mark.parametrize("name", FILES)
def test_the_undamaged_file_is_accepted_and_its_copy_names_nobody(name: str) -> None:
    assert b"Jane Doe" not in cleaned(FILES[name]())[1]


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_refused_or_cleaned(name: str) -> None:
    data = FILES[name]()
    for length in range(len(data)):
        survives(data[:length])


@pytest.mark.parametrize("name", FILES)
@settings(deadline=None, max_examples=60)
@given(choices=st.data())
def test_changed_bytes_are_refused_or_cleaned_for_good(name: str, choices: st.DataObject) -> None:
    data = bytearray(FILES[name]())
    for position, value in choices.draw(
        st.dictionaries(st.integers(0, len(data) - 1), TELLING, min_size=1, max_size=6)
    ).items():
        data[position] = value
    survives_and_settles(bytes(data))


@pytest.mark.parametrize("name", FILES)
@settings(deadline=None, max_examples=30)
@given(choices=st.data())
def test_parts_that_are_missing_doubled_or_swapped_are_refused_or_cleaned_for_good(
    name: str, choices: st.DataObject
) -> None:
    data = FILES[name]()
    start, middle, stop = sorted(choices.draw(st.tuples(*[st.integers(0, len(data))] * 3)))
    a, b, c, d = data[:start], data[start:middle], data[middle:stop], data[stop:]
    survives_and_settles(choices.draw(st.sampled_from([a + c + d, a + b + b + c + d, a + c + b + d])))


@settings(deadline=None, max_examples=200)
@given(head=st.sampled_from([build()[:16] for build in FILES.values()]), rest=st.binary(max_size=400))
def test_arbitrary_bytes_behind_a_good_beginning_are_refused_or_cleaned_for_good(head: bytes, rest: bytes) -> None:
    survives_and_settles(head + rest)
