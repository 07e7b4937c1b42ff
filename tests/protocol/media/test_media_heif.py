from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import pytest
from harness.media_files import boxes as box_files
from harness.media_files.boxes import (
    PIXELS,
    PROPERTIES,
    FilmTrack,
    Item,
    Picture,
    box,
    exif_item,
    full_box,
    ints,
    phone_picture,
    xmp_item,
)
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, survives
from harness.media_files.pictures import XMP, exif_with, image, pixels, same_pixels, saved
from harness.shared_files import samples
from PIL import Image

from picsafe_media import Keep, Notice, Removal

SECRETS = (b"Jane Doe", b"SERIAL-42", b"Acme", b"Dr Example", b"xmpmeta", b"named by", b"libAcme")
PLAIN = Picture([Item(1, b"hvc1", PIXELS, (1, 2, 3, 4))])


def parts(data: bytes) -> dict[bytes, bytes]:
    """The boxes of the file by their kind."""
    found, at = {}, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        found[data[at + 4 : at + 8]] = data[at + 8 : at + length]
        at += length
    return found


class TestPhonePicture:
    @pytest.mark.parametrize("version", [1, 2])
    def test_only_what_is_displayed_stays(self, version: int) -> None:
        original = dataclasses.replace(phone_picture(), version=version).build()
        plan, copy = cleaned(original)
        assert [secret for secret in SECRETS if secret in copy] == []
        assert len(copy) == len(original)
        media = parts(copy)[b"mdat"]
        assert media == parts(original)[b"mdat"].replace(b"a small copy of Jane Doe", bytes(24)).replace(
            b"how far Jane Doe's nose is", bytes(26)
        ).replace(XMP, bytes(len(XMP))).replace(exif_item(7).data, bytes(len(exif_item(7).data)))
        assert {
            Removal.GPS,
            Removal.SERIAL_NUMBER,
            Removal.EXIF,
            Removal.XMP,
            Removal.EMBEDDED_THUMBNAIL,
            Removal.SECOND_IMAGE,
            Removal.PRIVATE_DATA,
        } <= set(plan.removed)
        assert plan.warnings == ()

    def test_it_is_described_as_it_is_displayed(self) -> None:
        description = cleaned(phone_picture().build())[0].description
        assert (description.kind, description.media_type, description.extension) == ("photo", "image/heic", "heic")
        assert (description.width, description.height, description.orientation) == (1200, 1600, 6)
        assert description.captured_at == "2026-11-22T10:15:00+10:00"

    def test_the_lists_name_only_what_stays(self) -> None:
        meta = parts(cleaned(phone_picture().build())[1])[b"meta"]
        assert meta.count(b"infe") == 4
        assert b"\x00\x00\x00\x10dimg\x00\x01\x00\x02\x00\x02\x00\x03" in meta
        assert b"auxl" in meta
        for gone in (b"thmb", b"cdsc", b"Exif", b"mime", b"uri ", b"udes", b"crtt", box_files.DEPTH):
            assert gone not in meta

    def test_a_property_that_goes_is_essential_no_more(self) -> None:
        original, meta = phone_picture().build(), parts(cleaned(phone_picture().build())[1])[b"meta"]
        assert b"\x00\x01\x05\x81\x83\x84\x85\x89" in original
        assert b"\x00\x01\x05\x81\x83\x84\x05\x09" in meta


@pytest.mark.parametrize(
    ("properties", "orientation", "size"),
    [
        ((), 1, (1600, 1200)),
        ((box(b"irot", b"\x00"),), 1, (1600, 1200)),
        ((box(b"irot", b"\x01"),), 8, (1200, 1600)),
        ((box(b"irot", b"\x02"),), 3, (1600, 1200)),
        ((box(b"irot", b"\x03"),), 6, (1200, 1600)),
        ((box(b"imir", b"\x00"),), 4, (1600, 1200)),
        ((box(b"imir", b"\x01"),), 2, (1600, 1200)),
        ((box(b"irot", b"\x01"), box(b"imir", b"\x00")), 5, (1200, 1600)),
        ((box(b"irot", b"\x01"), box(b"imir", b"\x01")), 7, (1200, 1600)),
        ((box(b"clap", ints(4, 800, 1, 600, 1, 0, 1, 0, 1)), box(b"irot", b"\x01")), 8, (600, 800)),
        ((box(b"clap", bytes(32)),), 1, (1600, 1200)),
    ],
)
def test_rotation_mirroring_and_crop_are_understood(
    properties: tuple[bytes, ...], orientation: int, size: tuple[int, int]
) -> None:
    numbers = tuple(range(1, 3 + len(properties)))
    description = cleaned(
        Picture([Item(1, b"hvc1", PIXELS, numbers)], properties=(*PROPERTIES[:2], *properties)).build()
    )[0].description
    assert (description.orientation, (description.width, description.height)) == (orientation, size)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_keeps_pixels_transparency_and_orientation(orientation: int) -> None:
    original = saved(
        "AVIF",
        image("RGBA"),
        exif=exif_with(orientation),
        xmp=XMP,
        icc_profile=Image.open(io.BytesIO(saved("JPEG"))).info.get("icc_profile"),
    )
    plan, copy = cleaned(original)
    assert same_pixels(original, copy)
    assert plan.description.media_type == "image/avif"
    assert plan.description.orientation == orientation
    assert (plan.description.width, plan.description.height) == pixels(original).size
    assert [secret for secret in SECRETS if secret in copy] == []
    opened = Image.open(io.BytesIO(copy))
    assert set(opened.getexif()) <= {0x0112}
    assert "xmp" not in opened.info
    assert {Removal.GPS, Removal.SERIAL_NUMBER, Removal.XMP} <= set(plan.removed)


