"""The one place where the bytes of a report become trusted.

`OpenReport.open` goes through these steps in this order; whatever fails raises, and nothing is left behind:

1. **container**: the file keeps every rule of the format. Nothing that its header says is believed yet.
2. **the right one**: it is the report that was asked for; a cloud that answers with another is found out here.
3. **key server**: the one that the header names is on the allow-list. No other is ever spoken to.
4. **key**: that server writes its access log and then gives the key, or refuses.
5. **message**: the commitment binds key and header together, the last chunk proves the length.
6. **payload**: exactly the members that `report.json` describes, and `report.json` is of the same report.

From then on the facts are trusted, and each file once its SHA-256 is the one in `report.json`: `pieces` raises at the end
when it is not, so whoever reads a file shows and keeps nothing of it before the end. Bytes are opaque buffers, Python never
looks into them; so this module runs in CPython too, which is where most of its tests are.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from picsafe_protocol.buffers import Source
from picsafe_protocol.chunked import CHUNK, KEY, STEP, Cipher, Reader, chunk_start
from picsafe_protocol.errors import Gone, KeyServerNotAllowed, Tampered, Unexpected
from picsafe_protocol.files import FileFacts
from picsafe_protocol.package import Header, read_package
from picsafe_protocol.payload import Digest, Payload
from picsafe_protocol.report import Report, Thumbnail

__all__ = ["Arrived", "KeyServer", "OpenReport", "PackageSource", "Release", "release_from"]

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

Arrived: TypeAlias = Callable[[int], None]
"""Hears how many bytes of the package have just come."""

NewDigest: TypeAlias = Callable[[], Awaitable[Digest[B]]]
"""Makes a SHA-256 over the buffers."""

Release: TypeAlias = Callable[[Header], Awaitable[bytes]]
"""Asks the key server of a header for its key: 32 bytes, or what the server raises instead."""

_LOCAL_HEADER_BYTES: Final = 1024
"""More than what stands before a member of a zip."""


class PackageSource(Source[B_co], Protocol[B_co]):
    """Where a package lies: a file on this computer, or a cloud."""

    def ahead(self, start: int, stop: int, arrived: Arrived | None = None) -> AbstractContextManager[None]:
        """Within this, bytes `start` up to `stop` will be read in order; `arrived` hears of them as they come."""
        ...

    def held(self, start: int, stop: int) -> AbstractAsyncContextManager[None]:
        """Within this, bytes `start` up to `stop` are at hand: for many small reads."""
        ...

    def close(self) -> None:
        """Nothing more will be read: stops what is on its way, forgets what was kept."""
        ...


class OpenReport(Generic[B]):
    """A report that has been opened. Once it is closed, whatever is asked of it raises `Gone`."""

    def __init__(
        self, source: PackageSource[B], header: Header, message_start: int, reader: Reader[B], payload: Payload[B]
    ) -> None:  # use `open`
        self._open: tuple[PackageSource[B], Payload[B], Header] | None = (source, payload, header)
        self._message_start = message_start
        self._last_chunk = reader.size // CHUNK
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
        release: Release,
        expected_report: str | None = None,
    ) -> OpenReport[B]:
        """Takes a package through every step above. `expected_report` is the one that was asked for, None for a file.

        Raises `FormatError`, `KeyServerNotAllowed`, `DecryptionError`, and whatever `source` and `release` raise.
        """
        package = await read_package(source, cipher)
        header = package.header
        if expected_report is not None and header.report_id != expected_report:
            raise Tampered("The cloud answered with another report than the one that was asked for.")
        if header.keyserver_url not in allowed_key_servers:
            raise KeyServerNotAllowed(keyserver_url=header.keyserver_url)
        reader = await package.open(await release(header), cipher)
        payload = await Payload.read(reader, header.report_id, new_digest)
        return cls(source, header, package.encrypted[0], reader, payload)

    @property
    def report(self) -> Report:
        """What `report.json` says."""
        return self._parts()[1].report

    @property
    def header(self) -> Header:
        """What `package.json` says."""
        return self._parts()[2]

    async def pieces(self, file: FileFacts, arrived: Arrived | None = None) -> AsyncIterator[B]:
        """A file of the report, piece by piece. It is to be believed only when the iteration ends without an error."""
        source, payload, _ = self._parts()
        place = payload.members[file.path]
        with source.ahead(*self._sealed(place.start, place.stop), arrived):
            async for piece in payload.stream(file.path):
                self._parts()
                yield piece

    async def thumbnails(self) -> AsyncIterator[tuple[int, B]]:
        """Every thumbnail, checked, with the number of its medium; fetched many at a time."""
        source, payload, _ = self._parts()
        for group in self._thumbnail_groups():
            first, last = (payload.members[group[end][1].path] for end in (0, -1))
            async with source.held(*self._sealed(first.start, last.stop)):
                for index, thumbnail in group:
                    picture = await payload.file(thumbnail.path)
                    self._parts()
                    yield index, picture

    def sealed_size(self, file: FileFacts) -> int:
        """How many bytes of the package have to come for a file, about: the total to `pieces`' `arrived`."""
        place = self._parts()[1].members[file.path]
        start, stop = self._sealed(place.start, place.stop)
        return stop - start

    async def package_pieces(self, arrived: Arrived | None = None) -> AsyncIterator[B]:
        """The encrypted package as it came, byte for byte."""
        source, _, _ = self._parts()
        with source.ahead(0, source.size, arrived):
            for start in range(0, source.size, STEP):
                piece = await source.read(start, min(start + STEP, source.size))
                self._parts()
                yield piece

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self._open is None

    def close(self) -> None:
        """Lets go of key, facts and bytes, and stops what is on its way. Nothing can be read afterwards."""
        opened, self._open = self._open, None
        if opened is not None:
            opened[0].close()

    def _parts(self) -> tuple[PackageSource[B], Payload[B], Header]:
        if self._open is None:
            raise Gone("This report has been closed.", advice="Open it again.")
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
        """Where in the package plaintext bytes `start` up to `stop` of a member lie, the last chunk, which is here, apart."""
        first = max(start - _LOCAL_HEADER_BYTES, 0) // CHUNK
        end = min((stop - 1) // CHUNK + 1, self._last_chunk)
        begin = self._message_start + chunk_start(first)
        return begin, max(begin, self._message_start + chunk_start(end))


class KeyServer(Protocol):
    """What `release_from` needs of `api.Api`."""

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        """A user token for a key server."""
        ...

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        """One call to a key server."""
        ...


def release_from(server: KeyServer, *, signal: Any = None) -> Release:
    """A `Release` over HTTP: a user token for that key server, then ``POST /v1/keys/{key_id}/release``."""

    async def release(header: Header) -> bytes:
        url = header.keyserver_url
        token = await server.user_token(url, signal=signal)
        path = f"/v1/keys/{header.key_id}/release"
        answer = await server.keys(url, "POST", path, token, {"report_id": header.report_id}, signal=signal)
        return _key(answer)

    return release


def _key(answer: Any) -> bytes:
    """The key in a key server's answer. Raises `Unexpected`, which never repeats what the answer held."""
    text = answer.get("key") if isinstance(answer, dict) else None
    try:
        if isinstance(text, str) and len(key := base64.b64decode(text + "=", altchars=b"-_", validate=True)) == KEY:
            return key
    except (binascii.Error, ValueError):
        pass
    raise Unexpected("The key server's answer holds no key.")
