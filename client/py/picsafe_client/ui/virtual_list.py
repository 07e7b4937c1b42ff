"""A list of thousands of rows of which only those near the visible area exist.

Rows stand in groups of `GROUP`. A group that comes near the window gets its rows, one that is far away gives them up
and keeps its height, so that nothing moves. Rows may differ in height and unfold; a group that holds the focus or an
unfolded row stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from picsafe_client.ui import dom

GROUP: Final = 50
NEAR: Final = "900px"
"""How far beyond the window a group gets its rows: about one screen, so that scrolling meets no gap."""
PRESSED: Final = 200
"""Milliseconds after which a row that was pressed when it should have changed is looked at again."""
USUAL_HEIGHT: Final = 76.0
"""Pixels of a row before any has been measured."""


class HasId(Protocol):
    """What a row shows; `id` names it."""

    @property
    def id(self) -> str:
        """Unique in the list."""
        ...


Item = TypeVar("Item", bound=HasId)


@dataclass(eq=False)
class Group:
    """Consecutive rows. `rows` is empty while the group is far away."""

    node: dom.Node
    ids: list[str] = field(default_factory=list)
    rows: dict[str, dom.Node] = field(default_factory=dict)
    is_near: bool = False
    off: dom.Dispose | None = None


class VirtualList(Generic[Item]):
    """`node` is the list. `make` turns an item into a row. Items must not change their order between calls of
    `show`.
    """

    def __init__(self, label: str, kind: str, make: Callable[[Item], dom.Node]) -> None:
        self.node = dom.el("div", {"class": f"rows rows-{kind}", "role": "list", "aria-label": label})
        self._make = make
        self._items: dict[str, Item] = {}
        self._groups: list[Group] = []
        self._height = USUAL_HEIGHT
        self._pressed: set[str] = set()
        self._again: dom.Dispose | None = None

    def show(self, items: Sequence[Item]) -> None:
        """Shows these and no others; rows that stay are not touched."""
        self._items = {item.id: item for item in items}
        homes = {each: group for group in self._groups for each in group.ids if each in self._items}
        changed = self._without_gone()
        before: list[str] = []
        last: Group | None = None
        for each in self._items:
            home = homes.get(each)
            if home is None:
                before.append(each)
                continue
            if before:
                home.ids[home.ids.index(each) : home.ids.index(each)] = before
                changed.add(home)
                before = []
            last = home
        changed |= self._append(last, before)
        for group in [group for group in self._groups if not group.ids]:
            self._drop(group)
            changed.discard(group)
        for group in changed:
            self._settle(group)

    def rearrange(self, items: Sequence[Item]) -> None:
        """As `show`, for items in another order. A row that has the focus keeps it."""
        focused = self.node.querySelector(":focus")
        row = focused.closest("[data-id]") if focused else None
        for group in list(self._groups):
            self._drop(group)
        self.show(items)
        if row and self.has(str(row.dataset.id)):
            self.focus_adjacent(str(row.dataset.id), 0)

    def rerender(self, ids: Iterable[str]) -> None:
        """Rebuilds the rows of these items, where they exist; an unfolded one stays unfolded."""
        for group in self._groups:
            for each in set(ids) & group.rows.keys():
                old = group.rows[each]
                if old.matches(":active"):  # a click is heard only where it began
                    self._renew_later(each)
                    continue
                new = group.rows[each] = self._row(each)
                was_unfolded, had_focus = bool(old.querySelector("details[open]")), _has_focus(old)
                old.after(new)
                dom.remove(old)
                if was_unfolded:
                    new.querySelector("details").open = True
                if had_focus:
                    focus_row(new)

    def _renew_later(self, item_id: str) -> None:
        self._pressed.add(item_id)
        if self._again is None:
            self._again = dom.set_timeout(self._renew_pressed, PRESSED)

    def _renew_pressed(self) -> None:
        self._again = None
        pressed, self._pressed = self._pressed, set()
        self.rerender(pressed)

    def rows(self) -> Iterator[tuple[Item, dom.Node]]:
        """The rows that exist at the moment, with what they show."""
        for group in self._groups:
            for each, row in group.rows.items():
                yield self._items[each], row

    def has(self, item_id: str) -> bool:
        """Whether the item is in the list, near the window or not."""
        return item_id in self._items

    def focus_adjacent(self, item_id: str, step: int) -> bool:
        """Moves the focus to the next (1) or previous (-1) row; False when there is none."""
        order = list(self._items)
        place = order.index(item_id) + step
        if not 0 <= place < len(order):
            return False
        group = next(group for group in self._groups if order[place] in group.ids)
        self._render(group)
        focus_row(group.rows[order[place]])
        return True

    def release(self) -> None:
        """Releases everything; the list must not be used afterwards."""
        if self._again is not None:
            self._again()
        for group in list(self._groups):
            self._drop(group)

    # -- groups

    def _without_gone(self) -> set[Group]:
        changed = set()
        for group in self._groups:
            kept = [each for each in group.ids if each in self._items]
            if len(kept) != len(group.ids):
                group.ids = kept
                changed.add(group)
        return changed

    def _append(self, last: Group | None, ids: list[str]) -> set[Group]:
        """Puts `ids` at the end: into the last group while there is room, then into new ones."""
        changed = set()
        place = self._groups.index(last) + 1 if last is not None else 0
        if last is not None and ids and len(last.ids) < GROUP:
            room = GROUP - len(last.ids)
            last.ids += ids[:room]
            ids = ids[room:]
            changed.add(last)
        for start in range(0, len(ids), GROUP):
            group = Group(dom.el("div", {"role": "none", "class": "row-group"}), ids[start : start + GROUP])
            following = self._groups[place].node if place < len(self._groups) else None
            self.node.insertBefore(group.node, following)
            self._groups.insert(place, group)
            group.off = dom.on_visibility(group.node, self._watcher(group), margin=NEAR)
            place += 1
            changed.add(group)
        if self._groups and not any(group.is_near for group in self._groups):
            self._groups[0].is_near = True  # the first screen need not wait to be seen
            changed.add(self._groups[0])
        return changed

    def _watcher(self, group: Group) -> Callable[[bool], None]:
        def seen(is_near: bool) -> None:
            group.is_near = is_near
            self._settle(group)

        return seen

    def _settle(self, group: Group) -> None:
        if group.is_near or (group.rows and _is_in_use(group.node)):
            self._render(group)
            return
        if group.rows:
            self._height = float(group.node.offsetHeight) / len(group.rows) or self._height
            dom.replace_children(group.node)
            group.rows.clear()
        group.node.style.height = f"{self._height * len(group.ids):.1f}px"

    def _render(self, group: Group) -> None:
        """Gives the group the rows that it misses, from the end, so that each knows the row that follows it."""
        for each in group.rows.keys() - set(group.ids):
            dom.remove(group.rows.pop(each))
        following = None
        for each in reversed(group.ids):
            row = group.rows.get(each)
            if row is None:
                row = group.rows[each] = self._row(each)
                group.node.insertBefore(row, following)
            following = row
        group.node.style.height = ""

    def _row(self, item_id: str) -> dom.Node:
        row = self._make(self._items[item_id])
        row.dataset.id = item_id
        return row

    def _drop(self, group: Group) -> None:
        if group.off is not None:
            group.off()
        dom.remove(group.node)
        self._groups.remove(group)


def focus_row(row: dom.Node) -> None:
    """Puts the focus on the row's link, or on what unfolds it."""
    row.querySelector("a, summary").focus()


def _has_focus(node: dom.Node) -> bool:
    return bool(node.contains(dom.document().activeElement))


def _is_in_use(node: dom.Node) -> bool:
    return _has_focus(node) or bool(node.querySelector("details[open]"))
