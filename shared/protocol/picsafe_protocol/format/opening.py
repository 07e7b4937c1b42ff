"""The only path on which the bytes of a report become trusted, shared by the browser and the command line.

`open_report` takes these steps in this order (docs/format.md, section 7). Any failure raises, and nothing is kept:

1. **what was sent**: where the index knows the report, size and digest are the expected ones; the source checks every byte by them.
2. **container**: the file follows every rule of the format. Its header is not trusted yet.
3. **the right one**: report and key server are the expected ones; a cloud that returns another report is detected here.
4. **key server**: the one in the header is on the allow-list. No other is ever contacted.
5. **key**: that server writes its access log and then returns the key, or refuses. Its log names the expected sender, and shows
   whether the report may lack a digest.
6. **message**: the commitment binds key and header together, the last chunk proves the length.
7. **payload**: exactly the members that `report.json` describes, and `report.json` is of the same report.

From then on the facts are trusted, and each file once its SHA-256 is the one in `report.json`: see
`payload.Payload.stream`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

from picsafe_protocol.contracts.api.keys import ReleasedKey
from picsafe_protocol.contracts.errors import InternalError, KeyServerNotAllowed, NotAsSent, ReportMismatch
from picsafe_protocol.crypto.buffers import Source
from picsafe_protocol.crypto.chunked import Cipher, Reader
from picsafe_protocol.format.expectations import Created, Expectations, created_in
from picsafe_protocol.format.package import Header, Package, read_package
from picsafe_protocol.format.payload import Digest, Payload, sha256
from picsafe_protocol.format.provenance import Provenance

__all__ = ["GivenKey", "KeyReleaser", "NewDigest", "Opened", "open_report", "parse_released_key"]

B = TypeVar("B")

_KEY_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes

NewDigest: TypeAlias = Callable[[], Awaitable[Digest[B]]]
"""Makes a SHA-256 over the buffers."""


@dataclass(frozen=True, slots=True)
class GivenKey:
    """What a key server answers: the report key, 32 bytes, and what its log says of the making of it, where it
    tells.
    """

    key: bytes = field(repr=False)
    created: Created | None = None

    @classmethod
    def in_answer(cls, answer: ReleasedKey, header: Header) -> GivenKey:
        """From the answer to a release for `header`. Raises `InternalError`."""
        return cls(parse_released_key(answer.key), created_in(answer.created, header))


KeyReleaser: TypeAlias = Callable[[Header], Awaitable[GivenKey]]
"""Asks the key server of a header for its key; raises what the server answers instead."""


@dataclass(frozen=True, slots=True)
class Opened(Generic[B]):
    """A report whose length, directory and description have been authenticated. `reader` reads its payload."""

    package: Package[B]
    reader: Reader[B]
    payload: Payload[B]
    provenance: Provenance
    """Who sent it, and whether that is confirmed for these bytes."""

    @property
    def header(self) -> Header:
        """What `package.json` says."""
        return self.package.header


async def open_report(
    source: Source[B],
    cipher: Cipher[B],
    *,
    allowed_key_servers: Collection[str],
    release: KeyReleaser,
    expected: Expectations | None,
    new_digest: NewDigest[B] = sha256,
) -> Opened[B]:
    """Take a package through every step above. `expected` is what its row says; None only for a file that no row is
    known of, see `from_disk.cover_file`.

    With a digest in `expected` the source must check by it and say so, as `package_digest.CoveredSource` does (`digest`; else
    `ValueError`). Raises `NotAsSent`, `FormatError`, `KeyServerNotAllowed`, `DecryptionError`, `LimitExceeded`, and
    whatever `source` and `release` raise.
    """
    if expected is not None:
        _check_source(source, expected)
    package = await read_package(source, cipher)
    header = package.header
    if expected is not None:
        _check_header(header, expected)
    if header.keyserver_url not in allowed_key_servers:
        raise KeyServerNotAllowed(keyserver_url=header.keyserver_url)
    given = await release(header)
    created = given.created
    if expected is not None:
        expected.check_created(created)
    reader = await package.open(given.key, cipher)
    payload = await Payload.read(reader, header.report_id, new_digest)
    return Opened(package, reader, payload, _provenance(expected, created))


def _provenance(expected: Expectations | None, created: Created | None) -> Provenance:
    erased = created is not None and created.sender is None
    if expected is not None:
        return Provenance(expected.sender, "index", expected.digest is not None, erased)
    return Provenance(None if created is None else created.sender, "file", False, erased)


def _check_source(source: Source[B], expected: Expectations) -> None:
    if source.size != expected.size:
        raise NotAsSent(what="size")
    if expected.digest is not None and getattr(source, "digest", None) != expected.digest:
        raise ValueError("the source does not check what it gives by the expected digest")


def _check_header(header: Header, expected: Expectations) -> None:
    if header.report_id != expected.report_id:
        raise ReportMismatch("The cloud answered with another report than the one that was asked for.")
    if header.keyserver_url != expected.keyserver_url:
        raise NotAsSent(what="key_server")


def parse_released_key(text: str) -> bytes:
    """The report key as a key server's answer has it: 32 bytes as base64url without padding.

    Raises `InternalError`, which never repeats what the answer held.
    """
    if _KEY_TEXT.fullmatch(text) is None:
        raise InternalError("The key server's answer holds no key.")
    return base64.urlsafe_b64decode(text + "=")
