"""Clouds that take uploads in small parts, so that a few hundred kilobytes are several and tests need no large files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from picsafe_protocol.crypto.package_digest import PIECE
from picsafe_server.cloud import part_layout
from picsafe_server.cloud.api import uploads

PART: Final = PIECE
"""Bytes of a part: senders refuse a cloud that cuts a package within a piece."""
FIRST_PART_ARRIVED: Final = "262 kB of "
"""What the progress says then."""


@contextmanager
def small_parts() -> Iterator[None]:
    """Within the block. The routes, imported above, keep the real limit of a request."""
    assert uploads is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_layout, "PART", PART)
        yield
