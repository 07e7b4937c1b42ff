"""Prevents the back button from reopening a closed report: each history entry shows a report only once.

Each such step carries a random name in its `history.state`. Going back to a step whose report has been closed leads to
the inbox. After a lock, or when the person reloads the page, the report was not closed by going elsewhere, so it may
come back.
"""

from __future__ import annotations

from typing import Final

from picsafe_client.interop import js_object
from picsafe_client.ui import dom
from picsafe_protocol.contracts.identifiers import new_identifier

STATE: Final = "picsafeVisit"


class HistoryGuard:
    """One visit to a report. `visits` outlives the screens: which steps of the history have an open report."""

    def __init__(self, visits: dict[str, bool]) -> None:
        self._open = visits
        self._name = ""
        self._address = ""

    def begin(self) -> bool:
        """False when this step of the history is one to which the person has come back after closing its report."""
        window = dom.window()
        state = window.history.state
        name = str(getattr(state, STATE, None) or "") if state else ""
        if name and not self._open.get(name, _was_reloaded()):
            return False
        self._name, self._address = name or new_identifier(), _address()
        self._open[self._name] = True
        window.history.replaceState(js_object({STATE: self._name}), "")
        return True

    def ends_here(self) -> bool:
        """Whether the person is going elsewhere, rather than locking the page or trying again."""
        return _address() != self._address

    def end(self) -> None:
        """The report is closed for good."""
        if self._name:
            self._open[self._name] = False


def _address() -> str:
    return str(dom.window().location.hash)


def _was_reloaded() -> bool:
    entries = dom.window().performance.getEntriesByType("navigation")
    return bool(entries.length) and str(entries[0].type) == "reload"
