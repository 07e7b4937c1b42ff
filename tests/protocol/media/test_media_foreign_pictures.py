"""Pictures that PicSafe does not support: the refusal says what they are and what to do."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from harness.media_files import boxes as box_files
from harness.media_files.cleaning import cleaned
from harness.media_files.pictures import image, saved
from PIL import Image, TiffImagePlugin

from picsafe_media import clean_file
from picsafe_media.images.unsupported_images import PICTURES
from picsafe_protocol.contracts.errors import UnsupportedMedium


def refusal(data: bytes) -> UnsupportedMedium:
    with pytest.raises(UnsupportedMedium) as refused:
        clean_file(io.BytesIO(data))
    return refused.value


def raw(*tags: int) -> bytes:
    """A TIFF with further tags, as cameras write them."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in tags:
        directory.tagtype[tag] = 2 if tag == 0x010F else 4
        directory[tag] = "Acme" if tag == 0x010F else 1
    return saved("TIFF", image(), tiffinfo=directory)


WRITTEN: dict[str, Callable[[], bytes]] = {
    "tiff": lambda: saved("TIFF"),
    "bmp": lambda: saved("BMP"),
    "jpeg_2000": lambda: saved("JPEG2000"),
    "icon": lambda: saved("ICO"),
    "portable": lambda: saved("PPM"),
    "dds": lambda: saved("DDS"),
    "pdf": lambda: saved("PDF"),
    "postscript": lambda: saved("EPS"),
    "svg": lambda: b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="http://www.w3.org/2000/svg"/>',
    "web_page": lambda: b"<!doctype html><title>arm.jpg</title>",
    "camera_raw": lambda: raw(0x010F, 0x014A),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_pictures_of_other_programs_are_called_by_their_name(kind: str) -> None:
    refused = refusal(WRITTEN[kind]())
    assert refused.kind == kind
    assert "PicSafe does not support" in str(refused)
    assert "nothing was sent" in refused.advice


def test_a_picture_is_to_be_saved_as_jpeg_and_a_document_to_be_photographed() -> None:
    for kind in ("tiff", "bmp", "svg", "camera_raw"):
        assert "JPEG or PNG" in refusal(WRITTEN[kind]()).advice
    assert "photograph" in refusal(WRITTEN["pdf"]()).advice


def test_raw_pictures_are_distinguished_from_scans() -> None:
    assert refusal(raw(0xC612)).kind == "camera_raw"
    assert refusal(raw(0x010F)).kind == "tiff"
    assert refusal(b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(40)).kind == "camera_raw"
    for length in range(4, 40):
        assert refusal(raw(0x010F)[:length]).kind == "tiff"


@pytest.mark.parametrize(("place", "magic"), PICTURES)
def test_each_beginning_is_enough(place: int, magic: bytes) -> None:
    assert refusal((bytes(place) + magic).ljust(200, b"\x00")).kind == PICTURES[place, magic][0]


def test_a_film_whose_first_box_is_256_bytes_long_is_no_icon() -> None:
    film = box_files.Film().build()
    length = int.from_bytes(film[:4], "big")
    padded = (256).to_bytes(4, "big") + film[4:length] + b"isom" * ((256 - length) // 4) + film[length:]
    with pytest.raises(UnsupportedMedium) as refused:
        clean_file(io.BytesIO(padded))  # its offsets are wrong now, but it is recognised
    assert refused.value.kind == "damaged"


def test_a_jpeg_behind_what_could_be_anything_is_still_found() -> None:
    assert cleaned(b"rubbish\x00" + saved("JPEG"))[0].description.media_type == "image/jpeg"
    assert Image.open(io.BytesIO(saved("JPEG"))).format == "JPEG"
