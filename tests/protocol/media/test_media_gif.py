from __future__ import annotations

import pytest
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, survives
from harness.media_files.pictures import animated_gif, frames, gif_extension, gif_with, image, saved

from picsafe_media import Removal

XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        (gif_extension(0xFE, b"Jane Doe", b"and more"), Removal.COMMENT),
        (gif_extension(0x01, bytes(12), b"Jane Doe"), Removal.PRIVATE_DATA),
        (gif_extension(0xFF, b"ACMECAMS1.0", b"Jane Doe"), Removal.PRIVATE_DATA),
        (gif_extension(0xFF, b"NETSCAPE2.0", b"\x01\x00\x00", b"Jane Doe"), Removal.PRIVATE_DATA),
        (gif_extension(0xFF, b"NETSCAPE2.0", b"\x02\x00\x00\x00\x00"), Removal.PRIVATE_DATA),
        (b"\x21\xff\x0bXMP DataXMP<x:xmpmeta>Jane Doe</x:xmpmeta>" + XMP_TRAILER, Removal.XMP),
        (gif_extension(0x77, b"Jane Doe"), Removal.PRIVATE_DATA),
    ],
)
def test_what_is_no_image_goes(extension: bytes, code: Removal) -> None:
    plan, copy = cleaned(gif_with(extension))
    assert copy == animated_gif()
    assert plan.removed == (code,)


def test_frames_their_times_and_the_loop_stay() -> None:
    plan, copy = cleaned(gif_with(gif_extension(0xFE, b"Jane Doe"), gif_extension(0xFF, b"ICCRGBG1012", b"profile")))
    assert frames(copy) == frames(animated_gif())
    assert b"NETSCAPE2.0" in copy
    assert b"ICCRGBG1012" in copy
    assert (plan.description.media_type, plan.description.width, plan.description.height) == ("image/gif", 48, 32)


def test_bytes_behind_the_trailer_are_cut_off() -> None:
    plan, copy = cleaned(animated_gif() + b"Jane Doe")
    assert plan.removed == (Removal.STRAY_BYTES,)
    assert copy == animated_gif()


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a",
        animated_gif()[:-1],
        animated_gif()[:13] + b"\x3b",
        gif_with(b"\x99"),
        gif_with(b"\x21\xfe\xff"),
        b"GIF89a" + bytes(4) + saved("GIF", image("P"))[10:],
    ],
)
def test_a_broken_picture_is_refused(data: bytes) -> None:
    assert not survives(data)


@pytest.mark.parametrize(
    "blocks",
    [
        (b"\x00\x00\x00\x00", b"Jane Doe"),
        (b"\x05\x0a\x00\x03", b"Jane Doe"),
        (b"\x05\x0a\x00",),
        (b"\x05\x0a\x00\x03\x00",),
        (),
    ],
)
def test_a_control_block_that_readers_take_differently_is_refused(blocks: tuple[bytes, ...]) -> None:
    assert survives(gif_with(gif_extension(0xF9, b"\x05\x0a\x00\x03")))
    assert not survives(gif_with(gif_extension(0xF9, *blocks)))


def test_every_truncation_is_refused() -> None:
    assert_all_truncations_are_refused(gif_with(gif_extension(0xFE, b"Jane Doe")))
