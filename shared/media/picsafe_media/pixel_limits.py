"""Decides whether a picture of a report may be decoded: pixels are bounded, not only bytes.

A few kilobytes can declare a picture of 20,000 pixels by 20,000, for which a decoder allocates 1.6 GB. So everything
that gives a picture of a report to a decoder (a browser's, Pillow's) calls this module first. The size is read from the
picture's own header and has to equal the one in `report.json` and lie within the limits. Saving a file needs no such
check.
"""

from __future__ import annotations

from typing import Final

from picsafe_media.core.model import Description
from picsafe_media.core.source import ByteSource
from picsafe_media.picture_size import PictureSize, picture_size
from picsafe_protocol.contracts.errors import PictureRefused, UnsupportedMedium
from picsafe_protocol.contracts.limits import PHOTO_FRAMES, PHOTO_PIXELS, THUMBNAIL_AREA_PIXELS, VIDEO_PIXELS
from picsafe_protocol.format.consent import Evidence
from picsafe_protocol.format.files import FileEntry
from picsafe_protocol.format.report import Medium, Thumbnail

__all__ = ["check_film", "check_picture", "has_too_many_pixels"]

_IN_HEIF: Final = frozenset(("image/heic", "image/heif", "image/avif"))


async def check_picture(source: ByteSource, facts: FileEntry) -> None:
    """Return when the picture in `source`, of which the report says `facts`, may be decoded; facts of no picture pass.

    Raises `PictureRefused`, with the rule that it breaks: "kind" when it is not a picture of the type that the report
    names, "no_size" when it is damaged so that nobody can tell how large it is, "other_size" when its size is not the
    report's, "pixels" or "frames" beyond the limits.
    """
    if not facts.media_type.startswith("image/"):
        return
    try:
        found = await picture_size(source)
    except UnsupportedMedium as error:
        rule = "no_size" if error.kind == "damaged" else "kind"
        raise PictureRefused(path=facts.path, rule=rule) from None
    if found.media_type != ("image/heif" if facts.media_type in _IN_HEIF else facts.media_type):
        raise PictureRefused(path=facts.path, rule="kind")
    if isinstance(facts, Thumbnail):
        _check_limits(found, facts, THUMBNAIL_AREA_PIXELS)
        _check_sides(found, facts, facts.width, facts.height)
    elif isinstance(facts, Medium | Evidence):
        _check_limits(found, facts, PHOTO_PIXELS)
        if isinstance(facts, Medium) and facts.width and facts.height:
            _check_sides(found, facts, facts.width, facts.height)


def check_film(medium: Medium, width: int | None, height: int | None) -> None:
    """Return when a film of so many pixels may be played: by its description, or as the player found it.

    Raises `PictureRefused` beyond `VIDEO_PIXELS`.
    """
    if (width or 0) * (height or 0) > VIDEO_PIXELS:
        raise PictureRefused(path=medium.path, rule="pixels")


def has_too_many_pixels(film: Description) -> bool:
    """Whether readers would not play a film that a sender is about to send."""
    return (film.width or 0) * (film.height or 0) > VIDEO_PIXELS


def _check_limits(found: PictureSize, facts: FileEntry, most: int) -> None:
    if found.pixels > most:
        raise PictureRefused(path=facts.path, rule="pixels")
    if found.frames > PHOTO_FRAMES:
        raise PictureRefused(path=facts.path, rule="frames")


def _check_sides(found: PictureSize, facts: FileEntry, width: int, height: int) -> None:
    """The report says how a photo is displayed; a quarter turn changes the sides, and no decoder's memory."""
    if sorted((width, height)) not in (sorted(each) for each in found.sides):
        raise PictureRefused(path=facts.path, rule="other_size")
