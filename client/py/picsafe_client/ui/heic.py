"""HEIC photos for browsers that do not decode them, as JPEGs that js/heic.js makes. Neither enters Python.

A photo is decoded only after `picsafe_media.pixel_limits` has looked at its size.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from picsafe_protocol.contracts.errors import Unreachable

MEDIA_TYPES: Final = frozenset({"image/heic", "image/heif"})
QUALITY: Final = 0.98
"""Of the JPEG, which stands for the photo wherever that is shown, and is encoded again for DICOM: 0.6 of 255 away from what
libheif decodes, on average. 1.0 would be nearer (0.14), for twice the time and the bytes.
"""

_loaded: Any = None


async def shown_as(blob: Any, media_type: str = "") -> Any:
    """A Blob that this browser can show: a JPEG of a HEIC photo where the browser decodes no HEIC, otherwise `blob`
    itself; also for a photo that nothing here can decode, which is then refused as others are.

    `media_type` is what it is, where the Blob does not say so. Raises `Unreachable` when the decoder cannot be fetched.
    """
    if (media_type or str(blob.type)) not in MEDIA_TYPES:
        return blob
    import js
    from pyodide.ffi import JsException

    wanted = js.AbortController.new()
    try:
        decoder = await _decoder()
        if await decoder.isNative():
            return blob
        return await decoder.jpegOf(blob, QUALITY, wanted.signal)
    except asyncio.CancelledError:
        wanted.abort()
        raise
    except JsException as error:
        if error.name == "AbortError":  # by `forget`
            raise asyncio.CancelledError from None
        if error.name == "NotDecoded":
            return blob
        raise Unreachable from error


def forget() -> None:
    """Ends the decoders, in whose memory something of a photo may be left. What they were doing fails."""
    if _loaded is not None:
        _loaded.end()


async def _decoder() -> Any:
    global _loaded
    import js

    _loaded = await js.picsafe.heic()
    return _loaded
