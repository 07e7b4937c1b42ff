"""The pictures that every writer of still images is given, and the programs that they are written with."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PIL import Image, ImageDraw

__all__ = ["PICTURES", "TELLTALES", "call", "pictures", "sign_all"]

PICTURES = ("colour", "odd", "grey", "alpha")
TELLTALES = (b"SERIAL-42", b"Acme Cameras", b"Dr Example", b"Jane Sample", b"37,48")
"""What `sign_all` writes into files; none of it may be in a copy."""


def pictures(folder: Path) -> dict[str, Path]:
    """PNG files, small but with edges, slopes and an unmistakable way up: one each of `PICTURES`."""
    made = {}
    for name, size in zip(PICTURES, ((96, 64), (37, 21), (64, 48), (48, 40)), strict=True):
        slope = Image.linear_gradient("L").resize(size)
        drawn = Image.merge(
            "RGB", (slope, slope.transpose(Image.Transpose.ROTATE_180), Image.radial_gradient("L").resize(size))
        )
        pen = ImageDraw.Draw(drawn)
        pen.rectangle((0, 0, size[0] // 4, size[1] // 6), fill=(255, 0, 0))
        pen.line((0, size[1], size[0], 0), fill=(0, 255, 0), width=2)
        pen.ellipse((size[0] // 2, size[1] // 2, size[0] - 3, size[1] - 3), outline=(0, 0, 255))
        if name == "grey":
            drawn = drawn.convert("L")
        if name == "alpha":
            drawn.putalpha(slope.point(lambda value: min(255, 2 * value)))
        made[name] = folder / f"{name}.png"
        drawn.save(made[name])
    return made


def call(*command: str | Path) -> None:
    """Runs a program; what it said is in the error when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-400:]} {done.stdout[-400:]}")


def sign_all(paths: list[Path], *, orientation: int | None = None) -> None:
    """Writes camera data, positions, captions and names into files with exiftool, as an editor does."""
    tags = [
        "-Make=Acme Cameras",
        "-SerialNumber=SERIAL-42",
        "-XMP:SerialNumber=SERIAL-42",
        "-Artist=Dr Example",
        "-Comment=Jane Sample",
        "-XMP:Description=Jane Sample",
        "-GPSLatitude=37.8",
        "-GPSLatitudeRef=S",
        "-XMP:GPSLatitude=37,48S",
        "-DateTimeOriginal=2026:11:22 10:15:00",
    ]
    if orientation is not None:
        tags.append(f"-Orientation#={orientation}")
    call("exiftool", "-q", "-q", "-m", "-overwrite_original", *tags, *paths)
