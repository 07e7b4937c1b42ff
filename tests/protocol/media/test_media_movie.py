from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from harness.media_files import boxes as files
from harness.media_files.boxes import PLACES, SOUND, VIDEO, Film, FilmTrack, box, full_box, ints
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, removed, survives
from harness.shared_files import samples

from picsafe_media import Keep, Notice, Removal
from picsafe_protocol.contracts.errors import UnsupportedMedium

SECRETS = (b"Jane Doe", b"Acme", b"ACME", b"-37.8", b"xmpmeta", ints(4, files.RECORDED), b"appl", b"ISO6709")
CHAPTERS = FilmTrack(b"text", (b"Jane Doe, chapter one",), box(b"text", bytes(6), ints(2, 1)))


def media(data: bytes) -> bytes:
    at = data.index(b"mdat") - 4
    return data[at + 8 : at + int.from_bytes(data[at : at + 4], "big")]


@pytest.mark.parametrize("index_first", [True, False])
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("brand", [b"isom", b"qt  "])
def test_picture_and_sound_stay_where_they_are_and_the_rest_goes(brand: bytes, version: int, index_first: bool) -> None:
    original = Film(in_moov=files.tag_boxes(), brand=brand, version=version, index_first=index_first).build()
    plan, copy = cleaned(original)
    assert len(copy) == len(original)
    assert copy.index(b"mdat") == original.index(b"mdat")
    assert media(copy) == media(original)
    assert [secret for secret in SECRETS if secret in copy] == []
    assert {Removal.GPS, Removal.TAGS, Removal.SOFTWARE, Removal.CAPTURE_TIME, Removal.XMP, Removal.STRAY_BYTES} <= set(
        plan.removed
    )
    assert plan.warnings == ()
    assert plan.description.captured_at == "2026-12-13T09:46:40Z"
    assert plan.description.duration == pytest.approx(2.5)
    assert (plan.description.width, plan.description.height) == (1920, 1080)


def test_an_old_film_without_a_brand_is_one_of_quicktime() -> None:
    plan, copy = cleaned(Film(in_moov=files.tag_boxes(), brand=None).build())
    assert plan.description.extension == "mov"
    assert [secret for secret in SECRETS if secret in copy] == []


@pytest.mark.parametrize(
    ("name", "media_type", "extension", "size", "seconds"),
    [
        ("phone-h264.mp4", "video/mp4", "mp4", (1280, 720), 8.0),
        ("phone-h264-faststart.mp4", "video/mp4", "mp4", (1280, 720), 8.0),
        ("voice.m4a", "audio/mp4", "m4a", (None, None), 6.0),
    ],
)
def test_the_real_files_keep_their_media_data(
    name: str, media_type: str, extension: str, size: tuple[int | None, int | None], seconds: float
) -> None:
    original = (samples() / name).read_bytes()
    plan, copy = cleaned(original)
    description = plan.description
    assert (description.media_type, description.extension) == (media_type, extension)
    assert (description.width, description.height) == size
    assert description.duration == pytest.approx(seconds, abs=0.02)
    assert len(copy) == len(original)
    start = original.index(b"mdat") - 4
    stop = start + int.from_bytes(original[start : start + 4], "big")
    assert copy[start:stop] == original[start:stop]
    index = copy[:start] + copy[stop:]
    for secret in (b"Lavf", b"Lavc", b"VideoHandler", b"SoundHandler", b"udta", b"FFMP"):
        assert secret not in index


@pytest.mark.parametrize(
    ("matrix", "orientation", "size"),
    [
        (files.UNITY, 1, (1920, 1080)),
        (files.TURNED_RIGHT, 6, (1080, 1920)),
        ((0xFFFF0000, 0, 0, 0, 0xFFFF0000, 0, 0, 0, 0x40000000), 3, (1920, 1080)),
        ((0, 0xFFFF0000, 0, 0x10000, 0, 0, 0, 0, 0x40000000), 8, (1080, 1920)),
        ((0xFFFF0000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000), 2, (1920, 1080)),
        ((0xB505, 0xB505, 0, 0xFFFF4AFB, 0xB505, 0, 0, 0, 0x40000000), 1, (1920, 1080)),
    ],
)
def test_a_turned_film_is_described_as_it_is_displayed(
    matrix: tuple[int, ...], orientation: int, size: tuple[int, int]
) -> None:
    original = Film((dataclasses.replace(VIDEO, matrix=matrix),)).build()
    plan, copy = cleaned(original)
    assert (plan.description.orientation, (plan.description.width, plan.description.height)) == (orientation, size)
    assert ints(4, *matrix) in copy


