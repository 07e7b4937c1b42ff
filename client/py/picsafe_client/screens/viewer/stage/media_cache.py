"""The decrypted media of an open report: created when needed, dropped when no longer shown.

What has been decrypted lives in blobs of the browser, outside Python; a picture gets at it through an object URL. At
most the media that are shown and their neighbours are there at one time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Final, Protocol, TypeAlias

from picsafe_client.blobs import BlobSource
from picsafe_client.interop import js_object
from picsafe_client.reports.media_stream import Playback
from picsafe_client.reports.open_report import OpenReport
from picsafe_client.screens.viewer.stage.stream_urls import PLAYBACK_STREAM_MIN_BYTES, Stream, Streams
from picsafe_client.ui import heic
from picsafe_media import ByteSource, FileSource
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.contracts.limits import MIB
from picsafe_protocol.format.files import FileEntry

PREFETCH_BYTES: Final = 64 * MIB
"""A neighbour larger than this is fetched only when it is asked for."""

SHOWN_AS: Final = {
    "video/quicktime": "video/mp4",
    "video/3gpp": "video/mp4",
    "video/3gpp2": "video/mp4",
    "video/x-matroska": "video/webm",
    "audio/3gpp": "audio/mp4",
    "audio/3gpp2": "audio/mp4",
    "audio/x-matroska": "audio/webm",
}
"""Types that browsers do not know by name, although they show what is inside."""

ProgressTotal: TypeAlias = Callable[[int, int], None]
"""Bytes that have come, and bytes that have to come."""


class Blobs(Protocol):
    """What the browser keeps for us: see `BrowserBlobs`."""

    def part(self, piece: Any) -> Any: ...
    def joined(self, parts: list[Any], media_type: str) -> Any: ...
    def source(self, blob: Any) -> ByteSource: ...
    async def shown_as(self, blob: Any) -> Any: ...
    def url(self, blob: Any) -> str: ...
    def revoke(self, url: str) -> None: ...


class BrowserBlobs:
    """Blobs and object URLs of this browser."""

    def part(self, piece: Any) -> Any:
        """A piece of a file, moved out of the page's own memory."""
        import js
        from pyodide.ffi import to_js

        return js.Blob.new(to_js([piece]))

    def joined(self, parts: list[Any], media_type: str) -> Any:
        """A whole file; nothing is copied."""
        import js
        from pyodide.ffi import to_js

        return js.Blob.new(to_js(parts), js_object({"type": media_type}))

    def source(self, blob: Any) -> ByteSource:
        """Its bytes, a few of which Python looks at."""
        return BlobSource(blob)

    async def shown_as(self, blob: Any) -> Any:
        """The same medium in a form that this browser can show, where that needs another."""
        return await heic.shown_as(blob)

    def url(self, blob: Any) -> str:
        """An object URL, which is to be revoked."""
        import js

        return str(js.URL.createObjectURL(blob))

    def revoke(self, url: str) -> None:
        """The URL leads nowhere any more."""
        import js

        js.URL.revokeObjectURL(url)


async def read_blob(
    opened: OpenReport[Any], file: FileEntry, blobs: Blobs, progress: ProgressTotal | None = None
) -> Any:
    """A file of the report as a blob; it exists only once its SHA-256 has been found right.

    Raises `PictureRefused` for a picture that must not be decoded: callers ask for a blob in order to show it.
    """
    total = opened.ciphertext_size(file)
    done = 0

    def arrived(length: int) -> None:
        nonlocal done
        done += length
        if progress is not None:
            progress(min(done, total), total)

    parts = [blobs.part(piece) async for piece in opened.stream(file, arrived)]
    blob = blobs.joined(parts, SHOWN_AS.get(file.media_type, file.media_type))
    await check_picture(blobs.source(blob), file)
    return blob


