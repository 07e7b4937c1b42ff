"""Keys, pointer and wheel: WebDriver's actions as events of GTK, which the engine cannot tell from a person's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.browser.webkit.session import Params, Refused
from harness.browser.webkit.toolkit import Gdk, GLib

KEYS = {
    "\ue003": "BackSpace",
    "\ue004": "Tab",
    "\ue006": "Return",
    "\ue007": "KP_Enter",
    "\ue008": "Shift_L",
    "\ue009": "Control_L",
    "\ue00a": "Alt_L",
    "\ue00c": "Escape",
    "\ue00d": "space",
    "\ue00e": "Page_Up",
    "\ue00f": "Page_Down",
    "\ue010": "End",
    "\ue011": "Home",
    "\ue012": "Left",
    "\ue013": "Up",
    "\ue014": "Right",
    "\ue015": "Down",
    "\ue016": "Insert",
    "\ue017": "Delete",
    "\ue03d": "Super_L",
    "\ue050": "Shift_R",
    "\ue051": "Control_R",
    "\ue052": "Alt_R",
    **{chr(0xE031 + number): f"F{number + 1}" for number in range(12)},
}
"""WebDriver's names of the keys that write nothing, and GTK's."""

HELD = {
    "Shift_L": Gdk.ModifierType.SHIFT_MASK,
    "Shift_R": Gdk.ModifierType.SHIFT_MASK,
    "Control_L": Gdk.ModifierType.CONTROL_MASK,
    "Control_R": Gdk.ModifierType.CONTROL_MASK,
    "Alt_L": Gdk.ModifierType.MOD1_MASK,
    "Alt_R": Gdk.ModifierType.MOD1_MASK,
    "Super_L": Gdk.ModifierType.META_MASK,
}

BUTTONS = {
    0: (1, Gdk.ModifierType.BUTTON1_MASK),
    1: (2, Gdk.ModifierType.BUTTON2_MASK),
    2: (3, Gdk.ModifierType.BUTTON3_MASK),
}

PIXELS_A_STEP = 40
"""How far WebKit scrolls for a step of the wheel."""

NOT_THE_SAME_CLICK = 2_000
"""Milliseconds by which the clock goes on when the pointer is moved, as Playwright does before each click: the next is no double click."""


@dataclass
class Hands:
    """What is pressed in one page, and where its pointer is. `settled` calls back when the page has seen the last event."""

    view: Any
    settled: Callable[[Callable[[], None]], None]
    x: float = 0
    y: float = 0
    state: Any = field(default_factory=lambda: Gdk.ModifierType(0))
    time: int = field(default_factory=lambda: GLib.get_monotonic_time() // 1000)

    def perform(self, sources: list[Params], done: Callable[[], None]) -> None:
        """Carries out the actions of all sources, each after the page has seen the one before."""
        steps = [(source["type"], action) for source in sources for action in source["actions"]]

        def following() -> None:
            if not steps:
                done()
                return
            self._act(*steps.pop(0))
            self.settled(following)

        following()

    def _act(self, source: str, action: Params) -> None:
        kind = action["type"]
        self.time += 10
        if kind in ("keyDown", "keyUp"):
            self._key(action["value"], down=kind == "keyDown")
        elif kind == "pointerMove":
            self._move(action["x"], action["y"])
        elif kind in ("pointerDown", "pointerUp"):
            self._button(action["button"], down=kind == "pointerDown")
        elif kind == "scroll":
            self._scroll(action)
        elif kind != "pause":
            raise Refused("unsupported operation", f"{source}: {kind}")

    def _key(self, value: str, *, down: bool) -> None:
        name = KEYS.get(value)
        code = Gdk.keyval_from_name(name) if name else Gdk.unicode_to_keyval(ord(value))
        event = self._event(Gdk.EventType.KEY_PRESS if down else Gdk.EventType.KEY_RELEASE)
        event.keyval = code
        found, places = Gdk.Keymap.get_for_display(Gdk.Display.get_default()).get_entries_for_keyval(code)
        event.hardware_keycode = places[0].keycode if found and places else 0
        event.set_device(Gdk.Display.get_default().get_default_seat().get_keyboard())
        self._send(event)
        held = HELD.get(name or "")
        if held is not None:
            self.state = self.state | held if down else self.state & ~held

    def _move(self, x: float, y: float) -> None:
        self.time += NOT_THE_SAME_CLICK
        self.x, self.y = x, y
        self._send(self._pointing(Gdk.EventType.MOTION_NOTIFY))

    def _button(self, number: int, *, down: bool) -> None:
        button, held = BUTTONS[number]
        event = self._pointing(Gdk.EventType.BUTTON_PRESS if down else Gdk.EventType.BUTTON_RELEASE)
        event.button.button = button
        self._send(event)
        self.state = self.state | held if down else self.state & ~held

    def _scroll(self, action: Params) -> None:
        self.x, self.y = action["x"], action["y"]
        event = self._pointing(Gdk.EventType.SCROLL)
        event.direction = Gdk.ScrollDirection.SMOOTH
        event.scroll.delta_x = action["deltaX"] / PIXELS_A_STEP
        event.scroll.delta_y = action["deltaY"] / PIXELS_A_STEP
        self._send(event)

    def _pointing(self, kind: Any) -> Any:
        event = self._event(kind)
        event.x = event.x_root = self.x
        event.y = event.y_root = self.y
        event.set_device(Gdk.Display.get_default().get_default_seat().get_pointer())
        return event

    def _event(self, kind: Any) -> Any:
        event = Gdk.Event.new(kind)
        event.window = self.view.get_window()
        event.send_event = True
        event.time = self.time
        event.state = self.state
        return event

    def _send(self, event: Any) -> None:
        self.view.event(event)
