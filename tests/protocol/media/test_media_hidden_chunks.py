"""Chunks of PNG and WebP files in which something hides that no viewer shows."""

from __future__ import annotations

import io

import pytest
from harness.media_files.cleaning import cleaned, survives
from harness.media_files.pictures import frames, image, png_chunk, riff_chunk, same_pixels, saved, with_riff_chunks
from PIL import Image

from picsafe_media import Removal

HIDDEN = b"Jane Doe, born 1970 in Geelong"
PNG = saved("PNG")
SMALL = saved("PNG", image().resize((8, 8)))


def png_with(*chunks: bytes, data: bytes = PNG, at: int = 33) -> bytes:
    return data[:at] + b"".join(chunks) + data[at:]


def pixels_of(data: bytes) -> bytes:
    at = data.index(b"IDAT")
    return data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]


def late(*chunks: bytes) -> bytes:
    """A PNG with these chunks behind its pixels."""
    return png_with(*chunks, at=len(PNG) - 12)


def animation(loops: int = 1) -> bytes:
    return saved("PNG", save_all=True, append_images=[image().rotate(90)], duration=[100, 200], loop=loops)


def with_frame_count(data: bytes, count: int) -> bytes:
    at = data.index(b"acTL")
    return data[: at - 4] + png_chunk(b"acTL", count.to_bytes(4, "big") + data[at + 8 : at + 12]) + data[at + 16 :]


FRAME = png_chunk(b"fcTL", bytes(4) + b"\x00\x00\x00\x08" * 2 + bytes(8) + b"\x00\x01\x00\x0a\x00\x00")
SECOND = png_chunk(b"fdAT", b"\x00\x00\x00\x01" + pixels_of(SMALL))


@pytest.mark.parametrize(
    "data",
    [
        png_with(png_chunk(b"pHYs", bytes(9) + HIDDEN)),
        png_with(png_chunk(b"sBIT", b"\x08\x08\x08" + HIDDEN)),
        png_with(png_chunk(b"bKGD", bytes(6) + HIDDEN)),
        png_with(png_chunk(b"hIST", HIDDEN)),
        png_with(png_chunk(b"PLTE", HIDDEN)),
        png_with(png_chunk(b"gAMA", b"\x00\x00\xb1\x8f"), png_chunk(b"gAMA", HIDDEN)),
        png_with(png_chunk(b"sRGB", b"\x00"), png_chunk(b"sRGB", HIDDEN)),
        late(png_chunk(b"cHRM", HIDDEN + b"xx")),
        late(png_chunk(b"tRNS", HIDDEN)),
        late(png_chunk(b"iCCP", b"name\x00\x00" + HIDDEN)),
        png_with(FRAME, SECOND),
        late(png_chunk(b"acTL", b"\x00\x00\x00\x01" + bytes(4)), FRAME, SECOND),
        PNG[:-12] + png_chunk(b"IEND", HIDDEN),
    ],
)
def test_what_viewers_of_a_png_pass_over_goes(data: bytes) -> None:
    plan, copy = cleaned(data)
    assert same_pixels(PNG, copy)
    assert plan.removed
    for secret in (HIDDEN, b"fdAT", b"acTL", b"PLTE"):
        assert secret not in copy


@pytest.mark.parametrize("kind", [b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"tRNS", b"acTL", b"PLTE"])
def test_a_part_that_decides_about_the_picture_and_is_too_long_is_refused(kind: bytes) -> None:
    """Some viewers read it, and others pass over it."""
    data = saved("PNG", image("P")) if kind == b"PLTE" else PNG
    longer = png_chunk(kind, HIDDEN + HIDDEN)
    if kind == b"PLTE":
        at = data.index(b"PLTE") - 4
        stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
        data, longer = data[:at] + data[stop:], png_chunk(kind, HIDDEN + b"x")
    assert not survives(png_with(longer, data=data))


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
def test_a_main_part_that_comes_twice_is_refused(kind: bytes) -> None:
    data = saved("PNG", image("P"))
    at = data.index(kind) - 4
    stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
    assert survives(data)
    assert not survives(data[:stop] + data[at:])


def test_colours_that_no_pixel_can_refer_to_go() -> None:
    four = Image.new("P", (8, 8))
    four.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    four.putpixel((3, 3), 3)
    data = saved("PNG", four, bits=2)
    at = data.index(b"PLTE") - 4
    stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
    colours = data[at + 8 : stop - 4]
    assert len(colours) == 12
    plan, copy = cleaned(data[:at] + png_chunk(b"PLTE", colours + HIDDEN) + data[stop:])
    assert copy == data
    assert plan.removed == (Removal.PRIVATE_DATA,)


def test_frames_beyond_those_that_are_counted_go() -> None:
    whole = animation()
    plan, copy = cleaned(with_frame_count(whole, 1))
    assert (copy.count(b"fcTL"), copy.count(b"fdAT")) == (1, 0)
    assert Removal.SECOND_IMAGE in plan.removed
    assert same_pixels(with_frame_count(whole, 1), copy)
    assert cleaned(whole)[1] == whole


def test_a_frame_with_a_wrong_length_is_refused() -> None:
    whole = animation()
    at = whole.index(b"fcTL") - 4
    control = whole[at + 8 : at + 34]
    assert not survives(whole[:at] + png_chunk(b"fcTL", control + HIDDEN) + whole[at + 38 :])


# --- WebP

