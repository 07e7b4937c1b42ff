"""`picsafe send` has Pillow draw original and cleaned copy before anything is sent."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.heic_files import damaged, encoded, scene
from harness.media_files.pictures import animated_gif, exif_with, gif_extension, gif_with, image, saved
from harness.shared_files import cases, samples
from PIL import Image

import picsafe_media as media
from picsafe_cli.send.media_preparation import prepare
from picsafe_media import Cleaned, Keep
from picsafe_media.comparison import Comparison
from picsafe_protocol.contracts.errors import UnsupportedMedium


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_2041.jpg"
    path.write_bytes(saved("JPEG", exif=exif_with(6)))
    return path


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_cleaned_photo_is_proved_to_look_the_same(form: str, orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(saved(form, image("RGBA") if form == "PNG" else image(), exif=exif_with(orientation)))
    [prepared] = prepare([path])
    assert prepared.cleaned.removed
    assert prepared.comparison is Comparison.SAME
    assert prepared.thumbnail is not None


def with_copy(cleaned: Cleaned, copy: bytes) -> Cleaned:
    return Cleaned(cleaned.description, (copy,), cleaned.removed, cleaned.warnings)


OTHER = saved("JPEG", Image.new("RGB", (48, 32), "olive"))


@pytest.mark.parametrize(
    "change",
    [
        lambda cleaned, _: with_copy(cleaned, OTHER),
        lambda cleaned, _: with_copy(cleaned, saved("JPEG")),
        lambda cleaned, data: with_copy(cleaned, data[: len(data) // 2]),
        lambda cleaned, data: with_copy(cleaned, saved("JPEG", image().resize((24, 16)))),
    ],
    ids=["another picture", "not turned", "cut", "smaller"],
)
def test_a_copy_that_would_look_otherwise_is_refused_by_name(
    change: Callable[[Cleaned, bytes], Cleaned], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, data = media.clean_file, photo.read_bytes()
    monkeypatch.setattr(media, "clean_file", lambda file: change(sound(file), data))
    with pytest.raises(UnsupportedMedium, match=r"IMG_2041\.jpg: without its metadata it would not") as refusal:
        prepare([photo])
    assert refusal.value.kind == "differs"


def test_what_is_not_compared_says_why(tmp_path: Path) -> None:
    moving = tmp_path / "moving.gif"
    moving.write_bytes(gif_with(gif_extension(0xFE, b"Jane Doe"), base=animated_gif()))
    broken = tmp_path / "broken.heic"
    broken.write_bytes(damaged((samples() / "phone.heic").read_bytes()))
    found = prepare([moving, broken, samples() / "phone-h264.mp4"])
    assert [each.comparison for each in found] == [
        Comparison.FIRST_PICTURE,
        Comparison.UNDECODABLE,
        Comparison.UNDECODABLE,
    ]


def test_a_heic_photo_is_compared_and_has_a_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(encoded(scene(900, 600), exif=exif_with(6).tobytes()))
    [prepared] = prepare([path])
    assert prepared.comparison is Comparison.SAME
    assert prepared.thumbnail is not None
    assert Image.open(io.BytesIO(prepared.thumbnail)).size == (213, 320), "upright"


def test_s9_a_photo_of_too_many_pixels_is_not_decoded_by_its_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(saved("PNG", Image.new("1", (64, 64)), pnginfo=None))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    path = tmp_path / "bomb.png"
    path.write_bytes(data)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was given to a decoder"))
    [prepared] = prepare([path])
    assert (prepared.comparison, prepared.thumbnail) == (Comparison.TOO_LARGE, None)


def test_a_film_that_recipients_cannot_play_is_told_to_its_sender(tmp_path: Path) -> None:
    path = tmp_path / "wall.mp4"
    film = (samples() / "phone-h264.mp4").read_bytes()
    for sides in ("HH", "HxxHxx"):  # of the coding, and of the track
        film = film.replace(struct.pack(f">{sides}", 1280, 720), struct.pack(f">{sides}", 16_384, 16_384))
    path.write_bytes(film)
    [prepared] = prepare([path])
    assert prepared.comparison is Comparison.TOO_LARGE


def test_a_file_that_cleaning_does_not_change_is_drawn_once(tmp_path: Path) -> None:
    path = tmp_path / "plain.png"
    path.write_bytes(saved("PNG"))
    [prepared] = prepare([path])
    assert prepared.cleaned.segments == (Keep(0, path.stat().st_size),)
    assert prepared.comparison is Comparison.SAME


def test_what_is_taken_of_the_cases_looks_the_same() -> None:
    """Files that a cleaner once cut, turned or made undecodable: each is refused, or proved to look the same."""
    taken = []
    for path in sorted((cases() / "media").iterdir()):
        if path.suffix not in {".jpg", ".png", ".avif"}:
            continue
        try:
            [prepared] = prepare([path])
        except UnsupportedMedium:
            continue
        taken.append((path.name, prepared.comparison))
    assert ("icc_display_serial.png", Comparison.SAME) in taken
