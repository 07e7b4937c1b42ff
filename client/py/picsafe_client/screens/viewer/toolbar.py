"""The toolbar above the stage, and the list of shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from picsafe_client.i18n.texts import has_text, t
from picsafe_client.screens.viewer.patient_bar import PatientBar
from picsafe_client.screens.viewer.report_steps import ReportSteps
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.ui import dialogs, dom, letter_keys


@dataclass(frozen=True)
class Tool:
    """A button: its name (of the text, of the action), its drawing, the key that does the same.

    Without a drawing it shows how large the photo is. `key` is as keyboards have it, or the text that names it.
    """

    name: str
    icon: str
    key: str
    group: str = "look"
    is_switch: bool = False

    @property
    def key_name(self) -> str:
        """The key in the language of the keyboard."""
        return t(self.key) if has_text(self.key) else self.key


TOOLS: Final = (
    Tool("zoom_out", "minus", "-", "zoom"),
    Tool("fit", "", "0", "zoom"),
    Tool("zoom_in", "plus", "+", "zoom"),
    Tool("rotate", "rotate", "R"),
    Tool("compare", "compare", "C", is_switch=True),
    Tool("beside", "beside", "B", is_switch=True),
    Tool("full_screen", "fit", "F", is_switch=True),
    Tool("save", "save", "S", "take"),
    Tool("copy", "copy", "key.copy", "take"),
    Tool("print", "print", "P", "take"),
    Tool("done", "check", "D", "mark", is_switch=True),
    Tool("filed", "filed", "E", "mark", is_switch=True),
    Tool("facts", "facts", "I", "know", is_switch=True),
    Tool("help", "keyboard", "?", "know"),
    Tool("lock", "lock", "L", "know"),
)
"""The last one is seen only in low windows, which have no room for the header."""

OTHER_KEYS: Final = (
    ("← →", "report.key_step"),
    ("J K", "report.key_reports"),
    ("key.home key.end", "report.key_ends"),
    ("key.shift ← ↑ → ↓", "report.key_pan"),
    ("key.space", "report.key_play"),
    ("key.escape", "report.key_back"),
)
"""Keys without a button of their own on the bar: as they are, or where the language of the keyboard names them, by the
text.
"""

ARIA_KEYS: Final = {"key.copy": "Control+C"}


class Toolbar:
    """Back, whose report this is, and the tools. `actions` are by the tools' names, and "back"."""

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        self._buttons = {tool.name: self._button(tool, actions[tool.name]) for tool in TOOLS}
        back = dom.icon_button(t("action.back"), "back", lambda _event: actions["back"](), aria_keyshortcuts="Escape")
        self.patient = PatientBar()
        self.reports = ReportSteps(actions["previous_report"], actions["next_report"])
        tools = dom.el("div", {"class": "toolbar-tools", "role": "toolbar", "aria-label": t("report.tools")})
        for group in dict.fromkeys(tool.group for tool in TOOLS):
            members = [self._buttons[tool.name] for tool in TOOLS if tool.group == group]
            dom.append(tools, dom.el("div", {"class": f"toolbar-group toolbar-{group}"}, *members))
        more = dom.icon_button(
            t("report.more"), "more", lambda _event: self._show_more(actions), aria_haspopup="dialog"
        )
        more.classList.add("tool-more")
        dom.append(more, dom.el("span", {"class": "tool-words", "aria-hidden": True}, t("report.more")))
        dom.append(tools.lastElementChild, more)
        self._tools = tools
        self.node = dom.el("div", {"class": "toolbar"}, back, self.patient.node, self.reports.node, tools)
        self.enable(False)

    def _button(self, tool: Tool, action: Callable[[], None]) -> dom.Node:
        label = t(f"report.tool_{tool.name}")
        settings: dict[str, Any] = {
            "aria_keyshortcuts": ARIA_KEYS.get(tool.key, tool.key),
            "aria_pressed": False if tool.is_switch else None,
        }
        if tool.icon:
            button = dom.icon_button(label, tool.icon, lambda _event: action(), **settings)
            dom.append(button, dom.el("span", {"class": "tool-words", "aria-hidden": True}, label))
        else:
            button = dom.button("", lambda _event: action(), kind="quiet", **settings)
        button.classList.add(f"tool-{tool.name}")
        button.title = f"{label} ({tool.key_name})"
        return button

    def _show_more(self, actions: Mapping[str, Callable[[], None]]) -> None:
        """The tools that this window has no room for, as they are now."""
        rows: list[dom.Node] = []
        opened: dom.Node = None

        def choice(tool: Tool) -> dom.Node:
            button = self._buttons[tool.name]

            def chosen(_event: Any) -> None:
                dialogs.close(opened)
                actions[tool.name]()

            settings = {
                "type": "button",
                "class": "choice",
                "disabled": bool(button.disabled),
                "aria-pressed": button.getAttribute("aria-pressed") if tool.is_switch else None,
            }
            words = dom.el("span", {"class": "choice-title"}, t(f"report.tool_{tool.name}"))
            row = dom.el("button", settings, dom.icon(tool.icon or "photo"), words)
            dom.on(row, "click", chosen)
            return row

        for tool in TOOLS:
            button = self._buttons[tool.name]
            if not button.hidden and not button.getClientRects().length and self._has_room_for(tool):
                rows.append(choice(tool))
        opened = dialogs.show(t("report.more"), dom.el("div", {"class": "choices choices-plain"}, *rows))

    def _has_room_for(self, tool: Tool) -> bool:
        """The header has a button to lock the page, where there is a header."""
        return tool.name != "lock" or not dom.by_id("lock-button").getClientRects().length

    def enable(self, yes: bool) -> None:
        """Before a report is open there is nothing that the tools could do."""
        self._tools.hidden = not yes

    def follow(self, stage: Stage, own: MediaSource) -> None:
        """Shows from now on how large the photo on `stage` is, and which tools fit what is shown. `own` is the report
        of the screen: what is taken away is taken from that one only.
        """

        def show(stage: Stage) -> None:
            self._show(stage, own)

        stage.changes.watch(show)
        show(stage)

    def _show(self, stage: Stage, own: MediaSource) -> None:
        view, is_other = stage.active.photo.view, stage.active.source is not own
        for name in ("zoom_in", "zoom_out", "fit", "rotate"):
            self._buttons[name].disabled = view is None
        for name in ("save", "print"):
            self._buttons[name].disabled = is_other
        self._buttons["copy"].disabled = view is None or is_other
        self._buttons["compare"].hidden = len(own.report.media) < 2 or stage.compares_reports
        self.switch("compare", stage.is_comparing and not stage.compares_reports)
        self.switch("beside", stage.compares_reports)
        ratio = float(dom.window().devicePixelRatio or 1)
        percent = t("report.percent", number=round(view.scale * ratio * 100)) if view else ""
        fit = self._buttons["fit"]
        fit.querySelector(".button-label").textContent = percent
        fit.setAttribute("aria-label", ", ".join(part for part in (t("report.tool_fit"), percent) if part))

    def switch(self, name: str, on: bool) -> None:
        """Shows whether a tool that stays on is on."""
        self._buttons[name].setAttribute("aria-pressed", "true" if on else "false")

    def focus(self, name: str) -> None:
        """Moves the focus to a tool."""
        self._buttons[name].focus()

    def offer(self, name: str) -> None:
        """Shows a tool that was hidden."""
        self._buttons[name].hidden = False

    def hide(self, name: str) -> None:
        """Takes a tool away that this browser has no use for."""
        self._buttons[name].hidden = True


def show_keys() -> None:
    """The list of keys."""
    rows: list[dom.Child] = []
    tools = [(tool.key, f"report.tool_{tool.name}") for tool in TOOLS]
    for keys, text in (*OTHER_KEYS[:3], *tools, *OTHER_KEYS[3:]):
        pressed: list[Any] = [dom.el("kbd", None, t(key) if has_text(key) else key) for key in keys.split(" ")]
        rows += [dom.el("dt", None, *pressed), dom.el("dd", None, t(text))]
    dialogs.show(t("report.keys"), letter_keys.switch(), dom.el("dl", {"class": "keys"}, *rows))