SIMPLE = saved("WEBP", lossless=True)
LOSSY = saved("WEBP")
EXTENDED = saved("WEBP", lossless=True, icc_profile=b"profile" * 40)
_clear = image("RGB")
_clear.putalpha(Image.linear_gradient("L").resize(_clear.size))
CLEAR = saved("WEBP", _clear)
MOVING = saved("WEBP", save_all=True, append_images=[image().rotate(90)], duration=[100, 200], lossless=True)
OTHER = saved("WEBP", image().rotate(180), lossless=True)[12:]


def test_transparency_stays() -> None:
    assert b"ALPH" in CLEAR
    assert cleaned(CLEAR)[1] == CLEAR


def webp_chunk(data: bytes, kind: bytes) -> tuple[int, int, int]:
    """Where a chunk begins, where its data do, and where it ends with its padding."""
    at = data.index(kind)
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    return at, at + 8, at + 8 + length + length % 2


def longer(data: bytes, kind: bytes) -> bytes:
    """A WebP of which the first chunk of this kind goes on with a text."""
    at, start, stop = webp_chunk(data, kind)
    body = data[8:at] + riff_chunk(kind, data[start:stop] + HIDDEN) + data[stop:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def with_flags(data: bytes, flags: int) -> bytes:
    return data[:20] + bytes((flags,)) + data[21:]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (with_riff_chunks(SIMPLE, OTHER), SIMPLE),
        (with_riff_chunks(LOSSY, OTHER), LOSSY),
        (with_riff_chunks(SIMPLE, riff_chunk(b"ALPH", HIDDEN)), SIMPLE),
        (with_riff_chunks(SIMPLE, riff_chunk(b"ICCP", HIDDEN)), SIMPLE),
        (with_riff_chunks(SIMPLE, riff_chunk(b"VP8X", HIDDEN)), SIMPLE),
        (with_riff_chunks(SIMPLE, riff_chunk(b"ANMF", bytes(16) + OTHER)), SIMPLE),
        (longer(EXTENDED, b"VP8X"), EXTENDED),
        (longer(MOVING, b"VP8X"), MOVING),
        (longer(MOVING, b"ANIM"), MOVING),
        (with_riff_chunks(MOVING, riff_chunk(b"ANIM", HIDDEN)), MOVING),
        (with_riff_chunks(EXTENDED, riff_chunk(b"ANIM", HIDDEN)), EXTENDED),
        (with_riff_chunks(EXTENDED, riff_chunk(b"ANIM", bytes(6)), riff_chunk(b"ANMF", bytes(16) + OTHER)), EXTENDED),
        (with_riff_chunks(EXTENDED, riff_chunk(b"ICCP", HIDDEN)), EXTENDED),
    ],
)
def test_what_viewers_of_a_webp_pass_over_goes(data: bytes, shown: bytes) -> None:
    plan, copy = cleaned(data)
    assert copy == shown
    assert plan.removed


def test_a_profile_that_the_flags_do_not_announce_goes() -> None:
    _, copy = cleaned(with_flags(EXTENDED, EXTENDED[20] & ~0x20))
    assert b"ICCP" not in copy
    assert same_pixels(EXTENDED, copy)


def test_reserved_bytes_of_the_canvas_become_zeros() -> None:
    plan, copy = cleaned(EXTENDED[:21] + b"Doe" + EXTENDED[24:])
    assert copy == EXTENDED
    assert plan.removed == (Removal.PRIVATE_DATA,)


@pytest.mark.parametrize(
    "data",
    [
        with_riff_chunks(EXTENDED, OTHER),
        with_riff_chunks(EXTENDED, riff_chunk(b"ALPH", HIDDEN)),
        with_riff_chunks(CLEAR, riff_chunk(b"ALPH", HIDDEN)),
        with_riff_chunks(CLEAR, EXTENDED[12:30]),
        with_riff_chunks(MOVING, OTHER),
        with_riff_chunks(MOVING, riff_chunk(b"ALPH", HIDDEN)),
        with_flags(MOVING, MOVING[20] & ~0x02),
        with_flags(CLEAR, CLEAR[20] & ~0x10),
        with_riff_chunks(b"RIFF\x04\x00\x00\x00WEBP", riff_chunk(b"ALPH", HIDDEN), LOSSY[12:]),
        MOVING.replace(b"ANIM", b"ANIN"),
    ],
)
def test_a_webp_that_readers_see_in_different_ways_is_refused(data: bytes) -> None:
    """libwebp refuses these, or shows them without what other readers show."""
    assert not survives(data)


def framed(*chunks: bytes) -> bytes:
    """`MOVING` with these chunks at the end of its first frame."""
    at, start, stop = webp_chunk(MOVING, b"ANMF")
    body = MOVING[8:at] + riff_chunk(b"ANMF", MOVING[start:stop] + b"".join(chunks)) + MOVING[stop:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def test_a_frame_has_one_picture() -> None:
    assert not survives(framed(OTHER))
    assert not survives(framed(riff_chunk(b"ALPH", HIDDEN)))


def test_a_frame_whose_last_chunk_lacks_its_padding_keeps_an_even_length() -> None:
    plan, copy = cleaned(framed(b"MINE\x05\x00\x00\x00Janet"))
    assert copy == MOVING
    assert plan.removed == (Removal.PRIVATE_DATA,)
    assert len(frames(copy)) == 2
    assert Image.open(io.BytesIO(copy)).size == image().size
