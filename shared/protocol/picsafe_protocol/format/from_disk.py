"""What to expect of a file from disk: asks the index for the report that the file claims to be.

A report that somebody may open has a row for them. Where that row has a digest, a file that differs from what was sent
is refused, like a package from the cloud. Without a digest, it is unknown who made the file (see `provenance`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from picsafe_protocol.contracts.errors import Gone, NotAsSent, NotFound, NotPermitted, ServiceError
from picsafe_protocol.crypto.buffers import Source
from picsafe_protocol.crypto.chunked import Cipher
from picsafe_protocol.crypto.package_digest import CoveredSource, HashPieces
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.package import read_package

__all__ = ["Known", "cover_file"]

B = TypeVar("B")

Known: TypeAlias = Callable[[str], Awaitable[Expectations | None]]
"""Asks the user server for the row of a report; raises what it answers instead."""


async def cover_file(
    source: Source[B], cipher: Cipher[B], hash_: HashPieces[B], known: Known
) -> tuple[Source[B], Expectations | None]:
    """`source` and None where the index has no digest or cannot be reached; else `source`, compared with its digest,
    and the rest of the row.

    Raises `NotAsSent` for a file that is not the one that was sent, and what reading its header raises.
    """
    header = (await read_package(source, cipher)).header
    try:
        expected = await known(header.report_id)
    except (NotFound, NotPermitted, Gone, ServiceError):
        return source, None
    if expected is None or expected.digest is None:
        return source, None
    try:
        return await CoveredSource.of(source, cipher, hash_, expected.digest), expected
    except NotAsSent:  # the digest covers the size too
        raise NotAsSent(what="file") from None