class _Loaded:
    """One medium that is wanted: on its way, or there."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.shown: asyncio.Task[Any] | None = None
        self.url = ""
        self.listeners: list[ProgressTotal] = []

    def progress(self, done: int, total: int) -> None:
        for listener in self.listeners:
            listener(done, total)


class ShownMedia:
    """The media of one report by number. `close` drops everything at once."""

    def __init__(self, opened: OpenReport[Any], blobs: Blobs, streams: Streams) -> None:
        self._opened = opened
        self._streams = streams
        self._media = opened.report.media
        self._blobs = blobs
        self._loaded: dict[int, _Loaded] = {}
        self._thumbnails: dict[int, str] = {}
        self._prefetch: asyncio.Task[None] | None = None
        self.pinned: set[int] = set()
        """Media that stay although they are not shown, while they are being printed."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the bytes are known to be those of the report's sender."""
        return self._opened.provenance.confirmed

    async def url(self, index: int, progress: ProgressTotal | None = None) -> str:
        """The object URL of what is shown of a medium, once all of it is there and is what the report describes."""
        blob = await self.shown(index, progress)
        loaded = self._wanted(index)
        if not loaded.url:
            loaded.url = self._blobs.url(blob)
        return loaded.url

    async def shown(self, index: int, progress: ProgressTotal | None = None) -> Any:
        """The same as a blob: the medium itself, or a JPEG of a photo that this browser does not decode."""
        blob = await self.blob(index, progress)
        return await asyncio.shield(self._show(self._wanted(index), blob))

    async def blob(self, index: int, progress: ProgressTotal | None = None) -> Any:
        """The medium itself as a blob."""
        loaded = self._loaded.get(index) or self._load(index)
        if progress is not None:
            loaded.listeners.append(progress)
        try:
            return await asyncio.shield(loaded.task)
        finally:
            if progress is not None:
                loaded.listeners.remove(progress)

    def can_stream(self, index: int) -> bool:
        """Whether a video or recording is to be played while it is fetched: it is large, and not here yet."""
        large = self._media[index].size >= PLAYBACK_STREAM_MIN_BYTES
        return large and not self.is_here(index) and self._streams.can_stream()

    def stream(self, index: int, failed: Callable[[Exception], None]) -> Stream:
        """A video or recording for a player, who closes it; `failed` gets the reason when it cannot be read any
        further.
        """
        medium = self._media[index]
        media_type = SHOWN_AS.get(medium.media_type, medium.media_type)
        return Stream(self._streams, Playback(self._opened, medium, failed), medium.size, media_type)

    def url_now(self, index: int) -> str:
        """The object URL of a medium that is shown already, empty otherwise."""
        loaded = self._loaded.get(index)
        return loaded.url if loaded is not None else ""

    def is_here(self, index: int) -> bool:
        """Whether a medium has been decrypted already."""
        loaded = self._loaded.get(index)
        return loaded is not None and loaded.task.done()

    def is_ready(self, index: int) -> bool:
        """Whether what is shown of a medium is there."""
        loaded = self._loaded.get(index)
        return loaded is not None and loaded.shown is not None and loaded.shown.done()

    def keep(self, wanted: Collection[int]) -> None:
        """Drops every medium that is neither among `wanted` nor pinned, and stops what is on its way for it."""
        for index in [index for index in self._loaded if index not in wanted and index not in self.pinned]:
            self._drop(index)

    def prefetch(self, indices: Iterable[int]) -> None:
        """Gets photos that will probably be looked at next, one after the other."""
        likely = [
            index
            for index in indices
            if 0 <= index < len(self._media)
            and self._media[index].kind == "photo"
            and self._media[index].size <= PREFETCH_BYTES
        ]
        if self._prefetch is not None:
            self._prefetch.cancel()
        self._prefetch = asyncio.ensure_future(self._fetch_ahead(likely))

    async def thumbnails(
        self, show: Callable[[int, str], None], shown: Callable[[int], Awaitable[None]] | None = None
    ) -> None:
        """Calls `show(index, url)` for each thumbnail as it comes; goes on when `shown(index)` has returned.

        One that must not be decoded is left out: its medium is there without it.
        """
        async for index, picture in self._opened.thumbnails():
            thumbnail = self._media[index].thumbnail
            if thumbnail is None:
                continue
            try:
                await check_picture(FileSource.of(self._opened.buffers.to_bytes(picture)), thumbnail)
            except PictureRefused:
                continue
            url = self._blobs.url(self._blobs.joined([self._blobs.part(picture)], thumbnail.media_type))
            self._thumbnails[index] = url
            show(index, url)
            if shown is not None:
                await shown(index)

    def thumbnail(self, index: int) -> str | None:
        """The object URL of a thumbnail that has come."""
        return self._thumbnails.get(index)

    def close(self) -> None:
        """Revokes every URL and stops everything, at once."""
        if self._prefetch is not None:
            self._prefetch.cancel()
        self.pinned.clear()
        self.keep(())
        for url in self._thumbnails.values():
            self._blobs.revoke(url)
        self._thumbnails.clear()

    def _load(self, index: int) -> _Loaded:
        loaded: _Loaded

        async def load() -> Any:
            return await read_blob(
                self._opened, self._media[index], self._blobs, lambda done, total: loaded.progress(done, total)
            )

        loaded = self._loaded[index] = _Loaded(asyncio.ensure_future(load()))
        loaded.task.add_done_callback(lambda task: self._ended(index, loaded, task))
        return loaded

    def _ended(self, index: int, loaded: _Loaded, task: asyncio.Task[Any]) -> None:
        """Forgets what failed, so that it can be tried again. Those who wait for it get the error."""
        if (task.cancelled() or task.exception() is not None) and self._loaded.get(index) is loaded:
            del self._loaded[index]

    def _show(self, loaded: _Loaded, blob: Any) -> asyncio.Task[Any]:
        """Makes what is shown of a medium, once; what failed can be tried again."""

        def ended(task: asyncio.Task[Any]) -> None:
            if (task.cancelled() or task.exception() is not None) and loaded.shown is task:
                loaded.shown = None

        if loaded.shown is None:
            loaded.shown = asyncio.ensure_future(self._blobs.shown_as(blob))
            loaded.shown.add_done_callback(ended)
        return loaded.shown

    def _wanted(self, index: int) -> _Loaded:
        """A medium that has just come. Raises `CancelledError` when it was dropped while it was on its way."""
        loaded = self._loaded.get(index)
        if loaded is None:
            raise asyncio.CancelledError
        return loaded

    def _drop(self, index: int) -> None:
        loaded = self._loaded.pop(index)
        loaded.task.cancel()
        if loaded.shown is not None:
            loaded.shown.cancel()
        if loaded.url:
            self._blobs.revoke(loaded.url)

    async def _fetch_ahead(self, indices: list[int]) -> None:
        for index in indices:
            loaded = self._loaded.get(index) or self._load(index)
            # Failures are ignored here: this photo is not shown yet, and it is loaded again, or the error shown, when
            # it is.
            await asyncio.wait([loaded.task])
            if self._loaded.get(index) is loaded:
                await asyncio.wait([self._show(loaded, loaded.task.result())])
