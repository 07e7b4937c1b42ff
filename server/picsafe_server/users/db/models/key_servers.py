"""What is known of key servers' access logs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from picsafe_server.users.db.models.base import DIGEST, MOMENT, URL, Base


class KeyServerLog(Base):
    """The newest checkpoint of a key server's access log that was consistent with all before; see `checkpoints`."""

    __tablename__ = "key_server_logs"

    key_server: Mapped[str] = mapped_column(URL, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(DIGEST)
    note: Mapped[str] = mapped_column(Text)
    """The checkpoint as it was signed: evidence."""
    seen_at: Mapped[datetime] = mapped_column(MOMENT)
    proven_at: Mapped[datetime | None] = mapped_column(MOMENT)
    """When the key server last proved that its log had only grown; None while it never has."""
    unproven: Mapped[str | None] = mapped_column(Text)
    """The first later checkpoint of a larger log for which no proof has come; None while none is waited for."""
    unproven_since: Mapped[datetime | None] = mapped_column(MOMENT)
    contradiction: Mapped[str | None] = mapped_column(Text)
    """How a later checkpoint contradicts it; None while none does."""
    contradicted_by: Mapped[str | None] = mapped_column(Text)
    """That checkpoint: the other half of the evidence."""
    contradicted_at: Mapped[datetime | None] = mapped_column(MOMENT)
