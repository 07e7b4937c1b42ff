"""Photos drawn onto a canvas by the browser as it displays them: upright, in sRGB, at full size. Pixels never enter
Python.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

MOST_PIXELS: Final = 100_000_000
"""Beyond this the canvas of many browsers stays empty or the page runs out of memory: 400 MB."""


async def draw_upright(blob: Any, *, ground: str = "", most_pixels: int = MOST_PIXELS, smoothing: str = "high") -> Any:
    """A canvas with the photo, scaled down to `most_pixels` where it is larger, which its `data-smaller` then says;
    `ground` is the colour behind it.

    `smoothing` is "high", or "low" where it must be quick.

    Raises `JsException` when this browser cannot decode it. Give the canvas back with `discard`, or encode it.
    """
    import js

    bitmap = await js.createImageBitmap(blob)  # upright: browsers apply the orientation by default
    try:
        width, height = int(bitmap.width), int(bitmap.height)
        scale = min(1.0, (most_pixels / (width * height)) ** 0.5)
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        canvas = js.document.createElement("canvas")
        canvas.width, canvas.height = size
        canvas.dataset.smaller = "yes" if scale < 1 else ""
        context = canvas.getContext("2d")
        context.imageSmoothingQuality = smoothing
        if ground:
            context.fillStyle = ground
            context.fillRect(0, 0, *size)
        context.drawImage(bitmap, 0, 0, *size)
    finally:
        bitmap.close()
    return canvas


async def encoded(canvas: Any, media_type: str, quality: float | None = None) -> Any:
    """The canvas as a Blob of this type, and the canvas emptied; None when the browser cannot, as when it is too
    large.
    """
    from pyodide.ffi import create_once_callable

    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def finish(blob: Any) -> None:
        if not done.done():  # the caller may have been stopped
            done.set_result(blob)

    canvas.toBlob(create_once_callable(finish), media_type, quality)
    try:
        blob = await done
    finally:
        discard(canvas)
    return blob if blob and str(blob.type) == media_type else None


def discard(canvas: Any) -> None:
    """Releases the pixels at once, which some browsers otherwise keep for a while."""
    canvas.width = canvas.height = 0
