"""When to fetch a report again whose download could not be read.

A failed download is never final: something between this computer and the cloud may have changed it, and may keep doing
so for days. Only the user server declares a report over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import (
    BY_CODE,
    DecryptionError,
    FormatError,
    InvalidPackage,
    LimitExceeded,
    NotAsSent,
    PicSafeError,
    UnsupportedVersion,
)

BACKOFF: Final = Backoff(first=60, longest=6 * 3600)
"""Before it is fetched again. A report of 4 GiB is fetched some forty times in its seven days at most."""

DAMAGE: Final = (FormatError, DecryptionError, LimitExceeded, NotAsSent)
"""What reading a download can show."""
_BEFORE_DECRYPTING: Final = (InvalidPackage, DecryptionError, LimitExceeded)


@dataclass(frozen=True)
class Retry:
    """A report was fetched `attempts` times without success, the last time because of the error with this `code`."""

    attempts: int
    again_at: int
    code: str

    @classmethod
    def after(cls, earlier: Retry | None, error: PicSafeError, now: datetime) -> Self:
        """One more attempt failed."""
        attempts = earlier.attempts + 1 if earlier else 1
        again_at = now + timedelta(seconds=BACKOFF.pause(attempts))
        return cls(attempts, int(again_at.timestamp()), error.code)

    @classmethod
    def read(cls, saved: Any) -> Self:
        """What `as_json` wrote. Raises `ValueError`, `KeyError` or `TypeError`."""
        attempts, again_at, code = saved["attempts"], saved["again_at"], saved["code"]
        if type(attempts) is not int or type(again_at) is not int or code not in BY_CODE:
            raise ValueError("not what was written")
        return cls(attempts, again_at, code)

    def as_json(self) -> Mapping[str, object]:
        """For the state file."""
        return {"attempts": self.attempts, "again_at": self.again_at, "code": self.code}

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to fetch it; also when the clock has been set back since."""
        left = self.again_at - now.timestamp()
        return left <= 0 or left > BACKOFF.longest

    @property
    def is_damage(self) -> bool:
        """Whether what arrived was not what was sent."""
        return is_damage(BY_CODE[self.code]())


def is_damage(error: PicSafeError) -> bool:
    """Whether `error` says that what arrived of a report is not what was sent, or cannot be read."""
    return isinstance(error, DAMAGE) and not isinstance(error, UnsupportedVersion)


def as_arrived(error: PicSafeError) -> PicSafeError:
    """`error` about a download, reworded to blame nobody, since its bytes have not been authenticated. Other errors are
    unchanged.
    """
    if isinstance(error, _BEFORE_DECRYPTING):
        error.args = (f"What arrived is not what was sent ({error.title.lower()}).",)
        error.advice = (
            "Something between this computer and the cloud, such as a proxy or a virus scanner, may have changed it. "
            "Try again; if it stays so, ask who runs the network."
        )
    return error
