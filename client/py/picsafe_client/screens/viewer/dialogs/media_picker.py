"""Chooses files of a report from a list with checkboxes, for saving some but not all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from picsafe_client.i18n.texts import size, t
from picsafe_client.reports import export
from picsafe_client.screens.viewer.labels import medium_label
from picsafe_client.ui import dialogs, dom
from picsafe_protocol.format.report import Report


def choose_files(report: Report, shown: int, save: Callable[[frozenset[int]], Awaitable[None]]) -> None:
    """Asks which media are wanted, the one that is `shown` to begin with, and has them saved."""
    boxes = [
        dom.el("input", {"type": "checkbox", "id": f"wanted-{index}", "checked": index == shown})
        for index in range(len(report.media))
    ]
    go = dom.button("", lambda _event: start(), kind="primary")
    total = dom.el("p", {"class": "soft small number", "aria-live": "polite"})

    def wanted() -> frozenset[int]:
        return frozenset(index for index, box in enumerate(boxes) if box.checked)

    def tell(_event: Any = None) -> None:
        count = len(wanted())
        go.disabled = not count
        go.querySelector(".button-label").textContent = t("save.chosen", count=count)
        total.textContent = size(export.zip_size(report, wanted()))

    def start() -> Awaitable[None]:
        chosen = wanted()
        dialogs.close(opened)
        return save(chosen)

    rows = [
        dom.el("div", {"class": "tick"}, box, dom.el("label", {"for": box.id}, medium_label(report, index)))
        for index, box in enumerate(boxes)
    ]
    for box in boxes:
        dom.on(box, "change", tell)
    boxes[shown].setAttribute("autofocus", "")
    tell()
    opened = dialogs.show(
        t("save.choose"),
        dom.el("div", {"class": "wanted", "role": "group", "aria-label": t("save.choose")}, *rows),
        total,
        actions=(go, dom.button(t("action.cancel"), lambda _event: dialogs.close(opened))),
    )
