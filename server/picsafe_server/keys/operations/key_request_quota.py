"""Limits how many log entries one account may cause: the log is never shortened, so nobody may grow it without bound.

Counts in memory, because a release must not cost another write. Requests over the limit are refused and not logged.
"""

from __future__ import annotations

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.keys.policy import Caller
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.memory_counter import MemoryCounter


class KeyRequestQuota:
    """Counts the requests for keys of each account."""

    def __init__(self, clock: Clock) -> None:
        self._counter = MemoryCounter(clock, limits.KEY_REQUEST_WINDOW_SECONDS)
        self._labels = MemoryCounter(clock, limits.KEY_REQUEST_WINDOW_SECONDS)

    def take(self, caller: Caller) -> None:
        """Count one request of `caller` that may become an entry; `TooManyRequests` when that is too many."""
        most = limits.KEY_REQUESTS_OF_MACHINES if caller.role == Role.SERVICE else limits.KEY_REQUESTS
        if wait := self._counter.take((caller.issuer, caller.subject), most):
            raise TooManyRequests("This account has asked for too many keys.", retry_after=wait)

    def take_labels(self, caller: Caller, count: int) -> None:
        """Count `count` keys of labels, likewise, and apart from those of reports."""
        if wait := self._labels.take((caller.issuer, caller.subject), limits.LABEL_KEYS, count):
            raise TooManyRequests("This account has read the labels of too many reports.", retry_after=wait)
