"""The one path on which the bytes of a report become trusted, the same for the browser, the command line and sync.

`open_report` goes through these steps in this order (docs/format.md, section 7); whatever fails raises, and nothing is left:

1. **container**: the file keeps every rule of the format. Nothing that its header says is believed yet.
2. **the right one**: it is the report that was asked for; a cloud that answers with another is found out here.
3. **key server**: the one that the header names is on the allow-list. No other is ever spoken to.
4. **key**: that server writes its access log and then gives the key, or refuses.
5. **message**: the commitment binds key and header together, the last chunk proves the length.
6. **payload**: exactly the members that `report.json` describes, and `report.json` is of the same report.

From then on the facts are trusted, and each file once its SHA-256 is the one in `report.json`: see `payload.Payload.stream`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

from picsafe_protocol.buffers import Source
from picsafe_protocol.chunked import Cipher, Reader
from picsafe_protocol.errors import AnotherReport, KeyServerNotAllowed, Unexpected
from picsafe_protocol.package import Header, Package, read_package
from picsafe_protocol.payload import Digest, Payload, sha256

__all__ = ["NewDigest", "Opened", "Release", "key_in", "open_report"]

B = TypeVar("B")

_KEY_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes

NewDigest: TypeAlias = Callable[[], Awaitable[Digest[B]]]
"""Makes a SHA-256 over the buffers."""

Release: TypeAlias = Callable[[Header], Awaitable[bytes]]
"""Asks the key server of a header for its key: 32 bytes, or what the server raises instead."""


@dataclass(frozen=True, slots=True)
class Opened(Generic[B]):
    """A report whose length, directory and description have been authenticated. `reader` reads its payload."""

    package: Package[B]
    reader: Reader[B]
    payload: Payload[B]

    @property
    def header(self) -> Header:
        """What `package.json` says."""
        return self.package.header


async def open_report(
    source: Source[B],
    cipher: Cipher[B],
    *,
    allowed_key_servers: Collection[str],
    release: Release,
    expected_report: str | None = None,
    new_digest: NewDigest[B] = sha256,
) -> Opened[B]:
    """Take a package through every step above. `expected_report` is the one that was asked for, None for a file.

    Raises `FormatError`, `AnotherReport`, `KeyServerNotAllowed`, `DecryptionError`, `LimitExceeded`, and whatever `source` and
    `release` raise.
    """
    package = await read_package(source, cipher)
    header = package.header
    if expected_report is not None and header.report_id != expected_report:
        raise AnotherReport("The cloud answered with another report than the one that was asked for.")
    if header.keyserver_url not in allowed_key_servers:
        raise KeyServerNotAllowed(keyserver_url=header.keyserver_url)
    reader = await package.open(await release(header), cipher)
    return Opened(package, reader, await Payload.read(reader, header.report_id, new_digest))


def key_in(answer: Any) -> bytes:
    """The report key in a key server's answer, `{"key": …}`: 32 bytes as base64url without padding.

    Raises `Unexpected`, which never repeats what the answer held.
    """
    text = answer.get("key") if isinstance(answer, dict) else None
    if not isinstance(text, str) or _KEY_TEXT.fullmatch(text) is None:
        raise Unexpected("The key server's answer holds no key.")
    return base64.urlsafe_b64decode(text + "=")
