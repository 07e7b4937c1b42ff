"""Still images of many writers: JPEG, PNG, WebP and GIF."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyvips
from PIL import Image, ImageCms

from media_corpus.sources import call, pictures, sign_all

__all__ = ["write_gif", "write_jpeg", "write_png", "write_webp"]


@contextmanager
def _sources() -> Iterator[dict[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield pictures(Path(folder))


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _signed(folder: Path, extension: str, *, orientations: bool = True) -> None:
    """Copies of a third of the files as exiftool leaves them, most of them turned."""
    chosen = sorted(folder.glob(f"*.{extension}"))[::3]
    for number in range(8) if orientations else (None,):
        copies = []
        for path in chosen[number or 0 :: 8 if orientations else 1]:
            copy = folder / f"exiftool--{path.stem.replace('--', '-')}.{extension}"
            shutil.copy(path, copy)
            copies.append(copy)
        if copies:
            sign_all(copies, orientation=None if number is None else number + 1)


def _pillow(folder: Path, sources: dict[str, Path], extension: str, options: dict[str, dict[str, Any]]) -> None:
    for (name, source), (label, how) in itertools.product(sources.items(), options.items()):
        picture = Image.open(source)
        if extension == "jpg" and picture.mode == "RGBA":
            picture = picture.convert("CMYK")  # type: ignore[assignment]
        picture.save(folder / f"pillow--{name}-{label}.{extension}", **how)


def _magick(folder: Path, sources: dict[str, Path], extension: str, options: dict[str, tuple[str, ...]]) -> None:
    """ImageMagick and GraphicsMagick take the same words, but write with their own code."""
    for (writer, command), (name, source), (label, words) in itertools.product(
        {"imagemagick": ["convert-im6.q16"], "graphicsmagick": ["gm", "convert"]}.items(),
        sources.items(),
        options.items(),
    ):
        call(*command, source, *words, folder / f"{writer}--{name}-{label}.{extension}")


def _vips(folder: Path, sources: dict[str, Path], extension: str, options: dict[str, dict[str, Any]]) -> None:
    for (name, source), (label, how) in itertools.product(sources.items(), options.items()):
        pyvips.Image.new_from_file(str(source)).write_to_file(str(folder / f"vips--{name}-{label}.{extension}"), **how)


def _ffmpeg(folder: Path, sources: dict[str, Path], extension: str, options: dict[str, tuple[str, ...]]) -> None:
    for (name, source), (label, words) in itertools.product(sources.items(), options.items()):
        target = folder / f"ffmpeg--{name}-{label}.{extension}"
        call("ffmpeg", "-v", "error", "-i", source, *words, target)


def write_jpeg(folder: Path) -> None:
    """Baseline, progressive, arithmetic, with restarts, grey, CMYK, with ICC, and cut into several scans."""
    with _sources() as sources:
        _pillow(
            folder,
            sources,
            "jpg",
            {
                "plain": {},
                "progressive-icc": {"progressive": True, "icc_profile": _srgb()},
                "restarts": {"restart_marker_blocks": 3, "subsampling": 0, "comment": b"Jane Sample"},
            },
        )
        _magick(
            folder,
            sources,
            "jpg",
            {"444": ("-sampling-factor", "4:4:4", "-comment", "Jane Sample"), "interlaced": ("-interlace", "Line")},
        )
        _vips(
            folder,
            sources,
            "jpg",
            {
                "plain": {},
                "optimised": {"optimize_coding": True, "interlace": True},
                "restart": {"restart_interval": 2},
            },
        )
        _ffmpeg(
            folder, sources, "jpg", {"plain": ("-q:v", "3"), "420": ("-pix_fmt", "yuvj420p", "-huffman", "default")}
        )
        for (name, source), (label, words) in itertools.product(
            sources.items(),
            {
                "arithmetic": ("-arithmetic",),
                "optimised": ("-optimize", "-restart", "1"),
                "progressive": ("-progressive", "-quality", "60"),
            }.items(),
        ):
            plain = folder / "plain.ppm"
            Image.open(source).convert("L" if name == "grey" else "RGB").save(plain)
            call("cjpeg", *words, "-outfile", folder / f"cjpeg--{name}-{label}.jpg", plain)
            plain.unlink()
        for name in ("colour", "odd"):
            source = folder / f"pillow--{name}-plain.jpg"
            call("jpegtran", "-rotate", "90", "-outfile", folder / f"jpegtran--{name}-turned.jpg", source)
            script = folder / "scans.txt"
            script.write_text("0;\n1;\n2;\n")
            call("jpegtran", "-scans", script, "-outfile", folder / f"jpegtran--{name}-three-scans.jpg", source)
            script.unlink()
    _signed(folder, "jpg")


def write_png(folder: Path) -> None:
    """Palette, grey, 1 and 16 bits, interlaced, animated, with gamma, ICC and texts."""
    with _sources() as sources:
        _pillow(folder, sources, "png", {"plain": {}, "icc": {"icc_profile": _srgb(), "dpi": (300, 300)}})
        _magick(
            folder,
            sources,
            "png",
            {
                "palette": ("-colors", "16"),
                "interlaced": ("-interlace", "Line", "-set", "Author", "Jane Sample"),
                "deep": ("-depth", "16"),
            },
        )
        _vips(
            folder,
            sources,
            "png",
            {"plain": {"compression": 9}, "interlaced": {"interlace": True}, "palette": {"palette": True}},
        )
        _ffmpeg(
            folder,
            sources,
            "png",
            {"plain": (), "16": ("-pix_fmt", "rgba64be"), "mono": ("-pix_fmt", "monob", "-pred", "paeth")},
        )
        for name in sources:
            target = folder / f"optipng--{name}-best.png"
            call("optipng", "-quiet", "-o1", "-i1", "-out", target, folder / f"pillow--{name}-icc.png")
        call(
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=s=48x32:d=0.2:r=20",
            "-f",
            "apng",
            folder / "ffmpeg--animated.png",
        )
        stages = [Image.open(sources["colour"]).rotate(45 * turn) for turn in range(3)]
        stages[0].save(folder / "pillow--animated.png", save_all=True, append_images=stages[1:], duration=80)
    _signed(folder, "png")


def write_webp(folder: Path) -> None:
    """Lossy, lossless, with transparency, ICC, animation; simple and extended."""
    with _sources() as sources:
        _pillow(folder, sources, "webp", {"lossy": {}, "lossless": {"lossless": True}, "icc": {"icc_profile": _srgb()}})
        _magick(folder, sources, "webp", {"lossy": ("-quality", "70"), "lossless": ("-define", "webp:lossless=true")})
        _vips(folder, sources, "webp", {"lossy": {"Q": 50}, "near": {"near_lossless": True, "lossless": True}})
        _ffmpeg(
            folder, sources, "webp", {"lossy": ("-c:v", "libwebp"), "lossless": ("-c:v", "libwebp", "-lossless", "1")}
        )
        for name, source in sources.items():
            for label, words in {
                "lossy": ("-q", "60"),
                "lossless": ("-lossless",),
                "sharp": ("-sharp_yuv", "-metadata", "all"),
            }.items():
                call("cwebp", "-quiet", *words, source, "-o", folder / f"cwebp--{name}-{label}.webp")
            icc = folder / "srgb.icc"
            icc.write_bytes(_srgb())
            call(
                "webpmux",
                "-set",
                "icc",
                icc,
                folder / f"cwebp--{name}-lossy.webp",
                "-o",
                folder / f"webpmux--{name}-icc.webp",
            )
            icc.unlink()
        _animations(folder, sources, "webp")
    _signed(folder, "webp")


def _animations(folder: Path, sources: dict[str, Path], extension: str) -> None:
    stages = [Image.open(sources["colour"]).rotate(45 * turn) for turn in range(3)]
    target = folder / f"pillow--animated.{extension}"
    stages[0].save(target, save_all=True, append_images=stages[1:], duration=[80, 120, 160], loop=2)
    call(
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc=s=48x32:d=0.2:r=20",
        folder / f"ffmpeg--animated.{extension}",
    )
    frames = sorted(str(path) for path in sources.values())[:2]
    call("convert-im6.q16", "-delay", "10", *frames, folder / f"imagemagick--animated.{extension}")
    if extension == "webp":
        gif = folder / "animated.gif"
        stages[0].save(gif, save_all=True, append_images=stages[1:], duration=90)
        call("gif2webp", "-quiet", gif, "-o", folder / "gif2webp--animated.webp")
        gif.unlink()


def write_gif(folder: Path) -> None:
    """With and without transparency, interlaced, animated, with local colour tables and comments."""
    with _sources() as sources:
        _pillow(
            folder,
            sources,
            "gif",
            {
                "plain": {},
                "interlaced": {"interlace": 1, "comment": b"Jane Sample"},
                "plain-table": {"interlace": 0, "optimize": True},
            },
        )
        _magick(
            folder,
            sources,
            "gif",
            {"plain": (), "interlaced": ("-interlace", "Line", "-comment", "Jane Sample"), "few": ("-colors", "4")},
        )
        _vips(folder, sources, "gif", {"plain": {}, "interlaced": {"interlace": True}, "few": {"bitdepth": 3}})
        _ffmpeg(
            folder, sources, "gif", {"plain": (), "palette": ("-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse")}
        )
        _animations(folder, sources, "gif")
        for name in sources:
            for label, words in {
                "optimised": ("-O3",),
                "commented": ("--comment", "Jane Sample", "--interlace"),
                "turned": ("--rotate-90",),
            }.items():
                call(
                    "gifsicle",
                    *words,
                    folder / f"pillow--{name}-plain.gif",
                    "-o",
                    folder / f"gifsicle--{name}-{label}.gif",
                )
        animated = folder / "pillow--animated.gif"
        for label, words in {
            "unoptimised": ("-U",),
            "careful": ("--careful", "-O2"),
            "loop": ("--loopcount=3",),
        }.items():
            call("gifsicle", *words, animated, "-o", folder / f"gifsicle--animated-{label}.gif")
    _signed(folder, "gif", orientations=False)
