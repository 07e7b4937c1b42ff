"""The registry of the user server's tables, and the column types that they share."""

from __future__ import annotations

from advanced_alchemy.base import create_registry
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import DeclarativeBase

from picsafe_protocol.contracts import limits

ID = String(26)
AUDIENCE = String(40)
MOMENT = DateTimeUTC(timezone=True)
DIGEST = LargeBinary(32)
URL = String(limits.URL_CHARACTERS)


class Base(DeclarativeBase):
    """The user server's own tables; other roles have registries of their own."""

    registry = create_registry()
