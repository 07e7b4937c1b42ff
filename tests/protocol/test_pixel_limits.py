"""Pixels are bounded before anything is decoded: by the picture's own header, the report, and the limits."""

from __future__ import annotations

import hashlib
import io
import struct
from typing import Any

import pytest
from harness.media_files.boxes import Item, Picture, full_box, ints
from harness.media_files.pictures import animated_gif, png_chunk, riff_chunk
from PIL import Image

from picsafe_media import FileSource
from picsafe_media.picture_size import PictureSize, picture_size
from picsafe_media.pixel_limits import check_film, check_picture
from picsafe_protocol.contracts.errors import PictureRefused, UnsupportedMedium
from picsafe_protocol.contracts.limits import PHOTO_FRAMES, PHOTO_PIXELS, THUMBNAIL_AREA_PIXELS, VIDEO_PIXELS
from picsafe_protocol.format.consent import Evidence
from picsafe_protocol.format.report import Medium, Thumbnail

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n"


def jpeg(width: int, height: int, before: bytes = b"") -> bytes:
    """The head of a JPEG; no decoder needs more to allocate."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + before + b"\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda\x00\x02"


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return PNG + png_chunk(b"IHDR", header) + b"".join(chunks) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")


def gif(width: int, height: int, *frames: tuple[int, int, int, int]) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    images = (b"\x2c" + struct.pack("<HHHHB", *frame, 0) + b"\x02\x01\x00\x00" for frame in frames)
    return head + b"".join(images) + b"\x3b"


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8x(width: int, height: int) -> bytes:
    return riff_chunk(b"VP8X", bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def vp8l(width: int, height: int) -> bytes:
    return riff_chunk(b"VP8L", b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14) + bytes(8))


def vp8(width: int, height: int) -> bytes:
    return riff_chunk(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(4))


def anmf(width: int, height: int, picture: bytes) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"ANMF", bytes(6) + sides + bytes(4) + picture)


def heif(*sizes: tuple[int, int], clap: tuple[int, int] | None = None) -> bytes:
    properties = [full_box(b"ispe", ints(4, *size)) for size in sizes]
    if clap:
        content = ints(4, clap[0], 1, clap[1], 1, 0, 1, 0, 1)
        properties.append((len(content) + 8).to_bytes(4, "big") + b"clap" + content)
    return Picture([Item(1, b"hvc1", b"coded", (1,))], properties=tuple(properties)).build()


async def sized(data: bytes) -> PictureSize:
    return await picture_size(FileSource.of(data))


def facts(data: bytes, media_type: str, width: int | None, height: int | None) -> Medium:
    return Medium("media/001.jpg", media_type, len(data), hashlib.sha256(data).hexdigest(), width=width, height=height)


def thumbnail(data: bytes, width: int, height: int, media_type: str = "image/jpeg") -> Thumbnail:
    return Thumbnail(
        "thumbnails/001.jpg", media_type, len(data), hashlib.sha256(data).hexdigest(), width=width, height=height
    )


async def refused(data: bytes, described: Any) -> str | None:
    """The rule that a picture breaks, or None."""
    try:
        await check_picture(FileSource.of(data), described)
    except PictureRefused as error:
        return str(error.rule)
    return None


# What the header says


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
async def test_real_pictures_are_measured_as_an_independent_decoder_does(form: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (123, 45), "olive").save(file, form)
    found = await sized(file.getvalue())
    assert (found.sides[0], found.pixels, found.frames) == ((123, 45), 123 * 45, 1)


async def test_frames_of_animations_are_counted() -> None:
    assert (await sized(animated_gif())).frames == 3
    assert (await sized(png(8, 8, png_chunk(b"acTL", ints(4, 7, 0))))).frames == 7
    assert (await sized(webp(vp8x(8, 8), *[anmf(8, 8, vp8l(8, 8))] * 5))).frames == 5


async def test_a_larger_picture_behind_a_small_description_counts() -> None:
    """A decoder allocates for the largest of all sizes in a file; so that one is measured."""
    assert (await sized(webp(vp8x(8, 8), vp8(9000, 9000)))).pixels == 9000**2
    assert (await sized(webp(vp8x(8, 8), anmf(8, 8, vp8l(9000, 9000))))).pixels == 9000**2
    assert (await sized(gif(8, 8, (0, 0, 8, 8), (60_000, 60_000, 1000, 1000)))).pixels == 61_000**2
    assert (await sized(heif((8, 8), (20_000, 20_000)))).pixels == 20_000**2


async def test_a_thumbnail_inside_the_exif_data_of_a_jpeg_is_not_taken_for_it() -> None:
    inside = jpeg(160, 120)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(inside)) + inside
    assert (await sized(jpeg(20_000, 20_000, segment))).sides == ((20_000, 20_000),)
    assert (await sized(jpeg(20_000, 20_000, segment + b"stray\xff\x00bytes"))).sides == ((20_000, 20_000),)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", PNG, b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM" + bytes(60), b"<svg width='9'/>", jpeg(0, 9),
     heif(), b"\xff\xd8" + b"\xff\xe0\x00\x02" * 20_000 + jpeg(8, 8)[2:], b"\xff\xd8\xff" + b"\xff" * 200_000],
    ids=["empty", "jpeg", "png", "gif", "webp", "bmp", "svg", "no height", "no ispe", "ten thousand parts", "fill"],
)  # fmt: skip
async def test_what_does_not_say_how_large_it_is_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnsupportedMedium):
        await sized(data)


@pytest.mark.parametrize("whole", [jpeg(8, 8), png(8, 8), gif(8, 8, (0, 0, 8, 8)), webp(vp8l(8, 8)), heif((8, 8))])
async def test_a_header_that_is_cut_off_anywhere_gets_the_typed_refusal_or_the_same_size(whole: bytes) -> None:
    for length in range(len(whole)):
        try:
            assert (await sized(whole[:length])).sides[0] == (8, 8)
        except UnsupportedMedium:
            continue


# Whether it may be decoded


async def test_s9_a_small_file_that_says_it_is_20000_pixels_wide_and_high_is_not_decoded() -> None:
    for data, media_type in ((png(20_000, 20_000), "image/png"), (jpeg(20_000, 20_000), "image/jpeg")):
        assert await refused(data, thumbnail(data, 320, 320, media_type)) == "pixels"
        assert await refused(data, thumbnail(data, 20_000, 20_000, media_type)) == "pixels"
        assert await refused(data, facts(data, media_type, 20_000, 20_000)) == "pixels"
        evidence = Evidence("consent/001.png", media_type, len(data), "0" * 64)
        assert await refused(data, evidence) == "pixels"


async def test_a_thumbnail_is_bounded_at_its_limit() -> None:
    side = int(THUMBNAIL_AREA_PIXELS**0.5)
    assert side**2 == THUMBNAIL_AREA_PIXELS
    data, larger = jpeg(side, side), jpeg(side, side + 1)
    assert await refused(data, thumbnail(data, side, side)) is None
    assert await refused(larger, thumbnail(larger, side, side + 1)) == "pixels"


async def test_a_photo_is_bounded_at_its_limit() -> None:
    width, height = 16_384, PHOTO_PIXELS // 16_384
    assert await refused(jpeg(width, height), facts(b"", "image/jpeg", width, height)) is None
    assert await refused(jpeg(width, height + 1), facts(b"", "image/jpeg", width, height + 1)) == "pixels"


async def test_an_animation_is_bounded_at_its_limit() -> None:
    for count, rule in ((PHOTO_FRAMES, None), (PHOTO_FRAMES + 1, "frames")):
        data = png(8, 8, png_chunk(b"acTL", ints(4, count, 0)))
        assert await refused(data, facts(data, "image/png", 8, 8)) == rule
        data = gif(8, 8, *[(0, 0, 8, 8)] * count)
        assert await refused(data, facts(data, "image/gif", 8, 8)) == rule
        data = webp(vp8x(8, 8), *[anmf(8, 8, b"")] * count)
        assert await refused(data, facts(data, "image/webp", 8, 8)) == rule


async def test_a_film_is_bounded_at_its_limit() -> None:
    film = facts(b"", "video/mp4", None, None)
    check_film(film, 8192, VIDEO_PIXELS // 8192)
    check_film(film, None, None)
    with pytest.raises(PictureRefused):
        check_film(film, 8192, VIDEO_PIXELS // 8192 + 1)


async def test_a_report_that_says_another_size_than_the_picture_is_refused() -> None:
    data = jpeg(4000, 3000)
    assert await refused(data, facts(data, "image/jpeg", 4000, 3000)) is None
    assert await refused(data, facts(data, "image/jpeg", 3000, 4000)) is None, "turned by a quarter"
    assert await refused(data, facts(data, "image/jpeg", None, None)) is None, "nothing is said"
    assert await refused(data, facts(data, "image/jpeg", 400, 300)) == "other_size"
    assert await refused(data, thumbnail(jpeg(320, 240), 320, 200)) == "pixels"
    small = jpeg(320, 240)
    assert await refused(small, thumbnail(small, 320, 200)) == "other_size"


def av1(width: int, height: int) -> bytes:
    """AV1 data: a temporal delimiter, and a sequence header in its short form, for still pictures."""
    bits = f"000 1 1 00000 1111 1111 {width - 1:016b} {height - 1:016b} {0:016b}".replace(" ", "")
    header = int(bits[: len(bits) // 8 * 8], 2).to_bytes(len(bits) // 8, "big")
    return b"\x12\x00\x0a" + bytes((len(header),)) + header


async def test_s9_an_avif_whose_container_says_less_than_its_coded_picture_is_measured_by_that() -> None:
    """Two kilobytes that say 320 by 240, and took a browser 150 MB to find out that they are 144 megapixels."""
    properties = (full_box(b"ispe", ints(4, 320, 240)), b"\x00\x00\x00\x0cav1C\x81\x00\x0c\x00")
    for in_idat in (False, True):
        items = [Item(1, b"av01", av1(320, 240) + av1(12_000, 12_000), (1, 2), in_idat=in_idat)]
        data = Picture(items, properties=properties, brand=b"avif").build()
        assert await refused(data, facts(data, "image/avif", 320, 240)) == "pixels"


async def test_an_avif_that_says_less_than_its_coded_picture_is_another_than_described() -> None:
    for moving in (False, True):
        file = io.BytesIO()
        drawn = [Image.effect_noise((640, 480), 40 + number).convert("RGB") for number in range(2)]
        more = {"save_all": True, "append_images": drawn[1:]} if moving else {}
        drawn[0].save(file, "AVIF", speed=10, quality=20, **more)
        honest = file.getvalue()
        lying = honest.replace(ints(4, 640, 480), ints(4, 320, 240))
        lying = lying.replace(ints(2, 640, 480), ints(2, 320, 240))
        assert await refused(honest, facts(honest, "image/avif", 640, 480)) is None
        assert await refused(lying, facts(lying, "image/avif", 320, 240)) == "other_size"


def hevc(width: int, height: int) -> bytes:
    """The content of an `hvcC` box with one parameter set, for two temporal layers."""

    def golomb(number: int) -> str:
        bits = f"{number + 1:b}"
        return "0" * (len(bits) - 1) + bits

    bits = "0000 001 1".replace(" ", "") + "0" * 96 + "11" + "0" * 14 + "0" * 96
    bits += golomb(0) + golomb(3) + "0" + golomb(width) + golomb(height) + "1"
    bits += "0" * (-len(bits) % 8)
    unit = b"\x42\x01" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    unit = unit[:2] + unit[2:].replace(b"\0\0\0", b"\0\0\x03\0")
    return bytes(22) + b"\x01\x21\x00\x01" + struct.pack(">H", len(unit)) + unit


async def test_s9_a_heic_whose_container_says_less_than_its_coded_picture_is_measured_by_that() -> None:
    for width, height, rule in ((20_000, 20_000, "pixels"), (4096, 4096, "other_size"), (328, 240, None)):
        configuration = hevc(width, height)
        box = struct.pack(">I", 8 + len(configuration)) + b"hvcC" + configuration
        items = [Item(1, b"hvc1", b"coded", (1, 2))]
        data = Picture(items, properties=(full_box(b"ispe", ints(4, 320, 240)), box)).build()
        assert await refused(data, facts(data, "image/heic", 320, 240)) == rule


async def test_a_crop_is_the_size_that_a_report_names() -> None:
    data = heif((4032, 3024), (512, 512), clap=(4000, 3000))
    assert await refused(data, facts(data, "image/heic", 4000, 3000)) is None
    assert await refused(data, facts(data, "image/avif", 3024, 4032)) is None
    assert await refused(data, facts(data, "image/heic", 4001, 3000)) == "other_size"


async def test_a_picture_of_another_kind_than_the_report_says_is_refused() -> None:
    """Browsers look at the first bytes and never at the type: a BMP or an AVIF would be decoded under any name."""
    assert await refused(heif((320, 240)), thumbnail(b"", 320, 240)) == "kind"
    assert await refused(b"BM" + bytes(100), thumbnail(b"", 320, 240)) == "kind"
    assert await refused(png(320, 240), facts(b"", "image/jpeg", 320, 240)) == "kind"


async def test_a_picture_that_does_not_say_how_large_it_is_is_never_decoded() -> None:
    assert await refused(b"\xff\xd8\xff\xda", facts(b"", "image/jpeg", 320, 240)) == "no_size"
    assert await refused(heif(), facts(b"", "image/heic", None, None)) == "no_size"


async def test_sound_and_film_are_no_pictures() -> None:
    assert await refused(b"anything", facts(b"", "video/mp4", 20_000, 20_000)) is None
    assert await refused(b"anything", facts(b"", "audio/wav", None, None)) is None