def test_an_avif_animation_keeps_its_frames() -> None:
    original = saved(
        "AVIF",
        save_all=True,
        append_images=[image().rotate(90), image().rotate(180)],
        duration=100,
        exif=exif_with(1),
        xmp=XMP,
    )
    plan, copy = cleaned(original)
    before, after = Image.open(io.BytesIO(original)), Image.open(io.BytesIO(copy))
    for number in range(3):
        before.seek(number)
        after.seek(number)
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
    assert [secret for secret in SECRETS if secret in copy] == []
    assert plan.description.kind == "photo"


@pytest.mark.parametrize(
    ("name", "media_type", "size"),
    [("phone.heic", "image/heic", (1600, 858)), ("photo.avif", "image/avif", (512, 512))],
)
def test_the_real_files_keep_their_pixel_data(name: str, media_type: str, size: tuple[int, int]) -> None:
    original = (samples() / name).read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.media_type, (plan.description.width, plan.description.height)) == (media_type, size)
    assert b"Exif" not in copy
    assert b"libavif" not in copy
    exif_bytes = 36 if name == "photo.avif" else 0
    assert parts(copy)[b"mdat"][exif_bytes:] == parts(original)[b"mdat"][exif_bytes:]
    if media_type == "image/avif":
        assert same_pixels(original, copy)


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (Picture([*PLAIN.items, exif_item(2)]), Removal.GPS),
        (Picture([*PLAIN.items, xmp_item(2)]), Removal.XMP),
        (Picture([*PLAIN.items, Item(2, b"mime", b"Jane Doe", content_type=b"text/plain")]), Removal.PRIVATE_DATA),
        (Picture([Item(1, b"hvc1", PIXELS, (1, 2, 5))]), Removal.PRIVATE_DATA),
        (
            Picture([Item(1, b"hvc1", PIXELS, (1, 2)), Item(2, b"hvc1", b"Jane Doe", (5,))], [(b"thmb", 2, (1,))]),
            Removal.EMBEDDED_THUMBNAIL,
        ),
        (dataclasses.replace(PLAIN, more_meta=(full_box(b"xml ", b"<a>Jane Doe</a>"),)), Removal.PRIVATE_DATA),
        (dataclasses.replace(PLAIN, more_meta=(box(b"free", b"Jane Doe"),)), Removal.PRIVATE_DATA),
        (dataclasses.replace(PLAIN, after=(box(b"mpvd", b"a film of Jane Doe"),)), Removal.MOTION_CLIP),
        (dataclasses.replace(PLAIN, after=(box(b"uuid", b"Jane Doe"), box(b"mdat"))), Removal.TAGS),
        (dataclasses.replace(PLAIN, after=(box(b"free", b"Jane Doe"),)), Removal.STRAY_BYTES),
        (dataclasses.replace(PLAIN, after=(box(b"mdat", b"Jane Doe"),)), Removal.STRAY_BYTES),
        (dataclasses.replace(PLAIN, after=(b"Jane Doe",)), Removal.STRAY_BYTES),
    ],
)
def test_what_is_not_displayed_goes(picture: Picture, code: Removal) -> None:
    plan, copy = cleaned(picture.build())
    assert code in plan.removed
    assert [secret for secret in SECRETS if secret in copy] == []
    assert PIXELS in copy


def test_of_several_pictures_the_primary_stays_with_a_warning() -> None:
    plan, copy = cleaned(Picture([*PLAIN.items, Item(2, b"hvc1", b"Jane Doe", (1, 2))]).build())
    assert plan.warnings == (Notice.FIRST_IMAGE_ONLY,)
    assert b"Jane Doe" not in copy


