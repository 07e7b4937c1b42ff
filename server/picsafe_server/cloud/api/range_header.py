"""The `Range` and `If-Range` headers of RFC 9110, for one range of bytes. Pure.

A malformed range, one with another unit, and a request for several ranges are ignored, as the RFC allows: the response
is the whole package with status 200. A well-formed range outside the package is refused.
"""

from __future__ import annotations

import re

from picsafe_protocol.contracts.errors import RangeNotSatisfiable

# No offset has more than nineteen digits; longer ones are refused before Python spends time on them.
_SINGLE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.IGNORECASE | re.ASCII)


def wanted(header: str | None, if_range: str | None, etag: str, size: int) -> tuple[int, int] | None:
    """Start and stop (exclusive) of the requested range; None for the whole package. Raises `RangeNotSatisfiable`."""
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    match = _SINGLE.fullmatch(header.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(last, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise RangeNotSatisfiable(size=size)
    return int(first), (min(int(last) + 1, size) if last else size)


def _suffix(length: str, size: int) -> tuple[int, int] | None:
    if not length:
        return None
    if int(length) == 0:
        raise RangeNotSatisfiable(size=size)
    return max(0, size - int(length)), size
