"""The values of a form's controls, by their ids: what a draft keeps of it, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from picsafe_client.interop import js_object
from picsafe_client.ui import dom

NOT_KEPT: Final = frozenset({"send-recipient"})
"""What is being typed there becomes a recipient, or nothing."""


def read_fields(form: dom.Node) -> dict[str, str | bool]:
    """What has been entered, and what is ticked."""
    return {name: bool(each.checked) if _is_tick(each) else str(each.value) for name, each in _controls(form)}


def fill_fields(form: dom.Node, fields: Mapping[str, str | bool]) -> None:
    """Enters it again, as a person would: whatever depends on a field follows."""
    import js

    for name, control in _controls(form):
        value = fields.get(name)
        if isinstance(value, bool) and _is_tick(control):
            if bool(control.checked) == value:
                continue
            control.checked = value
        elif isinstance(value, str) and not _is_tick(control):
            if str(control.value) == value:
                continue
            control.value = value
        else:
            continue
        for event in ("input", "change"):
            control.dispatchEvent(js.Event.new(event, js_object({"bubbles": True})))


def keep_off_disk(form: dom.Node) -> None:
    """Browsers write what is in a form into their own files, to bring windows back after a crash, unless told not to."""
    for control in form.querySelectorAll("input, select, textarea"):
        control.setAttribute("autocomplete", "off")


def _controls(form: dom.Node) -> Iterator[tuple[str, dom.Node]]:
    for control in form.querySelectorAll("input:not([type=file]), select, textarea"):
        name = str(control.id)
        if name and name not in NOT_KEPT:
            yield name, control


def _is_tick(control: dom.Node) -> bool:
    return str(control.type) in {"checkbox", "radio"}
