"""Kills a process at the n-th of the points at which something happens on the disk or on the network."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any


class KillPoints:
    """Counts the points, and kills this process at number `kill_at`, from 1; 0 never does."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def reach(self) -> None:
        """One more point: at the chosen one this process ends here."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call` with a point before it."""

        def counted(*arguments: Any, **options: Any) -> Any:
            self.reach()
            return call(*arguments, **options)

        return counted

    def before_system_calls(self, names: Iterable[str]) -> None:
        """Put a point before these functions of `os`."""
        for name in names:
            setattr(os, name, self.before(getattr(os, name)))
