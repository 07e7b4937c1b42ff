"""States of a report that is being sent, and the only transitions between them.

    ENCRYPTING ─▶ UPLOADING ─▶ DELIVERED        from every state that is under way:
                  │  ▲                            stop ─▶ STOPPING ─▶ STOPPED | UNKNOWN
                  ▼  │                            fail ─▶ FAILED
         PAUSED, LOCKED, BLOCKED

Nothing here does any work: `send_job` does it, and asks this table before every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class SendState(Enum):
    """Where a report is on its way."""

    ENCRYPTING = "encrypting"
    """Plaintext is held: leaving the screen stops it."""
    UPLOADING = "uploading"
    """Only ciphertext is left; waits for the network and for servers end without anybody doing anything."""
    PAUSED = "paused"
    """The sender has paused it."""
    LOCKED = "locked"
    """The session has ended; it continues when the same person has signed in again."""
    BLOCKED = "blocked"
    """The cloud has no room; it continues when the sender tries again."""
    STOPPING = "stopping"
    """The sender has stopped it, and the servers are being asked to withdraw it."""
    DELIVERED = "delivered"
    """The user server has accepted the receipt: the recipients can open it."""
    FAILED = "failed"
    """Something that trying again would not change; nobody has received anything."""
    STOPPED = "stopped"
    """Stopped; nobody has received anything."""
    UNKNOWN = "unknown"
    """Stopped, but no server could be reached to say whether it had been delivered before."""


class SendEvent(Enum):
    """What happens to a report on its way."""

    ENCRYPTED = "encrypted"
    PAUSE = "pause"
    RESUME = "resume"
    SESSION_ENDED = "session_ended"
    SENDER_BACK = "sender_back"
    NO_ROOM = "no_room"
    RETRY = "retry"
    DELIVER = "deliver"
    FAIL = "fail"
    STOP = "stop"
    WITHDRAWN = "withdrawn"
    NOT_CONFIRMED = "not_confirmed"


UNDER_WAY: Final = frozenset(
    {SendState.ENCRYPTING, SendState.UPLOADING, SendState.PAUSED, SendState.LOCKED, SendState.BLOCKED}
)
"""It may still be delivered, and can still be stopped."""
TERMINAL: Final = frozenset({SendState.DELIVERED, SendState.FAILED, SendState.STOPPED, SendState.UNKNOWN})
"""Nothing happens to it any more."""

TRANSITIONS: Final[Mapping[tuple[SendState, SendEvent], SendState]] = MappingProxyType(
    {
        (SendState.ENCRYPTING, SendEvent.ENCRYPTED): SendState.UPLOADING,
        (SendState.UPLOADING, SendEvent.PAUSE): SendState.PAUSED,
        (SendState.PAUSED, SendEvent.RESUME): SendState.UPLOADING,
        (SendState.UPLOADING, SendEvent.SESSION_ENDED): SendState.LOCKED,
        (SendState.LOCKED, SendEvent.SENDER_BACK): SendState.UPLOADING,
        (SendState.UPLOADING, SendEvent.NO_ROOM): SendState.BLOCKED,
        (SendState.BLOCKED, SendEvent.RETRY): SendState.UPLOADING,
        (SendState.UPLOADING, SendEvent.DELIVER): SendState.DELIVERED,
        # The answer was already here when the sender paused or stopped it.
        (SendState.PAUSED, SendEvent.NO_ROOM): SendState.BLOCKED,
        (SendState.PAUSED, SendEvent.DELIVER): SendState.DELIVERED,
        (SendState.STOPPING, SendEvent.DELIVER): SendState.DELIVERED,
        (SendState.STOPPING, SendEvent.FAIL): SendState.FAILED,
        (SendState.STOPPING, SendEvent.WITHDRAWN): SendState.STOPPED,
        (SendState.STOPPING, SendEvent.NOT_CONFIRMED): SendState.UNKNOWN,
        **{(state, SendEvent.STOP): SendState.STOPPING for state in UNDER_WAY},
        **{(state, SendEvent.FAIL): SendState.FAILED for state in UNDER_WAY},
    }
)


class IllegalTransition(Exception):
    """An event that cannot happen in this state: a fault of ours, never shown as a fault of the report."""


def next_state(state: SendState, event: SendEvent) -> SendState:
    """The state after `event`. Raises `IllegalTransition` when it cannot happen in `state`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"{event.value} in state {state.value}") from None


def is_possible(state: SendState, event: SendEvent) -> bool:
    """Whether `event` can happen in `state`."""
    return (state, event) in TRANSITIONS
