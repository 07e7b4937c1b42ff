"""A package on its way into a cloud."""

from __future__ import annotations

from picsafe_protocol.contracts.api.field_types import PositiveSize
from picsafe_protocol.contracts.api.message import message

__all__ = ["Receipt", "UploadState"]


@message
class UploadState:
    """The state of an upload."""

    report_id: str
    size: int
    """Bytes of the whole package."""
    part_size: PositiveSize
    """Bytes of every part but the last."""
    parts: list[int]
    """Indices of the parts that are there."""


@message
class Receipt:
    """A signed receipt."""

    receipt: str
