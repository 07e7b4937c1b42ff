"""Small pictures of photos and videos, drawn by the browser. What it cannot decode has none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from picsafe_protocol import sending
from picsafe_protocol.limits import THUMBNAIL_BYTES

QUALITIES: Final = (0.8, 0.6, 0.4, 0.2)
VIDEO_SECONDS: Final = 10
"""A browser that has not shown a video's first picture by then is not going to."""


@dataclass(frozen=True)
class Picture:
    """A JPEG. `data` is its Uint8Array."""

    data: Any = field(repr=False)
    crc32: int
    facts: sending.Picture


async def picture_of(blob: Any, kind: str) -> Picture | None:
    """A small picture of a photo or video, upright; None for sound and for what this browser cannot decode."""
    from pyodide.ffi import JsException

    try:
        if kind == "photo":
            return await _of_photo(blob)
        if kind == "video":
            return await _of_video(blob)
    except (JsException, TimeoutError):
        return None
    return None


async def _of_photo(blob: Any) -> Picture | None:
    import js
    from pyodide.ffi import JsException

    from picsafe_client import dom

    try:
        bitmap = await js.createImageBitmap(blob)  # upright: browsers apply the orientation by default
    except JsException:  # Firefox does not decode a blob that is put together from pieces of a file
        whole = js.Blob.new([await blob.arrayBuffer()], dom.options({"type": blob.type}))
        bitmap = await js.createImageBitmap(whole)
    try:
        return await _drawn(bitmap, int(bitmap.width), int(bitmap.height))
    finally:
        bitmap.close()


async def _of_video(blob: Any) -> Picture | None:
    import js

    with _object_url(blob) as url:
        video = js.document.createElement("video")
        video.muted = True
        video.preload = "auto"
        video.playsInline = True
        try:
            await _happens(video, "loadeddata", lambda: setattr(video, "src", url))
            start = min(0.1, float(video.duration) / 2 if float(video.duration) > 0 else 0.1)
            await _happens(video, "seeked", lambda: setattr(video, "currentTime", start))
            return await _drawn(video, int(video.videoWidth), int(video.videoHeight))
        finally:
            video.removeAttribute("src")
            video.load()


@contextmanager
def _object_url(blob: Any) -> Iterator[str]:
    import js

    url = str(js.URL.createObjectURL(blob))
    try:
        yield url
    finally:
        js.URL.revokeObjectURL(url)


async def _happens(video: Any, event: str, begin: Any) -> None:
    """Waits until `event` follows `begin`; `TimeoutError` when it does not, or when the video fails."""
    from picsafe_client import dom

    done: asyncio.Future[bool] = asyncio.get_event_loop().create_future()

    def settle(good: bool) -> None:
        if not done.done():
            done.set_result(good)

    offs = [dom.on(video, event, lambda _: settle(True)), dom.on(video, "error", lambda _: settle(False))]
    try:
        begin()
        if not await asyncio.wait_for(done, VIDEO_SECONDS):
            raise TimeoutError
    finally:
        for off in offs:
            off()


async def _drawn(source: Any, width: int, height: int) -> Picture | None:
    import js
    from pyodide.ffi import to_js

    if width < 1 or height < 1:
        return None
    scale = min(1.0, sending.THUMBNAIL_PIXELS / max(width, height))
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    canvas = js.document.createElement("canvas")
    canvas.width, canvas.height = small
    context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.fillStyle = "#fff"  # behind transparent pictures, since JPEG has no transparency
    context.fillRect(0, 0, *small)
    context.drawImage(source, 0, 0, *small)
    for quality in QUALITIES:
        blob = await _encoded(canvas, quality)
        if blob is not None and int(blob.size) <= THUMBNAIL_BYTES:
            data = js.Uint8Array.new(await blob.arrayBuffer())
            kernel = js.picsafe.kernel
            sha256, crc32 = str(await kernel.sha256(data)), int(await kernel.crc32(data))
            return Picture(to_js(data), crc32, sending.Picture(int(blob.size), sha256, *small))
    return None


async def _encoded(canvas: Any, quality: float) -> Any:
    from pyodide.ffi import create_once_callable

    done: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
    canvas.toBlob(create_once_callable(done.set_result), "image/jpeg", quality)
    return await done
