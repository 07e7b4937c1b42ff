"""Plays a video or recording, from a blob or from an address whose content is decrypted while it plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from picsafe_client.i18n.texts import t
from picsafe_client.screens.viewer.stage.stream_urls import Stream
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.format.report import Medium

WORKER_TIMEOUT_SECONDS: Final = 5.0
"""Seconds in which the first question for bytes must come; otherwise nobody answers players here."""


class Player:
    """The element that plays, with its waits. `broken` is called when the browser cannot play it, or cannot
    continue.
    """

    def __init__(
        self,
        medium: Medium,
        label: str,
        name: str,
        place: dom.Node,
        broken: Callable[[], None],
        no_picture: Callable[[], dom.Node],
        measured: Callable[[int, int], None],
    ) -> None:
        """`label` says which medium it is, `name` what kind of file; `place` is where waits are shown.

        `no_picture` makes the notice for a video of which the browser decodes only the sound. `measured` is called with
        the width and height of a film's pictures as the browser found them, before and whenever they change while it
        plays.
        """
        self._name = name
        self._place = place
        self._broken = broken
        self._no_picture = no_picture
        self._measured = measured
        self._pictureless: dom.Node | None = None
        self._stream: Stream | None = None
        self._outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._flows = asyncio.Event()
        self._stall: asyncio.Task[None] | None = None
        self._wait: ProgressIndicator | None = None
        settings = {
            "controls": True,
            "preload": "metadata",
            "playsinline": True,
            "controlslist": "nodownload noremoteplayback",
            "disableremoteplayback": True,
            "aria-label": label,
            "class": f"pane-{medium.kind}",
        }
        self._element = dom.el(medium.kind, settings)
        drawing = dom.icon("sound") if medium.kind == "audio" else None
        self.node = dom.el("div", {"class": f"pane-player pane-player-{medium.kind}"}, drawing, self._element)
        dom.on(self._element, "loadedmetadata", lambda _event: self._begun())
        if medium.kind == "video":
            dom.on(self._element, "resize", lambda _event: self._look_for_picture())
        dom.on(self._element, "error", lambda _event: self._ends(False))

    def play_blob(self, url: str) -> None:
        """Plays from an object URL."""
        self._element.src = url

    def play_stream(self, stream: Stream) -> None:
        """Plays from an address of the service worker; says so when it has to wait."""
        self._stream = stream
        for event in ("waiting", "seeking"):
            dom.on(self._element, event, lambda _event: self._stalls())
        for event in ("canplay", "seeked", "playing", "emptied"):
            dom.on(self._element, event, lambda _event: self._flows.set())
        self._element.src = stream.address

    async def begins(self) -> bool:
        """Waits until the browser knows what it plays; False when it cannot play it, or nobody answers the address."""
        stream = self._stream
        if stream is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._outcome), WORKER_TIMEOUT_SECONDS)
            if not stream.playback.was_read:
                return False
        return await asyncio.shield(self._outcome)

    @property
    def is_stream(self) -> bool:
        """Whether it plays what has not been compared with the report as a whole."""
        return self._stream is not None

    def toggle(self) -> None:
        """Plays or pauses."""
        if self._element.paused:
            dom.start_task(_until_playing(self._element.play()))
        else:
            self._element.pause()

    def set_reconnecting(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        if self._wait is not None:
            self._wait.set_label(t("report.reconnecting") if waiting else t("report.buffering", name=self._name))

    def close(self) -> None:
        """Makes the browser release everything that it has decoded, and gives it nothing more."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        dom.release(self._element)
        self._flows.set()
        if not self._outcome.done():
            self._outcome.set_result(False)
        self._element.pause()
        self._element.removeAttribute("src")
        self._element.load()

    def _begun(self) -> None:
        self._ends(True)
        self._look_for_picture()

    def _look_for_picture(self) -> None:
        """A browser that lacks the decoder of a film's picture plays its sound over a black ground, and reports no
        error.

        The answer may change: some players know the size of the picture only later, and then fire `resize`.
        """
        if self._element.localName != "video":
            return
        width, height = int(self._element.videoWidth), int(self._element.videoHeight)
        self._measured(width, height)
        is_missing = not width
        if is_missing == (self._pictureless is not None):
            return
        self.node.classList.toggle("pane-player-pictureless", is_missing)
        if self._pictureless is not None:
            dom.remove(self._pictureless)
            self._pictureless = None
        else:
            self._pictureless = self._no_picture()
            self.node.prepend(self._pictureless)

    def _ends(self, well: bool) -> None:
        if not well and (self._stream is None or self._outcome.done()):
            self._broken()
        elif not self._outcome.done():
            self._outcome.set_result(well)

    def _stalls(self) -> None:
        self._flows.clear()
        if self._stall is None or self._stall.done():
            self._stall = dom.start_task(self._explain())

    async def _explain(self) -> None:
        async with ProgressIndicator(t("report.buffering", name=self._name), self._place, can_cancel=False) as wait:
            self._wait = wait
            try:
                await self._flows.wait()
            finally:
                self._wait = None


async def _until_playing(playing: dom.Node) -> None:
    """Waits until it plays. A browser that refuses shows it by its own button, which still says "play"."""
    from pyodide.ffi import JsException

    with suppress(JsException):
        await playing
