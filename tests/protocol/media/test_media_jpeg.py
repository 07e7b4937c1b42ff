from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from harness.media_files.cleaning import (
    assert_all_truncations_are_refused,
    cleaned,
    removed,
    survives,
    survives_and_settles,
)
from harness.media_files.pictures import exif_with, pixels, same_pixels, saved
from harness.shared_files import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from picsafe_media import Notice, Removal, clean_file
from picsafe_protocol.contracts.errors import UnsupportedMedium

CAMERA_FILES = {
    "camera-10mp-rotated-gps.jpg": (2736, 3648, 6),
    "camera-canon-xmp.jpg": (2000, 1072, 1),
    "camera-nokia-iptc.jpg": (640, 480, 1),
    "camera-powershot.jpg": (480, 360, 1),
    "cmyk.jpg": (100, 100, 1),
    "junk-before-header.jpg": (1024, 768, 1),
    "orientation-5.jpg": (128, 128, 5),
    "progressive.jpg": (256, 160, 1),
    "stereo.mpo": (640, 480, 1),
}
TELLTALES = [
    b"SN-TEST-123456",
    b"A7362630",
    b"FUJIFILM",
    b"FinePix",
    b"Canon",
    b"Nokia",
    b"Nintendo",
    b"Lightroom",
    b"Photoshop",
    b"8BIM",
    b"http://ns.adobe.com",
    b"<x:xmpmeta",
    b"GPSL",
    b"FPXR",
    b"MPF\x00",
    b"CREATOR_ID",
    b"022070029137",
    b"000091aa5e",
    b"Budapest",
]


def picture(**options: Any) -> bytes:
    return saved("JPEG", quality=80, **options)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segments(*segments: bytes, base: bytes | None = None) -> bytes:
    data = base or picture()
    return data[:2] + b"".join(segments) + data[2:]


@pytest.mark.parametrize("name", CAMERA_FILES)
def test_camera_files_keep_their_pixels_and_lose_everything_else(name: str) -> None:
    original = (samples() / name).read_bytes()
    plan, copy = cleaned(original)
    width, height, orientation = CAMERA_FILES[name]
    assert (plan.description.kind, plan.description.media_type) == ("photo", "image/jpeg")
    assert (plan.description.width, plan.description.height) == (width, height) == pixels(copy).size
    assert plan.description.orientation == orientation
    assert same_pixels(original, copy)
    assert [secret for secret in TELLTALES if secret in copy] == []
    assert copy.endswith(b"\xff\xd9")
    image = Image.open(io.BytesIO(copy))
    assert dict(image.getexif()) == ({0x0112: orientation} if orientation > 1 else {})
    assert image.getexif().get_ifd(0x8825) == image.getexif().get_ifd(0x8769) == {}
    assert set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "dpi",
        "exif",
        "icc_profile",
        "adobe",
        "adobe_transform",
        "progressive",
        "progression",
    }
    assert copy.count(b"\xff\xd8\xff") == 1
    assert image.info.get("icc_profile") == Image.open(io.BytesIO(original)).info.get("icc_profile")


def test_the_rotated_photo_says_what_it_lost() -> None:
    plan, _ = cleaned((samples() / "camera-10mp-rotated-gps.jpg").read_bytes())
    assert {Removal.GPS, Removal.SERIAL_NUMBER, Removal.DEVICE, Removal.EMBEDDED_THUMBNAIL} <= set(plan.removed)
    assert plan.description.captured_at == "2013-05-25T16:38:10"


