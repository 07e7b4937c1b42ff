from __future__ import annotations

import io

import pytest
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, survives
from harness.media_files.pictures import (
    SECRETS,
    frames,
    full_webp,
    image,
    pixels,
    riff_chunk,
    same_pixels,
    saved,
    with_riff_chunks,
)
from PIL import Image

from picsafe_media import Removal


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_colours_and_orientation_stay_and_the_rest_goes(orientation: int, lossless: bool) -> None:
    original = full_webp(orientation, lossless=lossless)
    plan, copy = cleaned(original)
    assert same_pixels(original, copy)
    assert (plan.description.width, plan.description.height) == pixels(original).size
    assert plan.description.media_type == "image/webp"
    assert [secret for secret in SECRETS if secret in copy] == []
    opened = Image.open(io.BytesIO(copy))
    assert opened.info["icc_profile"] == b"profile" * 40
    assert dict(opened.getexif()) == ({0x0112: orientation} if orientation > 1 else {})
    assert "xmp" not in opened.info
    assert int.from_bytes(copy[4:8], "little") == len(copy) - 8
    assert {Removal.GPS, Removal.SERIAL_NUMBER, Removal.XMP, Removal.PRIVATE_DATA} <= set(plan.removed)


@pytest.mark.parametrize("lossless", [True, False])
def test_a_simple_file_is_measured_by_its_picture(lossless: bool) -> None:
    data = saved("WEBP", lossless=lossless)
    plan, copy = cleaned(data)
    assert data[12:15] == b"VP8"
    assert (plan.description.width, plan.description.height) == (48, 32)
    assert copy == data


def test_exif_that_no_viewer_reads_does_not_turn_the_picture() -> None:
    data = saved("WEBP", lossless=True)
    plan, copy = cleaned(with_riff_chunks(data, riff_chunk(b"EXIF", b"Exif\x00\x00MM\x00*")))
    assert plan.description.orientation == 1
    assert copy[12:] == data[12 : len(copy)]


def test_an_animation_keeps_its_frames_and_loses_what_hides_in_them() -> None:
    original = saved("WEBP", save_all=True, append_images=[image().rotate(90)], duration=[100, 200], lossless=True)
    at = original.index(b"ANMF")
    length = int.from_bytes(original[at + 4 : at + 8], "little")
    hidden = riff_chunk(b"MINE", b"Jane Doe!")
    frame = (
        original[at : at + 4]
        + (length + len(hidden)).to_bytes(4, "little")
        + original[at + 8 : at + 8 + length]
        + hidden
    )
    body = original[8:at] + frame + original[at + 8 + length :]
    plan, copy = cleaned(b"RIFF" + len(body).to_bytes(4, "little") + body)
    assert copy == original
    assert plan.removed == (Removal.PRIVATE_DATA,)
    assert len(frames(copy)) == 2


def test_bytes_beyond_the_file_are_cut_off() -> None:
    plan, copy = cleaned(saved("WEBP") + b"Jane Doe")
    assert plan.removed == (Removal.STRAY_BYTES,)
    assert copy == saved("WEBP")


def test_missing_padding_at_the_end_is_no_reason_to_refuse() -> None:
    data = saved("WEBP", lossless=True, exif=Image.Exif(), icc_profile=b"x")
    unpadded = with_riff_chunks(data, b"XMP \x01\x00\x00\x00x")
    plan, copy = cleaned(unpadded)
    assert Removal.XMP in plan.removed
    assert same_pixels(data, copy)


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\x04\x00\x00\x00WEBP",
        saved("WEBP")[:-1],
        b"RIFF\xff\xff\xff\xff" + saved("WEBP")[8:],
        with_riff_chunks(b"RIFF\x04\x00\x00\x00WEBP", riff_chunk(b"VP8 ", bytes(4))),
        with_riff_chunks(b"RIFF\x04\x00\x00\x00WEBP", riff_chunk(b"VP8 ", bytes(10))),
        with_riff_chunks(b"RIFF\x04\x00\x00\x00WEBP", riff_chunk(b"VP8X", bytes(10))),
        with_riff_chunks(saved("WEBP"), b"MINE\xff\xff\xff\xff"),
        with_riff_chunks(saved("WEBP"), b"MIN"),
    ],
)
def test_a_broken_picture_is_refused(data: bytes) -> None:
    assert not survives(data)


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(full_webp())


def test_exif_that_the_flags_do_not_announce_turns_nothing() -> None:
    original = full_webp(6)
    silent = original[:20] + bytes((original[20] & ~0x08,)) + original[21:]
    plan, copy = cleaned(silent)
    assert plan.description.orientation == 1
    assert Removal.EXIF in plan.removed
    assert Image.open(io.BytesIO(copy)).getexif().get(0x0112, 1) == 1


def test_an_animation_of_which_a_frame_has_no_picture_is_refused() -> None:
    """As a chunk that nobody knows, the damaged picture would be taken out, and decoders refuse what is left."""
    data = saved("WEBP", save_all=True, append_images=[image().rotate(90)], duration=[100, 200], lossless=True)
    picture = data.rindex(b"VP8L")
    assert survives(data)
    assert not survives(data[:picture] + b"TP8L" + data[picture + 4 :])
