"""Small pictures of photos, as JPEG."""

from __future__ import annotations

import hashlib
import io
from typing import Final

from PIL import Image

from picsafe_protocol.contracts.limits import THUMBNAIL_BYTES
from picsafe_protocol.format.composing import ThumbnailInfo

_QUALITIES: Final = (80, 60, 40, 20)


def thumbnail_of(small: Image.Image) -> tuple[ThumbnailInfo, bytes] | None:
    """The JPEG of a small picture in RGBA, and what the report says of it; None where none is small enough."""
    if small.has_transparency_data:  # on white, since JPEG has no transparency
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    picture = small.convert("RGB")
    for quality in _QUALITIES:
        output = io.BytesIO()
        picture.save(output, "JPEG", quality=quality, optimize=True)
        data = output.getvalue()
        if len(data) <= THUMBNAIL_BYTES:
            return ThumbnailInfo(len(data), hashlib.sha256(data).hexdigest(), picture.width, picture.height), data
    return None
