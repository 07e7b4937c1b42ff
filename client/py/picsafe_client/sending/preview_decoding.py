"""Small pictures of photos and films, drawn by the browser for thumbnails and for comparing a copy with its original.

Photos are decoded beside the page's thread: Chromium and WebKit do that for `createImageBitmap`, Firefox only for
images. The pixels that enter Python are those of the small picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from picsafe_client.blobs import is_lazy
from picsafe_client.interop import js_object
from picsafe_client.sending.copy_comparison import SECONDS, NoPicture, Small
from picsafe_client.ui import dom
from picsafe_client.ui.canvas import discard
from picsafe_media.comparison import COMPARED_PIXELS

_COLOURS: Final = ("#ff0000", "#00ff00", "#0000ff", "#206090")
_READ_BACK: Final = bytes.fromhex("ff0000ff 00ff00ff 0000ffff 206090ff")
"""Colours that must come back from a canvas as they were drawn."""


class BrowserDecoder:
    """The decoders of this browser (`copy_comparison.Decoder`)."""

    async def photo(self, blob: Any, way: str = "") -> Small | None:
        from pyodide.ffi import JsException

        if is_lazy(blob):
            blob = await blob.toBlob()
        with _object_url(blob) as url:
            image = dom.document().createElement("img")
            image.decoding = "async"
            if not await _happens(image, "load", "error", lambda: setattr(image, "src", url)):
                return None
            size = int(image.naturalWidth), int(image.naturalHeight)
            if min(size) < 1:
                return None
            try:
                bitmap = None if way or _decodes_bitmaps_on_the_page() else await _from_bitmap(blob, size)
                if bitmap is not None:
                    return bitmap
                await image.decode()
                return _read(image, size, "image")
            except JsException:
                return None
            finally:
                image.removeAttribute("src")

    async def film(self, blob: Any) -> Small | None:
        with _object_url(blob) as url:
            video = _player("video")
            try:
                if not await _happens(video, "loadeddata", "error", lambda: setattr(video, "src", url)):
                    return None
                size = int(video.videoWidth), int(video.videoHeight)
                if min(size) < 1:
                    raise NoPicture
                length = float(video.duration)
                start = min(0.1, length / 2 if length > 0 else 0.1)
                if not await _happens(video, "seeked", "error", lambda: setattr(video, "currentTime", start)):
                    return None
                return _read(video, size, "film")
            finally:
                video.removeAttribute("src")
                video.load()

    async def plays(self, blob: Any) -> bool:
        with _object_url(blob) as url:
            audio = _player("audio")
            try:
                return await _happens(audio, "loadedmetadata", "error", lambda: setattr(audio, "src", url))
            finally:
                audio.removeAttribute("src")
                audio.load()


def _decodes_bitmaps_on_the_page() -> bool:
    """Firefox decodes for `createImageBitmap` on the page's own thread, even for a worker: seconds for a large
    photo.
    """
    import js

    return "Firefox/" in str(js.navigator.userAgent)


async def _from_bitmap(blob: Any, size: tuple[int, int]) -> Small | None:
    import js
    from pyodide.ffi import JsException

    width, height = _fitted(size)
    options = {"resizeWidth": width, "resizeHeight": height, "resizeQuality": "medium"}
    try:
        bitmap = await js.createImageBitmap(blob, js_object(options))  # upright: the orientation is applied
    except JsException:
        return None
    try:
        return _read(bitmap, size, "bitmap")
    finally:
        bitmap.close()


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, COMPARED_PIXELS / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _read(source: Any, size: tuple[int, int], way: str) -> Small:
    """Draws and reads `source` twice."""
    canvas, first = _drawn(source, _fitted(size))
    other, second = _drawn(source, _fitted(size))
    discard(other)
    return Small(first, size, is_steady=first == second and _reads_truly(), way=way, canvas=canvas)


def _drawn(source: Any, size: tuple[int, int]) -> tuple[Any, bytes]:
    canvas, context = _canvas(size)
    context.imageSmoothingQuality = "high"
    context.drawImage(source, 0, 0, *size)
    return canvas, _pixels(context, size)


def _reads_truly() -> bool:
    """Whether a canvas gives back what was drawn, and not white or noise."""
    size = (len(_COLOURS), 1)
    canvas, context = _canvas(size)
    for place, colour in enumerate(_COLOURS):
        context.fillStyle = colour
        context.fillRect(place, 0, 1, 1)
    found = _pixels(context, size)
    discard(canvas)
    return found == _READ_BACK


def _canvas(size: tuple[int, int]) -> tuple[Any, Any]:
    canvas = dom.document().createElement("canvas")
    canvas.width, canvas.height = size
    return canvas, canvas.getContext("2d", js_object({"willReadFrequently": True}))


def _pixels(context: Any, size: tuple[int, int]) -> bytes:
    data: bytes = context.getImageData(0, 0, *size).data.to_bytes()
    return data


def _player(kind: str) -> Any:
    element = dom.document().createElement(kind)
    element.muted = True
    element.preload = "auto"
    if kind == "video":
        element.playsInline = True
    return element


@contextmanager
def _object_url(blob: Any) -> Iterator[str]:
    import js

    if is_lazy(blob):  # a film or a recording: played as those of a report are, which keeps it off the disk
        url = str(js.picsafe.serviceWorkerClient.openBlob(blob))
        try:
            yield url
        finally:
            js.picsafe.serviceWorkerClient.close(url)
        return
    url = str(js.URL.createObjectURL(blob))
    try:
        yield url
    finally:
        js.URL.revokeObjectURL(url)


async def _happens(element: Any, well: str, badly: str, begin: Callable[[], None]) -> bool:
    """Which of two events follows `begin`; `TimeoutError` when neither does."""
    done: asyncio.Future[bool] = asyncio.get_event_loop().create_future()

    def settle(good: bool) -> None:
        if not done.done():
            done.set_result(good)

    offs = [dom.on(element, well, lambda _: settle(True)), dom.on(element, badly, lambda _: settle(False))]
    try:
        begin()
        return await asyncio.wait_for(done, SECONDS)
    finally:
        for off in offs:
            off()
