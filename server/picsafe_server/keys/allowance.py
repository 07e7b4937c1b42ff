"""How many entries one account may cause in the log: it is never shortened, so nobody may grow it without end.

Counted in memory, for an hour from the first request on, in each process: a release must not cost a write more. Several
processes allow that many times as much, which is still an end. What is over the limit is refused and not logged.
"""

from __future__ import annotations

import math
from collections import Counter

from picsafe_protocol import limits
from picsafe_protocol.errors import TooManyRequests
from picsafe_protocol.tokens import Role
from picsafe_server.clock import Clock
from picsafe_server.keys.policy import Caller


class Allowance:
    """Counts the requests for keys of each account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = 0.0
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, caller: Caller) -> None:
        """Count one request of `caller` that may become an entry; `TooManyRequests` when that is too many."""
        now = self._clock.now().timestamp()
        if not 0 <= now - self._since < limits.KEY_REQUEST_WINDOW_SECONDS:
            self._since = now
            self._counts.clear()
        who = (caller.issuer, caller.subject)
        most = limits.KEY_REQUESTS_OF_MACHINES if caller.role == Role.SERVICE else limits.KEY_REQUESTS
        if self._counts[who] >= most:
            wait = self._since + limits.KEY_REQUEST_WINDOW_SECONDS - now
            raise TooManyRequests("This account has asked for too many keys.", retry_after=max(1, math.ceil(wait)))
        self._counts[who] += 1