@pytest.mark.parametrize(
    ("brand", "tracks", "media_type", "extension"),
    [
        (b"qt  ", (VIDEO,), "video/quicktime", "mov"),
        (b"mp42", (VIDEO,), "video/mp4", "mp4"),
        (b"3gp5", (VIDEO,), "video/3gpp", "3gp"),
        (b"3g2a", (VIDEO,), "video/3gpp2", "3g2"),
        (b"M4A ", (SOUND,), "audio/mp4", "m4a"),
        (b"isom", (SOUND,), "audio/mp4", "m4a"),
        (b"3gp5", (SOUND,), "audio/3gpp", "3gp"),
    ],
)
def test_the_kind_follows_from_brand_and_tracks(
    brand: bytes, tracks: tuple[FilmTrack, ...], media_type: str, extension: str
) -> None:
    description = cleaned(Film(tracks, brand=brand).build())[0].description
    assert (description.kind, description.media_type, description.extension) == (
        media_type.split("/")[0],
        media_type,
        extension,
    )


class TestTracksBesidePictureAndSound:
    @pytest.mark.parametrize("wide_offsets", [False, True])
    @pytest.mark.parametrize("handler", [b"meta", b"mebx", b"camm", b"tmcd", b"text", b"sbtl", b"hint"])
    def test_they_go_with_all_their_samples(self, handler: bytes, wide_offsets: bool) -> None:
        places = dataclasses.replace(PLACES, kind=handler, wide_offsets=wide_offsets)
        original = Film((VIDEO, places, SOUND)).build()
        plan, copy = cleaned(original)
        assert Removal.DATA_TRACK in plan.removed
        assert plan.warnings == ()
        assert media(copy) == media(original).replace(b"".join(PLACES.samples), bytes(26))
        assert copy.count(b"trak") == 2
        assert b"GPS" not in copy

    def test_no_reference_to_them_stays(self) -> None:
        film = Film((dataclasses.replace(VIDEO, references=((b"chap", 2), (b"sync", 3))), CHAPTERS, SOUND))
        _, copy = cleaned(film.build())
        assert b"chap" not in copy
        assert b"sync" in copy
        assert b"Jane Doe" not in copy

    @pytest.mark.parametrize(
        "tables",
        [
            (),
            (full_box(b"stsz", ints(4, 8, 2)), full_box(b"stsc", ints(4, 1, 1, 1, 1))),
            (
                full_box(b"stsz", ints(4, 8, 1)),
                full_box(b"stsc", ints(4, 1, 1, 1, 1)),
                full_box(b"stco", ints(4, 1, 4)),
            ),
            (full_box(b"stsz", ints(4, 0, 1), bytes(2**20)), full_box(b"stco", ints(4, 1, 28))),
        ],
    )
    def test_they_go_whatever_their_tables_say(self, tables: tuple[bytes, ...]) -> None:
        entry = box(b"stbl", full_box(b"stsd", ints(4, 0)), *tables)
        mdia = box(b"mdia", full_box(b"mdhd", bytes(8), ints(4, 1, 1, 0)), files.handler(b"meta"), box(b"minf", entry))
        tkhd = full_box(b"tkhd", bytes(8), ints(4, 9, 0, 1), bytes(16), ints(4, *files.UNITY), bytes(8))
        plan, copy = cleaned(Film((VIDEO, PLACES), in_moov=(box(b"trak", tkhd, mdia),)).build())
        assert b"GPS" not in copy
        assert copy.count(b"trak") == 1
        assert plan.warnings == ()

    def test_in_a_fragmented_film_they_go_too(self) -> None:
        plan, copy = cleaned(files.fragmented_film(places=True))
        assert b"GPS" not in copy
        assert copy.count(b"traf") == copy.count(b"onetwofour") == 3
        assert plan.warnings == ()
        assert plan.description.duration == pytest.approx(3.0)

    def test_a_track_without_samples_just_goes(self) -> None:
        empty = dataclasses.replace(PLACES, samples=())
        assert cleaned(Film((VIDEO, empty)).build())[0].warnings == ()


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (box(b"udta", box(b"\xa9nam", b"Jane Doe")), Removal.COMMENT),
        (box(b"udta", box(b"loci", b"Jane Doe")), Removal.GPS),
        (full_box(b"meta", files.handler(b"mdir"), box(b"ilst", box(b"covr", b"Jane Doe"))), Removal.COVER_PICTURE),
        (box(b"uuid", b"Jane Doe" * 4), Removal.TAGS),
        (box(b"ACME", b"Jane Doe"), Removal.PRIVATE_DATA),
        (box(b"free", b"Jane Doe"), Removal.STRAY_BYTES),
        (box(b"skip", b"Jane Doe"), Removal.STRAY_BYTES),
    ],
)
def test_private_boxes_go_wherever_they_are(extra: bytes, code: Removal) -> None:
    entry = files.video_entry(b"", *([extra] if extra[4:8] in (b"udta", b"meta", b"uuid") else []))
    for film in (
        Film(in_moov=(extra,)),
        Film((dataclasses.replace(VIDEO, more=(extra,)), SOUND)),
        Film(between=(extra,)),
        Film(after=(extra,)),
        Film((dataclasses.replace(VIDEO, entry=entry), SOUND), in_moov=(extra,)),
    ):
        plan, copy = cleaned(film.build())
        assert code in plan.removed
        assert b"Jane Doe" not in copy
        assert media(copy) == media(film.build())


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (box(b"mpvd", b"Jane Doe"), Removal.MOTION_CLIP),
        (box(b"PICT", b"Jane Doe"), Removal.EMBEDDED_THUMBNAIL),
        (ints(4, 0) + b"uuidJane Doe", Removal.TAGS),
        (b"Jane Doe of Acme", Removal.STRAY_BYTES),
        (b"Jane", Removal.STRAY_BYTES),
    ],
)
def test_what_follows_the_film_is_cut_off(extra: bytes, code: Removal) -> None:
    plan, copy = cleaned(Film().build() + extra)
    assert code in plan.removed
    assert len(copy) == len(Film().build())


