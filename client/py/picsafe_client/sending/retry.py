"""Repeats requests that failed because a network or a server was away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from picsafe_client.errors import Cancelled
from picsafe_client.sending.send_control import SendControl
from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import NotSignedIn, ServiceError, StorageFull

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is made, and how long the pauses between are."""

    backoff: Backoff
    attempts: int | None = None
    """None: until it succeeds."""
    longest_wanted: float | None = None
    """Seconds. A server that asks for a longer pause is not waited for. None: every pause is kept."""

    def pause(self, failures: int, error: ServiceError) -> float | None:
        """Seconds until the next attempt after `failures` in a row (from 1), or None when there is no further one."""
        wanted = float(error.retry_after or 0)
        if self.attempts is not None and failures >= self.attempts:
            return None
        if self.longest_wanted is not None and wanted > self.longest_wanted:
            return None
        return self.backoff.pause(failures, wanted)


SETUP_RETRY: Final = RetryPolicy(Backoff(first=1, longest=8), attempts=5, longest_wanted=30)
"""While the sender watches, before there is anything to upload: a server that restarts is back by then."""
UPLOAD_RETRY: Final = RetryPolicy(Backoff(first=1, longest=30))
"""An upload, which waits for the network for as long as it takes."""


async def retry(
    attempt: Callable[[Any], Awaitable[T]],
    policy: RetryPolicy,
    control: SendControl,
    *,
    blocked_by: Callable[[ServiceError | None], None],
    sender_back: Callable[[], Awaitable[None]] | None = None,
) -> T:
    """Calls `attempt(signal)` until it succeeds.

    `blocked_by` gets the error that is being waited for, and None when that is over. `sender_back` returns when the
    sender has signed in again after the session ended; without it `NotSignedIn` is raised.

    Raises `Cancelled`, `StorageFull`, the last error when `policy` gives up, and what trying again cannot change.
    """
    failures = 0
    while True:
        await control.ready()
        try:
            result = await attempt(control.attempt_signal())
        except Cancelled:
            control.check()  # otherwise it was paused
        except NotSignedIn:
            if sender_back is None:
                raise
            await control.ready()
            await sender_back()
        except StorageFull:
            raise
        except ServiceError as error:
            failures += 1
            pause = policy.pause(failures, error)
            if pause is None:
                blocked_by(None)
                raise
            blocked_by(error)
            await control.rest(pause)
        else:
            blocked_by(None)
            return result
