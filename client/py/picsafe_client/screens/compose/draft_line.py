"""One line of the send screen: whether what was entered would survive now, and what the browser promises."""

from __future__ import annotations

from typing import Final

from picsafe_client.drafting.draft_keeper import DraftKeeper, DraftState
from picsafe_client.drafting.storage import StoragePromise, ask_to_persist
from picsafe_client.i18n.texts import moment, t
from picsafe_client.ui import dom

LOST: Final = frozenset({DraftState.WAITING, DraftState.FULL, DraftState.NOT_KEPT, DraftState.TOO_MANY})
"""States in which a lock or a closed page would lose what was entered."""


class DraftLine:
    """`node` goes on the page."""

    def __init__(self, keeper: DraftKeeper) -> None:
        self._keeper = keeper
        self._promise: StoragePromise | None = None
        self._has_asked = False
        self._state = dom.el("span", {"role": "status"})
        self._limits = dom.el("span", {"class": "draft-limits"})
        self._icon = dom.el("span", {"class": "draft-icon", "aria-hidden": True})
        self.node = dom.el("p", {"class": "draft-line soft small"}, self._icon, self._state, self._limits)
        keeper.changes.watch(lambda _state: self._update())

    async def look(self) -> None:
        """Asks the browser what it promises, and says so before anything relies on it."""
        self._promise = await StoragePromise.of_browser()
        self._update()

    async def rely(self) -> None:
        """The first file is there: the browser is asked to keep it."""
        if self._has_asked or self._promise is None or not self._promise.works or self._promise.is_persistent:
            return
        self._has_asked = True
        if await ask_to_persist():
            self._promise = StoragePromise(True, True, self._promise.free)
            self._update()

    def _update(self) -> None:
        state, promise = self._keeper.state, self._promise
        if promise is not None and not promise.works and state is DraftState.EMPTY:
            state = DraftState.NOT_KEPT
        words = ""
        if state is not DraftState.EMPTY:
            until = moment(self._keeper.ends_at) if self._keeper.ends_at else ""
            words = t(f"draft.state.{state.value}", moment=until)
        if self._state.textContent != words:  # or screen readers would say it again
            self._state.textContent = words
        is_weak = promise is not None and promise.works and not promise.is_persistent and state not in LOST
        self._limits.textContent = t("draft.may_go") if is_weak else ""
        self.node.classList.toggle("draft-lost", state in LOST)
        icon = {DraftState.SEALED: "lock", DraftState.SEALING: "clock"}.get(state, "alert" if state in LOST else "info")
        dom.replace_children(self._icon, dom.icon(icon))
        self.node.hidden = not words and not is_weak