def test_a_box_with_a_length_of_64_bits_keeps_it() -> None:
    wide = ints(4, 1) + b"uuid" + ints(8, 40) + b"Jane Doe" * 3
    _, copy = cleaned(Film(between=(wide,)).build())
    assert ints(4, 1) + b"free" + ints(8, 40) + bytes(24) in copy


def test_media_data_may_reach_to_the_end_of_the_file() -> None:
    data = Film(index_first=True).build()
    at = data.index(b"mdat") - 4
    assert media(cleaned(data[:at] + ints(4, 0) + data[at + 4 :])[1][:at] + data[at:]) == media(data)


def test_a_fragmented_film_is_measured_by_its_fragments() -> None:
    original = files.fragmented_film()
    plan, copy = cleaned(original)
    assert plan.description.duration == pytest.approx(3.0)
    assert b"Jane Doe" not in copy
    assert copy.count(b"onetwofour") == 3
    assert len(copy) == len(original)


@pytest.mark.parametrize("missing", [1, 5, 30])
def test_a_film_whose_index_comes_first_and_that_was_cut_off_keeps_what_is_there_and_says_so(missing: int) -> None:
    data = Film((SOUND, VIDEO), index_first=True).build()
    plan, copy = cleaned(data[:-missing])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert media(copy) == media(data)[:-missing]


