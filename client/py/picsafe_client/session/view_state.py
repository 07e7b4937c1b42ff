"""How a report was being looked at: identifiers and numbers, kept through a lock so that the same person comes back to
the same photo. Nothing here is a patient fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PhotoView:
    """How a photo lay on the stage, whatever the size of the window. `turn` in degrees clockwise; `zoom` in times of
    its fitted size; `x` and `y`: how far its middle is from that of the stage, in pixels of the photo.
    """

    turn: int
    zoom: float
    x: float
    y: float


@dataclass(frozen=True)
class PaneView:
    """The medium that a pane shows, and how the photos that it has shown lie."""

    index: int
    photos: Mapping[int, PhotoView] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportViewState:
    """An open report. `second` is the other pane of the same report, `beside` that of another one, with its id."""

    report_id: str
    own: PaneView
    second: PaneView | None = None
    beside: tuple[str, PaneView] | None = None
    is_other_active: bool = False
