"""The stage: one medium of the report, or two side by side, on near-black ground with nothing laid over the picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import t
from picsafe_client.screens.viewer.labels import medium_label, type_name
from picsafe_client.screens.viewer.stage.gestures import Gestures
from picsafe_client.screens.viewer.stage.media_cache import PREFETCH_BYTES, ShownMedia
from picsafe_client.screens.viewer.stage.player import Player
from picsafe_client.screens.viewer.stage.preview_canvas import Draft, draft_of
from picsafe_client.screens.viewer.stage.viewport import STEP, Viewport
from picsafe_client.ui import dom, notices
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_media.pixel_limits import check_film
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.report import Medium, Report

ELSEWHERE = {"image/heic", "image/heif"}
"""Photos that only Safari shows."""


class Viewer(Protocol):
    """What a pane tells the screen that it is on."""

    def chosen(self, pane: Pane) -> None:
        """The person has put a finger on this pane, or gone there by the Tab key."""

    def step(self, steps: int) -> None:
        """The person has swiped to the next medium, or the one before."""

    def looked(self, pane: Pane) -> None:
        """The view has changed: another scale, another turn, another medium."""

    def save_this(self, index: int) -> None:
        """The person wants to save the medium that cannot be shown."""


class Pane:
    """One half of the stage, or all of it."""

    def __init__(self, report: Report, media: ShownMedia, viewer: Viewer) -> None:
        self._report = report
        self._media = media
        self._viewer = viewer
        self._ground = dom.el("div", {"class": "pane-ground"})
        self._wait = dom.el("div", {"class": "pane-wait"})
        self.node = dom.el("section", {"class": "pane", "tabindex": "-1"}, self._ground, self._wait)
        self.index = -1
        self._picture: dom.Node = None
        self._draft: Draft | None = None
        self._view: Viewport | None = None
        self._player: Player | None = None
        self._loading: ProgressIndicator | None = None
        self._turns: dict[int, int] = {}
        Gestures(self.node, self._ground, self).listen()
        dom.on(self.node, "focusin", lambda _event: self.pressed())

    # -- what is shown

    @property
    def medium(self) -> Medium:
        """The medium that is shown, or is about to be."""
        return self._report.media[self.index]

    def point_at(self, index: int) -> None:
        """Names the medium that `load` will show, and shows at once what is there of it: its small picture."""
        self.index = index
        self.node.setAttribute("aria-label", medium_label(self._report, index))
        self._show_nothing()
        thumbnail = self._media.thumbnail(index)
        medium = self.medium
        if thumbnail and medium.kind == "photo" and medium.width and medium.height and not self._media.is_here(index):
            small = dom.el("img", {"class": "pane-picture", "src": thumbnail, "alt": "", "draggable": "false"})
            self._lay(small, medium.width, medium.height)

    async def load(self) -> None:
        """Shows a photo once it is here and has been found right; plays a video or recording, a large one from its first bytes."""
        index = self.index
        try:
            async with ProgressIndicator(t("report.fetching", name=type_name(self.medium)), self._wait) as wait:
                self._loading = wait
                await cancellable(wait, self._load(index, wait))
        except Cancelled:
            if index == self.index:
                self._say(notices.notice("plain", t("report.stopped"), actions=[(t("report.load"), self._again)]))
        except asyncio.CancelledError:
            raise
        except PictureRefused as error:
            if index == self.index:
                self._say_refused(error)
        except Exception as error:  # noqa: BLE001 said where the photo would have been
            if index == self.index:
                self._say_problem(error, t("report.not_shown"))
        finally:
            self._loading = None

    async def _load(self, index: int, wait: ProgressIndicator) -> None:
        if self.medium.kind == "video":
            check_film(self.medium, self.medium.width, self.medium.height)
        if self.medium.kind != "photo" and self._media.can_stream(index) and await self._stream(index):
            return
        url = await self._media.url(index, wait.progress)
        if self.medium.kind == "photo":
            await self._show_photo(index, url)
        else:
            self._show_player().play_blob(url)
        self._viewer.looked(self)

    async def _stream(self, index: int) -> bool:
        """Plays while fetching. False when that is not possible here, but having all of the file may help."""
        player = self._show_player()

        def failed(error: Exception) -> None:
            if self._player is player:
                self._say_problem(error, t("report.playing_stopped"))

        stream = self._media.stream(index, failed)
        player.play_stream(stream)
        self._viewer.looked(self)
        if await player.begins() or self._player is not player:
            return True
        self._show_nothing()
        if not stream.playback.was_read:
            stream.give_up()
        elif self.medium.size > PREFETCH_BYTES:
            self._say(self._not_for_this_browser(is_checked=False))
            return True
        return False

    def lost(self, waiting: bool) -> None:
        """The connection is broken, or it is being tried again."""
        if self._player is not None:
            self._player.lost(waiting)
        if self._loading is not None:
            name = type_name(self.medium)
            self._loading.says(t("report.reconnecting") if waiting else t("report.fetching", name=name))

    def _say_problem(self, error: BaseException, means: str) -> None:
        self._say(notices.problem(error, means=means, actions=[(t("action.retry"), self._again)]))

    def _say_refused(self, error: PictureRefused) -> None:
        """Trying again changes nothing; the file itself can be saved."""
        if error.rule == "no_size":  # damaged beyond what any decoder shows
            self._say(self._not_for_this_browser())
            return
        index = self.index
        actions = [(t("report.save_this"), lambda _event: self._viewer.save_this(index))]
        self._say(notices.problem(error, means=t("report.not_shown"), actions=actions))

    def _again(self, _event: Any) -> None:
        self.point_at(self.index)
        dom.start_task(self.load())

    def drop(self) -> None:
        """Nothing of a patient stays in the page."""
        self._show_nothing()
        self.node.removeAttribute("aria-label")

    def _show_nothing(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.close()
        for picture in self._ground.querySelectorAll("img"):
            picture.removeAttribute("src")
        dom.replace_children(self._ground)
        self._picture = self._view = None
        self.node.classList.remove("pane-enlarged")

    async def _show_photo(self, index: int, url: str) -> None:
        from pyodide.ffi import JsException

        alt = medium_label(self._report, index)
        photo = dom.el("img", {"class": "pane-picture", "alt": alt, "draggable": "false", "decoding": "async"})
        photo.src = url
        await self._show_draft(index)
        try:
            await photo.decode()
        except JsException:
            if index == self.index:
                self._say(self._not_for_this_browser())
            return
        if index == self.index:
            self._lay(photo, int(photo.naturalWidth), int(photo.naturalHeight))

    async def _show_draft(self, index: int) -> None:
        width, height = self.medium.width, self.medium.height
        if not width or not height:
            return
        canvas = await draft_of(await self._media.blob(index), width, height, self._size())
        if canvas is not None and index == self.index:
            self._lay(canvas, width, height)
            self._draft = Draft(canvas)

    def _show_player(self) -> Player:
        medium, label = self.medium, medium_label(self._report, self.index)

        def broken() -> None:
            if self._player is player:
                self._say(self._not_for_this_browser(is_checked=not player.is_stream))

        def measured(width: int, height: int) -> None:
            try:
                check_film(medium, width, height)
            except PictureRefused as error:
                if self._player is player:
                    self._say_refused(error)

        self._show_nothing()
        name = type_name(medium)
        player = self._player = Player(medium, label, name, self._wait, broken, self._no_picture, measured)
        dom.append(self._ground, player.node)
        return player

    def _no_picture(self) -> dom.Node:
        """Stands above a video of which only the sound is played."""
        index = self.index
        return notices.notice(
            "plain",
            t("report.no_picture", name=type_name(self.medium)),
            t("report.other_program"),
            actions=[(t("report.save_this"), lambda _event: self._viewer.save_this(index))],
        )

    def _not_for_this_browser(self, *, is_checked: bool = True) -> dom.Node:
        """With `is_checked` the SHA-256 of all bytes is right: so it is the browser that cannot show them."""
        medium, index = self.medium, self.index
        name = type_name(medium)
        checked = "is_complete" if self._media.is_confirmed else "is_complete_only"
        text = t("report.other_browser") if medium.media_type in ELSEWHERE else t("report.other_program")
        return notices.notice(
            "plain",
            t("report.cannot_show", name=name),
            t(f"report.{checked}" if is_checked else "report.is_checked_when_saved"),
            text,
            actions=[(t("report.save_this"), lambda _event: self._viewer.save_this(index))],
        )

    def _say(self, notice: dom.Node) -> None:
        self._show_nothing()
        thumbnail = self._media.thumbnail(self.index)
        small = dom.el("img", {"class": "pane-small", "src": thumbnail, "alt": ""}) if thumbnail else None
        dom.append(self._ground, dom.el("div", {"class": "pane-message"}, small, notice))
        self._viewer.looked(self)

    # -- how it lies

    @property
    def view(self) -> Viewport | None:
        """How the photo lies; None for what cannot be zoomed."""
        return self._view

    def _lay(self, picture: dom.Node, width: int, height: int) -> None:
        old, turn = self._view, self._turns.get(self.index, 0)
        if self._draft is None:
            dom.replace_children(self._ground, picture)
        else:
            dom.append(self._ground, picture)
            self._draft.under(picture)
        self._picture = picture
        fresh = Viewport.fitted(width, height, *self._size(), turn)
        if old is not None and not old.is_fitted and old.turn == turn:
            # The small picture was enlarged already while the large one was on its way.
            fresh = fresh.zoomed(old.scale / old.smallest).moved(old.x, old.y)
        self._set(fresh)

    def _size(self) -> tuple[float, float]:
        return float(self._ground.clientWidth), float(self._ground.clientHeight)

    def _set(self, view: Viewport) -> None:
        self._view = view
        fitted = view.smallest
        for picture in self._ground.children:
            style = picture.style
            style.width = f"{view.width * fitted:.2f}px"
            style.height = f"{view.height * fitted:.2f}px"
            style.transform = (
                f"translate(-50%, -50%) translate({view.x:.2f}px, {view.y:.2f}px) "
                f"rotate({view.turn}deg) scale({view.scale / fitted:.5f})"
            )
        if self._draft is not None:
            self._draft.moved(view.scale, view.turn)
        self.node.classList.toggle("pane-enlarged", not view.is_fitted)
        self._viewer.looked(self)

    def change(self, change: Callable[[Viewport], Viewport]) -> None:
        """Lays the photo differently: ``pane.change(View.fit)``. Nothing happens where there is no photo."""
        if self._view is not None and self._picture is not None:
            self._set(change(self._view))

    def resized(self) -> None:
        """The stage has another size."""
        self.change(lambda view: view.resized(*self._size()))

    def rotate(self) -> None:
        """Turns the view of this photo by a quarter, for as long as the report is open."""
        self.change(Viewport.rotated)
        if self._view is not None:
            self._turns[self.index] = self._view.turn

    def enlarge(self, steps: int) -> None:
        """One press of + (1) or - (-1)."""
        self.change(lambda view: view.zoomed(STEP**steps))

    def toggle_playing(self) -> bool:
        """Plays or pauses the video or sound; False when there is none."""
        if self._player is None:
            return False
        self._player.toggle()
        return True

    # -- the hand of `Gestures`

    @property
    def is_fitted(self) -> bool:
        """Whether all of it is seen."""
        return self._view is None or self._view.is_fitted

    def pressed(self) -> None:
        """A finger came down, or the Tab key came here."""
        self._viewer.chosen(self)

    def zoomed(self, factor: float, x: float, y: float) -> None:
        """The wheel."""
        self.change(lambda view: view.zoomed(factor, x, y))

    def moved(self, dx: float, dy: float) -> None:
        """A drag."""
        self.change(lambda view: view.moved(dx, dy))

    def pinched(self, before: tuple[float, float, float], after: tuple[float, float, float]) -> None:
        """Two fingers."""
        self.change(lambda view: view.pinched(before, after))

    def close_up(self, x: float, y: float) -> None:
        """A double tap or click."""
        self.change(lambda view: view.close_up(x, y))

    def swiped(self, steps: int) -> None:
        """To the next one or the one before."""
        self._viewer.step(steps)
