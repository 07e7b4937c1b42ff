"""One pane of the stage: a medium of one report, on near-black ground with nothing laid over the picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import t
from picsafe_client.observable import Observable
from picsafe_client.screens.viewer.labels import medium_label, type_name
from picsafe_client.screens.viewer.stage.gestures import Gestures
from picsafe_client.screens.viewer.stage.media_cache import PREFETCH_BYTES
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.pane_notices import PaneNotices
from picsafe_client.screens.viewer.stage.photo_layout import PhotoLayout
from picsafe_client.screens.viewer.stage.player import Player
from picsafe_client.screens.viewer.stage.preview_canvas import draft_of
from picsafe_client.session.view_state import PaneView
from picsafe_client.ui import dom, heic, notices
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_media.pixel_limits import check_film
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.report import Medium


class Pane:
    """All of the stage, or half of it; two panes are equal, whether they show one report or two.

    `show` loads a medium and drops the one before; `drop` ends everything.
    """

    def __init__(self, source: MediaSource, activate: Callable[[Pane], None]) -> None:
        """`activate` is called when the person puts a finger on this pane, or goes there by the Tab key."""
        self.source = source
        self._media = source.media
        self._activate = activate
        self._ground = dom.el("div", {"class": "pane-ground"})
        self._wait = dom.el("div", {"class": "pane-wait"})
        self._caption: dom.Node | None = None
        self.node = dom.el("section", {"class": "pane", "tabindex": "-1"}, self._ground, self._wait)
        self.index = -1
        self.changes: Observable[Pane] = Observable()
        """Notified when another medium is shown, and when a photo lies differently."""
        self.loaded = asyncio.Event()
        """Set once a first medium is shown or only has to be decoded, or it is said why it is not shown."""
        self._loading: asyncio.Task[None] | None = None
        self.photo = PhotoLayout(self.node, self._ground, self._changed)
        self._player: Player | None = None
        self._progress: ProgressIndicator | None = None
        Gestures(self.node, self._ground, self).listen()
        dom.on(self.node, "focusin", lambda _event: self.pressed())

    # -- what is shown

    @property
    def medium(self) -> Medium:
        """The medium that is shown, or is about to be."""
        return self.source.report.media[self.index]

    def show(self, index: int) -> None:
        """Another medium of the report: the one at `index`, or the first or last beyond either end."""
        index = min(max(index, 0), len(self.source.report.media) - 1)
        if index != self.index:
            self._begin(index)

    def show_as(self, view: PaneView) -> None:
        """A medium as it was looked at before."""
        self.photo.recall(view.photos)
        self.show(view.index)

    @property
    def view(self) -> PaneView:
        """What is shown, and how."""
        return PaneView(self.index, self.photo.views())

    def step(self, steps: int) -> None:
        """To the next medium, or the one before, and says so."""
        self.go_to(self.index + steps)

    def go_to(self, index: int) -> None:
        """The same as `show`; screen readers say which medium it is."""
        before = self.index
        self.show(index)
        if self.index != before:
            dom.announce(medium_label(self.source.report, self.index))

    def _begin(self, index: int) -> None:
        self._stop()
        self._point_at(index)
        self.source.show(self, index)
        self._loading = dom.start_task(self._load_all())
        self._changed()

    def _stop(self) -> None:
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.cancel()

    async def _load_all(self) -> None:
        await self._load()
        self.loaded.set()
        self.source.prefetch_neighbours()

    def _point_at(self, index: int) -> None:
        """Names the medium that is going to be loaded, and shows at once what is there of it: its small picture."""
        self.index = index
        self.node.setAttribute("aria-label", medium_label(self.source.report, index))
        self._show_nothing()
        if not self._media.is_ready(index):
            self._show_thumbnail()

    def _show_thumbnail(self) -> None:
        thumbnail, medium = self._media.thumbnail(self.index), self.medium
        if thumbnail and medium.kind == "photo" and medium.width and medium.height:
            small = dom.el("img", {"class": "pane-picture", "src": thumbnail, "alt": "", "draggable": "false"})
            self.photo.place(self.index, small, medium.width, medium.height)

    def thumbnail_came(self, index: int) -> None:
        """The small picture of a medium has come: it stands in for the photo that is still on its way."""
        if index == self.index and self._progress is not None and self.photo.view is None:
            self._show_thumbnail()

    async def _load(self) -> None:
        """Shows a photo once it is here and has been found right; plays a video or recording, a large one from its first
        bytes.
        """
        index = self.index
        try:
            async with ProgressIndicator(t("report.fetching", name=type_name(self.medium)), self._wait) as wait:
                self._progress = wait
                try:
                    await cancellable(wait, self._load_medium(index, wait))
                finally:
                    if self._progress is wait:  # otherwise the next medium is on its way already
                        self._progress = None
        except Cancelled:
            if index == self.index:
                self._say(notices.notice("plain", t("report.stopped"), actions=[(t("report.load"), self._retry)]))
        except asyncio.CancelledError:
            raise
        except PictureRefused as error:
            if index == self.index:
                self._say(self._notices().refused(error))
        except Exception as error:  # noqa: BLE001 said where the photo would have been
            if index == self.index:
                self._say_problem(error, t("report.not_shown"))

    async def _load_medium(self, index: int, wait: ProgressIndicator) -> None:
        if self.medium.kind == "video":
            check_film(self.medium, self.medium.width, self.medium.height)
        if self.medium.kind != "photo" and self._media.can_stream(index) and await self._stream(index):
            return
        if self.medium.media_type in heic.MEDIA_TYPES:
            await self._media.blob(index, wait.progress)
            self.loaded.set()  # decoding takes a second or more, in which small pictures may come
            wait.set_label(t("report.decoding", name=type_name(self.medium)))
        url = await self._media.url(index, wait.progress)
        if self.medium.kind == "photo":
            await self._show_photo(index, url)
        else:
            self._show_player().play_blob(url)
        self._changed()

    async def _stream(self, index: int) -> bool:
        """Plays while fetching. False when that is not possible here, but having all of the file may help."""
        player = self._show_player()

        def failed(error: Exception) -> None:
            if self._player is player:
                self._say_problem(error, t("report.playing_stopped"))

        stream = self._media.stream(index, failed)
        player.play_stream(stream)
        self._changed()
        if await player.begins() or self._player is not player:
            return True
        self._show_nothing()
        if not stream.playback.was_read:
            stream.give_up()
        elif self.medium.size > PREFETCH_BYTES:
            self._say(self._notices().not_for_this_browser(is_checked=False))
            return True
        return False

    def set_reconnecting(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        if self._player is not None:
            self._player.set_reconnecting(waiting)
        if self._progress is not None:
            name = type_name(self.medium)
            self._progress.set_label(t("report.reconnecting") if waiting else t("report.fetching", name=name))

    def _say_problem(self, error: BaseException, means: str) -> None:
        self._say(notices.error_notice(error, means=means, actions=[(t("action.retry"), self._retry)]))

    def _retry(self, _event: Any) -> None:
        self._begin(self.index)

    def set_caption(self, caption: dom.Node | None) -> None:
        """Whose report it is, above the medium; None takes it away."""
        if self._caption is not None:
            dom.remove(self._caption)
        self._caption = caption
        if caption is not None:
            self.node.prepend(caption)

    def drop(self) -> None:
        """Nothing of a patient stays in the page; nothing is loaded any more."""
        self._stop()
        self.source.leave(self)
        self._show_nothing()
        self.set_caption(None)
        self.node.removeAttribute("aria-label")

    def _show_nothing(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()
        self.photo.clear()

    async def _show_photo(self, index: int, url: str) -> None:
        from pyodide.ffi import JsException

        alt = medium_label(self.source.report, index)
        photo = dom.el("img", {"class": "pane-picture", "alt": alt, "draggable": "false", "decoding": "async"})
        photo.src = url
        await self._show_draft(index)
        try:
            await photo.decode()
        except JsException:
            if index == self.index:
                self._say(self._notices().not_for_this_browser())
            return
        if index == self.index:
            self.photo.place(index, photo, int(photo.naturalWidth), int(photo.naturalHeight))

    async def _show_draft(self, index: int) -> None:
        width, height = self.medium.width, self.medium.height
        if not width or not height:
            return
        canvas = await draft_of(await self._media.shown(index), width, height, self.photo.size)
        if canvas is not None and index == self.index:
            self.photo.place_draft(index, canvas, width, height)

    def _show_player(self) -> Player:
        medium, label = self.medium, medium_label(self.source.report, self.index)

        def broken() -> None:
            if self._player is player:
                self._say(self._notices().not_for_this_browser(is_checked=not player.is_stream))

        def measured(width: int, height: int) -> None:
            try:
                check_film(medium, width, height)
            except PictureRefused as error:
                if self._player is player:
                    self._say(self._notices().refused(error))

        self._show_nothing()
        name = type_name(medium)
        sound_only = self._notices().sound_only
        player = self._player = Player(medium, label, name, self._wait, broken, sound_only, measured)
        dom.append(self._ground, player.node)
        return player

    def _notices(self) -> PaneNotices:
        index, save = self.index, self.source.save_medium
        return PaneNotices(self.medium, is_confirmed=self._media.is_confirmed, save=lambda: save(index))

    def _say(self, notice: dom.Node) -> None:
        self._show_nothing()
        thumbnail = self._media.thumbnail(self.index)
        small = dom.el("img", {"class": "pane-small", "src": thumbnail, "alt": ""}) if thumbnail else None
        dom.append(self._ground, dom.el("div", {"class": "pane-message"}, small, notice))
        self._changed()

    def toggle_playing(self) -> bool:
        """Plays or pauses the video or sound; False when there is none."""
        if self._player is None:
            return False
        self._player.toggle()
        return True

    # -- GestureTarget

    @property
    def is_fitted(self) -> bool:
        """Whether all of it is seen."""
        return self.photo.view is None or self.photo.view.is_fitted

    def pressed(self) -> None:
        """A finger came down, or the Tab key came here."""
        self._activate(self)

    def zoomed(self, factor: float, x: float, y: float) -> None:
        """The wheel."""
        self.photo.change(lambda view: view.zoomed(factor, x, y))

    def moved(self, dx: float, dy: float) -> None:
        """A drag."""
        self.photo.change(lambda view: view.moved(dx, dy))

    def pinched(self, before: tuple[float, float, float], after: tuple[float, float, float]) -> None:
        """Two fingers."""
        self.photo.change(lambda view: view.pinched(before, after))

    def zoom_to_point(self, x: float, y: float) -> None:
        """A double tap or click."""
        self.photo.change(lambda view: view.zoom_to_point(x, y))

    def swiped(self, steps: int) -> None:
        """To the next one or the one before."""
        self.step(steps)

    def _changed(self) -> None:
        self.changes.notify(self)
