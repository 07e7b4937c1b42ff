"""Where a browser saves files: in a file that the person chooses, written as data arrive, or as a download."""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.interop import js_object
from picsafe_client.reports.export import DISK_WRITE_MIN_BYTES, Target
from picsafe_client.ui import dom
from picsafe_protocol.contracts.errors import StorageFull

REVOKE_AFTER: Final = 60_000
"""Milliseconds until the URL of a download is revoked: long after every browser has taken hold of its content."""


class Downloads:
    """The downloads of one screen. `close` revokes the URLs of those that are still being handed over."""

    def __init__(self) -> None:
        self._under_way: dict[str, tuple[dom.Node, dom.Dispose]] = {}  # by URL: its link, and what calls off its end

    async def target(self, name: str, media_type: str, size: int) -> Target:
        """Where to save a file of about `size` bytes. Raises `Cancelled` when the person does not want to after all.

        To be called first thing after a click or key: only then may a browser ask for a place.
        """
        picker = getattr(dom.window(), "showSaveFilePicker", None)
        if picker is None or size < DISK_WRITE_MIN_BYTES:
            return Download(self, name, media_type)
        return await _FileOnDisk.chosen(picker, name)

    def trigger_download(self, blob: Any, name: str) -> None:
        """Gives a finished file to the browser's downloads."""
        import js

        url = str(js.URL.createObjectURL(blob))
        # In the document for as long as the URL lives, because some browsers only then tell anybody of the download.
        link = dom.el("a", {"href": url, "download": name, "hidden": True})
        self._under_way[url] = (link, dom.set_timeout(lambda: self._revoke(url), REVOKE_AFTER))
        dom.document().body.append(link)
        link.click()

    def close(self) -> None:
        """Revokes every URL, at once."""
        for url in list(self._under_way):
            self._revoke(url)

    def _revoke(self, url: str) -> None:
        import js

        link, stop = self._under_way.pop(url)
        stop()
        link.remove()
        js.URL.revokeObjectURL(url)


class Download:
    """Collects a file outside Python and hands it to the browser's downloads when it is complete."""

    def __init__(self, downloads: Downloads, name: str, media_type: str) -> None:
        self._downloads = downloads
        self._name = name
        self._media_type = media_type
        self._parts: dict[int, Any] = {}  # by position
        self._size = 0

    async def write(self, piece: Any) -> None:
        """Adds a piece."""
        import js
        from pyodide.ffi import to_js

        blob = js.Blob.new(to_js([to_js(piece)]))
        self._parts[self._size] = blob
        self._size += int(blob.size)

    async def replace(self, position: int, data: bytes) -> None:
        """Puts other bytes in the place of a piece."""
        import js
        from pyodide.ffi import to_js

        blob = js.Blob.new(to_js([to_js(data)]))
        if position not in self._parts or int(self._parts[position].size) != int(blob.size):
            raise ValueError("there is no piece of this length at this position")
        self._parts[position] = blob

    async def finish(self) -> None:
        """Hands it over."""
        import js
        from pyodide.ffi import to_js

        blob = js.Blob.new(to_js(list(self._parts.values())), js_object({"type": self._media_type}))
        self._parts.clear()
        self._downloads.trigger_download(blob, self._name)

    async def discard(self) -> None:
        """Forgets it."""
        self._parts.clear()


class _FileOnDisk:
    """A file that the person has named. The browser puts it in its place only when it is closed."""

    def __init__(self, handle: Any, writable: Any, *, is_new: bool) -> None:
        self._handle = handle
        self._writable = writable
        self._is_new = is_new
        self._position = 0

    @classmethod
    async def chosen(cls, picker: Any, name: str) -> _FileOnDisk:
        """Asks the person for a place. Raises `Cancelled` when they close the dialogue."""
        from pyodide.ffi import JsException

        try:
            handle = await picker(js_object({"suggestedName": name}))
        except JsException as error:
            if getattr(error, "name", "") == "AbortError":
                raise Cancelled from None
            raise
        is_new = int((await handle.getFile()).size) == 0
        return cls(handle, await handle.createWritable(), is_new=is_new)

    async def write(self, piece: Any) -> None:
        """Adds a piece."""
        from pyodide.ffi import to_js

        data = to_js(piece)
        size = getattr(data, "byteLength", None)
        await self._put(self._position, data)
        self._position += int(size if size is not None else data.size)

    async def replace(self, position: int, data: bytes) -> None:
        """Overwrites."""
        from pyodide.ffi import to_js

        await self._put(position, to_js(data))

    async def finish(self) -> None:
        """The file appears under its name."""
        await self._writable.close()

    async def discard(self) -> None:
        """What was there before is there again: nothing, or the file that was to be overwritten."""
        from pyodide.ffi import JsException

        try:
            await self._writable.abort()
            if self._is_new and getattr(self._handle, "remove", None):
                await self._handle.remove()
        except JsException as error:
            # It was closed already, or the disk is gone: then nothing can be taken back, and the failure that led here
            # is the one to be told.
            dom.window().console.warn("An unfinished file could not be removed:", error)

    async def _put(self, position: int, data: Any) -> None:
        from pyodide.ffi import JsException

        try:
            await self._writable.write(js_object({"type": "write", "position": position, "data": data}))
        except JsException as error:
            if getattr(error, "name", "") == "QuotaExceededError":
                raise localized_error(StorageFull, "disk") from error
            raise
