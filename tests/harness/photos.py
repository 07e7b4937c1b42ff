"""Photos made for tests."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def drawn_photo(width: int, height: int, colour: str, kind: str = "JPEG") -> bytes:
    """A photo of one colour with a line across."""
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).line([(0, 0), (width, height)], fill="black", width=5)
    return _encoded(image, kind)


def noisy_photo(width: int, height: int, seed: int) -> bytes:
    """A photo that does not compress: about as many bytes as a camera's."""
    noise = bytes((index * (seed + 7) * 2_654_435_761 >> 13) & 255 for index in range(65_521))
    data = (noise * (width * height * 3 // len(noise) + 1))[: width * height * 3]
    return _encoded(Image.frombytes("RGB", (width, height), data), "JPEG")


def small_picture(photo: bytes) -> bytes:
    """Its thumbnail."""
    image = Image.open(io.BytesIO(photo))
    image.thumbnail((320, 320))
    return _encoded(image, "JPEG")


def _encoded(image: Image.Image, kind: str) -> bytes:
    written = io.BytesIO()
    image.save(written, kind)
    return written.getvalue()
