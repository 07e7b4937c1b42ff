"""What a grant of the user server allows: one action on one report's package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CloudGrant:
    """What a verified grant says."""

    report_id: str
    issuer: str
    until: datetime | None
    """When the report's days are over, as far as the user server is concerned."""
    size: int | None
    """The most bytes that the package may have; None when the user server does not say."""
