"""Gestures of fingers, mouse, pen and wheel on a photo.

One finger or the mouse drags; two fingers pinch; a double tap or click goes closer and back; the wheel zooms at the
pointer; a swipe across a photo that is seen whole goes to the next one. Keys and buttons do all of it as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from picsafe_client.ui import dom

Point: TypeAlias = tuple[float, float]

TAP_MILLISECONDS: Final = 300
"""The second tap of a double tap comes within this time of the first,"""
TAP_PIXELS: Final = 24
"""and this near to it. A finger that moves less has not moved."""
SWIPE_PIXELS: Final = 56
"""A swipe goes at least so far, and further across than up or down."""
WHEEL: Final = 0.0018
WHEEL_PINCH: Final = 0.01
"""Enlargement (its logarithm) per pixel of a wheel, and of a touchpad's pinch, which browsers report as wheel with
Ctrl.
"""
WHEEL_UNITS: Final = (1, 16, 400)
"""Pixels in a wheel event's unit: pixel, line, page."""
WHEEL_MOST: Final = 0.6
"""One turn of a coarse wheel enlarges no more than this."""


class GestureTarget(Protocol):
    """What is done to the photo. Points are measured from the middle of the stage."""

    @property
    def is_fitted(self) -> bool: ...
    def pressed(self) -> None: ...
    def zoomed(self, factor: float, x: float, y: float) -> None: ...
    def moved(self, dx: float, dy: float) -> None: ...
    def pinched(self, before: tuple[float, float, float], after: tuple[float, float, float]) -> None: ...
    def zoom_to_point(self, x: float, y: float) -> None: ...
    def swiped(self, steps: int) -> None: ...


@dataclass
class _Finger:
    start: Point
    at: Point


class Gestures:
    """Turns the pointer events of one element into what a `GestureTarget` does. Works for as long as the element is on
    the page.
    """

    def __init__(self, node: dom.Node, frame: dom.Node, target: GestureTarget) -> None:
        """`frame` is what the photo is centred in."""
        self._node = node
        self._frame = frame
        self._target = target
        self._fingers: dict[int, _Finger] = {}
        self._tap: tuple[float, Point] | None = None
        self._is_mouse = True  # what went down last
        self._one_finger = True  # since the first finger came down, there has been no second

    def listen(self) -> None:
        """Starts; the listeners go with the element."""
        handlers: dict[str, Callable[[Any], None]] = {
            "pointerdown": self.down,
            "pointermove": self.move,
            "pointerup": self.up,
            "pointercancel": self.cancel,
            "dblclick": self.double_click,
        }
        for event, handler in handlers.items():
            dom.on(self._node, event, handler)
        dom.on(self._node, "wheel", self.wheel, passive=False)

    def down(self, event: Any) -> None:
        """A finger, or the mouse's main button."""
        if event.button != 0 or _is_control(event.target):
            return
        self._target.pressed()
        self._is_mouse = event.pointerType == "mouse"
        if not self._fingers:
            self._one_finger = True
        point = self._point(event)
        self._fingers[int(event.pointerId)] = _Finger(point, point)
        self._one_finger = self._one_finger and len(self._fingers) == 1
        self._node.setPointerCapture(event.pointerId)

    def move(self, event: Any) -> None:
        """One finger drags, two pinch; further ones are ignored."""
        finger = self._fingers.get(int(event.pointerId))
        if finger is None:
            return
        point = self._point(event)
        if len(self._fingers) == 1:
            self._target.moved(point[0] - finger.at[0], point[1] - finger.at[1])
            finger.at = point
        else:
            first, second = list(self._fingers.values())[:2]
            before = _between(first.at, second.at)
            finger.at = point
            if finger is first or finger is second:
                self._target.pinched(before, _between(first.at, second.at))

    def up(self, event: Any) -> None:
        """The end of a drag, of a swipe, or of a tap that may be the second."""
        finger = self._fingers.pop(int(event.pointerId), None)
        if finger is None or not self._one_finger:
            return
        x, y = self._point(event)
        across, down = x - finger.start[0], y - finger.start[1]
        is_touch = event.pointerType != "mouse"
        if math.hypot(across, down) <= TAP_PIXELS:
            if is_touch:
                self._tapped(float(event.timeStamp), (x, y))
        elif is_touch and self._target.is_fitted and abs(across) >= SWIPE_PIXELS and abs(across) > 1.5 * abs(down):
            self._target.swiped(-1 if across > 0 else 1)

    def cancel(self, event: Any) -> None:
        """The browser took the finger away."""
        self._fingers.pop(int(event.pointerId), None)

    def double_click(self, event: Any) -> None:
        """With the mouse. Fingers are counted by `up`: only some browsers tell of their double taps like this as well,
        and this event does not say whose it is."""
        if self._is_mouse and not _is_control(event.target):
            self._target.zoom_to_point(*self._point(event))

    def wheel(self, event: Any) -> None:
        """Zooms at the pointer."""
        event.preventDefault()
        turned = float(event.deltaY) * WHEEL_UNITS[int(event.deltaMode)] * (WHEEL_PINCH if event.ctrlKey else WHEEL)
        turned = min(max(turned, -WHEEL_MOST), WHEEL_MOST)
        self._target.zoomed(math.exp(-turned), *self._point(event))

    def _tapped(self, time: float, point: Point) -> None:
        previous, self._tap = self._tap, (time, point)
        if previous is None or time - previous[0] > TAP_MILLISECONDS or math.dist(previous[1], point) > TAP_PIXELS:
            return
        self._tap = None
        self._target.zoom_to_point(*point)

    def _point(self, event: Any) -> Point:
        box = self._frame.getBoundingClientRect()
        return float(event.clientX - box.left - box.width / 2), float(event.clientY - box.top - box.height / 2)


def _between(first: Point, second: Point) -> tuple[float, float, float]:
    """The middle of two points, and how far they are apart."""
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2, math.dist(first, second)


def _is_control(target: Any) -> bool:
    return bool(target.closest("button, a, input, audio, video, .notice"))
