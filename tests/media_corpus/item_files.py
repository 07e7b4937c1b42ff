"""Still images that are items in boxes, of many writers: AVIF and HEIC."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import pillow_heif
import pyvips
from harness.media_files import boxes as box_files
from PIL import Image, ImageCms

from media_corpus.sources import call, pictures, sign_all

__all__ = ["write_avif", "write_heic"]

_FFMPEG: Final = ("ffmpeg", "-v", "error", "-i")
_THREADS: Final = "1"


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _signed(folder: Path, extension: str) -> None:
    copies = []
    for path in sorted(path for path in folder.glob(f"*.{extension}") if not path.name.startswith("by-hand"))[::4]:
        copies.append(folder / f"exiftool--{path.stem.replace('--', '-')}.{extension}")
        shutil.copy(path, copies[-1])
    sign_all(copies)


def _pillow_options() -> dict[str, dict[str, Any]]:
    return {
        "plain": {"speed": 10},
        "444-icc": {"speed": 10, "subsampling": "4:4:4", "icc_profile": _srgb()},
        "turned": {"speed": 10, "exif": _turned()},
    }


def _libheif_options() -> dict[str, dict[str, Any]]:
    return {
        "plain": {},
        "444": {"chroma": "444", "quality": 90},
        "icc": {"icc_profile": _srgb(), "exif": _turned()},
        "lossless": {"quality": -1},
    }


def write_avif(folder: Path) -> None:
    """With and without transparency, 8 to 12 bits, all samplings, grids, animations, several coders."""
    with tempfile.TemporaryDirectory() as place:
        sources = pictures(Path(place))
        for (name, source), (label, how) in itertools.product(sources.items(), _pillow_options().items()):
            Image.open(source).save(folder / f"pillow--{name}-{label}.avif", max_threads=1, **how)
        stages = [Image.open(sources["colour"]).rotate(45 * turn) for turn in range(3)]
        stages[0].save(folder / "pillow--animated.avif", save_all=True, append_images=stages[1:], duration=80, speed=10)
        for (name, source), (label, words) in itertools.product(
            sources.items(),
            {
                "plain": (),
                "10-444": ("-d", "10", "-y", "444"),
                "turned": ("--irot", "1", "--imir", "0", "-d", "12"),
                "lossless": ("-l",),
                "rav1e": ("-c", "rav1e"),
            }.items(),
        ):
            call("avifenc", "-s", "10", "-j", _THREADS, *words, source, folder / f"avifenc--{name}-{label}.avif")
        cells = [sources["colour"]] * 2
        call("avifenc", "-s", "10", "--grid", "2x1", "-y", "444", *cells, folder / "avifenc--grid.avif")
        for name, source in sources.items():
            call("heif-enc", "-A", "-q", "50", source, "-o", folder / f"heif-enc--{name}-plain.avif")
            call("heif-enc", "-A", "-L", "-p", "chroma=444", source, "-o", folder / f"heif-enc--{name}-lossless.avif")
            picture = pyvips.Image.new_from_file(str(source))
            for label, lossless in {"plain": False, "lossless": True}.items():
                target = folder / f"vips--{name}-{label}.avif"
                picture.heifsave(str(target), compression="av1", effort=0, lossless=lossless)
            for label, words in {"plain": ("-pix_fmt", "yuv420p"), "444": ("-pix_fmt", "yuv444p10le")}.items():
                call(
                    *_FFMPEG,
                    source,
                    "-c:v",
                    "libaom-av1",
                    "-cpu-used",
                    "8",
                    "-still-picture",
                    "1",
                    *words,
                    "-threads",
                    _THREADS,
                    folder / f"ffmpeg--{name}-{label}.avif",
                )
    _signed(folder, "avif")


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Acme Cameras"
    return exif.tobytes()


def write_heic(folder: Path) -> None:
    """Of two generations of libheif, with and without transparency, of several pictures, as exiftool leaves them, and by hand."""
    pillow_heif.register_heif_opener()
    with tempfile.TemporaryDirectory() as place:
        sources = pictures(Path(place))
        for (name, source), (label, how) in itertools.product(sources.items(), _libheif_options().items()):
            picture = Image.open(source)
            picture.save(folder / f"pillow-heif--{name}-{label}.heic", format="HEIF", **how)
        pages = [Image.open(sources[name]) for name in ("colour", "odd")]
        pages[0].save(folder / "pillow-heif--two.heic", format="HEIF", save_all=True, append_images=pages[1:])
        for (name, source), (label, words) in itertools.product(
            sources.items(),
            {
                "plain": (),
                "lossless": ("-L", "-p", "chroma=444"),
                "deep": ("-b", "10"),
                "thumbnail": ("-t", "16"),
                "coarse": ("-q", "20", "-p", "preset=ultrafast"),
            }.items(),
        ):
            call("heif-enc", *words, source, "-o", folder / f"heif-enc--{name}-{label}.heic")
        call("heif-enc", *sources.values(), "-o", folder / "heif-enc--four.heic")
        for (name, source), quality in itertools.product(sources.items(), (40, 80)):
            call("convert-im6.q16", source, "-quality", str(quality), folder / f"imagemagick--{name}-{quality}.heic")
        for label, boxes in _by_hand(Path(place), sources["colour"]).items():
            (folder / f"by-hand--{label}.heic").write_bytes(boxes.build())
    _signed(folder, "heic")


def _by_hand(place: Path, source: Path) -> dict[str, box_files.Picture]:
    """Pictures as phones make them: tiles, crops, turns, thumbnails, depth maps, in boxes of the tests and coded by ffmpeg."""
    film = place / "still.mp4"
    call(
        *_FFMPEG,
        source,
        "-frames:v",
        "1",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=none",
        "-tag:v",
        "hvc1",
        film,
    )
    data = film.read_bytes()
    size = box_files.full_box(b"ispe", box_files.ints(4, 96, 64))
    properties = (
        size,
        _box_of(data, b"hvcC"),
        box_files.box(b"irot", b"\x03"),
        box_files.box(b"imir", b"\x01"),
        box_files.box(b"clap", box_files.ints(4, 64, 1, 48, 1, 0, 1, 0, 1)),
        box_files.full_box(b"ispe", box_files.ints(4, 192, 64)),
        box_files.aux_type(box_files.DEPTH),
        box_files.full_box(b"udes", b"en\x00Jane Sample\x00\x00\x00"),
    )
    pixels = _box_of(data, b"mdat")[8:]
    still = box_files.Item(1, b"hvc1", pixels, (1, 2))
    thumbnail, depth = box_files.Item(5, b"hvc1", pixels, (1, 2)), box_files.Item(6, b"hvc1", pixels, (1, 2, 7))
    grid = box_files.Item(1, b"grid", b"\x00\x00\x00\x01\x00\xc0\x00\x40", (6, 3), in_idat=True)
    tiles = [box_files.Item(number, b"hvc1", pixels, (1, 2)) for number in (2, 3)]
    parts: tuple[bytes, int, tuple[int, ...]] = (b"dimg", 1, (2, 3))
    extras = [thumbnail, depth, box_files.exif_item(7), box_files.xmp_item(8)]
    links: list[tuple[bytes, int, tuple[int, ...]]] = [
        (b"thmb", 5, (1,)),
        (b"auxl", 6, (1,)),
        (b"cdsc", 7, (1,)),
        (b"cdsc", 8, (1,)),
    ]
    group = box_files.box(b"grpl", box_files.full_box(b"altr", box_files.ints(4, 99, 2, 6, 1)))
    return {
        "plain": box_files.Picture([still], properties=properties),
        "wide-numbers": box_files.Picture([still, *extras], links, properties, version=2),
        "old-list": box_files.Picture([still], properties=properties, version=0),
        "turned": box_files.Picture([box_files.Item(1, b"hvc1", pixels, (1, 2, 3, 8)), *extras], links, properties),
        "mirrored": box_files.Picture([box_files.Item(1, b"hvc1", pixels, (1, 2, 4))], properties=properties),
        "cropped": box_files.Picture([box_files.Item(1, b"hvc1", pixels, (1, 2, 5, 3)), *extras], links, properties),
        "grid": box_files.Picture([grid, *tiles], [parts], properties),
        "phone": box_files.Picture([grid, *tiles, *extras], [parts, *links], properties),
        "motion": box_files.Picture(
            [grid, *tiles, *extras], [parts, *links], properties, after=(box_files.box(b"mpvd", data),)
        ),
        "group": box_files.Picture([still, *extras], links, properties, more_meta=(group,)),
        "second-primary": box_files.Picture(
            [box_files.Item(2, b"hvc1", pixels, (1, 2)), still], properties=properties, primary=1
        ),
    }


def _box_of(data: bytes, kind: bytes) -> bytes:
    """The first box of this kind, wherever it is."""
    at = data.index(kind) - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]
