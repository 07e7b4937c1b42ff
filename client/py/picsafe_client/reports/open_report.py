"""An opened report, as the screens use it: its facts, its files piece by piece, and the original package.

`OpenReport.open` takes it through the steps of `picsafe_protocol.format.opening`: until they have passed nothing of it
is believed. From then on the facts are trusted, and each file once its SHA-256 is the one in `report.json`: `pieces`
raises at the end when it is not, so callers show and keep nothing of a file before its end. Only players of video and
sound read by `part`: what they get is what was encrypted at that place
(docs/decisions/0011-playing-while-decrypting.md). Bytes are opaque buffers, Python never looks into them; so this
module runs in CPython too, which is where most of its tests are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from picsafe_client.i18n.error_messages import localized_error
from picsafe_protocol.contracts.api.keys import ReleasedKey
from picsafe_protocol.contracts.api.requests import ReleaseRequest
from picsafe_protocol.contracts.errors import Gone
from picsafe_protocol.crypto.buffers import Buffers, Source
from picsafe_protocol.crypto.chunked import CHUNK, STEP, Cipher, chunk_start
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.files import FileEntry
from picsafe_protocol.format.opening import GivenKey, KeyReleaser, NewDigest, Opened, open_report
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.payload import Payload
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Report, Thumbnail
from picsafe_protocol.json.messages import read, write

__all__ = ["Arrived", "KeyReleaser", "KeyServer", "OpenReport", "PackageSource", "key_releaser"]

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

Arrived: TypeAlias = Callable[[int], None]
"""Called with the number of bytes of the package that have just arrived."""

_LOCAL_HEADER_BYTES: Final = 1024
"""More than what stands before a member of a zip."""


class PackageSource(Source[B_co], Protocol[B_co]):
    """Where a package lies: a file on this computer, or a cloud."""

    def prefetch(self, start: int, stop: int, arrived: Arrived | None = None) -> AbstractContextManager[None]:
        """Within this, bytes `start` up to `stop` will be read in order; `arrived` is called as they arrive."""
        ...

    def buffered(self, start: int, stop: int) -> AbstractAsyncContextManager[None]:
        """Within this, bytes `start` up to `stop` are at hand: for many small reads."""
        ...

    def close(self) -> None:
        """Nothing more will be read: stops what is on its way, forgets what was kept."""
        ...


class OpenReport(Generic[B]):
    """A report that has been opened. Once it is closed, whatever is asked of it raises `Gone`."""

    def __init__(self, source: PackageSource[B], opened: Opened[B]) -> None:  # use `open`
        self._open: tuple[PackageSource[B], Payload[B], Header] | None = (source, opened.payload, opened.package.header)
        self._message_start = opened.package.encrypted[0]
        self._last_chunk = opened.reader.size // CHUNK
        self.provenance: Provenance = opened.provenance
        """Who sent it, by the word of servers, and whether that is confirmed. What the file claims is in `report`."""
        self.buffers: Buffers[B] = opened.reader.cipher
        """What cuts and joins its bytes."""
        self.package_size: int = source.size
        """Bytes of the encrypted package."""

    @classmethod
    async def open(
        cls,
        source: PackageSource[B],
        *,
        cipher: Cipher[B],
        new_digest: NewDigest[B],
        allowed_key_servers: Collection[str],
        release: KeyReleaser,
        expected: Expectations | None,
    ) -> OpenReport[B]:
        """Raises as `picsafe_protocol.format.opening.open_report`. `expected` is what the report's row says, None only
        for a file.
        """
        opened = await open_report(
            source,
            cipher,
            allowed_key_servers=allowed_key_servers,
            release=release,
            expected=expected,
            new_digest=new_digest,
        )
        return cls(source, opened)

    @property
    def report(self) -> Report:
        """What `report.json` says."""
        return self._parts()[1].report

    @property
    def header(self) -> Header:
        """What `package.json` says."""
        return self._parts()[2]

    async def stream(self, file: FileEntry, arrived: Arrived | None = None) -> AsyncIterator[B]:
        """A file of the report, piece by piece. It is to be believed only when the iteration ends without an error.

        A piece is gone when the next is asked for: in a browser that one takes its place in memory.
        """
        source, payload, _ = self._parts()
        place = payload.members[file.path]
        with source.prefetch(*self._sealed(place.start - _LOCAL_HEADER_BYTES, place.stop), arrived):
            async for piece in payload.stream(file.path, overwriting=True):
                self._parts()
                yield piece

    async def thumbnails(self) -> AsyncIterator[tuple[int, B]]:
        """Every thumbnail, checked, with the number of its medium; fetched many at a time."""
        source, payload, _ = self._parts()
        for group in self._thumbnail_groups():
            first, last = (payload.members[group[end][1].path] for end in (0, -1))
            async with source.buffered(*self._sealed(first.start - _LOCAL_HEADER_BYTES, last.stop)):
                for index, thumbnail in group:
                    picture = await payload.file(thumbnail.path)
                    self._parts()
                    yield index, picture

    def ciphertext_size(self, file: FileEntry) -> int:
        """How many bytes of the package have to come for a file, about: the total to `pieces`' `arrived`."""
        place = self._parts()[1].members[file.path]
        start, stop = self._sealed(place.start - _LOCAL_HEADER_BYTES, place.stop)
        return stop - start

    async def read_range(self, file: FileEntry, start: int, stop: int) -> B:
        """Bytes `start` up to `stop` of a file, authenticated; see `Payload.part` for what that leaves open."""
        piece = await self._parts()[1].part(file.path, start, stop)
        self._parts()
        return piece

    def whole_chunks(self, file: FileEntry, stop: int) -> int:
        """The byte of a file, at most `stop`, at which a chunk ends: reads that end there leave no chunk half-read."""
        if stop >= file.size:
            return file.size
        return stop - (self._parts()[1].members[file.path].start + stop) % CHUNK

    def prefetch(self, file: FileEntry, start: int, stop: int) -> AbstractContextManager[None]:
        """Within this, bytes `start` up to `stop` of a file will be read in order."""
        source, payload, _ = self._parts()
        place = payload.members[file.path]
        before = _LOCAL_HEADER_BYTES if start == 0 else 0  # it is read with the first bytes
        return source.prefetch(*self._sealed(place.start + start - before, place.start + stop))

    async def stream_package(self, arrived: Arrived | None = None) -> AsyncIterator[B]:
        """The encrypted package as it came, byte for byte."""
        source, _, _ = self._parts()
        with source.prefetch(0, source.size, arrived):
            for start in range(0, source.size, STEP):
                piece = await source.read(start, min(start + STEP, source.size))
                self._parts()
                yield piece

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self._open is None

    def close(self) -> None:
        """Drops key, facts and bytes, and stops running requests. Nothing can be read afterwards."""
        opened, self._open = self._open, None
        if opened is not None:
            opened[0].close()

    def _parts(self) -> tuple[PackageSource[B], Payload[B], Header]:
        if self._open is None:
            raise localized_error(Gone, "closed")
        return self._open

    def _thumbnail_groups(self) -> Iterator[list[tuple[int, Thumbnail]]]:
        """The thumbnails with the numbers of their media, in groups of about `STEP` bytes, which lie side by side."""
        group: list[tuple[int, Thumbnail]] = []
        size = 0
        for index, medium in enumerate(self.report.media):
            if medium.thumbnail is None:
                continue
            if group and size + medium.thumbnail.size > STEP:
                yield group
                group, size = [], 0
            group.append((index, medium.thumbnail))
            size += medium.thumbnail.size
        if group:
            yield group

    def _sealed(self, start: int, stop: int) -> tuple[int, int]:
        """Where in the package plaintext bytes `start` up to `stop` of a member lie, the last chunk, which is here,
        apart.
        """
        first = max(start, 0) // CHUNK
        end = min((stop - 1) // CHUNK + 1, self._last_chunk)
        begin = self._message_start + chunk_start(first)
        return begin, max(begin, self._message_start + chunk_start(end))


class KeyServer(Protocol):
    """What `key_releaser` needs of `client.Api`."""

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        """A user token for a key server."""
        ...

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        """One call to a key server."""
        ...


def key_releaser(server: KeyServer, *, signal: Any = None) -> KeyReleaser:
    """A `KeyReleaser` over HTTP: a user token for that key server, then ``POST /v1/keys/{key_id}/release``."""

    async def release(header: Header) -> GivenKey:
        url = header.keyserver_url
        token = await server.user_token(url, signal=signal)
        path = f"/v1/keys/{header.key_id}/release"
        answer = await server.keys(
            url, "POST", path, token, write(ReleaseRequest(report_id=header.report_id)), signal=signal
        )
        return GivenKey.in_answer(read(ReleasedKey, answer), header)

    return release
