"""Prepares files for sending: recognises, cleans, measures and compares them, and makes thumbnails."""

from __future__ import annotations

import asyncio
import hashlib
import stat
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import picsafe_media as media
from picsafe_cli.send.copy_comparison import compare
from picsafe_cli.send.thumbnails import thumbnail_of
from picsafe_media.comparison import Comparison, copy_differs
from picsafe_media.compose import finished
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import EmptyMedium, InvalidRequest, PictureRefused, UnsupportedMedium
from picsafe_protocol.format.composing import check_count, check_size, medium_of, with_file_name
from picsafe_protocol.format.report import Medium

Progress = Callable[[int], None]
"""Called with bytes done since the last call."""


@dataclass(frozen=True)
class PreparedMedium:
    """A file that is ready to be packed. `crc32s` are of its cleaned bytes and its thumbnail, by path.

    `comparison`: how its cleaned copy was compared with it.
    """

    source: Path
    cleaned: media.Cleaned = field(repr=False)
    medium: Medium
    thumbnail: bytes | None = field(repr=False)
    crc32s: dict[str, int]
    comparison: Comparison


def prepare(paths: Sequence[Path]) -> list[PreparedMedium]:
    """Prepare every file, in order.

    Raises `EmptyMedium`, `UnsupportedMedium`, `LimitExceeded` or `InvalidRequest` before anything is sent, and
    `OSError`. A copy that does not look like its file is an `UnsupportedMedium`.
    """
    prepared: list[PreparedMedium] = []
    for _ in _preparing(paths, prepared):
        pass
    return prepared


async def prepare_async(paths: Sequence[Path], progress: Progress) -> list[PreparedMedium]:
    """The same, so that it can be stopped in the middle of a large file. `progress` is called with the bytes that are
    measured.
    """
    prepared: list[PreparedMedium] = []
    for count in _preparing(paths, prepared):
        progress(count)
        await asyncio.sleep(0)
    return prepared


def _preparing(paths: Sequence[Path], prepared: list[PreparedMedium]) -> Iterator[int]:
    """Adds to `prepared`, and yields how many bytes have been measured since the last time."""
    check_count(len(paths))
    for path in paths:  # told before the first of them is read
        _check_file(path)
    for number, path in enumerate(paths, 1):
        prepared.append((yield from _prepare(path, number)))


def _check_file(path: Path) -> None:
    """Open only regular files: a pipe would block, and a device could be read endlessly."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidRequest(f"{path} is not a file.", advice="Name photos, videos or sounds.", field="media")


def _prepare(path: Path, number: int) -> Generator[int, None, PreparedMedium]:
    with path.open("rb") as file:
        try:
            cleaned = media.clean_file(file)
        except (EmptyMedium, UnsupportedMedium) as error:
            raise with_file_name(error, path.name) from None
        check_size(path.name, cleaned.size)
        digest, crc = hashlib.sha256(), 0
        for piece in media.cleaned_chunks(file, cleaned):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            yield len(piece)
        comparison, small = compare(file, cleaned, path.name)
        picture, thumbnail = (thumbnail_of(small) if small else None) or (None, None)
        medium = medium_of(cleaned, number, digest.hexdigest(), picture)
        if comparison is not Comparison.TOO_LARGE:
            _check_picture(file, cleaned, medium, path.name)
    crc32s = {medium.path: crc}
    if medium.thumbnail and thumbnail:
        crc32s[medium.thumbnail.path] = zlib.crc32(thumbnail)
    return PreparedMedium(path, cleaned, medium, thumbnail, crc32s, comparison)


def _check_picture(file: BinaryIO, cleaned: media.Cleaned, medium: Medium, name: str) -> None:
    """Refuse what readers would refuse."""
    try:
        finished(check_picture(media.CleanedSource(media.FileSource(file), cleaned), medium))
    except PictureRefused:
        raise copy_differs(name) from None
