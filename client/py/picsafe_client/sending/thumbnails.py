"""Makes the thumbnail of a photo or film for a report, as a JPEG."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from picsafe_client.ui.canvas import discard
from picsafe_protocol.contracts.limits import THUMBNAIL_BYTES
from picsafe_protocol.format import composing

QUALITIES: Final = (0.8, 0.6, 0.4, 0.2)


@dataclass(frozen=True)
class DrawnThumbnail:
    """A JPEG. `data` is its Uint8Array."""

    data: Any = field(repr=False)
    crc32: int
    facts: composing.ThumbnailInfo


async def thumbnail_of(canvas: Any) -> DrawnThumbnail | None:
    """The JPEG of a small canvas, which is emptied; None where the browser makes none that is small enough."""
    width, height = int(canvas.width), int(canvas.height)
    context = canvas.getContext("2d")
    context.globalCompositeOperation = "destination-over"
    context.fillStyle = "#fff"  # behind transparent pictures, since JPEG has no transparency
    context.fillRect(0, 0, width, height)
    try:
        return await _encoded(canvas, width, height)
    finally:
        discard(canvas)


async def _encoded(canvas: Any, width: int, height: int) -> DrawnThumbnail | None:
    import js
    from pyodide.ffi import create_once_callable, to_js

    for quality in QUALITIES:
        done: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        canvas.toBlob(create_once_callable(done.set_result), "image/jpeg", quality)
        blob = await done
        if blob is not None and int(blob.size) <= THUMBNAIL_BYTES:
            data = js.Uint8Array.new(await blob.arrayBuffer())
            kernel = js.picsafe.kernel
            sha256, crc32 = str(await kernel.sha256(data)), int(await kernel.crc32(data))
            return DrawnThumbnail(to_js(data), crc32, composing.ThumbnailInfo(int(blob.size), sha256, width, height))
    return None
