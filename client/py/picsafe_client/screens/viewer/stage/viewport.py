"""The position of a photo on the stage: geometry alone, without a browser.

Lengths are CSS pixels; points are measured from the middle of the stage, right and down. `scale` is CSS pixels per
pixel of the photo, `turn` a rotation in degrees clockwise, `x` and `y` where the middle of the photo is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

ZOOM_STEP: Final = 1.4
"""How much one press of + or - enlarges."""
CLOSE_UP: Final = 2.5
"""How much a double tap enlarges, where the photo's own pixels do not allow more."""
MAX_SCALE: Final = 4.0
"""CSS pixels that one pixel of a photo may cover: beyond that there is nothing more to see."""
MAX_SCALE_OF_FIT: Final = 8.0
"""A small photo may still be enlarged to so many times its fitted size."""
FIT_TOLERANCE: Final = 1.001


@dataclass(frozen=True)
class Viewport:
    """A photo of `width` by `height` pixels on a stage of `stage_width` by `stage_height`. Every change is a new
    view.
    """

    width: float
    height: float
    stage_width: float
    stage_height: float
    turn: int = 0
    scale: float = 0
    x: float = 0
    y: float = 0

    @classmethod
    def fitted(cls, width: float, height: float, stage_width: float, stage_height: float, turn: int = 0) -> Viewport:
        """The whole photo, as large as the stage allows but no larger than its own pixels."""
        return cls(max(width, 1), max(height, 1), max(stage_width, 1), max(stage_height, 1), turn).fit()

    @property
    def turned(self) -> tuple[float, float]:
        """Width and height of the photo as it is turned."""
        return (self.height, self.width) if self.turn % 180 else (self.width, self.height)

    @property
    def min_scale(self) -> float:
        """The scale at which all of it is seen."""
        width, height = self.turned
        return min(self.stage_width / width, self.stage_height / height, 1)

    @property
    def max_scale(self) -> float:
        """The greatest scale."""
        return max(MAX_SCALE, self.min_scale * MAX_SCALE_OF_FIT)

    @property
    def is_fitted(self) -> bool:
        """Whether all of it is seen."""
        return self.scale <= self.min_scale * FIT_TOLERANCE

    def fit(self) -> Viewport:
        """All of it, in the middle."""
        return replace(self, scale=self.min_scale, x=0, y=0)

    def zoomed(self, factor: float, x: float = 0, y: float = 0) -> Viewport:
        """`factor` times as large; what is at the point stays there, as far as the edges allow."""
        scale = min(max(self.scale * factor, self.min_scale), self.max_scale)
        change = scale / self.scale
        return replace(self, scale=scale, x=x - (x - self.x) * change, y=y - (y - self.y) * change).on_stage()

    def recalled(self, zoom: float, x: float, y: float) -> Viewport:
        """So many times its fitted size, with its middle `x` and `y` pixels of the photo from that of the stage."""
        enlarged = self.fit().zoomed(zoom)
        return enlarged.moved(x * enlarged.scale, y * enlarged.scale)

    def moved(self, dx: float, dy: float) -> Viewport:
        """Dragged by so much; no edge comes further in than the middle of the stage needs it."""
        return replace(self, x=self.x + dx, y=self.y + dy).on_stage()

    def pinched(self, before: tuple[float, float, float], after: tuple[float, float, float]) -> Viewport:
        """Two fingers went from one (x, y, distance) to another: what was between them is between them still."""
        x, y, distance = before
        to_x, to_y, to_distance = after
        if distance <= 0 or to_distance <= 0:
            return self.moved(to_x - x, to_y - y)
        return self.zoomed(to_distance / distance, x, y).moved(to_x - x, to_y - y)

    def zoom_to_point(self, x: float, y: float) -> Viewport:
        """What a double tap does: closer to the point, to the photo's own pixels where they give more; or back to all
        of it.
        """
        if not self.is_fitted:
            return self.fit()
        return self.zoomed(max(CLOSE_UP, 1 / self.scale), x, y)

    def rotated(self, degrees: int = 90) -> Viewport:
        """Turned clockwise. A fitted photo is fitted again, a larger one keeps its scale and what is in the middle."""
        turn = (self.turn + degrees) % 360
        x, y = {0: (self.x, self.y), 90: (-self.y, self.x), 180: (-self.x, -self.y), 270: (self.y, -self.x)}[
            degrees % 360
        ]
        turned = replace(self, turn=turn, x=x, y=y)
        if self.is_fitted:
            return turned.fit()
        return turned.on_stage()

    def resized(self, stage_width: float, stage_height: float) -> Viewport:
        """On a stage of another size: fitted stays fitted, a detail stays where it is."""
        moved = replace(self, stage_width=max(stage_width, 1), stage_height=max(stage_height, 1))
        if self.is_fitted:
            return moved.fit()
        return moved.on_stage()

    def on_stage(self) -> Viewport:
        """Kept on the stage: of a sensible size, and no gap on one side while something is cut off on the other."""
        scale = min(max(self.scale, self.min_scale), self.max_scale)
        width, height = self.turned
        reach_x = max(0.0, (width * scale - self.stage_width) / 2)
        reach_y = max(0.0, (height * scale - self.stage_height) / 2)
        return replace(self, scale=scale, x=min(max(self.x, -reach_x), reach_x), y=min(max(self.y, -reach_y), reach_y))
