"""Form fields: a label above, a hint below, an error that explains the correction, all linked for screen readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom


class Field:
    """One labelled control. `node` goes on the page, `control` is the input, `value` its trimmed text."""

    def __init__(self, name: str, label: str, control: dom.Node, *, hint: str = "", optional: bool = False) -> None:
        self.control = control
        self._error = dom.el("p", {"class": "field-error", "id": f"{name}-error", "hidden": True})
        described = [f"{name}-error"]
        control.id = name
        caption = dom.el("label", {"for": name, "class": "field-label"}, label)
        if optional:
            dom.append(caption, " ", dom.el("span", {"class": "field-optional"}, t("field.optional")))
        self.node = dom.el("div", {"class": "field"}, caption)
        if hint:
            described.insert(0, f"{name}-hint")
            dom.append(self.node, dom.el("p", {"class": "field-hint", "id": f"{name}-hint"}, hint))
        dom.append(self.node, self._error, control)
        control.setAttribute("aria-describedby", " ".join(described))

    @property
    def value(self) -> str:
        """What the person has entered, without space around it."""
        return str(self.control.value).strip()

    @value.setter
    def value(self, text: str) -> None:
        self.control.value = text

    def set_error(self, text: str) -> None:
        """Shows what is wrong with the value and how to put it right; `clear_error` takes it away again."""
        self._error.textContent = text
        self._error.hidden = False
        self.control.setAttribute("aria-invalid", "true")
        self.node.classList.add("field-refused")

    def clear_error(self) -> None:
        """The value is fine."""
        self._error.textContent = ""
        self._error.hidden = True
        self.control.removeAttribute("aria-invalid")
        self.node.classList.remove("field-refused")

    def focus(self) -> None:
        """Puts the cursor here."""
        self.control.focus()


def text_field(
    name: str,
    label: str,
    value: str = "",
    *,
    kind: str = "text",
    hint: str = "",
    optional: bool = False,
    lines: int = 1,
    **attributes: Any,
) -> Field:
    """A line of text, or several with `lines`. `attributes`: autocomplete, maxlength, inputmode, min, max..."""
    named = {key.replace("_", "-"): each for key, each in attributes.items()}
    if lines > 1:
        control = dom.el("textarea", {"class": "input", "name": name, "rows": lines, **named})
    else:
        control = dom.el("input", {"class": "input", "name": name, "type": kind, **named})
    control.value = value
    return Field(name, label, control, hint=hint, optional=optional)


def choice_field(
    name: str,
    label: str,
    choices: Mapping[str, str] | Sequence[tuple[str, str]],
    value: str = "",
    *,
    hint: str = "",
    optional: bool = False,
) -> Field:
    """One of several: value to label."""
    control = dom.el("select", {"class": "input", "name": name})
    for each, words in choices.items() if isinstance(choices, Mapping) else choices:
        dom.append(control, dom.el("option", {"value": each, "selected": each == value}, words))
    return Field(name, label, control, hint=hint, optional=optional)


def checkbox(name: str, label: str, checked: bool = False, *, hint: str = "") -> tuple[dom.Node, dom.Node]:
    """A tick box with its label: (what goes on the page, the input whose `checked` tells)."""
    control = dom.el("input", {"type": "checkbox", "id": name, "name": name, "checked": checked})
    caption = dom.el("label", {"for": name}, label)
    node = dom.el("div", {"class": "tick"}, control, caption)
    if hint:
        control.setAttribute("aria-describedby", f"{name}-hint")
        dom.append(node, dom.el("p", {"class": "field-hint", "id": f"{name}-hint"}, hint))
    return node, control


def radios(name: str, legend: str, choices: Mapping[str, str], value: str = "", *, hint: str = "") -> dom.Node:
    """A group of which one is chosen; read it with `chosen`."""
    group = dom.el("fieldset", {"class": "field", "id": name}, dom.el("legend", {"class": "field-label"}, legend))
    if hint:
        dom.append(group, dom.el("p", {"class": "field-hint"}, hint))
    for each, words in choices.items():
        identifier = f"{name}-{each}"
        control = dom.el(
            "input", {"type": "radio", "id": identifier, "name": name, "value": each, "checked": each == value}
        )
        dom.append(group, dom.el("div", {"class": "tick"}, control, dom.el("label", {"for": identifier}, words)))
    return group


def selected_value(group: dom.Node) -> str:
    """The value chosen in `radios`; empty when none is."""
    found = group.querySelector("input:checked")
    return str(found.value) if found else ""