def test_media_data_with_a_length_of_64_bits_may_be_cut_off_too() -> None:
    data = Film((VIDEO,), index_first=True).build()
    at = data.index(b"mdat") - 4
    offset = data.index(ints(4, at + 8))
    wide = bytearray(data[:at] + ints(4, 1) + b"mdat" + ints(8, 16 + len(media(data))) + media(data)[:-3])
    wide[offset : offset + 4] = ints(4, at + 16)
    plan, copy = cleaned(bytes(wide))
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert copy[at + 8 : at + 16] == ints(8, 13 + len(media(data)))


def test_a_live_recording_that_was_cut_off_keeps_what_is_there_and_says_so() -> None:
    data = files.fragmented_film()
    last = data.rindex(b"moof") - 4
    for stop in (len(data) - 3, data.rindex(b"mdat") + 6, last + 20, last + 6):
        plan, copy = cleaned(data[:stop])
        assert plan.warnings == ((Notice.CUT_SHORT,) if stop > last + 7 else ()), stop
        assert copy.count(b"onetwofour") == 2


def test_a_fragmented_film_may_announce_its_length() -> None:
    mvex = box(b"mvex", full_box(b"mehd", ints(4, 7000)))
    assert cleaned(Film(in_moov=(mvex,), duration=0).build())[0].description.duration == pytest.approx(7.0)


@pytest.mark.parametrize("duration", [0, 2**32 - 1])
def test_an_unknown_length_is_none(duration: int) -> None:
    assert cleaned(Film(duration=duration).build())[0].description.duration is None


def test_the_coded_size_counts_where_the_track_gives_none() -> None:
    data = Film((VIDEO,)).build().replace(ints(4, 1920 << 16, 1080 << 16), bytes(8))
    description = cleaned(data)[0].description
    assert (description.width, description.height) == (1920, 1080)


def test_a_clean_film_is_left_alone() -> None:
    copy = cleaned(Film().build())[1]
    assert cleaned(copy)[0].segments == (Keep(0, len(copy)),)
    assert removed(copy) == set()


@pytest.mark.parametrize(
    "build",
    [
        lambda: box(b"ftyp", b"isom", bytes(4)),
        lambda: box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", b"sound"),
        lambda: Film(()).build(),
        lambda: Film((PLACES,)).build(),
        lambda: Film(after=(Film().build(),)).build(),
        lambda: Film().build().replace(b"mvhd", b"dhvm"),
        lambda: Film().build().replace(b"mdat", b"tadm"),
        lambda: Film(in_moov=(box(b"cmov", b"x"),)).build(),
        lambda: Film().build().replace(b"alis\x00\x00\x00\x01", b"alis\x00\x00\x00\x00"),
        lambda: Film(tuple([SOUND] * 300)).build(),
        lambda: Film(in_moov=(ints(4, 7) + b"free",)).build(),
        lambda: Film(in_moov=(ints(4, 0) + b"free",)).build() + box(b"free"),
        lambda: Film(index_first=True).build()[: Film(index_first=True).build().index(b"mdat") + 4],
        lambda: Film().build()[:-1],
    ],
)
def test_a_broken_film_is_refused(build: Callable[[], bytes]) -> None:
    assert not survives(build())


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(Film((VIDEO, PLACES, SOUND), in_moov=files.tag_boxes()).build())


def test_a_refusal_names_what_is_wrong() -> None:
    with pytest.raises(UnsupportedMedium, match="no index"):
        cleaned(box(b"ftyp", b"isom", bytes(4)))


@pytest.mark.parametrize("place", ["file", "moov", "trak"])
@pytest.mark.parametrize("kind", [b"elst", b"stts", b"stbl", b"mdhd", b"trun", b"trex"])
def test_a_part_of_the_index_in_a_wrong_place_is_refused(kind: bytes, place: str) -> None:
    """Players read it there too, so that the film would look different without it."""
    part = full_box(kind, bytes(40))
    film = {
        "file": Film(after=(part,)),
        "moov": Film(in_moov=(part,)),
        "trak": Film((dataclasses.replace(VIDEO, more=(part,)),)),
    }[place].build()
    with pytest.raises(UnsupportedMedium, match="in a wrong place"):
        cleaned(film)
