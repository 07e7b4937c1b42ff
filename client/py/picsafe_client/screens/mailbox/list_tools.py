"""What stands above the rows: filters to press, the order, and how much room a row takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from picsafe_client.i18n.texts import t
from picsafe_client.session.list_options import FILTERS, SORTS, Filter, ListOptions, Sort
from picsafe_client.ui import dom, preferences

COMPACT = "compact-rows"


class ListTools:
    """`changed` is called with what the person chose. `rows` is what gets the class for compact rows."""

    def __init__(self, box: str, options: ListOptions, rows: dom.Node, changed: Callable[[ListOptions], None]) -> None:
        self._options = options
        self._changed = changed
        self._rows = rows
        self._chips = {name: self._chip(name) for name in FILTERS[box]}
        self._sort = self._choice_of_order()
        self._compact = dom.icon_button(t("list.compact"), "compact", self._toggle_compact, aria_pressed=False)
        self._compact.classList.add("list-compact")
        filters = dom.el(
            "div", {"class": "list-filters", "role": "group", "aria-label": t("list.filters")}, *self._chips.values()
        )
        self.node = dom.el("div", {"class": "list-tools"}, filters, self._sort, self._compact)
        self._show()

    def clear_filters(self) -> None:
        """Shows everything again."""
        self._set(replace(self._options, filters=frozenset()))

    def _chip(self, name: Filter) -> dom.Node:
        def pressed(_event: Any) -> None:
            self._set(self._options.toggled(name))

        chip = dom.button(t(f"list.{name}"), pressed, aria_pressed=False)
        chip.classList.add("filter-chip")
        return chip

    def _choice_of_order(self) -> dom.Node:
        choices = [dom.el("option", {"value": name}, t(f"list.sort_{name}")) for name in SORTS]
        select = dom.el("select", {"class": "input list-sort", "aria-label": t("list.sort")}, *choices)
        select.value = self._options.sort
        dom.on(select, "change", lambda _event: self._set(replace(self._options, sort=cast(Sort, str(select.value)))))
        return select

    def _toggle_compact(self, _event: Any) -> None:
        preferences.store(COMPACT, not preferences.stored(COMPACT))
        self._show()

    def _set(self, options: ListOptions) -> None:
        self._options = options
        self._show()
        self._changed(options)

    def _show(self) -> None:
        for name, chip in self._chips.items():
            chip.setAttribute("aria-pressed", "true" if name in self._options.filters else "false")
        self._sort.value = self._options.sort
        is_compact = preferences.stored(COMPACT)
        self._compact.setAttribute("aria-pressed", "true" if is_compact else "false")
        self._rows.classList.toggle("rows-compact", is_compact)
