"""How a photo lies in its pane: draws what `viewport` calculates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from picsafe_client.screens.viewer.stage.preview_canvas import PreviewCopy
from picsafe_client.screens.viewer.stage.viewport import ZOOM_STEP, Viewport
from picsafe_client.session.view_state import PhotoView
from picsafe_client.ui import dom


class PhotoLayout:
    """The photo on `ground`, with its preview beneath it while it is decoded. `changed` is called when it lies
    differently.
    """

    def __init__(self, pane: dom.Node, ground: dom.Node, changed: Callable[[], None]) -> None:
        self._pane = pane
        self._ground = ground
        self._changed = changed
        self._draft: PreviewCopy | None = None
        self._turns: dict[int, int] = {}
        self._recalled: dict[int, PhotoView] = {}
        self._index = -1
        self.view: Viewport | None = None
        """None for what cannot be zoomed."""

    @property
    def size(self) -> tuple[float, float]:
        """The room for it, in CSS pixels."""
        return float(self._ground.clientWidth), float(self._ground.clientHeight)

    def clear(self) -> None:
        """Empties the ground, and makes the browser release the pixels."""
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.close()
        for picture in self._ground.querySelectorAll("img"):
            picture.removeAttribute("src")
        dom.replace_children(self._ground)
        self.view = None
        self._pane.classList.remove("pane-enlarged")

    def place_draft(self, index: int, canvas: dom.Node, width: int, height: int) -> None:
        """A preview of the medium at `index`, until `place` brings the photo."""
        self.place(index, canvas, width, height)
        self._draft = PreviewCopy(canvas)

    def place(self, index: int, picture: dom.Node, width: int, height: int) -> None:
        """A picture of the medium at `index`: fitted, and turned as it was when it was last shown."""
        old, turn = self.view, self._turns.get(index, 0)
        self._index = index
        if self._draft is None:
            dom.replace_children(self._ground, picture)
        else:
            dom.append(self._ground, picture)
            self._draft.attach(picture)
        fresh = Viewport.fitted(width, height, *self.size, turn)
        if old is not None and not old.is_fitted and old.turn == turn:
            # The small picture was enlarged already while the large one was on its way.
            fresh = fresh.zoomed(old.scale / old.min_scale).moved(old.x, old.y)
        elif old is None and (recalled := self._recalled.pop(index, None)) is not None:
            fresh = fresh.recalled(recalled.zoom, recalled.x, recalled.y)
        self._set(fresh)

    def change(self, change: Callable[[Viewport], Viewport]) -> None:
        """Lays the photo differently: ``photo.change(Viewport.fit)``. Nothing happens where there is no photo."""
        if self.view is not None:
            self._set(change(self.view))

    def recall(self, photos: Mapping[int, PhotoView]) -> None:
        """Lays these photos as they lay before, the first time that each is shown."""
        self._turns |= {index: view.turn for index, view in photos.items()}
        self._recalled |= photos

    def views(self) -> dict[int, PhotoView]:
        """How the photo that is shown lies, and which others are turned."""
        found = {index: PhotoView(turn, 1, 0, 0) for index, turn in self._turns.items() if turn}
        view = self.view
        if view is not None:
            found[self._index] = PhotoView(
                view.turn, view.scale / view.min_scale, view.x / view.scale, view.y / view.scale
            )
        return found

    def resized(self) -> None:
        """The stage has another size."""
        self.change(lambda view: view.resized(*self.size))

    def rotate(self) -> None:
        """Turns the view of this photo by a quarter, for as long as the report is open."""
        self.change(Viewport.rotated)
        if self.view is not None:
            self._turns[self._index] = self.view.turn

    def enlarge(self, steps: int) -> None:
        """One press of + (1) or - (-1)."""
        self.change(lambda view: view.zoomed(ZOOM_STEP**steps))

    def _set(self, view: Viewport) -> None:
        self.view = view
        fitted = view.min_scale
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
        self._pane.classList.toggle("pane-enlarged", not view.is_fitted)
        self._changed()
