"""Addresses from which video and sound play while they are fetched and decrypted.

Small ones come as blobs (`report_media`): they are there at once, all of each has been checked, and no service worker is
needed. The bytes of larger ones (`media_stream.Playback`) go from js/kernel.js to the service worker and never through Python.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from picsafe_client.reports.media_stream import Playback
from picsafe_client.ui import dom
from picsafe_protocol.contracts.limits import MIB

PLAYBACK_STREAM_MIN_BYTES: Final = 1 * MIB
"""From this size on a video or recording is played while it is fetched. Below, one answer of the cloud brings all of it."""


class Streams(Protocol):
    """Addresses for players: see `BrowserStreams`."""

    def can_stream(self) -> bool: ...
    def open(self, size: int, media_type: str, read: Callable[[int, int], Awaitable[Any]]) -> str: ...
    def close(self, address: str) -> None: ...
    def give_up(self) -> None: ...


class BrowserStreams:
    """js/service-worker-client.js and the service worker behind it."""

    _given_up = False

    def __init__(self) -> None:
        self._proxies: dict[str, Any] = {}

    def can_stream(self) -> bool:
        """Whether an address would be answered, as far as is known."""
        import js

        return not BrowserStreams._given_up and bool(js.picsafe.serviceWorkerClient.canStream())

    def open(self, size: int, media_type: str, read: Callable[[int, int], Awaitable[Any]]) -> str:
        """An address that nobody can guess and that only this page's players are answered at, until `close`."""
        import js
        from pyodide.ffi import create_proxy

        proxy = create_proxy(read)
        address = str(js.picsafe.serviceWorkerClient.open(size, media_type, proxy))
        self._proxies[address] = proxy
        return address

    def close(self, address: str) -> None:
        """The address leads nowhere any more."""
        import js

        js.picsafe.serviceWorkerClient.close(address)
        dom.defer(self._proxies.pop(address).destroy)

    def give_up(self) -> None:
        """Nobody answers: no address is opened any more as long as this page lives."""
        BrowserStreams._given_up = True


class Stream:
    """A medium that is played while it is decrypted, at `address` until `close`."""

    def __init__(self, streams: Streams, playback: Playback[Any], size: int, media_type: str) -> None:
        self._streams = streams
        self.playback = playback
        self.address = streams.open(size, media_type, playback.read)

    def close(self) -> None:
        """At once: no read, no address."""
        self.playback.close()
        self._streams.close(self.address)

    def give_up(self) -> None:
        """Nobody answers its address."""
        self._streams.give_up()
