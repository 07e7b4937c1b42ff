"""ICC profiles lose what tells one display from another, in every container that carries them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pytest
from harness.media_files import boxes as box_files
from harness.media_files.cleaning import cleaned
from harness.media_files.pictures import gif_extension, gif_with, png_chunk, saved
from harness.shared_files import cases
from PIL import Image, ImageCms

from picsafe_media import Removal
from picsafe_media.images.icc import blanked_profile

SERIAL = b"SN-0815-4711"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile_with(tags: dict[bytes, bytes], base: bytes = SRGB) -> bytes:
    """A profile with further tags behind its own."""
    count = int.from_bytes(base[128:132], "big")
    entries, data = [], base[132 + 12 * count :]
    shift = 12 * len(tags)
    for at in range(132, 132 + 12 * count, 12):
        start = int.from_bytes(base[at + 4 : at + 8], "big") + shift
        entries.append(base[at : at + 4] + start.to_bytes(4, "big") + base[at + 8 : at + 12])
    for name, value in tags.items():
        data += bytes(-len(data) % 4)
        start = 132 + 12 * (count + len(tags)) + len(data)
        entries.append(name + start.to_bytes(4, "big") + len(value).to_bytes(4, "big"))
        data += value
    body = (count + len(tags)).to_bytes(4, "big") + b"".join(entries) + data
    head = base[4:84] + b"digest of it all" + base[100:128]
    return (len(head) + 4 + len(body)).to_bytes(4, "big") + head + body


DISPLAY = profile_with(
    {
        b"mmod": b"mmod\0\0\0\0" + SERIAL,
        b"meta": b"dict\0\0\0\0EDID_serial " + SERIAL,
        b"zzzz": b"data\0\0\0\0" + SERIAL,
    }
)


def _iccp(profile: bytes) -> bytes:
    data = saved("PNG")
    return data[:33] + png_chunk(b"iCCP", b"Display\0\0" + zlib.compress(profile)) + data[33:]


def _heic(profile: bytes) -> bytes:
    properties = (box_files.SIZE, box_files.box(b"hvcC", b"x"), box_files.box(b"colr", b"prof", profile))
    return box_files.Picture([box_files.Item(1, b"hvc1", box_files.PIXELS, (1, 2, 3))], properties=properties).build()


def _gif(profile: bytes) -> bytes:
    blocks = [profile[at : at + 255] for at in range(0, len(profile), 255)]
    return gif_with(gif_extension(0xFF, b"ICCRGBG1012", *blocks))


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda profile: saved("JPEG", icc_profile=profile),
    "PNG": _iccp,
    "WebP": lambda profile: saved("WEBP", icc_profile=profile),
    "HEIC": _heic,
    "AVIF": lambda profile: saved("AVIF", icc_profile=profile),
    "GIF": _gif,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_container_sends_the_serial_number_of_a_display(container: str) -> None:
    plan, copy = cleaned(CONTAINERS[container](DISPLAY))
    assert {Removal.SERIAL_NUMBER, Removal.PRIVATE_DATA} <= set(plan.removed)
    assert SERIAL not in copy
    if container not in ("HEIC", "GIF"):
        profile = Image.open(io.BytesIO(copy)).info["icc_profile"]
        assert profile == blanked_profile(DISPLAY)[0]
        assert SERIAL not in profile


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_profile_without_anything_private_stays_as_it_is(container: str) -> None:
    original = CONTAINERS[container](SRGB)
    plan, copy = cleaned(original)
    assert not {Removal.SERIAL_NUMBER} & set(plan.removed)
    if container in ("JPEG", "PNG", "WebP", "AVIF"):
        assert Image.open(io.BytesIO(copy)).info["icc_profile"] == SRGB


def test_a_profile_in_many_segments_is_one() -> None:
    long = profile_with({b"A2B0": b"mft2\0\0\0\0" + bytes(range(256)) * 600, b"mmod": b"mmod\0\0\0\0" + SERIAL * 9000})
    plan, copy = cleaned(saved("JPEG", icc_profile=long))
    assert Removal.SERIAL_NUMBER in plan.removed
    assert Image.open(io.BytesIO(copy)).info["icc_profile"] == blanked_profile(long)[0]
    assert SERIAL not in copy


def test_blanked_profiles_mean_the_same_colours() -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    results = []
    for profile in (DISPLAY, blanked_profile(DISPLAY)[0]):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        moved = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("LAB"), outputMode="LAB")
        assert moved is not None
        results.append(moved.tobytes())
    assert results[0] == results[1]


def test_the_digest_goes_with_the_serial_number_since_it_would_betray_it() -> None:
    blanked, _ = blanked_profile(DISPLAY)
    assert blanked[84:100] == bytes(16)
    assert blanked_profile(blanked) == (blanked, set())


def test_data_that_a_colour_shares_stay() -> None:
    at = SRGB.index(b"rTRC", 128)
    shared = SRGB[:at] + b"zzzz" + SRGB[at + 4 :]
    assert blanked_profile(shared)[0][128:] == shared[128:]


@pytest.mark.parametrize("length", [0, 40, 131, 140, 200, 400])
def test_a_broken_profile_is_no_trouble(length: int) -> None:
    assert len(blanked_profile(DISPLAY[:length])[0]) == length
    liar = DISPLAY[:128] + b"\xff\xff\xff\xff" + b"\xff" * (length - 132)
    assert len(blanked_profile(liar)[0]) == len(liar)


def test_a_screenshot_from_a_mac_keeps_its_colours_and_not_the_display() -> None:
    original = (cases() / "media" / "icc_display_serial.png").read_bytes()
    plan, copy = cleaned(original)
    assert Removal.SERIAL_NUMBER in plan.removed
    before, after = (Image.open(io.BytesIO(data)).info["icc_profile"] for data in (original, copy))
    at = before.index(b"mmod", 128)
    start, size = (int.from_bytes(before[at + skip : at + skip + 4], "big") for skip in (4, 8))
    assert any(before[start + 8 : start + size])
    assert not any(after[start + 8 : start + size])


def test_nothing_hides_behind_a_compressed_profile() -> None:
    data = saved("PNG")
    packed = zlib.compress(SRGB)
    plan, copy = cleaned(data[:33] + png_chunk(b"iCCP", b"sRGB\0\0" + packed + b"Jane Doe") + data[33:])
    assert plan.removed == (Removal.STRAY_BYTES,)
    assert b"Jane Doe" not in copy
    assert Image.open(io.BytesIO(copy)).info["icc_profile"] == SRGB


def test_a_profile_that_unpacks_without_end_is_cut() -> None:
    data = saved("PNG")
    bomb = zlib.compress(bytes(40_000_000), 9)
    plan, copy = cleaned(data[:33] + png_chunk(b"iCCP", b"sRGB\0\0" + bomb) + data[33:])
    assert (copy, plan.removed) == (data, (Removal.PRIVATE_DATA,))
