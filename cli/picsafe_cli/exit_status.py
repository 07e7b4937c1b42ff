"""The exit statuses of `picsafe`, the same for all its commands. `docs/integrate.md` has the same table; a test
compares them.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

from picsafe_protocol.contracts.errors import (
    DecryptionError,
    FormatError,
    NotAsSent,
    NotSignedIn,
    PicSafeError,
    ServiceError,
    UnsupportedVersion,
    WrongPassword,
)


@unique
class ExitStatus(IntEnum):
    """How a command ended. The numbers never change their meaning."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    TRY_AGAIN = 3
    DAMAGED = 4
    LOST = 5
    SIGNED_OUT = 6
    FAILED = 70


MEANINGS: Final = {
    ExitStatus.DONE: "all went well, or sync --watch was told to stop",
    ExitStatus.REFUSED: "PicSafe refused; standard error has the reason and what to do",
    ExitStatus.USAGE: "wrong call",
    ExitStatus.TRY_AGAIN: "a server, the network or free space was missing, or reports wait; run it again later",
    ExitStatus.DAMAGED: "what arrived of a report, or a file, is not what was sent; sync fetches it again until it expires",
    ExitStatus.LOST: "the time of a report was over before sync could store it",
    ExitStatus.SIGNED_OUT: "not signed in, a wrong password, or a token that is not valid any more",
    ExitStatus.FAILED: "a fault in picsafe itself; please report it",
}
"""What each means, for `picsafe --help` and the documentation."""

SIGNAL: Final = 128
"""And the number of the signal, when one ended the command before it was done: 130 for Ctrl-C, 143 for SIGTERM."""


def status_of(error: PicSafeError) -> ExitStatus:
    """The status of a command that ended with `error`."""
    match error:
        case NotSignedIn() | WrongPassword():
            return ExitStatus.SIGNED_OUT
        case ServiceError():
            return ExitStatus.TRY_AGAIN
        case UnsupportedVersion():
            return ExitStatus.REFUSED
        case FormatError() | DecryptionError() | NotAsSent():
            return ExitStatus.DAMAGED
    return ExitStatus.REFUSED


def table() -> str:
    """All statuses as the end of `picsafe --help`."""
    rows = [f"  {status.value:<5}{meaning}" for status, meaning in MEANINGS.items()]
    return "\n".join(
        ["exit status:", *rows, f"  {SIGNAL}+n a signal with the number n ended it; nothing is half-written"]
    )
