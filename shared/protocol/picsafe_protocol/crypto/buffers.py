"""Buffers that need not be in Python's memory, and the sources they come from.

In a browser the bytes of photos stay in JavaScript: a buffer there is a `Uint8Array` that Python passes on without
reading it. In CPython a buffer is `bytes`. Everything that only moves bytes is written against `Buffers` and works on
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from picsafe_protocol.contracts.errors import Truncated

__all__ = ["BYTES", "Buffers", "ByteBuffers", "BytesSource", "Source", "read_exactly"]

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)


class Buffers(Protocol[B]):
    """The few things that may be done with an opaque buffer."""

    def length(self, buffer: B) -> int:
        """Its length in bytes."""
        ...

    def part(self, buffer: B, start: int, stop: int) -> B:
        """Bytes `start` up to `stop` of it; both lie within the buffer."""
        ...

    def join(self, buffers: Sequence[B]) -> B:
        """One buffer of all of them, in order; of none, an empty one."""
        ...

    def to_bytes(self, buffer: B) -> bytes:
        """A copy that Python can look into; for small buffers only."""
        ...

    def from_bytes(self, data: bytes) -> B:
        """A buffer with these bytes."""
        ...


class Source(Protocol[B_co]):
    """Something of known size that can be read by ranges: a file, a download, the plaintext of a message."""

    @property
    def size(self) -> int:
        """Its size in bytes."""
        ...

    async def read(self, start: int, stop: int) -> B_co:
        """Exactly the bytes `start` up to `stop`, which lie within `size`; raises when they cannot all be had."""
        ...


class ByteBuffers:
    """The buffers of CPython: `bytes`."""

    def length(self, buffer: bytes) -> int:
        return len(buffer)

    def part(self, buffer: bytes, start: int, stop: int) -> bytes:
        return buffer[start:stop]

    def join(self, buffers: Sequence[bytes]) -> bytes:
        return b"".join(buffers)

    def to_bytes(self, buffer: bytes) -> bytes:
        return bytes(buffer)

    def from_bytes(self, data: bytes) -> bytes:
        return data


BYTES = ByteBuffers()


class BytesSource:
    """A source over bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    async def read(self, start: int, stop: int) -> bytes:
        return self._data[start:stop]


async def read_exactly(source: Source[B], buffers: Buffers[B], start: int, stop: int) -> B:
    """Bytes `start` up to `stop` of `source`. Raises `Truncated` when the source returns fewer or more."""
    buffer = await source.read(start, stop)
    if buffers.length(buffer) != stop - start:
        raise Truncated
    return buffer
