"""Files and Blobs of the browser: read in pieces, and composed without being read."""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.i18n.error_messages import localized_error
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.contracts.limits import MIB

READ_BYTES: Final = 4 * MIB
"""Bytes that are summed up at a time."""


class BlobSource:
    """A JavaScript File or Blob as a `picsafe_media.ByteSource`: small pieces are copied into Python to look at."""

    def __init__(self, blob: Any) -> None:
        self._blob = blob
        self.size = int(blob.size)

    async def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop`. Raises `UnsupportedMedium` when the file can no longer be read."""
        data: bytes = (await read_blob(self._blob, start, stop)).to_bytes()
        return data


async def read_blob(blob: Any, start: int, stop: int) -> Any:
    """Bytes `start` up to `stop` of a Blob as a Uint8Array."""
    import js
    from pyodide.ffi import JsException

    try:
        return js.Uint8Array.new(await blob.slice(start, stop).arrayBuffer())
    except JsException as error:
        raise localized_error(UnsupportedMedium, "unreadable") from error


def is_lazy(blob: Any) -> bool:
    """Whether it is a LazyBlob (js/lazy-blob.js), which decoders of the browser do not take."""
    return bool(getattr(blob, "isLazy", False))


def new_blob(parts: list[Any], media_type: str = "") -> Any:
    """A JavaScript Blob of buffers and other Blobs."""
    import js
    from pyodide.ffi import to_js

    return js.Blob.new(to_js(parts), to_js({"type": media_type}, dict_converter=js.Object.fromEntries))
