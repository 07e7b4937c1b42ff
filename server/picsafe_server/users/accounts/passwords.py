"""Passwords: Argon2id (RFC 9106), checked in threads, a few at a time."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest

MEMORY_KIB: Final = 64 * 1024
TIME_COST: Final = 3
LANES: Final = 4
"""The second recommended option of RFC 9106, section 4: 64 MiB, three passes, four lanes; about 0.1 s on a small
server.
"""

AT_ONCE: Final = 4
"""Hashes under way in one process: a rush of sign-ins takes 256 MiB and waits, rather than taking the machine's
memory.
"""


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str, field: str = "password") -> str:
        """The hash of a new password; `InvalidRequest` naming `field` when it is too short or too long."""
        prepared = _prepared(password)
        if not limits.PASSWORD_CHARACTERS_MIN <= len(prepared) <= limits.PASSWORD_CHARACTERS_MAX:
            raise InvalidRequest(
                f"A password has {limits.PASSWORD_CHARACTERS_MIN} to {limits.PASSWORD_CHARACTERS_MAX} characters.",
                field=field,
            )
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, prepared)

    async def verify(self, password: str, known: str | None) -> bool:
        """Whether `password` matches the hash `known`. With None it returns False after the same time, which must not
        reveal who has an account.
        """
        prepared = _prepared(password)[: limits.PASSWORD_CHARACTERS_MAX + 1]
        async with self._turns:
            if self._decoy is None:
                self._decoy = await asyncio.to_thread(self._hasher.hash, "nobody has this password")
            try:
                await asyncio.to_thread(self._hasher.verify, known or self._decoy, prepared)
            except VerificationError:
                return False
        return known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other parameters than today's, and should be replaced when its password is next
        seen.
        """
        return self._hasher.check_needs_rehash(known)


def _prepared(password: str) -> str:
    # NIST SP 800-63B, 5.1.1.2: two keyboards may write the same character differently.
    return unicodedata.normalize("NFKC", password)
