"""Small pictures with everything in them that must go."""

from __future__ import annotations

import io
import zlib
from typing import Any

from PIL import Image, ImageChops, ImageOps
from PIL.PngImagePlugin import PngInfo

SECRETS = (b"SERIAL-42", b"Acme", b"Dr Example", b"Jane Doe", b"xmpmeta")
XMP = b"<x:xmpmeta><rdf:Description exif:GPSLatitude='37,48S' tiff:Make='Acme'/> Jane Doe</x:xmpmeta>"


def image(mode: str = "RGB") -> Image.Image:
    """48 by 32 pixels with one marked corner, so that each orientation shows."""
    drawn = Image.linear_gradient("L").resize((48, 32)).convert(mode)
    drawn.paste(drawn.getpixel((0, 31)) if mode == "P" else (255, 0, 0), (0, 0, 12, 6))  # type: ignore[arg-type]
    return drawn


def saved(form: str, drawn: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (drawn or image()).save(file, form, **options)
    return file.getvalue()


def exif_with(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Acme Cameras"
    exif[0x013B] = "Dr Example"
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-42"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:22 10:15:00"
    exif.get_ifd(0x8769)[0x9011] = "+10:00"
    exif.get_ifd(0x8825)[1] = "S"
    return exif


def tiff_with(orientation: int) -> bytes:
    return exif_with(orientation).tobytes().removeprefix(b"Exif\x00\x00")


def pixels(data: bytes) -> Image.Image:
    """As displayed."""
    opened = Image.open(io.BytesIO(data))
    opened.load()
    return ImageOps.exif_transpose(opened).convert("RGBA")


def same_pixels(first: bytes, second: bytes) -> bool:
    before, after = pixels(first), pixels(second)
    return before.size == after.size and ImageChops.difference(before, after).getbbox(alpha_only=False) is None


def frames(data: bytes) -> list[tuple[bytes, object]]:
    """Pixels and duration of each frame of an animation."""
    opened = Image.open(io.BytesIO(data))
    found = []
    for number in range(getattr(opened, "n_frames", 1)):
        opened.seek(number)
        found.append((opened.convert("RGBA").tobytes(), opened.info.get("duration")))
    return found


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def full_png(orientation: int = 6) -> bytes:
    text = PngInfo()
    text.add_text("Author", "Dr Example")
    text.add_text("Comment", "Jane Doe " * 200, zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    data = saved("PNG", pnginfo=text, exif=exif_with(orientation), dpi=(300, 300), icc_profile=b"profile" * 40)
    return data[:33] + png_chunk(b"tIME", bytes.fromhex("07ea0b160a0f00")) + png_chunk(b"caBX", b"a claim") + data[33:]


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)


def with_riff_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A RIFF file with further chunks at its end, and the right length."""
    body = data[8:] + bytes(len(data) % 2) + b"".join(chunks)
    return data[:4] + len(body).to_bytes(4, "little") + body


def full_webp(orientation: int = 6, *, lossless: bool = True) -> bytes:
    data = saved("WEBP", lossless=lossless, exif=exif_with(orientation), xmp=XMP, icc_profile=b"profile" * 40)
    return with_riff_chunks(data, riff_chunk(b"MINE", b"Jane Doe"))


def gif_extension(label: int, *blocks: bytes) -> bytes:
    return bytes((0x21, label)) + b"".join(bytes((len(block),)) + block for block in blocks) + b"\x00"


def animated_gif() -> bytes:
    return saved(
        "GIF",
        image("P"),
        save_all=True,
        append_images=[image("P").rotate(90), image("P").rotate(180)],
        duration=[100, 200, 300],
        loop=3,
    )


def gif_with(*extensions: bytes, base: bytes | None = None) -> bytes:
    """A GIF with extensions behind its global colour table."""
    data = base or animated_gif()
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:at] + b"".join(extensions) + data[at:]
