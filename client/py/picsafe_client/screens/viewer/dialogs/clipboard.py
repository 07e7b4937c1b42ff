"""Copies a photo to the clipboard, for pasting into a record: upright, as PNG, drawn by the browser outside Python.

Browsers let a page write to the clipboard only while it answers a click or key. So `Copier.copy` begins at once and
gives the browser a promise of the picture, which is drawn meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from picsafe_client.i18n.texts import number, t
from picsafe_client.interop import js_object
from picsafe_client.screens.screen import Screen
from picsafe_client.screens.viewer.stage.media_cache import ShownMedia
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.canvas import draw_upright, encoded
from picsafe_protocol.contracts.errors import PicSafeError

PIXELS: Final = 24_000_000
"""A larger photo is made smaller: record systems and remote desktops choke on more, and no screen shows it."""
TYPE: Final = "image/png"


class Copier:
    """Copies photos of one open report. `save` saves a medium instead, where copying does not work."""

    def __init__(
        self, screen: Screen, media: ShownMedia, say: Callable[[dom.Node, bool], None], save: Callable[[int], None]
    ) -> None:
        self._screen = screen
        self._media = media
        self._say = say
        self._save = save

    def ask(self, index: int) -> None:
        """Copies a photo; the first time it says before what that means. To be called first thing after a click
        or key.
        """
        state = self._screen.app.session_state
        if state.is_copying_explained:
            self.copy(index)
            return
        opened: dom.Node = None

        def agree(_event: Any) -> None:
            state.is_copying_explained = True
            dialogs.close(opened)
            self.copy(index)

        opened = dialogs.show(
            t("copy.title"),
            dom.el("p", None, t("copy.text")),
            dom.el("p", None, t("copy.stays")),
            actions=(
                dom.button(t("copy.agree"), agree, kind="primary", autofocus=True),
                dom.button(t("action.cancel"), lambda _event: dialogs.close(opened)),
            ),
        )

    def copy(self, index: int) -> None:
        """Begins at once; the rest happens while the browser waits."""
        import js
        from pyodide.ffi import JsException, to_js

        clipboard: Any = getattr(js.navigator, "clipboard", None)
        if not getattr(clipboard, "write", None) or not getattr(js, "ClipboardItem", None):
            self._refused(index, t("copy.unsupported"))
            return
        drawing = _Drawing(self._media, index)
        try:
            item = js.ClipboardItem.new(js_object({TYPE: drawing.promise(self._screen)}))
            writing = clipboard.write(to_js([item]))
        except JsException:
            drawing.stop()
            self._refused(index, t("copy.unsupported"))
            return
        self._screen.start_task(self._told(index, drawing, writing))

    async def _told(self, index: int, drawing: _Drawing, writing: Any) -> None:
        from pyodide.ffi import JsException

        try:
            await writing
        except JsException:
            drawing.stop()
            if isinstance(drawing.error, PicSafeError):
                raise drawing.error from None
            self._refused(index, t("copy.not_shown" if drawing.error else "copy.refused"))
            return
        smaller = t("copy.smaller", width=number(drawing.width), height=number(drawing.height))
        self._say(notices.notice("good", t("copy.done"), smaller if drawing.is_smaller else None), drawing.is_smaller)

    def _refused(self, index: int, why: str) -> None:
        """Nothing is on the clipboard; saving is what does the same."""
        actions = [(t("report.save_this"), lambda _event: self._save(index))]
        self._say(notices.notice("amber", why, t("copy.nothing"), t("copy.instead"), actions=actions), True)


class _Drawing:
    """The picture on its way to the clipboard."""

    def __init__(self, media: ShownMedia, index: int) -> None:
        self._media = media
        self._index = index
        self._task: asyncio.Task[None] | None = None
        self.width = self.height = 0
        self.is_smaller = False
        self.error: BaseException | None = None

    def promise(self, screen: Screen) -> Any:
        """A JavaScript promise of the PNG; it fails when the screen is left or locked meanwhile."""
        import js
        from pyodide.ffi import create_once_callable

        def begin(resolve: Any, reject: Any) -> None:
            self._task = screen.start_task(self._draw(resolve, reject))

        return js.Promise.new(create_once_callable(begin))

    def stop(self) -> None:
        """Nobody waits for it any more."""
        if self._task is not None:
            self._task.cancel()

    async def _draw(self, resolve: Any, reject: Any) -> None:
        import js

        try:
            blob = await self._media.shown(self._index)
            canvas = await draw_upright(blob, most_pixels=PIXELS)
            self.width, self.height = int(canvas.width), int(canvas.height)
            self.is_smaller = bool(canvas.dataset.smaller)
            png = await encoded(canvas, TYPE)
            if png is None:
                raise ValueError("the browser made no PNG")  # noqa: TRY301 told like the others below
            resolve(png)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                self.error = error
            reject(js.Error.new("no picture"))
            if isinstance(error, asyncio.CancelledError):
                raise
