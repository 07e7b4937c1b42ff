from __future__ import annotations

import io

import pytest
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, removed, survives
from harness.media_files.pictures import SECRETS, full_png, image, pixels, png_chunk, same_pixels, saved, tiff_with
from harness.shared_files import cases
from PIL import Image

from picsafe_media import Removal


def chunks(data: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(data):
        found.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return found


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_colours_and_orientation_stay_and_the_rest_goes(orientation: int) -> None:
    original = full_png(orientation)
    plan, copy = cleaned(original)
    assert same_pixels(original, copy)
    assert (plan.description.width, plan.description.height) == pixels(original).size
    assert plan.description.media_type == "image/png"
    assert plan.description.captured_at == "2026-11-22T10:15:00+10:00"
    assert [secret for secret in SECRETS if secret in copy] == []
    assert set(chunks(copy)) == {b"IHDR", b"iCCP", b"pHYs", b"IDAT", b"IEND"} | (
        {b"eXIf"} if orientation > 1 else set()
    )
    assert dict(Image.open(io.BytesIO(copy)).getexif()) == ({0x0112: orientation} if orientation > 1 else {})
    assert {
        Removal.GPS,
        Removal.SERIAL_NUMBER,
        Removal.COMMENT,
        Removal.XMP,
        Removal.CAPTURE_TIME,
        Removal.PRIVATE_DATA,
    } <= set(plan.removed)


def test_an_animation_keeps_all_its_frames() -> None:
    original = saved("PNG", save_all=True, append_images=[image().rotate(90)], duration=[100, 200], loop=3)
    at = original.rindex(b"fcTL") - 4
    _, copy = cleaned(original[:at] + png_chunk(b"tEXt", b"Comment\x00Jane Doe") + original[at:])
    assert copy == original


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (full_png() + b"after the end", Removal.STRAY_BYTES),
        (
            saved("PNG")[:33] + png_chunk(b"iTXt", b"Title\x00\x00\x00\x00\x00Jane Doe") + saved("PNG")[33:],
            Removal.COMMENT,
        ),
        (saved("PNG")[:33] + png_chunk(b"prIv", b"") + saved("PNG")[33:], Removal.PRIVATE_DATA),
        (saved("PNG")[:33] + png_chunk(b"eXIf", b"") + saved("PNG")[33:], Removal.EXIF),
        (saved("PNG")[:-12] + png_chunk(b"eXIf", tiff_with(3)) + saved("PNG")[-12:], Removal.GPS),
    ],
)
def test_hidden_data_go(data: bytes, code: Removal) -> None:
    assert code in removed(data)


def test_of_two_exif_blocks_the_first_decides() -> None:
    data = full_png(6)
    plan, copy = cleaned(data[:33] + png_chunk(b"eXIf", tiff_with(3)) + data[33:])
    assert plan.description.orientation == 3
    assert chunks(copy).count(b"eXIf") == 1


@pytest.mark.parametrize(
    "data",
    [
        saved("PNG")[:-12],
        saved("PNG")[:33] + saved("PNG")[-12:],
        saved("PNG")[:8] + png_chunk(b"tEXt", b"first") + saved("PNG")[8:],
        saved("PNG").replace(b"\x00\x00\x00\x30\x00\x00\x00\x20", bytes(8), 1),
        saved("PNG")[:33] + b"\xff\xff\xff\xffIDAT" + saved("PNG")[33:],
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_broken_picture_is_refused(data: bytes) -> None:
    assert not survives(data)


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(full_png())


def test_exif_behind_the_pixels_turns_nothing() -> None:
    original = (cases() / "media" / "png_exif_behind_idat.png").read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.width, plan.description.height, plan.description.orientation) == (200, 150, 1)
    assert Image.open(io.BytesIO(copy)).size == pixels(copy).size == (200, 150)
    assert b"eXIf" not in copy


def test_a_profile_that_cannot_be_unpacked_goes() -> None:
    data = saved("PNG")
    plan, copy = cleaned(data[:33] + png_chunk(b"iCCP", b"name\0\0Jane Doe") + data[33:])
    assert (copy, plan.removed) == (data, (Removal.PRIVATE_DATA,))


def in_pieces(kinds: list[bytes]) -> bytes:
    """A PNG whose picture data lie in as many chunks as there are `kinds`, with these types."""
    data = saved("PNG")
    at = data.index(b"IDAT")
    length = int.from_bytes(data[at - 4 : at], "big")
    packed, size = data[at + 4 : at + 4 + length], -(-length // len(kinds))
    pieces = [png_chunk(kind, packed[index * size : (index + 1) * size]) for index, kind in enumerate(kinds)]
    return data[: at - 4] + b"".join(pieces) + data[at + 8 + length :]


@pytest.mark.parametrize("kind", [b"IDA\xd4", b"\xffDAT", b"ID\x00T", b"IDBT", b"CgBI", b"iDAT", b"idAt"])
def test_picture_data_are_never_taken_for_something_else(kind: bytes) -> None:
    """Taken out as an unknown part, a piece of the picture data would leave another picture, or none."""
    assert survives(in_pieces([b"IDAT"] * 3))
    assert not survives(in_pieces([b"IDAT", kind, b"IDAT"]))
