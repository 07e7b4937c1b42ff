"""Bytes in a film's media data that no track of picture or sound uses: dash cameras write positions there."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Callable

import pytest
from harness.media_files import boxes as files
from harness.media_files.boxes import SOUND, VIDEO, Film, FilmTrack, box, full_box, ints
from harness.media_files.cleaning import cleaned, survives
from harness.shared_files import cases
from protocol.media.test_media_interface import Watched

from picsafe_media import Cleaned, Keep, Notice, Removal, clean
from picsafe_media.core import bounds
from picsafe_media.core.source import FileSource, Window
from picsafe_media.isobmff import media_data
from picsafe_media.isobmff.movie import clean_movie

PLACE = b"$GPRMC,101112,A,3748.8,S,14457.9,E"
SAMPLES = (b"picture one.", b"picture two.", b"picture three", b"picture four")


def film(
    data: bytes, *tables: bytes, kind: bytes = b"vide", entry: bytes | None = None, brand: bytes = b"isom"
) -> bytes:
    """A film with these media data, which begin at byte 28, described by these tables."""
    description = full_box(b"stsd", ints(4, 1), files.video_entry() if entry is None else entry)
    stbl = box(b"stbl", description, full_box(b"stts", ints(4, 1, 4, 1000)), *tables)
    mdia = box(
        b"mdia",
        full_box(b"mdhd", bytes(8), ints(4, 1000, 2500), bytes(4)),
        files.handler(kind),
        box(b"minf", box(b"vmhd" if kind == b"vide" else b"smhd", bytes(12)), stbl),
    )
    sides = ints(4, 1920 << 16, 1080 << 16)
    tkhd = full_box(b"tkhd", bytes(8), ints(4, 1, 0, 2500), bytes(16), ints(4, *files.UNITY), sides)
    mvhd = full_box(
        b"mvhd", bytes(8), ints(4, 1000, 2500, 0x10000), bytes(12), ints(4, *files.UNITY), bytes(24), ints(4, 2)
    )
    return box(b"ftyp", brand, bytes(4), brand) + box(b"mdat", data) + box(b"moov", mvhd, box(b"trak", tkhd, mdia))


def lengths(*sizes: int) -> bytes:
    return full_box(b"stsz", ints(4, 0, len(sizes), *sizes))


def chunks(*offsets: int) -> bytes:
    return full_box(b"stco", ints(4, len(offsets), *(28 + offset for offset in offsets)))


ONE_EACH = full_box(b"stsc", ints(4, 1, 1, 1, 1))


@pytest.fixture
def spread() -> bytes:
    """Four pictures with a place before, between and behind them."""
    return PLACE + PLACE.join(SAMPLES) + PLACE


def offsets(data: bytes) -> list[int]:
    return [data.index(sample) for sample in SAMPLES]


def blanked(data: bytes) -> bytes:
    return data.replace(PLACE, bytes(len(PLACE)))


def media_of(data: bytes) -> bytes:
    at = data.index(b"mdat") - 4
    return data[at + 8 : at + int.from_bytes(data[at : at + 4], "big")]


TABLES: dict[str, Callable[[bytes], tuple[bytes, ...]]] = {
    "a chunk each": lambda data: (lengths(*map(len, SAMPLES)), ONE_EACH, chunks(*offsets(data))),
    "wide offsets": lambda data: (
        lengths(*map(len, SAMPLES)),
        ONE_EACH,
        full_box(b"co64", ints(4, 4), ints(8, *(28 + at for at in offsets(data)))),
    ),
    "lengths of 16 bits": lambda data: (
        full_box(b"stz2", ints(4, 16, 4), ints(2, *map(len, SAMPLES))),
        ONE_EACH,
        chunks(*offsets(data)),
    ),
    "lengths of 8 bits": lambda data: (
        full_box(b"stz2", ints(4, 8, 4), bytes(map(len, SAMPLES))),
        ONE_EACH,
        chunks(*offsets(data)),
    ),
    "lengths of 4 bits": lambda data: (full_box(b"stz2", ints(4, 4, 4), b"\xcc\xdc"), ONE_EACH, chunks(*offsets(data))),
}


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
def test_what_no_track_uses_is_blanked(spread: bytes, tables: Callable[[bytes], tuple[bytes, ...]]) -> None:
    data = film(spread, *tables(spread))
    plan, copy = cleaned(data)
    assert media_of(copy) == blanked(spread)
    assert Removal.STRAY_BYTES in plan.removed
    assert plan.warnings == ()
    assert len(copy) == len(data)


def test_the_positions_of_a_dash_camera_go_and_the_rest_stays() -> None:
    data = (cases() / "media" / "novatek.mp4").read_bytes()
    plan, copy = cleaned(data)
    assert b"GPRMC" in data
    assert b"GPRMC" not in copy
    assert plan.warnings == ()


def test_several_samples_in_a_chunk_and_chunks_of_several_tracks(spread: bytes) -> None:
    two = FilmTrack(b"soun", (b"sound one", b"sound two"), files.audio_entry())
    data = Film((VIDEO, two)).build()
    plan, copy = cleaned(data)
    assert media_of(copy) == media_of(data)
    assert Removal.STRAY_BYTES not in plan.removed
    uneven = b"1212" + PLACE + b"12" + PLACE + b"1212"
    tables = (
        full_box(b"stsz", ints(4, 2, 5)),
        full_box(b"stsc", ints(4, 3), ints(4, 1, 2, 1), ints(4, 2, 1, 1), ints(4, 3, 2, 1)),
        chunks(0, 4 + len(PLACE), 6 + 2 * len(PLACE)),
    )
    assert media_of(cleaned(film(uneven, *tables))[1]) == blanked(uneven)


def sound_entry(version: int, channels: int, bits: int, *more: int) -> bytes:
    head = bytes(6) + ints(2, 1, version, 0) + bytes(4) + ints(2, channels, bits, 0, 0) + ints(4, 8000 << 16)
    return box(b"sowt", head, ints(4, *more))


@pytest.mark.parametrize(
    ("entry", "size", "samples", "used"),
    [
        (sound_entry(0, 2, 16), 1, 25, 100),
        (sound_entry(0, 2, 16), 4, 25, 100),
        (sound_entry(1, 1, 16, 64, 34, 34, 2), 1, 128, 68),
        (sound_entry(2, 3, 16, 72, 0x40BF4000, 0, 2, 0x7F000000, 24, 12, 6, 1), 1, 20, 120),
    ],
)
def test_sound_that_quicktime_counts_by_its_moments_is_never_cut(
    entry: bytes, size: int, samples: int, used: int
) -> None:
    """Where one number of samples can mean more or fewer bytes, more are kept."""
    data = b"\x55" * used + PLACE * 20
    tables = (full_box(b"stsz", ints(4, size, samples)), full_box(b"stsc", ints(4, 1, 1, samples, 1)), chunks(0))
    copy = media_of(cleaned(film(data, *tables, kind=b"soun", entry=entry, brand=b"qt  "))[1])
    assert copy[:used] == data[:used]
    assert copy.endswith(bytes(5 * len(PLACE)))


@pytest.mark.parametrize(
    "tables",
    [
        (lengths(12, 12), full_box(b"stsc", ints(4, 1, 2, 1, 1)), chunks(0, 30)),
        (full_box(b"stsz", ints(4, 0, 9), bytes(8)), ONE_EACH, chunks(0)),
        (full_box(b"stz2", ints(4, 7, 1), b"\x0c"), ONE_EACH, chunks(0)),
        (ONE_EACH, chunks(0)),
        (lengths(12), ONE_EACH, chunks(0), full_box(b"saio", ints(4, 1, 60))),
        (lengths(12), ONE_EACH, chunks(0), chunks(0)),
        (lengths(12), full_box(b"stsc", ints(4, 1, 1, 0, 1)), chunks(0)),
        (lengths(12), full_box(b"stsc", ints(4, 1, 1, 1, 0)), chunks(0)),
    ],
)
def test_where_use_is_uncertain_everything_stays_with_a_warning(tables: tuple[bytes, ...]) -> None:
    data = PLACE * 3
    plan, copy = cleaned(film(data, *tables))
    assert plan.warnings == (Notice.UNUSED_DATA_KEPT,)
    assert media_of(copy) == data


@pytest.mark.parametrize("offset", [-20, 400])
def test_a_picture_that_lies_elsewhere_is_refused(offset: int) -> None:
    assert not survives(film(PLACE, lengths(12), ONE_EACH, chunks(offset)))


def test_fragments_keep_what_their_runs_use() -> None:
    for places in (False, True):
        plan, copy = cleaned(files.fragmented_film(places=places, between=PLACE))
        assert PLACE not in copy
        assert copy.count(b"onetwofour") == 3
        assert Removal.STRAY_BYTES in plan.removed


def test_a_run_without_an_offset_follows_the_one_before() -> None:
    data = files.fragmented_film()
    at = data.index(b"trun") - 4
    first, second = full_box(b"trun", ints(4, 1, 0), flags=1), full_box(b"trun", ints(4, 1))
    run = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    assert len(first + second) - len(run) == 16
    moof, traf = data.index(b"moof") - 4, data.index(b"traf") - 4
    offset = int.from_bytes(run[16:20], "big") + 16
    changed = bytearray(data[:at] + full_box(b"trun", ints(4, 1, offset), flags=1) + second + data[at + len(run) :])
    for box_at in (moof, traf):
        changed[box_at : box_at + 4] = (int.from_bytes(changed[box_at : box_at + 4], "big") + 16).to_bytes(4, "big")
    assert cleaned(bytes(changed))[1].count(b"onetwofour") == 3


def test_a_film_without_a_handler_is_known_by_its_header() -> None:
    named = Film((VIDEO, SOUND)).build()
    data = film(SAMPLES[0], lengths(12), ONE_EACH, chunks(0)).replace(b"hdlr", b"free")
    assert b"hdlr" in named
    assert cleaned(data)[0].description.kind == "video"
    strange = film(SAMPLES[0], lengths(12), ONE_EACH, chunks(0), kind=b"ACME").replace(b"smhd", b"vmhd")
    assert cleaned(strange)[0].description.kind == "video"
    plan, _ = cleaned((cases() / "media" / "mov_without_hdlr.mov").read_bytes())
    assert (plan.description.kind, plan.description.width, plan.description.height) == ("video", 640, 360)
    assert plan.description.duration == pytest.approx(0.9)


def test_the_coding_of_a_film_is_named() -> None:
    assert cleaned((cases() / "media" / "iphone_hevc.mov").read_bytes())[0].description.codec == "HEVC"
    assert cleaned(Film().build())[0].description.codec == "H.264"
    assert cleaned(Film((SOUND,)).build())[0].description.codec == "AAC"


@pytest.mark.anyio
async def test_room_that_was_reserved_and_not_used_is_looked_through_and_kept_as_it_is() -> None:
    data = film(SAMPLES[0], lengths(12), ONE_EACH, chunks(0))
    moov = data[data.index(b"moov") - 4 :]
    room = 30 * 2**20
    head = data[:20] + (8 + room).to_bytes(4, "big") + b"mdat" + SAMPLES[0]
    source = Watched(28 + room + len(moov), {0: head, 28 + room: moov})
    cleaned_film = await clean(source)
    assert not any(isinstance(part, bytes) and len(part) > 1000 for part in cleaned_film.segments)
    assert cleaned_film.warnings == ()


@pytest.mark.anyio
@pytest.mark.parametrize(("fill", "megabytes"), [(0x41, 80), (0, 600)])
async def test_more_than_can_be_blanked_or_scanned_stays_with_a_warning(fill: int, megabytes: int) -> None:
    data = film(SAMPLES[0], lengths(12), ONE_EACH, chunks(0))
    moov = data[data.index(b"moov") - 4 :]
    room = megabytes * 2**20
    head = data[:20] + (8 + room).to_bytes(4, "big") + b"mdat" + SAMPLES[0]
    source = Watched(28 + room + len(moov), {0: head, 28 + room: moov}, fill=fill)
    found = await clean(source)
    assert found.warnings == (Notice.UNUSED_DATA_KEPT,)
    assert found.size == source.size
    assert sum(len(part) for part in found.segments if isinstance(part, bytes)) < 50_000


def test_a_long_film_takes_little_memory() -> None:
    """Ten minutes of picture and sound that change places thirty times a second: 36,000 chunks in some fifty bytes each."""
    count = 18_000
    sizes = full_box(b"stsz", ints(4, 1, count))
    tracks = [
        (sizes, ONE_EACH, full_box(b"stco", ints(4, count), b"".join(map(_four, range(28 + shift, 28 + 2 * count, 2)))))
        for shift in (0, 1)
    ]
    first = film(bytes(2 * count), *tracks[0])
    second = film(bytes(2 * count), *tracks[1])
    at, other = first.index(b"trak") - 4, second.index(b"trak") - 4
    moov = first.index(b"moov") - 4
    data = first[:moov] + box(b"moov", first[moov + 8 : at], first[at:], second[other:])
    tracemalloc.start()
    try:
        plan = _clean_in_place(data)
        assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    finally:
        tracemalloc.stop()
    assert plan.warnings == ()


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _clean_in_place(data: bytes) -> Cleaned:
    work = clean_movie(Window(FileSource.of(data)))
    try:
        work.send(None)
    except StopIteration as done:
        cleaned_film: Cleaned = done.value
        return cleaned_film
    raise AssertionError


@pytest.mark.parametrize("limit", ["_GAPS", "_RANGES"])
def test_too_many_parts_stay_with_a_warning(limit: str, spread: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_data, limit, 2)
    plan, _ = cleaned(film(spread, *TABLES["a chunk each"](spread)))
    assert plan.warnings == (Notice.UNUSED_DATA_KEPT,)


def test_a_film_that_uses_all_its_data_is_read_by_its_index_only() -> None:
    whole = dataclasses.replace(VIDEO, samples=(bytes(2**20),))
    copy = cleaned(Film((whole,)).build())[1]
    assert cleaned(copy)[0].segments == (Keep(0, len(copy)),)
    assert len(copy) > bounds.WINDOW_BYTES
