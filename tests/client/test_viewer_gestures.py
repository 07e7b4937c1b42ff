"""Fingers, mouse and wheel on the photo."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from picsafe_client.screens.viewer.stage.gestures import SWIPE_PIXELS, TAP_MILLISECONDS, TAP_PIXELS, Gestures


class Node:
    """An element of 800 by 600 whose corner is at (100, 50): its middle is at (500, 350) of the window."""

    def getBoundingClientRect(self) -> SimpleNamespace:  # noqa: N802 the browser's name
        return SimpleNamespace(left=100, top=50, width=800, height=600)

    def setPointerCapture(self, _pointer: int) -> None:  # noqa: N802 the browser's name
        pass


class RecordingTarget:
    def __init__(self, *, is_fitted: bool = True) -> None:
        self.is_fitted = is_fitted
        self.done: list[tuple[Any, ...]] = []

    def pressed(self) -> None:
        pass

    def zoomed(self, factor: float, x: float, y: float) -> None:
        self.done.append(("zoomed", factor, x, y))

    def moved(self, dx: float, dy: float) -> None:
        self.done.append(("moved", dx, dy))

    def pinched(self, before: tuple[float, float, float], after: tuple[float, float, float]) -> None:
        self.done.append(("pinched", before, after))

    def zoom_to_point(self, x: float, y: float) -> None:
        self.done.append(("zoom_to_point", x, y))

    def swiped(self, steps: int) -> None:
        self.done.append(("swiped", steps))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [each for each in self.done if each[0] == name]


class Pointer:
    """One finger or mouse; places are measured from the middle of the element."""

    def __init__(self, gestures: Gestures, number: int = 1, kind: str = "touch", *, on_control: bool = False) -> None:
        self.gestures = gestures
        self.number = number
        self.kind = kind
        self.target = SimpleNamespace(closest=lambda _selector: on_control)

    def event(self, x: float, y: float, time: float = 0, **more: Any) -> SimpleNamespace:
        values = {"button": 0, "pointerType": self.kind, "target": self.target, "timeStamp": time}
        return SimpleNamespace(pointerId=self.number, clientX=500 + x, clientY=350 + y, **{**values, **more})

    def down(self, x: float, y: float, time: float = 0, **more: Any) -> None:
        self.gestures.down(self.event(x, y, time, **more))

    def move(self, x: float, y: float) -> None:
        self.gestures.move(self.event(x, y))

    def up(self, x: float, y: float, time: float = 0) -> None:
        self.gestures.up(self.event(x, y, time))

    def tap(self, x: float, y: float, time: float) -> None:
        self.down(x, y, time)
        self.up(x, y, time)

    def double_click(self, x: float, y: float) -> None:
        """What a browser tells after two clicks, and some after two taps: an event that does not know its pointer."""
        event = self.event(x, y)
        del event.pointerType
        self.gestures.double_click(event)


@pytest.fixture
def target() -> RecordingTarget:
    return RecordingTarget()


@pytest.fixture
def gestures(target: RecordingTarget) -> Gestures:
    return Gestures(Node(), Node(), target)


def test_one_finger_drags(gestures: Gestures, target: RecordingTarget) -> None:
    finger = Pointer(gestures)
    finger.down(0, 0)
    finger.move(10, 5)
    finger.move(12, 1)
    assert target.done == [("moved", 10, 5), ("moved", 2, -4)]


def test_two_fingers_pinch(gestures: Gestures, target: RecordingTarget) -> None:
    left, right = Pointer(gestures, 1), Pointer(gestures, 2)
    left.down(-50, 0)
    right.down(50, 0)
    right.move(150, 0)
    assert target.done == [("pinched", (0, 0, 100), (50, 0, 200))]


def test_after_a_pinch_the_remaining_finger_drags_on_without_a_jump(
    gestures: Gestures, target: RecordingTarget
) -> None:
    left, right = Pointer(gestures, 1), Pointer(gestures, 2)
    left.down(-50, 0)
    right.down(50, 0)
    right.move(150, 0)
    right.up(150, 0)
    left.move(-40, 0)
    left.up(200, 0)
    assert target.done[1:] == [("moved", 10, 0)]


def test_a_third_finger_changes_nothing(gestures: Gestures, target: RecordingTarget) -> None:
    for number, x in ((1, -50), (2, 50), (3, 0)):
        Pointer(gestures, number).down(x, 0)
    Pointer(gestures, 3).move(30, 30)
    assert target.done == []


def test_a_double_tap_goes_closer_once(gestures: Gestures, target: RecordingTarget) -> None:
    finger = Pointer(gestures)
    for time in (0, 100, 200):
        finger.tap(30, -20, time)
    assert target.named("zoom_to_point") == [("zoom_to_point", 30, -20)]


def test_a_double_tap_that_the_browser_also_calls_a_double_click_goes_closer_once(
    gestures: Gestures, target: RecordingTarget
) -> None:
    finger = Pointer(gestures)
    for time in (0, 100):
        finger.tap(30, -20, time)
    finger.double_click(30, -20)
    assert target.named("zoom_to_point") == [("zoom_to_point", 30, -20)]


def test_a_double_click_of_the_mouse_goes_closer_once(gestures: Gestures, target: RecordingTarget) -> None:
    mouse = Pointer(gestures, kind="mouse")
    for time in (0, 100):
        mouse.tap(30, -20, time)
    mouse.double_click(30, -20)
    assert target.named("zoom_to_point") == [("zoom_to_point", 30, -20)]


@pytest.mark.parametrize(
    ("second", "time"),
    [((30, 0), TAP_MILLISECONDS + 1), ((30 + TAP_PIXELS + 1, 0), 100)],
    ids=["too late", "too far away"],
)
def test_two_single_taps_are_no_double_tap(
    gestures: Gestures, target: RecordingTarget, second: tuple[float, float], time: float
) -> None:
    finger = Pointer(gestures)
    finger.tap(30, 0, 0)
    finger.tap(*second, time)
    assert target.named("zoom_to_point") == []


@pytest.mark.parametrize(("across", "steps"), [(SWIPE_PIXELS, -1), (-SWIPE_PIXELS, 1)])
def test_a_swipe_across_a_whole_photo_goes_to_the_one_beside_it(
    gestures: Gestures, target: RecordingTarget, across: float, steps: int
) -> None:
    finger = Pointer(gestures)
    finger.down(0, 0)
    finger.up(across, 10)
    assert target.named("swiped") == [("swiped", steps)]


@pytest.mark.parametrize(
    ("is_fitted", "kind", "end"),
    [
        (False, "touch", (200, 0)),
        (True, "mouse", (200, 0)),
        (True, "touch", (SWIPE_PIXELS - 1, 0)),
        (True, "touch", (100, 90)),
        (True, "touch", (0, 200)),
    ],
    ids=["enlarged", "mouse", "too short", "slanting", "upwards"],
)
def test_other_movements_are_no_swipe(is_fitted: bool, kind: str, end: tuple[float, float]) -> None:
    target = RecordingTarget(is_fitted=is_fitted)
    finger = Pointer(Gestures(Node(), Node(), target), kind=kind)
    finger.down(0, 0)
    finger.up(*end)
    assert target.named("swiped") == []


@pytest.mark.parametrize("more", [{"button": 1}, {"button": 2}], ids=["middle", "right"])
def test_other_buttons_do_nothing(gestures: Gestures, target: RecordingTarget, more: dict[str, int]) -> None:
    mouse = Pointer(gestures, kind="mouse")
    mouse.down(0, 0, **more)
    mouse.move(10, 10)
    assert target.done == []


def test_what_begins_on_a_button_is_left_to_the_button(gestures: Gestures, target: RecordingTarget) -> None:
    finger = Pointer(gestures, on_control=True)
    finger.down(0, 0)
    finger.move(50, 0)
    finger.up(200, 0)
    assert target.done == []


def test_a_finger_that_the_browser_takes_away_is_forgotten(gestures: Gestures, target: RecordingTarget) -> None:
    finger = Pointer(gestures)
    finger.down(0, 0)
    gestures.cancel(finger.event(0, 0))
    finger.move(50, 0)
    assert target.done == []


@pytest.mark.parametrize(
    ("delta", "mode", "pinch", "factor"),
    [
        (-100, 0, False, math.exp(0.18)),
        (100, 0, False, math.exp(-0.18)),
        (-3, 1, False, math.exp(48 * 0.0018)),
        (-1, 2, False, math.exp(0.6)),
        (-10, 0, True, math.exp(0.1)),
        (-100_000, 0, False, math.exp(0.6)),
        (0, 0, False, 1),
    ],
    ids=["in", "out", "lines", "pages", "touchpad pinch", "a wild wheel", "sideways"],
)
def test_the_wheel_zooms_at_the_pointer(
    gestures: Gestures, target: RecordingTarget, delta: float, mode: int, pinch: bool, factor: float
) -> None:
    prevented: list[bool] = []
    event = Pointer(gestures).event(
        7, 9, deltaY=delta, deltaMode=mode, ctrlKey=pinch, preventDefault=lambda: prevented.append(True)
    )
    gestures.wheel(event)
    assert target.done == [("zoomed", pytest.approx(factor), 7, 9)]
    assert prevented == [True]
