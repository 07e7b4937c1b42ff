"""Receives one part from the network into memory or a file, and checks it before anything else uses it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from litestar.exceptions import InternalServerException

from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import KIB, UPLOAD_IDLE_SECONDS
from picsafe_server.cloud.part_layout import part_mismatch
from picsafe_server.cloud.stores import Part
from picsafe_server.cloud.stores.durable import map_enospc, write_all
from picsafe_server.cloud.stores.threads import Threads

RECEIVED_BLOCK: Final = 128 * KIB
"""What is written, hashed or sent at a time. A part that goes to the disk holds this much in memory: starting a thread
for it pays, and a thousand silent senders cost little.
"""
PARTS_IN_MEMORY: Final = 8
"""Of a region, at a time: two senders that send four each. Parts beyond that go to the disk, so slow senders cost no
memory.
"""


class Receiver:
    """Receives parts into memory while there is room (only for stores that check digests), otherwise into the folder
    `incoming`.

    The file is removed afterwards, also after an error.
    """

    def __init__(
        self,
        incoming: Path,
        threads: Threads,
        idle_seconds: float = UPLOAD_IDLE_SECONDS,
        parts_in_memory: int = 0,
    ) -> None:
        self._incoming = incoming
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._room = parts_in_memory

    @asynccontextmanager
    async def received(self, body: AsyncIterator[bytes], length: int, sha256: bytes) -> AsyncIterator[Part]:
        """A part of exactly the `length` bytes of `body`, expected to have the SHA-256 `sha256`; its file, if any, is
        removed on exit.

        `InvalidRequest` when the length differs or the connection breaks; `UploadMismatch` when the digest differs and
        the part is in a file.
        """
        if self._room > 0:
            self._room -= 1
            try:
                yield Part(await self._in_memory(body, length), sha256)
            finally:
                self._room += 1
        else:
            async with self._in_file(body, length, sha256) as path:
                yield Part(path, sha256)

    async def _in_memory(self, body: AsyncIterator[bytes], length: int) -> list[bytes]:
        pieces = []  # not put together: that costs about as much as hashing them
        total = 0
        async for piece in _blocks(_with_idle_timeout(body, self._idle_seconds)):
            pieces.append(piece)
            total += len(piece)
            if total > length:
                break
        _check_length(total, length)
        return pieces

    @asynccontextmanager
    async def _in_file(self, body: AsyncIterator[bytes], length: int, sha256: bytes) -> AsyncIterator[Path]:
        path = self._incoming / new_identifier()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            try:
                await self._receive(body, descriptor, length, sha256)
            finally:
                os.close(descriptor)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def _receive(self, body: AsyncIterator[bytes], descriptor: int, length: int, sha256: bytes) -> None:
        digest = hashlib.sha256()
        total = 0
        async for block in _blocks(_with_idle_timeout(body, self._idle_seconds)):
            total += len(block)
            if total > length:
                break
            await self._threads.quick(_keep, descriptor, digest, block)
        _check_length(total, length)
        if digest.digest() != sha256:
            raise part_mismatch()


def _check_length(received: int, length: int) -> None:
    if received != length:
        raise InvalidRequest(f"This part is {length} bytes long.", field="body")


def _keep(descriptor: int, digest: hashlib._Hash, block: bytes) -> None:
    digest.update(block)
    with map_enospc():
        write_all(descriptor, block)


async def _with_idle_timeout(body: AsyncIterator[bytes], idle_seconds: float) -> AsyncIterator[bytes]:
    """Yields `body`; raises when the client stays silent for too long."""
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                piece = await anext(body, None)
            if piece is None:
                return
            yield piece
    except TimeoutError as error:
        raise InvalidRequest("The upload of this part has stalled.", field="body") from error
    except InternalServerException as error:  # Litestar's word for a client that went away
        raise InvalidRequest("The connection broke within this part.", field="body") from error


async def _blocks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of at least `RECEIVED_BLOCK`, but for the last one. Small pieces are joined, because
    each `bytes` takes some forty bytes more than it holds.
    """
    block = bytearray()
    async for piece in pieces:
        if not block and len(piece) >= RECEIVED_BLOCK:
            yield piece
            continue
        block += piece
        if len(block) >= RECEIVED_BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
