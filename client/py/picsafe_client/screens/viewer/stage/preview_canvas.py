"""A copy of a very large photo at the size of the stage, shown while the photo is enlarged or turned.

To draw tens of megapixels at another scale takes a browser a tenth of a second, and a wheel or two fingers ask for
another scale with every frame. So the photo itself is hidden as soon as its scale changes, and is there again, sharp,
when it lies still. Meanwhile, and until the browser has unpacked it, the copy beneath it is seen.
"""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.ui import dom
from picsafe_client.ui.canvas import discard, draw_upright

LARGE: Final = 20_000_000
"""Pixels from which on a photo has a copy. What cameras usually make, 12 megapixels, is drawn without a gap."""
STILL: Final = 150
"""Milliseconds without another scale after which a photo lies still."""


async def draft_of(blob: Any, width: int, height: int, room: tuple[float, float]) -> Any | None:
    """A canvas with a photo of `width` by `height` pixels as it fits into `room`, in CSS pixels; None where there is no
    need or no way.
    """
    import js
    from pyodide.ffi import JsException

    if width * height < LARGE or min(room) < 1:
        return None
    density = float(js.devicePixelRatio or 1)
    scale = min(room[0] * density / width, room[1] * density / height, 1)
    try:
        # A better quality is made on the page's own thread, which would stand still for as long as without a copy.
        canvas = await draw_upright(blob, most_pixels=round(width * height * scale**2), smoothing="low")
    except JsException:
        return None
    dom.assign(canvas, "class", "pane-draft")
    dom.assign(canvas, "aria-hidden", "true")
    return canvas


class PreviewCopy:
    """A copy and the photo above it. `close` releases the copy's pixels."""

    def __init__(self, canvas: Any) -> None:
        self.canvas = canvas
        self._photo: Any = None
        self._scale: tuple[float, int] | None = None
        self._cancel_reveal: dom.Dispose = lambda: None

    def attach(self, photo: Any) -> None:
        """The photo has been unpacked; it appears when it lies still."""
        self._photo = photo
        self._hide()

    def moved(self, scale: float, turn: int) -> None:
        """The photo lies at this scale, turned by so many degrees."""
        if (scale, turn) != self._scale:
            self._scale = (scale, turn)
            self._hide()

    def close(self) -> None:
        """Nothing of it stays."""
        self._cancel_reveal()
        discard(self.canvas)

    def _hide(self) -> None:
        if self._photo is not None:
            self._cancel_reveal()
            self._photo.style.visibility = "hidden"
            self._cancel_reveal = dom.set_timeout(self._show, STILL)

    def _show(self) -> None:
        self._photo.style.visibility = ""
