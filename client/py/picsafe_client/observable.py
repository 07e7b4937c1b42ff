"""Values that can be observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Observable(Generic[T]):
    """Tells its watchers about each change, in the order in which they came."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[T], None]] = []

    @property
    def is_watched(self) -> bool:
        return bool(self._watchers)

    def watch(self, watcher: Callable[[T], None]) -> Callable[[], None]:
        """Call `watcher` after every change, until the function that is returned is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    def notify(self, change: T) -> None:
        """Call every watcher; one that ends its watch meanwhile disturbs no other."""
        for watcher in list(self._watchers):
            watcher(change)
