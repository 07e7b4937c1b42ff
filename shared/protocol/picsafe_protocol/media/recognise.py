"""Which container a medium is, by its bytes alone: names and declared types are never asked."""

from __future__ import annotations

from typing import Final

from picsafe_protocol.errors import EmptyMedium, UnsupportedMedium
from picsafe_protocol.media.jpeg import clean_jpeg, find_jpeg
from picsafe_protocol.media.model import Cleaned
from picsafe_protocol.media.source import ByteSource, Window

__all__ = ["clean"]

_HEAD: Final = 64


async def clean(source: ByteSource) -> Cleaned:
    """Describes a photo, video or sound and plans a copy without metadata.

    Errors: EmptyMedium for 0 bytes; UnsupportedMedium for what PicSafe does not know or what is broken.
    """
    if source.size == 0:
        raise EmptyMedium
    window = Window(source)
    begin = await find_jpeg(window)
    if begin is not None:
        return await clean_jpeg(window, begin)
    raise UnsupportedMedium