def test_a_film_beside_the_picture_is_cleaned_as_a_film() -> None:
    film = box_files.Film((FilmTrack(b"vide", (), box_files.video_entry()),), in_moov=box_files.tag_boxes()).build()
    moov = film[film.index(b"moov") - 4 :]
    plan, copy = cleaned(dataclasses.replace(PLAIN, after=(moov,), brand=b"hevc").build())
    assert plan.description.kind == "photo"
    assert Removal.GPS in plan.removed
    assert [secret for secret in SECRETS if secret in copy] == []


def test_media_data_that_neither_the_picture_nor_the_film_uses_go() -> None:
    picture = dataclasses.replace(PLAIN, brand=b"hevc").build()
    padding, unused = box(b"free", bytes(len(picture) - 28)), box(b"mdat", b"Jane Doe")
    film = box_files.Film((box_files.VIDEO,), between=(padding,), after=(unused,)).build()
    plan, copy = cleaned(picture + film[len(picture) :])
    assert plan.warnings == ()
    assert Removal.STRAY_BYTES in plan.removed
    assert [secret for secret in SECRETS if secret in copy] == []
    assert PIXELS in copy
    assert b"".join(box_files.VIDEO.samples) in copy


def test_a_film_beside_the_picture_whose_media_data_lost_their_name_is_refused() -> None:
    picture = dataclasses.replace(PLAIN, brand=b"hevc").build()
    film = box_files.Film((box_files.VIDEO,), between=(box(b"free", bytes(len(picture) - 28)),)).build()
    media = film[len(picture) :]
    assert survives(picture + media)
    assert not survives(picture + media.replace(b"mdat", b"mdaz"))


def test_bytes_that_the_picture_shares_with_metadata_are_kept() -> None:
    data = Picture([*PLAIN.items, Item(2, b"Exif", b"")]).build()
    pixels_at = data.index(PIXELS)
    entries = data.index(b"iloc") + 4 + 4 + 2 + 2
    extent = entries + 16 + 8
    _, copy = cleaned(data[:extent] + ints(4, pixels_at, 30) + data[extent + 8 :])
    assert PIXELS in copy


def test_a_clean_picture_is_left_alone() -> None:
    _, copy = cleaned(PLAIN.build())
    assert cleaned(copy)[0].segments == (Keep(0, len(copy)),)


def _moved(offset: int, length: int) -> bytes:
    data = PLAIN.build()
    location = data.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2 + 2 + 2
    return data[:location] + ints(4, offset, length) + data[location + 8 :]


@pytest.mark.parametrize(
    "build",
    [
        lambda: dataclasses.replace(PLAIN, primary=3).build(),
        lambda: PLAIN.build().replace(b"pitm", b"ptim"),
        lambda: PLAIN.build().replace(b"meta", b"atem", 1),
        lambda: PLAIN.build() + full_box(b"meta"),
        lambda: dataclasses.replace(PLAIN, properties=()).build(),
        lambda: dataclasses.replace(PLAIN, properties=(full_box(b"ispe", bytes(8)), *PROPERTIES[1:])).build(),
        lambda: _moved(100, 50),
        lambda: _moved(10_000_000, 50),
        lambda: _moved(500, 10_000_000),
        lambda: PLAIN.build().replace(b"iloc\x01\x00\x00\x00\x44", b"iloc\x01\x00\x00\x00\xff"),
        lambda: PLAIN.build().replace(b"\x44\x00\x00\x01\x00\x01\x00\x00", b"\x00\x00\xff\xff\x00\x01\x00\x00"),
        lambda: box(b"ftyp", b"heic", bytes(4)) + box(b"meta"),
        lambda: box(b"ftyp", b"heic", bytes(4)),
    ],
)
def test_a_broken_picture_is_refused(build: Callable[[], bytes]) -> None:
    assert not survives(build())


def test_an_item_table_of_no_bytes_per_extent_costs_nothing() -> None:
    entries = b"".join(ints(2, number, 0, 0, 65535) for number in range(20_000))
    iloc = full_box(b"iloc", b"\x00\x00", ints(2, 20_000), entries, version=1)
    data = PLAIN.build()
    at = data.index(b"iloc") - 4
    stop = at + int.from_bytes(data[at : at + 4], "big")
    start = data.index(b"meta") - 4
    meta = int.from_bytes(data[start : start + 4], "big") + len(iloc) - (stop - at)
    assert not survives(data[:start] + ints(4, meta) + data[start + 4 : at] + iloc + data[stop:])


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(phone_picture().build())
