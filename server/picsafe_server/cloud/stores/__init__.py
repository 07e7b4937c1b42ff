"""Stores for ciphertext: one interface, two implementations (`files`, `s3`).

A store knows nothing about reports, people or time. Its content is invisible until the row in the cloud's database is
`stored`, so the two need no common transaction. Two guarantees suffice: `publish` returns only when the whole package
is durable and has the requested SHA-256; `discard` may be called at any time and any number of times, and leaves
nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

BLOCK = 1024 * 1024
"""Bytes read or written at a time: what one transfer holds in memory."""


SWEEP_EVERY = timedelta(hours=1)
"""Looking for what no row leads to reads long lists or costs requests; it is rare, and nobody can see it."""


@dataclass(frozen=True)
class Part:
    """One received part: in a file, which the store may move away, or in memory, in the pieces in which it arrived."""

    content: Path | list[bytes]
    sha256: bytes
    """What its sender declares. Of a part in a file this was checked; of one in memory the store checks it."""


@dataclass(frozen=True)
class Upload:
    """One attempt at storing one package. `name` is never used for another attempt."""

    name: str
    size: int
    session: str = ""


class UploadLost(Exception):
    """The store has nothing of this upload, or no longer has it: the upload has to begin again."""


class StoreUnfit(Exception):
    """Reports must not be stored here; the message names what to change."""


class Store(ABC):
    """Blobs of one region."""

    _swept: datetime | None = None

    @abstractmethod
    async def prepare(self) -> None:
        """Make what the store needs (folders, a lifecycle rule); raise when it cannot serve. Idempotent."""

    @abstractmethod
    async def check(self) -> None:
        """Raise when the store cannot serve."""

    @abstractmethod
    async def begin(self, name: str, size: int) -> Upload:
        """Begin an upload of `size` bytes; `StorageFull` when it is known that they will not fit."""

    @abstractmethod
    async def parts(self, upload: Upload) -> Collection[int]:
        """Indexes of the parts that are durable and complete. Raises `UploadLost`."""

    @abstractmethod
    async def put_part(self, upload: Upload, index: int, part: Part) -> None:
        """Store a part; it replaces an earlier one. `UploadLost`; `UploadMismatch` when it does not have its
        SHA-256.
        """

    @abstractmethod
    async def publish(self, upload: Upload, sha256: str) -> None:
        """Make one immutable package of the parts, durably and known to have this SHA-256: read back, or put together
        out of parts that the store itself checked. May be repeated.

        `UploadIncomplete` (the parts stay), `UploadMismatch` (the upload is of no use any more), `UploadLost`.
        """

    @abstractmethod
    def reading(self, upload: Upload, start: int, stop: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Bytes `start` to `stop` (exclusive) of a published package, a block at a time. Entering raises when it is not
        there.
        """

    @abstractmethod
    async def discard(self, upload: Upload) -> None:
        """Delete all that exists of an upload, published or not. Idempotent."""

    async def sweep(self, *, abandoned: datetime, expired: datetime) -> int:
        """Delete what no database row refers to; returns how many objects. Called from time to time."""
        if self._swept is not None and abs(abandoned - self._swept) < SWEEP_EVERY:
            return 0
        done = await self.delete_orphans(abandoned=abandoned, expired=expired)
        self._swept = abandoned
        return done

    @abstractmethod
    async def delete_orphans(self, *, abandoned: datetime, expired: datetime) -> int:
        """Delete unfinished things from before `abandoned` and packages from before `expired`; how many."""

    @abstractmethod
    async def close(self) -> None:
        """Close connections."""
