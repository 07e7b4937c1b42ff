"""Receiving one part: from the network into a file, a block at a time, checked before anybody else sees it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar.exceptions import InternalServerException

from picsafe_protocol.errors import InvalidRequest, UploadMismatch
from picsafe_protocol.identifiers import new_identifier
from picsafe_protocol.limits import KIB, UPLOAD_IDLE_SECONDS
from picsafe_server.cloud.stores.durable import room_needed, write_all
from picsafe_server.cloud.stores.threads import Threads

RECEIVED_BLOCK = 128 * KIB
"""Held in memory of each part that is under way: a thread is worth its while, and a thousand silent senders cost little."""


class Receiver:
    """Receives parts into the folder `incoming`. Whatever goes wrong, the file is gone afterwards."""

    def __init__(self, incoming: Path, threads: Threads, idle_seconds: float = UPLOAD_IDLE_SECONDS) -> None:
        self._incoming = incoming
        self._threads = threads
        self._idle_seconds = idle_seconds

    @asynccontextmanager
    async def received(self, body: AsyncIterator[bytes], length: int, sha256: bytes) -> AsyncIterator[Path]:
        """A file holding exactly the `length` bytes of `body`, whose SHA-256 is `sha256`; it is removed in the end.

        `InvalidRequest` when the length is another or the connection breaks, `UploadMismatch` when the digest is another.
        """
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
        async for block in _blocks(_alive(body, self._idle_seconds)):
            total += len(block)
            if total > length:
                break
            await self._threads.quick(_keep, descriptor, digest, block)
        if total != length:
            raise InvalidRequest(f"This part is {length} bytes long.", field="body")
        if digest.digest() != sha256:
            raise UploadMismatch(
                "The part does not have the digest that Content-Digest declares.", advice="Send this part again."
            )


def _keep(descriptor: int, digest: hashlib._Hash, block: bytearray) -> None:
    digest.update(block)
    with room_needed():
        write_all(descriptor, block)


async def _alive(body: AsyncIterator[bytes], idle_seconds: float) -> AsyncIterator[bytes]:
    """`body`, as long as something comes."""
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                piece = await anext(body, None)
            if piece is None:
                return
            yield piece
    except TimeoutError as error:
        raise InvalidRequest("Nothing more came of this part.", field="body") from error
    except InternalServerException as error:  # Litestar's word for a client that went away
        raise InvalidRequest("The connection broke within this part.", field="body") from error


async def _blocks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytearray]:
    """The same bytes in pieces of about `RECEIVED_BLOCK`; no more than that is held."""
    block = bytearray()
    async for piece in pieces:
        block += piece
        if len(block) >= RECEIVED_BLOCK:
            yield block
            block = bytearray()
    if block:
        yield block