def test_of_a_stereo_picture_the_first_is_sent_and_the_sender_told() -> None:
    plan, copy = cleaned((samples() / "stereo.mpo").read_bytes())
    assert plan.warnings == (Notice.FIRST_IMAGE_ONLY,)
    assert Removal.SECOND_IMAGE in plan.removed
    assert Image.open(io.BytesIO(copy)).format == "JPEG"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_displays_as_before(orientation: int) -> None:
    original = picture(exif=exif_with(orientation))
    plan, copy = cleaned(original)
    assert same_pixels(original, copy)
    assert (plan.description.width, plan.description.height) == pixels(original).size
    assert {Removal.GPS, Removal.SERIAL_NUMBER, Removal.DEVICE, Removal.AUTHOR} <= set(plan.removed)
    assert plan.description.captured_at == "2026-11-22T10:15:00+10:00"
    assert b"SERIAL-42" not in copy
    assert b"Acme" not in copy


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_orientation_that_does_not_exist_means_upright(orientation: int) -> None:
    plan, copy = cleaned(picture(exif=exif_with(orientation)))
    assert plan.description.orientation == 1
    assert b"Exif" not in copy


@pytest.mark.parametrize(
    ("hidden", "code"),
    [
        (segment(0xFE, b"a comment about a patient"), Removal.COMMENT),
        (segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>exif:GPSLatitude</x:xmpmeta>"), Removal.GPS),
        (segment(0xE1, b"http://ns.adobe.com/xmp/extension/\x00" + bytes(40)), Removal.XMP),
        (segment(0xE1, b"something of its own"), Removal.PRIVATE_DATA),
        (segment(0xE0, b"JFXX\x00\x10" + picture()), Removal.EMBEDDED_THUMBNAIL),
        (segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x04\x1c\x02\x78\x00"), Removal.IPTC),
        (segment(0xED, b"Photoshop 3.0\x008BIM\x04\x0c\x00\x00\x00\x00\x00\x04abcd"), Removal.EMBEDDED_THUMBNAIL),
        (segment(0xED, b"Photoshop 3.0\x008BIM\x04"), Removal.PRIVATE_DATA),
        (segment(0xEB, b"JP\x00\x01 a claim of origin"), Removal.PRIVATE_DATA),
        (segment(0xE2, b"MPF\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"), Removal.SECOND_IMAGE),
        (segment(0xE2, b"ICC_PROFILES are not this"), Removal.PRIVATE_DATA),
        (segment(0xEE, b"Adobe is not this"[:8]), Removal.PRIVATE_DATA),
    ],
)
def test_what_viewers_do_not_need_is_removed(hidden: bytes, code: Removal) -> None:
    data = with_segments(hidden)
    plan, copy = cleaned(data)
    assert code in plan.removed
    assert copy == picture()


def test_stray_bytes_between_segments_are_passed_over_as_decoders_do() -> None:
    original = picture()
    plan, copy = cleaned(original[:20] + b"stray bytes \xff\x00" + original[20:])
    assert plan.removed == (Removal.STRAY_BYTES,)
    assert copy == original
    assert removed(original[:20] + b"\xff\xff\xff" + original[20:]) == set()


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        (b"\x00", Removal.STRAY_BYTES),
        (b"a note after the picture", Removal.STRAY_BYTES),
        (picture(), Removal.SECOND_IMAGE),
        (bytes(100) + picture(), Removal.SECOND_IMAGE),
        (b"MotionPhoto_Data\x00\x00\x00\x18ftypmp42", Removal.MOTION_CLIP),
    ],
)
def test_what_follows_the_picture_is_cut_off(tail: bytes, code: Removal) -> None:
    plan, copy = cleaned(picture() + tail)
    assert plan.removed == (code,)
    assert copy == picture()


def test_rubbish_before_the_picture_is_cut_off() -> None:
    plan, copy = cleaned(b"HTTP/1.1 200 OK\r\n\r\n" + picture())
    assert plan.removed == (Removal.STRAY_BYTES,)
    assert copy == picture()


def test_comments_between_the_scans_are_damage_since_they_could_be_a_false_marker() -> None:
    data = picture(progressive=True)
    second_table = [found.start() for found in re.finditer(b"\xff\xc4", data)][-1]
    assert not survives(data[:second_table] + segment(0xFE, b"between the scans") + data[second_table:])


