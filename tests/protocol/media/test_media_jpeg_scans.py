"""Picture data of JPEGs are never cut: what ends too early, too late or not at all is mended by counting, or refused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from random import Random

import pytest
from harness.media_files.cleaning import cleaned, survives
from harness.media_files.pictures import pixels, same_pixels, saved
from harness.shared_files import cases
from PIL import Image

from picsafe_media import Removal, clean_file
from picsafe_protocol.contracts.errors import UnsupportedMedium

NOISE = Random(8).randbytes(40 * 27 * 3)  # noqa: S311 -- the same picture in each run
TRAILER = b"\x00\x00\x01\x0aImage_UTC_Data1699999999999 Jane Sample private note SEFHj\x00\x00\x00SEFT"


def noisy(**options: object) -> bytes:
    """A small JPEG with much entropy-coded data for its size."""
    drawn = Image.frombytes("RGB", (40, 27), NOISE).convert(str(options.pop("mode", "RGB")))
    return saved("JPEG", drawn, quality=50, **options)


def data_of(data: bytes) -> bytes:
    """What lies between the header of the first scan and EOI."""
    at = data.index(b"\xff\xda")
    return data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") : -2]


@pytest.mark.parametrize("name", ["noeoi.jpg", "pano_noeoi_text.jpg", "pano_noeoi_ffd9.jpg"])
def test_a_panorama_without_an_end_is_sent_without_its_trailer(name: str) -> None:
    original = (cases() / "media" / name).read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.width, plan.description.height, plan.description.orientation) == (300, 400, 6)
    assert pixels(copy).size == (300, 400)
    whole = (cases() / "media" / "orient_fillff.jpg").read_bytes()
    assert data_of(copy) == data_of(whole)
    assert copy.endswith(b"\xff\xd9")
    for secret in (b"SEFT", b"Jane", b"Image_UTC", b"1699999999999"):
        assert secret not in copy


def test_a_false_marker_in_a_real_picture_is_refused() -> None:
    with pytest.raises(UnsupportedMedium, match="cut off or interrupted"):
        clean_file(io.BytesIO((cases() / "media" / "rst_one_spoilt_byte.jpg").read_bytes()))


def test_the_orientation_survives_whatever_pads_its_signature() -> None:
    plan, copy = cleaned((cases() / "media" / "orient_fillff.jpg").read_bytes())
    assert plan.description.orientation == 6
    assert pixels(copy).size == (300, 400)


KINDS: dict[str, Callable[[], bytes]] = {
    "baseline": noisy,
    "restarts": lambda: noisy(restart_marker_blocks=2),
    "progressive": lambda: noisy(progressive=True),
    "grey": lambda: noisy(mode="L"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("marker", [0x01, 0x50, 0xC4, 0xD3, 0xD8, 0xD9, 0xDA, 0xE1, 0xFE])
def test_one_false_marker_anywhere_in_the_data_never_costs_data(kind: str, marker: int) -> None:
    original = KINDS[kind]()
    begin = original.index(b"\xff\xda") + 14
    for at in range(begin, len(original) - 4, 11):
        spoilt = original[:at] + bytes((0xFF, marker)) + original[at + 2 :]
        if survives(spoilt):
            assert data_of(cleaned(spoilt)[1]) == data_of(spoilt), at


@pytest.mark.parametrize("kind", ["baseline", "restarts", "grey"])
class TestWithoutAnEnd:
    def test_the_end_is_written_and_all_texts_behind_the_picture_go(self, kind: str) -> None:
        original = KINDS[kind]()
        for trailer in (
            b"",
            b"\xff",
            TRAILER,
            TRAILER + b"\xff\xd9",
            b"\xff\xe1\x00\x20Exif\x00\x00" + TRAILER,
            original,
        ):
            plan, copy = cleaned(original[:-2] + trailer)
            assert copy == original
            assert (plan.removed == ()) == (trailer == b"")

    def test_a_picture_that_was_cut_off_is_refused(self, kind: str) -> None:
        original = KINDS[kind]()
        assert [length for length in range(0, len(original) - 3, 7) if survives(original[:length])] == []
        assert not survives(original[: len(original) // 2] + TRAILER)
        assert not survives(original[: len(original) // 2] + TRAILER + b"\xff\xd9")


def test_a_cut_progressive_picture_is_refused() -> None:
    original = KINDS["progressive"]()
    assert [length for length in range(len(original) - 1) if survives(original[:length])] == []


@pytest.mark.parametrize(
    "tail", [TRAILER, b"notes of Jane Sample", bytes(500), b"\x00\x00\x00\x18ftypmp42" + b"\xff\xd9" * 9]
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_a_true_end_goes(kind: str, tail: bytes) -> None:
    original = KINDS[kind]()
    assert cleaned(original + tail)[1] == original


def test_a_subsampled_picture_of_odd_size_in_separate_scans_is_counted_right() -> None:
    for options in ({"subsampling": 2}, {"subsampling": 1}, {"subsampling": 0, "restart_marker_rows": 1}):
        original = saved("JPEG", Image.effect_noise((83, 41), 50).convert("RGB"), **options)
        assert cleaned(original[:-2] + b"Jane Sample, born 1970")[1] == original


def test_a_large_area_of_one_colour_is_no_text() -> None:
    flat = saved("JPEG", Image.new("RGB", (2000, 1000), (250, 250, 250)), quality=90)
    plan, copy = cleaned(flat)
    assert (copy, plan.removed) == (flat, ())


def test_two_ends_are_one() -> None:
    original = noisy()
    plan, copy = cleaned(original + b"\xff\xd9")
    assert (copy, plan.removed) == (original, (Removal.STRAY_BYTES,))


def test_a_huffman_table_that_lies_costs_no_more_than_a_refusal() -> None:
    original = noisy()
    for found in re.finditer(rb"\xff\xc4", original):
        for at in range(found.start() + 4, found.start() + 40):
            survives(original[:at] + b"\xff" + original[at + 1 : -2] + b"Jane")


def test_the_picture_looks_the_same() -> None:
    for build in KINDS.values():
        assert same_pixels(build(), cleaned(build() + b"tail")[1])


@pytest.mark.parametrize("tail", [b"", b"x" * 30, b"\x00" * 30])
def test_a_picture_too_large_to_count_is_refused_without_counting(tail: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    original = noisy(restart_marker_blocks=1)
    monkeypatch.setattr("picsafe_media.images.jpeg_scan.COUNTED_BYTES", 300)
    with pytest.raises(UnsupportedMedium, match="too large to find where its picture ends"):
        clean_file(io.BytesIO(original[:-2] + tail))


@pytest.mark.parametrize("marker", [0x02, 0xBF, 0xC8, 0xF0, 0xF7, 0xFD])
def test_segments_that_decoders_refuse_are_damage_and_not_cut(marker: int) -> None:
    original = noisy()
    for at in [found.start() for found in re.finditer(rb"\xff\xc4", original)]:
        assert not survives(original[: at + 1] + bytes((marker,)) + original[at + 2 :])
