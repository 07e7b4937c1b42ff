"""HEIF and AVIF files of unusual forms: what refers to an item that goes, goes too; what is not understood is refused by name."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import pytest
from harness.media_files import boxes as box_files
from harness.media_files.boxes import PIXELS, PROPERTIES, Item, Picture, box, full_box, ints
from harness.media_files.cleaning import cleaned, survives
from harness.media_files.pictures import pixels, same_pixels
from harness.shared_files import cases

from picsafe_media import Removal, clean_file
from picsafe_protocol.contracts.errors import UnsupportedMedium

TONE_MAP = Picture(
    [
        Item(1, b"hvc1", PIXELS, (1, 2)),
        Item(2, b"tmap", b"how bright", (1,)),
        Item(3, b"hvc1", b"the gain map", (1, 2)),
    ],
    [(b"dimg", 2, (1, 3))],
    more_meta=(box(b"grpl", full_box(b"altr", ints(4, 9, 2, 2, 1))),),
    brand=b"avif",
)


def with_brand(data: bytes, brand: bytes) -> bytes:
    """Says `brand` in place of `mif1`."""
    return data.replace(b"mif1", brand, 1)


def refusal(data: bytes) -> UnsupportedMedium:
    with pytest.raises(UnsupportedMedium) as refused:
        clean_file(io.BytesIO(data))
    return refused.value


def test_a_picture_without_its_gain_map_shows_the_base_picture() -> None:
    original = (cases() / "media" / "hdr_gainmap_small.avif").read_bytes()
    plan, copy = cleaned(original)
    assert Removal.SECOND_IMAGE in plan.removed
    assert pixels(copy).size == (512, 600)
    assert same_pixels(original, copy)
    assert b"tmap" not in copy
    assert b"altr" not in copy


def test_the_brand_of_the_gain_map_goes_with_it() -> None:
    _, copy = cleaned(with_brand(TONE_MAP.build(), b"tmap"))
    for gone in (b"tmap", b"altr", b"the gain map"):
        assert gone not in copy
    assert copy.startswith(box(b"ftyp", b"avif", bytes(4), b"mif1avif"))


def test_a_gain_map_that_is_the_picture_keeps_all_its_parts() -> None:
    original = with_brand(dataclasses.replace(TONE_MAP, primary=2).build(), b"tmap")
    _, copy = cleaned(original)
    assert copy.count(b"tmap") == 2
    assert b"the gain map" in copy


def test_an_animation_whose_list_names_no_primary_picture_is_sent() -> None:
    original = (cases() / "media" / "animated_10bit.avif").read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.media_type, plan.description.width, plan.description.height) == ("image/avif", 480, 270)
    assert same_pixels(original, copy)
    assert b"GPAC" not in copy


@pytest.mark.parametrize("name", ["seq_seed.heif", "jpeg32.heif"])
def test_forms_that_are_not_carried_are_refused_by_name(name: str) -> None:
    refused = refusal((cases() / "media" / name).read_bytes())
    assert "HEIF" in str(refused)
    assert refused.kind == "heif_form"


@pytest.mark.parametrize("brand", [b"jpeg", b"unif", b"MiHB", b"avci"])
def test_the_first_brand_does_not_decide(brand: bytes) -> None:
    original = Picture([Item(1, b"hvc1", PIXELS, (1, 2))]).build().replace(b"ftypheic", b"ftyp" + brand, 1)
    assert cleaned(original)[0].description.media_type == "image/heic"


def test_a_film_that_calls_itself_a_picture_too_is_a_film() -> None:
    film = box_files.Film().build()
    assert film[4:8] == b"ftyp"
    length = int.from_bytes(film[:4], "big")
    branded = film[: length - 4] + b"mif1" + film[length:]
    assert cleaned(branded)[0].description.kind == "video"


def _protected() -> bytes:
    data = Picture([Item(1, b"hvc1", PIXELS, (1, 2))]).build()
    return data.replace(b"infe\x02\x00\x00\x00\x00\x01\x00\x00", b"infe\x02\x00\x00\x00\x00\x01\x00\x01", 1)


def _in_another_item() -> bytes:
    data = Picture([Item(1, b"hvc1", PIXELS, (1, 2))]).build()
    at = data.index(b"iloc") + 4 + 4 + 2 + 2 + 2
    return data[: at + 1] + b"\x02" + data[at + 2 :]


def _in_another_file() -> bytes:
    data = Picture([Item(1, b"hvc1", PIXELS, (1, 2))]).build()
    at = data.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2
    return data[: at + 1] + b"\x01" + data[at + 2 :]


UNKNOWN: dict[str, Callable[[], bytes]] = {
    "a coding with metadata of its own": lambda: Picture([Item(1, b"j2k1", PIXELS, (1, 2))]).build(),
    "encrypted": _protected,
    "within another item": _in_another_item,
    "in another file": _in_another_file,
    "a property that its readers must know": lambda: Picture(
        [Item(1, b"hvc1", PIXELS, (1, 2, 3))], properties=(*PROPERTIES[:2], box(b"warp", b"bends it"))
    ).build(),
    "a compact list": lambda: box(b"ftyp", b"mif3", bytes(4), b"mif3avif") + box(b"mini", bytes(40)),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_could_change_the_picture_or_stay_in_it_is_refused(what: str) -> None:
    assert refusal(UNKNOWN[what]()).kind == "heif_form"


def test_items_that_a_picture_is_predicted_from_stay() -> None:
    items = [Item(1, b"hvc1", PIXELS, (1, 2)), Item(2, b"hvc1", b"predicted from", (1, 2))]
    assert b"predicted from" in cleaned(Picture(items, [(b"pred", 1, (2,))]).build())[1]


def test_a_descriptive_property_may_call_itself_essential() -> None:
    assert survives(Picture([Item(1, b"hvc1", PIXELS, (1, 2, 5))]).build())


def test_lists_that_readers_would_read_differently_are_damage() -> None:
    two = Picture([Item(1, b"hvc1", PIXELS, (1, 2)), Item(2, b"hvc1", b"another one", (1, 2))]).build()
    assert survives(two)
    at = two.index(b"iinf") + 8
    for count in (0, 1, 3, 255):
        assert not survives(two[:at] + count.to_bytes(2, "big") + two[at + 2 :])
    same = Picture([Item(1, b"hvc1", PIXELS, (1, 2)), Item(1, b"hvc1", b"another one", (1, 2))]).build()
    assert not survives(same)
    once = Picture([Item(1, b"hvc1", PIXELS, (1, 2))])
    for double in (full_box(b"pitm", ints(2, 2)), box(b"iprp", box(b"ipco")), full_box(b"iref")):
        assert not survives(dataclasses.replace(once, more_meta=(double,)).build())


GRID = Item(1, b"grid", b"\x00\x00\x00\x01\x06\x40\x04\xb0", (1,), in_idat=True)
TILES = [Item(number, b"hvc1", PIXELS, (1, 2)) for number in (2, 3)]


@pytest.mark.parametrize(
    "picture",
    [
        Picture([GRID, *TILES], [(b"dimh", 1, (2, 3))]),
        Picture([GRID, *TILES], [(b"dimg", 1, (2,))]),
        Picture([Item(1, b"iden", b"", (1,)), *TILES], []),
        Picture([Item(1, b"iden", b"", (1,)), *TILES], [(b"dimg", 1, (2, 3))]),
        Picture([Item(1, b"iovl", b"", (1,)), *TILES], []),
        Picture([Item(1, b"hvc1", PIXELS, (1,)), *TILES], []),
    ],
)
def test_a_picture_without_its_parts_is_refused_even_where_viewers_show_another(picture: Picture) -> None:
    assert not survives(picture.build())


SMALL = Item(2, b"hvc1", b"a small one", (1, 2))


@pytest.mark.parametrize("kind", [b"thmb", b"auxl"])
def test_a_primary_picture_that_belongs_to_another_is_refused(kind: bytes) -> None:
    picture = Picture([Item(1, b"hvc1", PIXELS, (1, 2)), SMALL], [(kind, 2, (1,))])
    assert survives(picture.build())
    assert not survives(dataclasses.replace(picture, primary=2).build())


def test_a_property_that_does_not_exist_is_refused_unless_its_picture_goes() -> None:
    none, beyond = Item(2, b"hvc1", b"another one", (1, 2)), Item(1, b"hvc1", PIXELS, (1, 2, 34))
    assert survives(Picture([none, beyond], primary=2).build())
    assert not survives(Picture([none, beyond]).build())


def test_a_grid_whose_description_lies_behind_its_place_is_refused() -> None:
    data = Picture([GRID, *TILES], [(b"dimg", 1, (2, 3))], more_meta=(box(b"free", GRID.data),)).build()
    entry = ints(2, 1, 1, 0, 1)
    assert data.count(entry + ints(4, 0, 8)) == 1
    assert survives(data)
    assert not survives(data.replace(entry + ints(4, 0, 8), entry + ints(4, 16, 8)))


def test_a_picture_with_all_its_parts_is_sent() -> None:
    assert survives(Picture([GRID, *TILES], [(b"dimg", 1, (2, 3))]).build())