def test_a_jfif_thumbnail_goes_but_the_resolution_stays() -> None:
    base = picture(dpi=(300, 300))
    payload = base[6:20]
    with_thumbnail = base[:2] + segment(0xE0, payload[:12] + b"\x02\x02" + bytes(12)) + base[20:]
    plan, copy = cleaned(with_thumbnail)
    assert plan.removed == (Removal.EMBEDDED_THUMBNAIL,)
    assert copy == base


def test_colour_information_stays() -> None:
    profile = Image.open(io.BytesIO(picture(icc_profile=b"profile" * 20000))).info["icc_profile"]
    plan, copy = cleaned(picture(icc_profile=b"profile" * 20000))
    assert plan.removed == ()
    assert Image.open(io.BytesIO(copy)).info["icc_profile"] == profile


def test_the_orientation_is_written_behind_jfif() -> None:
    _, copy = cleaned(picture(exif=exif_with(3)))
    assert copy[2:4] == b"\xff\xe0"
    assert copy[20:22] == b"\xff\xe1"


def test_data_hidden_in_a_long_adobe_segment_goes() -> None:
    original = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
    plan, copy = cleaned(with_segments(segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01 and a name")))
    assert plan.removed == (Removal.PRIVATE_DATA,)
    assert copy == with_segments(original)


def test_a_second_exif_block_cannot_hide_behind_the_first() -> None:
    _, copy = cleaned(picture(exif=exif_with(6)))
    plan, again = cleaned(copy[:56] + segment(0xE1, exif_with(1).tobytes()) + copy[56:])
    assert again == copy
    assert Removal.SERIAL_NUMBER in plan.removed


def _without(marker: bytes) -> Callable[[bytes], bytes]:
    def cut(data: bytes) -> bytes:
        at = data.index(marker)
        return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]

    return cut


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-20],
        lambda data: data[:2] + data[-2:],
        lambda data: data[:2] + segment(0xFE, b"only a comment") + data[-2:],
        lambda data: data[:2] + b"\xff\xd8" + data[2:],
        lambda data: data[:2] + b"\xff\xe1\x00\x01" + data[2:],
        lambda data: data[:2] + b"\xff\xe1\xff\xff" + data[2:],
        lambda data: data.replace(b"\xff\xc0\x00\x11", b"\xff\xc0\x00\x04", 1),
        lambda data: data.replace(b"\x08\x00\x20\x00\x30", b"\x08\x00\x20\x00\x00", 1),
        lambda data: data.replace(b"\x08\x00\x20\x00\x30", b"\x08\x00\x00\x00\x30", 1),
        _without(b"\xff\xc0"),
        _without(b"\xff\xda"),
    ],
)
def test_a_broken_picture_is_refused(damage: Callable[[bytes], bytes]) -> None:
    assert not survives(damage(picture()))


def test_a_height_that_comes_after_the_scan_counts() -> None:
    data = picture().replace(b"\x08\x00\x20\x00\x30", b"\x08\x00\x00\x00\x30", 1)
    plan = clean_file(io.BytesIO(data[:-2] + segment(0xDC, b"\x00\x20") + data[-2:]))
    assert (plan.description.width, plan.description.height) == (48, 32)


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(picture(exif=exif_with(6), progressive=True))


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(UnsupportedMedium, match="damaged or incomplete") as refusal:
        clean_file(io.BytesIO(picture()[:-20]))
    assert "nothing was sent" in refusal.value.advice


@settings(deadline=None)
@given(st.data())
def test_changed_bytes_never_break_the_cleaner(data: st.DataObject) -> None:
    original = bytearray(picture(exif=exif_with(8)) + b"tail")
    for position, value in data.draw(
        st.dictionaries(st.integers(0, len(original) - 1), st.integers(0, 255), max_size=8)
    ).items():
        original[position] = value
    survives_and_settles(bytes(original))
