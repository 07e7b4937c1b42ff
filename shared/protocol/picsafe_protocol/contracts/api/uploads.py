"""A package on its way into a cloud."""

from __future__ import annotations

from dataclasses import dataclass

from picsafe_protocol.contracts.api.field_types import PositiveSize

__all__ = ["Receipt", "UploadState"]


@dataclass(frozen=True, slots=True)
class UploadState:
    """The state of an upload."""

    report_id: str
    size: int
    """Bytes of the whole package."""
    part_size: PositiveSize
    """Bytes of every part but the last."""
    parts: list[int]
    """Indices of the parts that are there."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed receipt."""

    receipt: str
